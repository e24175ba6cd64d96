import {describe, expect, test} from 'vitest'
import {lastDueTimes} from '../../src/lib/workload/cron.ts'
import {
  assignPods,
  decodeCronJob,
  decodeDaemonSet,
  decodeJob,
  decodeStatefulSet,
  judgeOthers,
  type OtherFacts,
  type Pod,
} from '../../src/lib/workload/index.ts'
import {ago, condition, crashing, HOUR, MINUTE, node, nodes, NOW, pod, unready} from './build.ts'

type Json = Record<string, unknown>

function others(more: Partial<OtherFacts> & {pods?: readonly Pod[]} = {}): string[] {
  const {pods = [], ...facts} = more
  const judged = judgeOthers(
    {
      statefulSets: [],
      daemonSets: [],
      jobs: [],
      cronJobs: [],
      ownership: assignPods([], [], pods),
      nodes: nodes(node('node-a')),
      events: new Map(),
      ...facts,
    },
    NOW,
  )
  return judged.map(({kind, name, severity, reason, desired, ready}) =>
    `${kind}/${name} ${severity} ${ready ?? '-'}/${desired ?? '-'} ${reason}`.trim(),
  )
}

const owned = (kind: string, name: string, more: object = {}): Pod =>
  pod({owner: {kind, name, uid: `${name}-uid`}, name: `${name}-0`, ...more})
const meta = (name: string, more: Json = {}): Json => ({name, uid: `${name}-uid`, creationTimestamp: ago(HOUR), ...more})

test('sets: pods not ready are a warning', () => {
  const set = decodeStatefulSet({metadata: meta('db'), spec: {replicas: 2}, status: {readyReplicas: 2}})
  const daemon = decodeDaemonSet({metadata: meta('agent'), status: {desiredNumberScheduled: 1, numberReady: 1}})
  const pods = [owned('StatefulSet', 'db', {containers: [crashing()]}), owned('DaemonSet', 'agent')]
  expect(others({statefulSets: [set], daemonSets: [daemon], pods})).toEqual([
    'StatefulSet/db warning 0/2 pod db-0: container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
    'DaemonSet/agent ok 1/1',
  ])
  expect(others({statefulSets: [set]})).toEqual(['StatefulSet/db warning 0/2 0 of 2 pods are ready'])
})

test('pods without owner, and of owners that nobody reads', () => {
  const pods = [
    pod({name: 'lone', owner: null}),
    pod({name: 'sick', owner: null, containers: [unready()]}),
    pod({
      name: 'done',
      owner: null,
      phase: 'Succeeded',
      containers: [{state: {terminated: {exitCode: 0, reason: 'Completed'}}, ready: false}],
    }),
    pod({name: 'gone', owner: null, phase: 'Failed', reason: 'Evicted'}),
    owned('Rollout', 'canary'),
  ]
  expect(others({pods, statefulSets: 'unreadable', jobs: 'unreadable'})).toEqual([
    'Pod/lone ok 1/1',
    'Pod/sick warning 0/1 container app runs and is not ready',
    'Pod/done ok -/- Completed',
    'Pod/gone ok -/- Evicted',
    'Pod/canary-0 ok 1/1 (of Rollout canary)',
  ])
})

describe('jobs', () => {
  const failed = condition('Failed', 'True', {reason: 'BackoffLimitExceeded', lastTransitionTime: ago(2 * HOUR)})
  const complete = condition('Complete', 'True')
  const job = (
    name: string,
    conditions: readonly Json[],
    startedAt: number,
    owner?: string,
    status: Json = {},
  ): ReturnType<typeof decodeJob> =>
    decodeJob({
      metadata: meta(
        name,
        owner === undefined ? {} : {ownerReferences: [{kind: 'CronJob', name: owner, uid: `${owner}-uid`, controller: true}]},
      ),
      status: {conditions, startTime: ago(startedAt), ...status},
    })
  const cron = (spec: Json, status: Json = {}): ReturnType<typeof decodeCronJob> =>
    decodeCronJob({
      metadata: meta('nightly'),
      spec: {schedule: '0 * * * *', ...spec},
      status: {lastScheduleTime: ago(12 * MINUTE), ...status},
    })

  test('a job of its own, and its pods', () => {
    const jobs = [job('migrate', [failed], HOUR), job('import', [complete], HOUR), job('run', [], HOUR, undefined, {active: 1})]
    expect(others({jobs, pods: [owned('Job', 'migrate', {phase: 'Failed'})]})).toEqual([
      'Job/migrate warning -/- failed 2 h ago: BackoffLimitExceeded',
      'Job/import ok -/-',
      'Job/run ok -/- 1 running',
    ])
  })

  test.each<[string, readonly ReturnType<typeof decodeJob>[], ReturnType<typeof decodeCronJob>, string]>([
    ['on time', [job('n-1', [complete], MINUTE, 'nightly')], cron({}), 'ok -/-'],
    [
      'failed last',
      [job('n-2', [failed], MINUTE, 'nightly'), job('n-1', [complete], HOUR, 'nightly')],
      cron({}),
      'warning -/- job n-2 failed 2 h ago: BackoffLimitExceeded',
    ],
    ['failed before', [job('n-1', [failed], HOUR, 'nightly'), job('n-2', [complete], MINUTE, 'nightly')], cron({}), 'ok -/-'],
    [
      'failed last, and the next one runs',
      [job('n-1', [failed], HOUR, 'nightly'), job('n-2', [], MINUTE, 'nightly')],
      cron({}),
      'warning -/- job n-1 failed 2 h ago: BackoffLimitExceeded',
    ],
    ['missed once', [], cron({}, {lastScheduleTime: ago(72 * MINUTE)}), 'ok -/-'],
    ['due a second time, but only just', [], cron({schedule: '11 * * * *'}, {lastScheduleTime: ago(2 * HOUR - MINUTE)}), 'ok -/-'],
    [
      'missed twice',
      [],
      cron({}, {lastScheduleTime: ago(133 * MINUTE)}),
      'warning -/- missed its schedule 0 * * * * at least twice: it last ran 2 h ago',
    ],
    [
      'missed twice behind a job that hangs',
      [],
      cron({}, {lastScheduleTime: ago(133 * MINUTE), active: [{}]}),
      'warning -/- missed its schedule 0 * * * * at least twice: it last ran 2 h ago; a job of it still runs',
    ],
    [
      'never ran',
      [],
      cron({schedule: '*/5 * * * *'}, {lastScheduleTime: undefined}),
      'warning -/- missed its schedule */5 * * * * at least twice: it has never run',
    ],
    ['suspended', [], cron({suspend: true}, {lastScheduleTime: ago(300 * HOUR)}), 'info -/- suspended'],
    ['a schedule that is not understood', [], cron({schedule: '@every 1h'}), 'info -/- its schedule @every 1h is not judged'],
  ])('%s', (_about, jobs, cronJob, row) => {
    expect(others({jobs, cronJobs: [cronJob]})).toEqual([`CronJob/nightly ${row}`])
  })
})

