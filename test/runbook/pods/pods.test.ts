import {describe, expect, test} from 'vitest'
import {podsNotice, podsViews, readPods} from '../../../src/lib/runbook/pods/index.ts'
import {podsReport} from '../../../src/lib/runbook/pods/schema.ts'
import {ago, crashing, DAY, ended, HOUR, MINUTE, rawDeployment, rawPod, running, SECOND, unready} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

const node = (name: string, ready = 'True') => ({
  metadata: {name, uid: `${name}-uid`},
  status: {conditions: [{type: 'Ready', status: ready, lastTransitionTime: ago(3 * MINUTE)}]},
})

async function read(
  pods: readonly object[],
  targets: readonly string[] = [],
  {problems = false, ...options}: ServedOptions & {problems?: boolean} = {},
) {
  const sources = await served(
    {
      deployments: [rawDeployment({name: 'consumer-ecg', replicas: 2})],
      replicasets: [rawReplicaSet('consumer-ecg')],
      pods: pods as readonly Record<string, unknown>[],
      nodes: [node('node-a'), node('node-b', 'False')],
    },
    options,
  )
  const report = await readPods({targets, problems}, sources, PATIENT)
  expect(podsReport.parse(report)).toEqual(report)
  return report
}

const ecg = (name: string, options: Parameters<typeof rawPod>[0] = {}) => rawPod({name, replicaSet: 'consumer-ecg-new', ...options})

describe('items', () => {
  test('a pod that is well', async () => {
    const {items, summary} = await read([ecg('a')])
    expect(items).toEqual([
      {
        name: 'a',
        workload: 'consumer-ecg',
        category: 'consumers',
        ready: true,
        containers: {ready: 1, total: 1},
        status: 'Running',
        restarts: {total: 0, lastAt: null, lastReason: null, exitCode: null, container: null},
        node: 'node-a',
        createdAt: ago(DAY),
        startedAt: ago(DAY),
        severity: 'ok',
        reason: '',
      },
    ])
    expect(summary).toEqual({pods: 1, ready: 1, problems: 0, categories: [{name: 'consumers', pods: 1, ready: 1}]})
  })

  test.each<[string, Parameters<typeof rawPod>[0], object]>([
    [
      'crash-looping',
      {containers: [crashing()]},
      {
        ready: false,
        status: 'CrashLoopBackOff',
        severity: 'critical',
        reason: 'container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
        restarts: {total: 7, lastAt: ago(40 * SECOND), lastReason: 'Error', exitCode: 255, container: 'app'},
      },
    ],
    ['not ready', {containers: [unready()]}, {ready: false, status: 'Running', severity: 'warning', containers: {ready: 0, total: 1}}],
    [
      'ready on a node that is not',
      {node: 'node-b'},
      {ready: false, status: 'Running', severity: 'warning', reason: 'on node-b, which is NotReady for 3 min'},
    ],
    [
      'ready after a crash a moment ago',
      {containers: [{restarts: 1, state: running(MINUTE), last: ended(137, MINUTE, 'OOMKilled')}]},
      {ready: true, severity: 'warning', reason: expect.stringContaining('OOMKilled')},
    ],
    [
      'ready after a crash long ago',
      {containers: [{restarts: 1, state: running(DAY), last: ended(1, DAY)}]},
      {ready: true, severity: 'ok', reason: '', restarts: {total: 1, lastAt: ago(DAY), lastReason: 'Error', exitCode: 1, container: 'app'}},
    ],
    ['of nobody', {owner: null, containers: [crashing()]}, {workload: null, category: null, severity: 'critical'}],
    ['of nobody, and well', {owner: null}, {workload: null, severity: 'ok', ready: true}],
  ])('%s', async (_, options, expected) => {
    const {items} = await read([ecg('a', options)])
    expect(items[0]).toMatchObject(expected)
  })

  test('pods that have ended or are leaving are told apart and not counted', async () => {
    const {items, uncounted, summary} = await read([
      ecg('a'),
      ecg('evicted', {phase: 'Failed', reason: 'Evicted'}),
      ecg('done', {phase: 'Succeeded', owner: null}),
      ecg('leaving', {deleted: 10 * MINUTE}),
    ])
    expect(items.map(({name}) => name)).toEqual(['a'])
    expect(summary.pods).toBe(1)
    expect(uncounted.map(({name, standing, status, workload}) => ({name, standing, status, workload}))).toEqual([
      {name: 'evicted', standing: 'failed', status: 'Evicted', workload: 'consumer-ecg'},
      {name: 'leaving', standing: 'terminating', status: 'Terminating', workload: 'consumer-ecg'},
      {name: 'done', standing: 'succeeded', status: 'Succeeded', workload: null},
    ])
    expect(uncounted[1]?.reason).toContain('past its grace of 30 s')
  })

  test('nodes that may not be read are a warning', async () => {
    const {items, warnings} = await read([ecg('a', {node: 'node-b'})], [], {forbidden: ['nodes']})
    expect(items[0]).toMatchObject({ready: true, severity: 'ok'})
    expect(warnings).toEqual([{code: 'refused', message: expect.stringContaining('resources: [nodes]')}])
  })

  test('--problems: those alone, while the summary counts all', async () => {
    const report = await read([ecg('a'), ecg('b', {containers: [crashing()]}), ecg('done', {phase: 'Succeeded'})], [], {problems: true})
    expect(report.items.map(({name}) => name)).toEqual(['b'])
    expect(report.uncounted).toEqual([])
    expect(report.summary).toMatchObject({pods: 2, ready: 1, problems: 1})
  })
})

