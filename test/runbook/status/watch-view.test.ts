import {describe, expect, test} from 'vitest'
import {changesBetween, watchChange} from '../../../src/lib/runbook/status/changes.ts'
import {isReached, waitingFor, type Goal} from '../../../src/lib/runbook/status/follow-until.ts'
import type {Sight} from '../../../src/lib/runbook/status/follow.ts'
import {watchJsonLines, watchLines, watchPage} from '../../../src/lib/runbook/status/watch-view.ts'
import {item, NOW, report} from './sample.ts'

const options = {width: 80, colour: false, now: NOW}
const well = report([item('consumer-dicom'), item('worker-sapoche-pdf')])
const long = 'container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago'
const bad = report([item('consumer-dicom'), item('worker-sapoche-pdf', {health: 'down', severity: 'critical', ready: 0, reason: long})], {
  verdict: 'critical',
})
const sight = (over: Partial<Sight> = {}): Sight => ({
  report: well,
  changes: [],
  recent: [],
  blind: null,
  since: NOW - 60_000,
  waiting: new Map(),
  ...over,
})
const shown = (moment: Sight, over = {}): string => {
  const {head, body} = watchPage(moment, 'table', {...options, ...over})
  return `\n${[...head, '|', ...body].join('\n')}\n`
}

describe('a page', () => {
  test('nothing has changed', () =>
    expect(shown(sight())).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z  watching
|

CONSUMERS  2 of 2 active, 2/2 pods ready
  consumer-dicom                                 1/1  ok
  worker-sapoche-pdf                             1/1  ok

CHANGES  none since 2026-11-22 03:11:07Z

OK  2 workloads: 2 active; 2/2 pods ready
    not checked: queues, lag, DICOM (add --deep)
`))

  test('the last changes stand before the verdict; the date only where it is another one', () => {
    const yesterday = {...changesBetween(bad, well)[0]!, time: '2026-11-21T23:59:59.000Z'}
    const {body} = watchPage(sight({report: bad, recent: [yesterday, ...changesBetween(well, bad)]}), 'problems', options)
    expect(`\n${body.slice(-7).join('\n')}\n`).toBe(
      `
CHANGES
  2026-11-21 23:59:59Z  worker-sapoche-pdf  down -> ok
  03:12:07Z  worker-sapoche-pdf  ok -> down: container app: CrashLoopBackOff,...
  03:12:07Z  sapoche  ok -> critical: 1 of 2 workloads needs you; 2/2 pods ready

CRITICAL  1 of 2 workloads needs you; 2/2 pods ready
    not checked: queues, lag, DICOM (add --deep)`.concat('\n'),
    )
  })

  test('no more than ten of them', () => {
    const recent = Array.from({length: 14}, (_, index) => ({...changesBetween(well, bad)[0]!, name: `worker-${index}`}))
    const {body} = watchPage(sight({recent}), 'table', options)
    expect(body.filter((line) => /worker-\d/.test(line)).map((line) => /worker-\d+/.exec(line)![0])).toEqual(
      recent.slice(4).map(({name}) => name),
    )
  })

  test('blind: since when, why, and that what stands there is old; escapes of a server are no escapes', () => {
    const blind = {since: NOW - 12_000, reason: 'connection \u001B[2Jrefused'}
    expect(watchPage(sight({blind}), 'table', options).head).toEqual([
      'sapoche  context prod-eu  2026-11-22 03:12:07Z',
      '  BLIND for 12 s: connection refused; trying again, what follows is old',
    ])
  })

  test('--problems and wide are the views of status', () => {
    expect(watchPage(sight({report: bad}), 'problems', options).body.join('\n')).not.toContain('consumer-dicom')
    expect(watchPage(sight({report: bad}), 'wide', options).body.join('\n')).toContain('BASELINE')
  })
})

describe('lines', () => {
  const moment = sight({
    report: bad,
    changes: [...changesBetween(well, bad), watchChange(bad, '2026-11-22T03:12:30.000Z', true, 'can\u0007not reach it')],
  })

  test('text: one for each change, on one line, with the whole reason', () =>
    expect(watchLines(moment, options)).toBe(
      `2026-11-22 03:12:07Z  worker-sapoche-pdf  ok -> down: ${long}\n` +
        '2026-11-22 03:12:07Z  sapoche  ok -> critical: 1 of 2 workloads needs you; 2/2 pods ready\n' +
        '2026-11-22 03:12:30Z  Watch/sapoche  watching -> blind: cannot reach it\n',
    ))

  test('what is gone says so once', () => {
    const changes = changesBetween(report([item('a')]), report([]))
    expect(watchLines(sight({changes}), options)).toBe('2026-11-22 03:12:07Z  a  ok -> gone\n')
  })

  test('JSON: one document for each', () => {
    const lines = watchJsonLines(moment).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(moment.changes)
  })

  test('no change: not a byte', () => expect([watchLines(sight(), options), watchJsonLines(sight())]).toEqual(['', '']))
})

describe('--until', () => {
  const goal = (verdict: Goal['verdict'], allow: string[] = []): Goal => ({verdict, allow})
  const blind = {since: NOW, reason: 'connection refused'}
  test.each([
    ['ok', 'ok', true, true],
    ['warning', 'warning', false, true],
    ['critical', 'critical', false, false],
    ['unknown', 'unknown', false, false],
  ] as const)('a verdict of %s', (_, verdict, isOk, isWarning) => {
    const moment = sight({report: report([], {verdict})})
    expect([isReached(moment, goal('ok')), isReached(moment, goal('warning'))]).toEqual([isOk, isWarning])
  })

  test('never while blind', () => expect(isReached(sight({blind}), goal('warning'))).toBe(false))

  const many = report([
    item('w', {health: 'progressing', severity: 'warning'}),
    item('a', {health: 'down', severity: 'critical'}),
    item('i', {health: 'inactive', severity: 'ok'}),
    item('u', {health: 'unknown', severity: 'unknown'}),
    item('d', {health: 'drifted', severity: 'warning'}),
  ])
  test.each([
    ['the worst first, three by name', sight({report: many}), goal('ok'), 'a is down, u is unknown, w is progressing, and 1 more'],
    ['warnings are good enough', sight({report: many}), goal('warning'), 'a is down, u is unknown'],
    ['what is allowed is not waited for', sight({report: many}), goal('ok', ['down', 'unknown', 'drifted']), 'w is progressing'],
    ['blind', sight({blind}), goal('ok'), "the cluster can't be seen: connection refused"],
  ])('what it waits for: %s', (_, moment, wanted, words) => expect(waitingFor(moment, wanted)).toBe(words))
})
