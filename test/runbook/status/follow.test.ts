import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {ApiAbsentError, ForbiddenError} from '../../../src/lib/clients/kubernetes/errors.ts'
import {ConfigurationError, RefusedError, UnreachableError, UsageError} from '../../../src/lib/errors/index.ts'
import {followStatus, nextSight, type Sight} from '../../../src/lib/runbook/status/follow.ts'
import type {StatusOptions} from '../../../src/lib/runbook/status/judge.ts'
import {item, NOW, report} from './sample.ts'
import {deployment, pod, ScriptedCluster, WELL, WORKER} from './scripted-cluster.ts'

const SECOND = 1000
const catalogue = {...builtinCatalogue, workloads: builtinCatalogue.workloads.filter(({name}) => name === WORKER), services: []}
const refused = new ForbiddenError('not allowed', null)
const gone = {type: 'blind', reason: 'connection refused'} as const

beforeEach(() => {
  vi.useFakeTimers({now: NOW, toFake: ['setTimeout', 'clearTimeout', 'Date']})
})
afterEach(() => {
  vi.useRealTimers()
})

/** Follows a scripted cluster; time goes on only when a test lets it. */
function follow(cluster: ScriptedCluster, options: Partial<StatusOptions> = {}) {
  const controller = new AbortController()
  const sights: Sight[] = []
  let end: unknown = 'running'
  const run = async (): Promise<void> => {
    const frames = followStatus(
      {targets: [], strict: false, ...options},
      {cluster, catalogue, look: null, now: () => Date.now()},
      controller.signal,
    )
    for await (const sight of frames) sights.push(sight)
  }
  const done = run().then(
    () => (end = 'ended'),
    (error: unknown) => (end = error),
  )
  return {
    sights,
    last: () => sights.at(-1)!,
    /** Health of the one workload in the newest report. */
    health: () => sights.at(-1)?.report.items[0]?.health,
    told: () => sights.flatMap(({changes}) => changes.map(({objectKind, from, to}) => `${objectKind} ${from} -> ${to}`)),
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    end: () => end,
    async stop() {
      controller.abort()
      await done
    },
  }
}

async function begun(lists: Parameters<ScriptedCluster['begin']>[0] = WELL, options: Partial<StatusOptions> = {}) {
  const cluster = new ScriptedCluster()
  cluster.begin(lists)
  const following = follow(cluster, options)
  await following.pass(0)
  return {cluster, ...following}
}

describe('the first report', () => {
  test('comes when all is read, and not before', async () => {
    const {cluster, sights, pass, told, stop} = await begun({...WELL, jobs: null})
    await pass(30 * SECOND)
    expect(sights).toHaveLength(0)
    cluster.say('jobs', {type: 'listed', items: []})
    await pass(0)
    expect(sights).toHaveLength(1)
    expect(told()).toEqual(['Namespace null -> ok'])
    await stop()
  })

  test('what is optional may be refused, with a warning, or absent, without', async () => {
    const {last, stop} = await begun({...WELL, nodes: refused, scaledObjects: new ApiAbsentError('absent')})
    expect(last().report).toMatchObject({verdict: 'ok', warnings: [{code: 'refused', message: "nodes can't be read: not allowed"}]})
    await stop()
  })

  test.each([
    ['deployments are refused', {deployments: refused}, refused],
    ['pods can not be read', {...WELL, pods: new UnreachableError('503')}, new UnreachableError('503')],
    ['a target matches nothing', {...WELL, targets: ['consumer-x']}, expect.any(UsageError)],
  ])('none: %s', async (_, {targets = [], ...lists}: Record<string, unknown> & {targets?: string[]}, error) => {
    const {end} = await begun(lists, {targets})
    expect(end()).toEqual(error)
  })

  test('none: there is no such namespace', async () => {
    const cluster = new ScriptedCluster()
    cluster.hasNamespace = false
    cluster.begin()
    const {pass, end} = follow(cluster)
    await pass(0)
    expect(end()).toBeInstanceOf(ConfigurationError)
  })

  test('none: interrupted before it', async () => {
    const {stop, end} = await begun({...WELL, pods: null})
    await stop()
    expect(end()).toBeInstanceOf(Error)
  })
})

