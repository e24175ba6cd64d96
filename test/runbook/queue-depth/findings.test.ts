import {describe, expect, test} from 'vitest'
import {judgeQueue, movementOf} from '../../../src/lib/runbook/queue-depth/findings.ts'
import type {Counts, QueueFacts, Worker} from '../../../src/lib/runbook/queue-depth/types.ts'

const head = (identity: string, attempts = 0) => ({readySince: 1, attempts, identity})

const counts = (fields: Partial<Counts> = {}): Counts => ({
  state: 'present',
  pending: 0,
  delayed: 0,
  reserved: 0,
  dueDelayed: 0,
  expiredReserved: 0,
  head: (fields.pending ?? 0) > 0 ? head('a') : null,
  failure: null,
  wrongType: null,
  ...fields,
})

const worker = (fields: Partial<Worker> = {}): Worker => ({
  name: 'worker-x',
  ready: 1,
  desired: 1,
  health: 'ok',
  reason: '',
  baseline: 1,
  isBacklogAccepted: false,
  kedaStartsWithin: null,
  hidden: null,
  isBusy: false,
  ...fields,
})

const STOPPED = worker({ready: 0, desired: 0, health: 'stopped'})
const DOWN = worker({ready: 0, health: 'down', reason: 'container app: CrashLoopBackOff'})

const facts = (fields: Partial<QueueFacts> = {}): QueueFacts => ({
  key: 'queues:pdf',
  now: counts(),
  before: null,
  windowSeconds: fields.before == null ? null : 5,
  workers: [worker()],
  ageSeconds: null,
  thresholds: {depth: 1000, ageSeconds: 1800},
  needsWorker: true,
  failed: null,
  ...fields,
})

const said = (of: QueueFacts): [string, string][] => judgeQueue(of).map(({severity, words}) => [severity, words])
const failing = (kind: NonNullable<Counts['failure']>['kind'], message = 'said so') =>
  counts({state: 'unreadable', pending: null, delayed: null, reserved: null, failure: {kind, message}})

describe('nothing wrong', () => {
  test.each<[string, Partial<QueueFacts>]>([
    ['an empty queue', {}],
    ['no key', {now: counts({state: 'absent', pending: null})}],
    ['no key and no worker', {now: counts({state: 'absent', pending: null}), workers: [STOPPED]}],
    ['some work, and a worker', {now: counts({pending: 5, delayed: 2, reserved: 1}), ageSeconds: 60}],
    ['delayed jobs that are not due, and nobody there', {now: counts({delayed: 9}), workers: [STOPPED]}],
    ['jobs under way when the worker went', {now: counts({reserved: 1}), workers: [STOPPED]}],
    ['one worker of two', {now: counts({pending: 5}), workers: [worker(), DOWN]}],
    ['a key that nobody has to serve', {now: counts({pending: 5}), workers: [], needsWorker: false}],
    ['just under the thresholds', {now: counts({pending: 999}), ageSeconds: 1799}],
  ])('%s', (_, fields) => expect(said(facts(fields))).toEqual([]))
})