describe('lastDueTimes', () => {
  const at = (text: string): number => Date.parse(text)
  const since = at('2020-01-01T00:00:00Z')
  // 2026-11-22 is a Sunday.
  test.each<[string, string | null, readonly string[]]>([
    ['*/15 * * * *', null, ['2026-11-22T03:00:00Z', '2026-11-22T02:45:00Z']],
    ['12 3 * * *', null, ['2026-11-22T03:12:00Z', '2026-11-21T03:12:00Z']],
    ['13 3 * * *', null, ['2026-11-21T03:13:00Z', '2026-11-20T03:13:00Z']],
    ['30 1-5/2 * * *', null, ['2026-11-22T01:30:00Z', '2026-11-21T05:30:00Z']],
    ['0 22 * * MON-FRI', null, ['2026-11-20T22:00:00Z', '2026-11-19T22:00:00Z']],
    ['0 0 1 * *', null, ['2026-11-01T00:00:00Z', '2026-10-01T00:00:00Z']],
    ['0 0 29 feb ?', null, ['2024-02-29T00:00:00Z']],
    ['0 0 13 * 5', null, ['2026-11-20T00:00:00Z', '2026-11-13T00:00:00Z']],
    ['5,10 0 * * 0', null, ['2026-11-22T00:10:00Z', '2026-11-22T00:05:00Z']],
    ['50/5 2 * * *', null, ['2026-11-22T02:55:00Z', '2026-11-22T02:50:00Z']],
    ['@daily', null, ['2026-11-22T00:00:00Z', '2026-11-21T00:00:00Z']],
    ['@weekly', null, ['2026-11-22T00:00:00Z', '2026-11-15T00:00:00Z']],
    ['0 4 * * *', 'Asia/Ho_Chi_Minh', ['2026-11-21T21:00:00Z', '2026-11-20T21:00:00Z']],
    ['0 4 * * *', 'America/New_York', ['2026-11-21T09:00:00Z', '2026-11-20T09:00:00Z']],
    ['0 4 * * *', 'Etc/UTC', ['2026-11-21T04:00:00Z', '2026-11-20T04:00:00Z']],
  ])('%s in %s', (schedule, zone, expected) => {
    const horizon = schedule.includes('feb') ? at('2026-01-01T00:00:00Z') : NOW
    const due = lastDueTimes(schedule, zone, since, horizon)
    expect(due?.map((time) => new Date(time).toISOString().replace('.000', ''))).toEqual(expected)
  })

  test('later than `since`, not later than `until`', () => {
    expect(lastDueTimes('0 3 * * *', null, at('2026-11-22T03:00:00Z'), NOW)).toEqual([])
    expect(lastDueTimes('0 3 * * *', null, at('2026-11-22T02:59:59Z'), NOW)).toEqual([at('2026-11-22T03:00:00Z')])
    expect(lastDueTimes('0 3 * * *', null, at('2026-11-21T03:00:00Z'), at('2026-11-22T03:00:00Z'))).toEqual([at('2026-11-22T03:00:00Z')])
  })

  test.each([
    '',
    '* * * *',
    '60 * * * *',
    '* * * * 7',
    '*/0 * * * *',
    '5-1 * * * *',
    'x * * * *',
    '@every 5m',
    'constructor',
    '1- * * * *',
  ])('not understood: %s', (schedule) => {
    expect(lastDueTimes(schedule, null, since, NOW)).toBeNull()
  })

  test('a time zone that is not known', () => {
    expect(lastDueTimes('0 3 * * *', 'Mars/Olympus', since, NOW)).toBeNull()
  })
})