describe('events', () => {
  test('a burst is judged once, a quarter of a second after it began', async () => {
    const {cluster, sights, pass, health, told, stop} = await begun()
    for (let index = 0; index < 100; index++) cluster.say('pods', {type: 'modified', object: pod({ready: index % 2 === 1})})
    await pass(249)
    expect(sights).toHaveLength(1)
    cluster.say('deployments', {type: 'modified', object: deployment({ready: 0, since: '2026-11-22T03:00:00Z'})})
    cluster.say('pods', {type: 'modified', object: pod({ready: false})})
    await pass(1)
    expect(sights).toHaveLength(2)
    expect(health()).toBe('down')
    await pass(250)
    expect(told()).toEqual(['Namespace null -> ok', 'Deployment ok -> down', 'Namespace ok -> critical'])
    await stop()
  })

  test('without any the report is renewed each five seconds', async () => {
    const {sights, pass, stop} = await begun()
    await pass(26.5 * SECOND)
    expect(sights).toHaveLength(6)
    expect(sights.map(({changes}) => changes.length)).toEqual([1, 0, 0, 0, 0, 0])
    await stop()
  })

  test('grace ends by time alone', async () => {
    const {cluster, pass, health, told, stop} = await begun()
    cluster.say('deployments', {type: 'modified', object: deployment({ready: 0, since: new Date(NOW).toISOString()})})
    cluster.say('pods', {type: 'modified', object: pod({ready: false})})
    await pass(SECOND)
    expect(health()).toBe('progressing')
    await pass(170 * SECOND)
    expect(health()).toBe('progressing')
    await pass(20 * SECOND)
    expect(health()).toBe('down')
    expect(told().filter((words) => words.startsWith('Deployment'))).toEqual([
      'Deployment ok -> progressing',
      'Deployment progressing -> down',
    ])
    await stop()
  })

  test('what was deleted is gone; a new list takes the place of the old', async () => {
    const {cluster, pass, health, last, stop} = await begun()
    cluster.say('pods', {type: 'deleted', object: pod()}, {type: 'added', object: pod({suffix: 'new'})})
    await pass(SECOND)
    expect(last().report.items[0]!.pods.map(({name}) => name)).toEqual([`${WORKER}-7c9f-new`])
    cluster.say('deployments', {type: 'listed', items: []})
    await pass(SECOND)
    expect(health()).toBe('missing')
    await stop()
  })

  test('a pod that was named and has gone does not end it', async () => {
    const {cluster, pass, last, end, stop} = await begun(WELL, {targets: [`pod/${WORKER}-7c9f-x2x`]})
    expect(last().report.items[0]!.pods).toHaveLength(1)
    cluster.say('pods', {type: 'deleted', object: pod()}, {type: 'added', object: pod({suffix: 'new'})})
    await pass(SECOND)
    expect(last().report.items[0]!.pods).toHaveLength(0)
    expect(end()).toBe('running')
    await stop()
    expect(end()).toBe('ended')
  })

  test('events of objects that are gone are forgotten after an hour', async () => {
    const warning = (uid: string, reason: string) => ({
      metadata: {name: `${uid}.${reason}`, uid: `${uid}.${reason}`},
      type: 'Warning',
      reason,
      message: 'told',
      lastTimestamp: new Date(NOW).toISOString(),
      involvedObject: {kind: 'Pod', name: uid, uid},
    })
    const {cluster, pass, last, stop} = await begun({...WELL, events: [warning('uid-x2x', 'BackOff'), warning('uid-late', 'Failed')]})
    await pass(3700 * SECOND)
    cluster.say('deployments', {type: 'modified', object: deployment({ready: 0})})
    cluster.say('pods', {type: 'modified', object: pod({ready: false})}, {type: 'added', object: pod({suffix: 'late', ready: false})})
    await pass(SECOND)
    expect(last().report.items[0]!.evidence.map((words) => words.split(' ')[0])).toEqual(['BackOff'])
    await stop()
  })
})