describe('a key that can’t be read', () => {
  test.each<[string, Counts, string, RegExp]>([
    [
      'of the wrong type',
      {...failing('wrong-type'), wrongType: 'string'},
      'critical',
      /^the key queues:pdf holds a string where a queue should be: every poll of worker-x fails$/,
    ],
    ['refused', failing('refused', 'NOPERM'), 'unknown', /^Redis does not let us read queues:pdf: NOPERM$/],
    ['no answer', failing('silent', 'no answer in time'), 'unknown', /^queues:pdf can't be read: no answer in time$/],
    ['loading', failing('loading', 'LOADING'), 'unknown', /can't be read: LOADING/],
    ['in a cluster', failing('moved'), 'unknown', /another node of a Redis Cluster/],
    ['not reached at all', {...failing('other'), failure: null}, 'unknown', /Redis was not reached/],
  ])('%s', (_, now, severity, words) => expect(said(facts({now}))).toEqual([[severity, expect.stringMatching(words)]]))

  test('in part: the rest is judged, and what is missing may hide anything', () => {
    const now = counts({pending: 2000, delayed: null, failure: {kind: 'refused', message: 'NOPERM zcard'}})
    expect(said(facts({now})).map(([severity]) => severity)).toEqual(['unknown', 'warning'])
  })
})

describe('work and nobody there', () => {
  test.each<[string, Partial<QueueFacts>, string, RegExp, readonly string[]]>([
    ['at zero', {workers: [STOPPED]}, 'critical', /^5 jobs wait and worker-x is at 0 replicas$/, ['sapoche scale worker-x --to-baseline']],
    [
      'at zero with a baseline of zero',
      {workers: [{...STOPPED, baseline: 0}]},
      'critical',
      /at 0 replicas$/,
      ['sapoche scale worker-x --replicas 1'],
    ],
    ['at zero, unlisted', {workers: [{...STOPPED, baseline: null}]}, 'critical', /at 0 replicas$/, ['sapoche scale worker-x --replicas 1']],
    ['at zero, accepted', {workers: [{...STOPPED, isBacklogAccepted: true}]}, 'info', /which the catalogue accepts$/, []],
    [
      'two at zero, one accepted',
      {
        workers: [
          {...STOPPED, isBacklogAccepted: true},
          {...STOPPED, name: 'worker-y'},
        ],
      },
      'critical',
      /worker-x, worker-y are at 0 replicas/,
      ['sapoche scale worker-x --to-baseline', 'sapoche scale worker-y --to-baseline'],
    ],
    ['KEDA has time left', {workers: [{...STOPPED, kedaStartsWithin: 210}], ageSeconds: 210}, 'info', /KEDA starts it within 3 min$/, []],
    [
      'KEDA should have started it',
      {workers: [{...STOPPED, kedaStartsWithin: 210}], ageSeconds: 211},
      'critical',
      /KEDA should have started it within 3 min$/,
      ['sapoche scale worker-x --to-baseline'],
    ],
    [
      'KEDA, and no time on the jobs',
      {workers: [{...STOPPED, kedaStartsWithin: 210}]},
      'warning',
      /nothing says how long they wait$/,
      ['sapoche scale worker-x --to-baseline'],
    ],
    [
      'what might explain it is hidden',
      {workers: [{...STOPPED, hidden: 'autoscalers'}]},
      'unknown',
      /autoscalers, which might explain it, can't be read$/,
      [],
    ],
    [
      'down',
      {workers: [DOWN]},
      'critical',
      /^5 jobs wait and no worker is ready: worker-x is down \(container app: CrashLoopBackOff\)$/,
      ['sapoche status worker-x', 'sapoche logs worker-x --previous'],
    ],
    [
      'missing',
      {workers: [worker({ready: null, desired: null, health: 'missing'})]},
      'critical',
      /worker-x is missing$/,
      ['sapoche catalogue diff'],
    ],
    [
      'in its grace',
      {workers: [worker({ready: 0, health: 'progressing'})]},
      'warning',
      /worker-x is progressing$/,
      ['sapoche status worker-x --watch'],
    ],
    [
      'unknown',
      {workers: [worker({ready: null, desired: null, health: 'unknown'})]},
      'unknown',
      /worker-x is unknown$/,
      ['sapoche status worker-x'],
    ],
    [
      'one at zero, the other down',
      {workers: [STOPPED, {...DOWN, name: 'worker-y'}]},
      'critical',
      /no worker is ready: worker-y is down/,
      ['sapoche status worker-y', 'sapoche logs worker-y --previous'],
    ],
    ['nobody serves it', {workers: []}, 'warning', /^5 jobs wait and no workload works on it$/, []],
  ])('%s', (_, fields, severity, words, next) => {
    expect(judgeQueue(facts({now: counts({pending: 5}), ...fields}))).toEqual([{severity, words: expect.stringMatching(words), next}])
  })

  test('due and expired jobs are work as well', () => {
    const now = counts({dueDelayed: 1, delayed: 1, expiredReserved: 3, reserved: 3})
    expect(said(facts({now, workers: [DOWN]}))[0]).toEqual(['critical', expect.stringMatching(/^4 jobs wait.*, 3 reservations expired$/)])
  })
})

describe('what one read can’t tell', () => {
  test('due and expired jobs beside a ready worker: no claim, but how to find out', () => {
    const now = counts({dueDelayed: 2, expiredReserved: 3})
    expect(said(facts({now}))).toEqual([
      ['info', '2 due and not moved, 3 expired reservations: two reads at least 5 s apart (--window 5s) tell whether a worker polls'],
    ])
  })

  test('nor two that are too close', () => {
    const now = counts({pending: 5, expiredReserved: 3})
    expect(said(facts({now, before: now, windowSeconds: 4})).map(([severity]) => severity)).toEqual(['info'])
  })
})

describe('two reads', () => {
  const busy = worker({isBusy: true})
  test.each<[string, Counts, Counts, readonly Worker[], readonly [string, RegExp][]]>([
    ['it works', counts({pending: 9}), counts({pending: 8, head: head('b')}), [worker()], []],
    [
      'expired reservations stay',
      counts({expiredReserved: 2, reserved: 2}),
      counts({expiredReserved: 1, reserved: 1}),
      [worker()],
      [['warning', /^1 expired reservation stayed in 5 s: a job outlives retry_after/]],
    ],
    ['they are taken back', counts({expiredReserved: 2, reserved: 2}), counts({pending: 2}), [worker()], []],
    [
      'nothing is taken, and nobody is at work',
      counts({pending: 5}),
      counts({pending: 5}),
      [worker()],
      [['critical', /^worker-x is ready and took nothing in 5 s: 5 jobs wait, and no job is under way$/]],
    ],
    [
      'due jobs are not moved, and nobody is at work',
      counts({dueDelayed: 1}),
      counts({dueDelayed: 1}),
      [worker()],
      [['critical', /took nothing/]],
    ],
    ['nothing is taken because a job is under way', counts({pending: 5, reserved: 1}), counts({pending: 5, reserved: 1}), [worker()], []],
    ['nothing is taken because another queue has the worker', counts({pending: 5}), counts({pending: 5}), [busy], []],
    [
      'it grows although workers are ready',
      counts({pending: 5}),
      counts({pending: 9, head: head('b')}),
      [worker()],
      [['info', /^4 more in 5 s although workers are ready$/]],
    ],
    ['it grows and nothing is taken, one being busy', counts({pending: 5}), counts({pending: 9}), [busy], [['info', /^4 more/]]],
    ['nobody is ready: one read has said it', counts({pending: 5}), counts({pending: 5}), [STOPPED], [['critical', /at 0 replicas/]]],
  ])('%s', (_, before, now, workers, findings) => {
    expect(said(facts({before, now, workers}))).toEqual(findings.map(([severity, words]) => [severity, expect.stringMatching(words)]))
  })

  test('the commands that help where nothing is taken', () => {
    const still = counts({pending: 5})
    expect(judgeQueue(facts({before: still, now: still}))[0]?.next).toEqual([
      'sapoche logs worker-x --tail 100',
      'sapoche restart worker-x',
    ])
  })

  test.each<[string, Counts | null, Counts, string | null]>([
    ['one read', null, counts(), null],
    ['unreadable', failing('other'), counts(), null],
    ['nothing twice', counts({state: 'absent', pending: null}), counts(), 'idle'],
    ['fewer', counts({pending: 3}), counts({pending: 2, head: head('b')}), 'draining'],
    ['fewer, by the tail alone', counts({pending: 3}), counts({pending: 2}), 'draining'],
    ['as many, others', counts({pending: 3}), counts({pending: 3, head: head('b')}), 'steady'],
    ['more', counts({pending: 3}), counts({pending: 4, head: head('b')}), 'growing'],
    ['from nothing', counts(), counts({pending: 4}), 'growing'],
    ['as many, the same', counts({pending: 3}), counts({pending: 3}), 'stuck'],
    ['more, and the same is next', counts({pending: 3}), counts({pending: 4}), 'stuck'],
    ['a key that tells no jobs apart', counts({pending: 3, head: null}), counts({pending: 3, head: null}), 'steady'],
  ])('movement: %s', (_, before, now, movement) => expect(movementOf(before, now)).toBe(movement))
})

describe('thresholds', () => {
  test.each<[string, Partial<QueueFacts>, readonly RegExp[]]>([
    ['depth', {now: counts({pending: 1000})}, [/^1000 pending, 1000 or more are too many$/]],
    ['age', {now: counts({pending: 1}), ageSeconds: 1800}, [/^the oldest waits for 30 min, over 30 min$/]],
    [
      'age of a job that was begun before',
      {now: counts({pending: 1, head: head('a', 3)}), ageSeconds: 3720},
      [/^the oldest waits for 1 h, over 30 min, begun 3 times before$/],
    ],
    ['both', {now: counts({pending: 1000}), ageSeconds: 1800}, [/the oldest/, /too many/]],
    ['none', {now: counts({pending: 9999}), ageSeconds: 9999, thresholds: {depth: null, ageSeconds: null}}, []],
    ['a depth of 0 warns of anything', {now: counts({pending: 0}), thresholds: {depth: 0, ageSeconds: null}}, [/^0 pending/]],
  ])('%s', (_, fields, words) => {
    expect(said(facts(fields))).toEqual(words.map((pattern) => ['warning', expect.stringMatching(pattern)]))
  })

  test('what helps: the logs, and more workers for a while', () => {
    expect(judgeQueue(facts({now: counts({pending: 1000})}))[0]?.next).toEqual([
      'sapoche logs worker-x --tail 100',
      'sapoche scale worker-x --replicas 3 --for 1h',
    ])
  })

  test('the worst comes first', () => {
    expect(said(facts({now: counts({pending: 1000}), workers: [DOWN]})).map(([severity]) => severity)).toEqual(['critical', 'warning'])
  })
})

test('jobs under the dead-letter key', () => {
  expect(said(facts({failed: {jobs: 2, trouble: ''}}))).toEqual([['warning', '2 jobs under the dead-letter key']])
  expect(said(facts({failed: {jobs: 0, trouble: ''}}))).toEqual([])
  expect(said(facts({failed: {jobs: null, trouble: 'it is refused'}}))).toEqual([['unknown', 'it is refused']])
})