describe('views', () => {
  const options = {width: 80, colour: false, now: NOW}

  test('table', async () => {
    const report = await read([
      ecg('consumer-ecg-5b998d4d6d-t988g', {age: 3 * DAY}),
      ecg('consumer-ecg-5b998d4d6d-x2x4z', {age: HOUR, containers: [crashing()]}),
      ecg('old', {phase: 'Failed', reason: 'Evicted', owner: null, age: 2 * HOUR}),
    ])
    expect(podsViews().table(report, options)).toBe(
      [
        'sapoche  context test  2026-11-22 03:12:07Z',
        '',
        'CONSUMERS  1/2 pods ready',
        '  NAME                           READY  STATUS                RESTARTS  AGE',
        '  consumer-ecg-5b998d4d6d-t988g    1/1  Running                      0  3 d',
        '  consumer-ecg-5b998d4d6d-x2x4z    0/1  CrashLoopBackOff  7 (40 s ago)  1 h',
        '      container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
        '',
        'NOT COUNTED  ended, or on their way out',
        '  NAME  STATUS   AGE  NODE    NOTE',
        '  old   Evicted  2 h  node-a',
        '',
        '1/2 pods ready, 1 problem',
        '',
      ].join('\n'),
    )
  })

  test('names, for other programs', async () => {
    expect(podsViews().name(await read([ecg('a'), ecg('b')]), options)).toBe('pod/a\npod/b\n')
  })

  test('wide shows everything, however narrow the terminal', async () => {
    expect(podsViews().wide(await read([ecg('a')]), {...options, width: 10})).toContain('NODE')
  })

  test('what comes from the cluster is stripped of escapes', async () => {
    const report = await read([ecg('a')])
    const hostile = {...report, items: report.items.map((item) => ({...item, status: '\u001b[2JRunning', reason: '\u001b]0;x\u0007bad'}))}
    expect(podsViews().table(hostile, options)).not.toContain('\u001b')
  })

  test('nothing to show is said', async () => {
    expect(podsNotice(await read([ecg('a')]))).toBe(null)
    expect(podsNotice(await read([ecg('a')], [], {problems: true}))).toBe('nothing is wrong with 1 pod')
    expect(podsNotice(await read([ecg('a')], ['consumer-dicom']))).toBe('no pods in sapoche by that name')
  })
})
