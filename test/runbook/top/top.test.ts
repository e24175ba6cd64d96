import {describe, expect, test} from 'vitest'
import {UnreachableError} from '../../../src/lib/errors/index.ts'
import {readTop, topNotice, topViews, type TopOptions} from '../../../src/lib/runbook/top/index.ts'
import {topReport} from '../../../src/lib/runbook/top/schema.ts'
import {ago, rawDeployment, rawPod, SECOND} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

type Json = Record<string, unknown>
const MIB = 1024 ** 2

/** A pod whose containers ask for, and are limited to, so much. */
function pod(
  name: string,
  replicaSet: string,
  containers: readonly {name: string; requests?: Json; limits?: Json}[],
  more: Json = {},
): Json {
  const raw = rawPod({name, replicaSet, containers: containers.map((container) => ({name: container.name})), ...more})
  const resources = (container: {requests?: Json; limits?: Json}) => ({requests: container.requests ?? {}, limits: container.limits ?? {}})
  const spec = raw['spec'] as Json
  return {...raw, spec: {...spec, containers: containers.map((container) => ({name: container.name, resources: resources(container)}))}}
}

function metrics(name: string, containers: Readonly<Record<string, Json>>): Json {
  return {
    metadata: {name},
    timestamp: ago(20 * SECOND),
    window: '15s',
    containers: Object.entries(containers).map(([container, usage]) => ({name: container, usage})),
  }
}

const REQUESTS = {cpu: '100m', memory: '64Mi'}
const SERVED = {
  deployments: [
    rawDeployment({name: 'consumer-ecg', replicas: 2}),
    rawDeployment({name: 'orthanc-read-api'}),
    rawDeployment({name: 'extra'}),
  ],
  replicasets: [rawReplicaSet('consumer-ecg'), rawReplicaSet('orthanc-read-api'), rawReplicaSet('extra')],
  pods: [
    pod('ecg-a', 'consumer-ecg-new', [{name: 'app', requests: REQUESTS, limits: {memory: '128Mi'}}]),
    pod('ecg-b', 'consumer-ecg-new', [{name: 'app', requests: REQUESTS, limits: {memory: '128Mi'}}]),
    pod('orthanc', 'orthanc-read-api-new', [{name: 'orthanc', requests: REQUESTS, limits: {memory: '512Mi'}}, {name: 'sidecar'}]),
    pod('extra', 'extra-new', [{name: 'app'}]),
    pod('gone', 'extra-new', [{name: 'app'}], {phase: 'Failed', reason: 'Evicted'}),
  ],
  'metrics.k8s.io/pods': [
    metrics('ecg-a', {app: {cpu: '100m', memory: '120Mi'}}),
    metrics('orthanc', {orthanc: {cpu: '123456789n', memory: '100Mi'}, sidecar: {cpu: '0', memory: '5Mi'}}),
    metrics('extra', {app: {cpu: '200m', memory: '1Gi'}}),
    metrics('somebody-else', {app: {cpu: '9', memory: '9Gi'}}),
  ],
}

async function read(options: Partial<TopOptions> = {}, served_: Partial<typeof SERVED> | null = SERVED, more: ServedOptions = {}) {
  const sources = await served(served_ ?? {}, more)
  const report = await readTop({targets: [], by: 'pod', 'sort-by': 'memory', ...options}, sources, PATIENT)
  expect(topReport.parse(report)).toEqual(report)
  return report
}