describe('blind', () => {
  test('a short break is not worth a word', async () => {
    const {cluster, pass, told, sights, stop} = await begun()
    cluster.sayAll(gone)
    await pass(1900)
    cluster.sayAll({type: 'resumed'})
    await pass(10 * SECOND)
    expect(told()).toEqual(['Namespace null -> ok'])
    expect(sights.every(({blind}) => blind === null)).toBe(true)
    await stop()
  })

  test('a longer one is told with its beginning and its end; meanwhile nothing is judged, and grace does not end', async () => {
    const {cluster, pass, last, told, health, stop} = await begun()
    cluster.say('deployments', {type: 'modified', object: deployment({ready: 0, since: new Date(NOW).toISOString()})})
    cluster.say('pods', {type: 'modified', object: pod({ready: false})})
    await pass(SECOND)
    const before = last().report
    cluster.sayAll(gone)
    await pass(2600)
    expect(last()).toMatchObject({blind: {since: NOW + SECOND, reason: 'connection refused'}})
    await pass(600 * SECOND)
    expect(last().report).toBe(before)
    cluster.sayAll({type: 'listed', items: []})
    for (const kind of ['deployments', 'replicaSets', 'pods'] as const) cluster.say(kind, {type: 'listed', items: [...WELL[kind]]})
    await pass(SECOND)
    expect(health()).toBe('ok')
    expect(last().blind).toBeNull()
    expect(told().slice(3)).toEqual([
      'Watch watching -> blind',
      'Watch blind -> watching',
      'Deployment progressing -> ok',
      'Namespace warning -> ok',
    ])
    expect(last().recent.find(({to}) => to === 'watching')!.reason).toBe('blind for 10 min')
    await stop()
  })

  test('what is optional is waited for, for a minute, then reported as unreadable until it is back', async () => {
    const {cluster, pass, last, stop} = await begun()
    cluster.say('nodes', gone)
    await pass(30 * SECOND)
    expect(last().blind).toMatchObject({since: NOW})
    await pass(40 * SECOND)
    expect(last()).toMatchObject({
      blind: null,
      report: {warnings: [{code: 'unreachable', message: "nodes can't be read: connection refused"}]},
    })
    cluster.say('nodes', {type: 'resumed'})
    await pass(SECOND)
    expect(last().report.warnings).toEqual([])
    await stop()
  })

  test('after a long blindness the minute begins anew', async () => {
    const {cluster, pass, last, stop} = await begun()
    cluster.sayAll(gone)
    await pass(600 * SECOND)
    for (const kind of ['deployments', 'pods'] as const) cluster.say(kind, {type: 'resumed'})
    await pass(10 * SECOND)
    expect(last()).toMatchObject({blind: {since: NOW}, report: {warnings: []}})
    await stop()
  })

  test('a server that starts may refuse for a moment', async () => {
    const {cluster, pass, last, end, stop} = await begun()
    await pass(10 * SECOND)
    cluster.say('pods', gone, refused, refused)
    await pass(5 * SECOND)
    expect(cluster.begun('pods')).toBe(3)
    expect(last().blind).toMatchObject({reason: 'not allowed'})
    cluster.say('pods', {type: 'listed', items: [...WELL.pods]})
    await pass(3 * SECOND)
    expect([last().blind, end()]).toEqual([null, 'running'])
    await stop()
  })

  test('who may list and not watch: required, it ends at once; optional, it counts as unreadable', async () => {
    const required = await begun()
    required.cluster.say('pods', refused)
    await required.pass(0)
    expect(required.end()).toBe(refused)
    const {cluster, pass, last, stop} = await begun()
    const nodes = {type: 'listed', items: []} as const
    for (let minute = 0; minute < 3; minute++) {
      cluster.say('nodes', ...(minute === 0 ? [] : [nodes]), refused)
      await pass(59 * SECOND)
      expect(last()).toMatchObject({blind: null, report: {verdict: 'ok', warnings: [{message: "nodes can't be read: not allowed"}]}})
      await pass(2 * SECOND)
    }
    await stop()
  })

  test('what is required and stays refused ends it', async () => {
    const {cluster, pass, end} = await begun()
    await pass(10 * SECOND)
    cluster.say('pods', ...Array.from({length: 50}, () => new RefusedError('the token was withdrawn')))
    await pass(55 * SECOND)
    expect(end()).toBe('running')
    await pass(10 * SECOND)
    expect(end()).toBeInstanceOf(RefusedError)
  })

  test('what was refused at first is tried again each minute', async () => {
    const {cluster, pass, last, stop} = await begun({...WELL, nodes: refused})
    await pass(59 * SECOND)
    expect(cluster.begun('nodes')).toBe(1)
    cluster.say('nodes', {type: 'listed', items: []})
    await pass(2 * SECOND)
    expect(cluster.begun('nodes')).toBe(2)
    expect(last().report.warnings).toEqual([])
    await stop()
  })
})

test('the last changes are kept, and no more', () => {
  const ok = report([item(WORKER)])
  const down = report([item(WORKER, {health: 'down', severity: 'critical'})])
  let sight: Sight = {report: ok, changes: [], recent: [], blind: null, since: NOW, waiting: new Map()}
  for (let index = 0; index < 50; index++) sight = nextSight(sight, index % 2 === 0 ? down : ok, null, NOW, 0)
  expect(sight.recent).toHaveLength(20)
  expect(sight.recent.at(-1)).toMatchObject({from: 'down', to: 'ok'})
})