describe('items', () => {
  test('a pod: use, requests, limits and percents', async () => {
    const {items} = await read({targets: ['consumer-ecg']})
    expect(items).toEqual([
      {
        name: 'ecg-a',
        pod: 'ecg-a',
        workload: 'consumer-ecg',
        category: 'consumers',
        cpu: 0.1,
        memory: 120 * MIB,
        requests: {cpu: 0.1, memory: 64 * MIB},
        limits: {cpu: null, memory: 128 * MIB},
        percents: {cpuOfRequests: 100, cpuOfLimits: null, memoryOfRequests: 187.5, memoryOfLimits: 93.75},
        containers: {total: 1, absent: 0},
        measuredAt: ago(20 * SECOND),
      },
      {
        name: 'ecg-b',
        pod: 'ecg-b',
        workload: 'consumer-ecg',
        category: 'consumers',
        cpu: null,
        memory: null,
        requests: {cpu: null, memory: null},
        limits: {cpu: null, memory: null},
        percents: {cpuOfRequests: null, cpuOfLimits: null, memoryOfRequests: null, memoryOfLimits: null},
        containers: {total: 1, absent: 1},
        measuredAt: null,
      },
    ])
  })

  test.each<[TopOptions['sort-by'], string[]]>([
    ['memory', ['extra', 'ecg-a', 'orthanc', 'ecg-b']],
    ['cpu', ['extra', 'orthanc', 'ecg-a', 'ecg-b']],
  ])('sorted by %s, most first, the absent last', async (sortBy, names) => {
    const {items} = await read({'sort-by': sortBy})
    expect(items.map(({name}) => name)).toEqual(names)
  })

  test('a pod is bounded only where all its containers are', async () => {
    const {items} = await read({targets: ['orthanc-read-api']})
    expect(items[0]).toMatchObject({memory: 105 * MIB, cpu: 0.123456789, limits: {memory: null}, percents: {memoryOfLimits: null}})
  })

  test('by container: its name, and its pod', async () => {
    const {items} = await read({targets: ['orthanc-read-api'], by: 'container'})
    expect(items.map(({name, pod: of, cpu, memory, percents}) => ({name, of, cpu, memory, limit: percents.memoryOfLimits}))).toEqual([
      {name: 'orthanc', of: 'orthanc', cpu: 0.123456789, memory: 100 * MIB, limit: 19.53},
      {name: 'sidecar', of: 'orthanc', cpu: 0, memory: 5 * MIB, limit: null},
    ])
  })

  test('by workload: sums of what is known, and how much is not', async () => {
    const {items} = await read({by: 'workload'})
    expect(
      items.map(({name, pod: of, memory, containers, percents}) => ({name, of, memory, containers, ofRequests: percents.memoryOfRequests})),
    ).toEqual([
      {name: 'extra', of: null, memory: 1024 * MIB, containers: {total: 1, absent: 0}, ofRequests: null},
      {name: 'consumer-ecg', of: null, memory: 120 * MIB, containers: {total: 2, absent: 1}, ofRequests: 187.5},
      {name: 'orthanc-read-api', of: null, memory: 105 * MIB, containers: {total: 2, absent: 0}, ofRequests: 164.06},
    ])
  })

  test('by category, and what has none', async () => {
    const {items, total} = await read({by: 'category', 'sort-by': 'cpu'})
    expect(items.map(({name, category, workload}) => ({name, category, workload}))).toEqual([
      {name: 'no category', category: null, workload: null},
      {name: 'backend', category: 'backend', workload: null},
      {name: 'consumers', category: 'consumers', workload: null},
    ])
    expect(total).toMatchObject({cpu: 0.423456789, memory: 1249 * MIB, containers: {total: 5, absent: 1}})
  })
})

describe('without metrics', () => {
  test('no such API: 69, and what it needs', async () => {
    const {'metrics.k8s.io/pods': _, ...rest} = SERVED
    const rejected = read({}, rest)
    await expect(rejected).rejects.toBeInstanceOf(UnreachableError)
    await expect(rejected).rejects.toMatchObject({message: 'this cluster has no metrics: the API metrics.k8s.io is absent', exitCode: 69})
  })

  test('an API without figures yet: all absent, and no zero', async () => {
    const {items, total} = await read({}, {...SERVED, 'metrics.k8s.io/pods': []})
    expect(items.every(({cpu, memory}) => cpu === null && memory === null)).toBe(true)
    expect(total).toMatchObject({cpu: null, memory: null, containers: {total: 5, absent: 5}})
  })
})

describe('views', () => {
  const options = {width: 80, colour: false, now: NOW}

  test('table', async () => {
    expect(topViews().table(await read(), options)).toBe(
      [
        'sapoche  context test  2026-11-22 03:12:07Z',
        '',
        'POD         CPU  %REQ  %LIM  MEMORY  %REQ  %LIM  NOTE',
        'extra      200m     -     -     1Gi     -     -',
        'ecg-a      100m  100%     -   120Mi  188%   94%  near its memory limit',
        'orthanc    124m  123%     -   105Mi  164%     -',
        'ecg-b    absent     -     -  absent     -     -',
        '',
        '424m CPU and 1.2Gi memory in 4 containers; 1 without a metric (absent, not 0)',
        '',
      ].join('\n'),
    )
  })

  test('a narrow terminal keeps name, CPU and memory', async () => {
    const text = topViews().table(await read(), {...options, width: 30})
    expect(text.split('\n')[2]).toBe('POD         CPU  MEMORY')
  })

  test('nothing to show is said', async () => {
    expect(topNotice(await read())).toBe(null)
    expect(topNotice(await read({targets: ['consumer-revenue']}))).toBe('no running pods in sapoche by that name')
  })
})
