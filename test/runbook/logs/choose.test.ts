import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {ForbiddenError} from '../../../src/lib/clients/kubernetes/index.ts'
import type {ClusterReader, Decode, JsonObject, Resource} from '../../../src/lib/clients/kubernetes/types.ts'
import {readInventory} from '../../../src/lib/runbook/inventory/index.ts'
import {Choice} from '../../../src/lib/runbook/logs/choose.ts'
import {decodeLogPod} from '../../../src/lib/runbook/logs/containers.ts'
import {type LogFlags, logOptions} from '../../../src/lib/runbook/logs/options.ts'

type Objects = Readonly<Record<string, readonly JsonObject[]>>

const owner = (kind: string, name: string) => [{kind, name, uid: `uid-${name}`, controller: true}]
const object = (name: string, ownerReferences: readonly object[] = [], rest: object = {}): JsonObject => ({
  metadata: {name, uid: `uid-${name}`, ownerReferences},
  ...rest,
})
const running = (name: string) => ({name, containerID: `containerd://${name}`, state: {running: {}}})
const pod = (name: string, ownerReferences: readonly object[], containers: readonly string[] = ['app']): JsonObject =>
  object(name, ownerReferences, {
    spec: {nodeName: 'node-a', containers: containers.map((container) => ({name: container}))},
    status: {containerStatuses: containers.map(running)},
  })

const OBJECTS: Objects = {
  deployments: [object('consumer-ecg', [], {spec: {replicas: 1}}), object('orthanc-read-api', [], {spec: {replicas: 1}})],
  replicasets: [
    object('consumer-ecg-7c9f', owner('Deployment', 'consumer-ecg')),
    object('orthanc-read-api-cdcf', owner('Deployment', 'orthanc-read-api')),
  ],
  pods: [
    pod('consumer-ecg-7c9f-7hx2w', owner('ReplicaSet', 'consumer-ecg-7c9f')),
    pod('orthanc-read-api-cdcf-k5rqr', owner('ReplicaSet', 'orthanc-read-api-cdcf'), ['orthanc', 'nginx']),
    pod('redis-master-st-sp-0', owner('StatefulSet', 'redis-master-st-sp')),
    pod('debug', []),
  ],
}

interface Fake {
  readonly cluster: ClusterReader
  readonly asked: string[]
}

function fake(objects: Objects, forbidden: readonly string[] = []): Fake {
  const asked: string[] = []
  const refuse = ({name}: Resource): void => {
    if (forbidden.includes(name)) throw new ForbiddenError(`not allowed to list ${name}`, null)
  }
  const cluster = {
    namespace: 'sapoche',
    list: async <T>(resource: Resource, decode: Decode<T>) => {
      refuse(resource)
      return {items: (objects[resource.name] ?? []).map(decode), resourceVersion: '1'}
    },
    get: async <T>(resource: Resource, name: string, decode: Decode<T>) => {
      asked.push(name)
      refuse(resource)
      const found = (objects[resource.name] ?? []).find(({metadata}) => (metadata as {name: string}).name === name)
      return found === undefined ? null : decode(found)
    },
    serverClock: () => null,
  }
  return {cluster: cluster as unknown as ClusterReader, asked}
}

async function choose(targets: readonly string[], {cluster}: Fake, flags: Partial<LogFlags> = {}): Promise<Choice> {
  const options = logOptions(targets, {
    follow: false,
    previous: false,
    'after-context': 0,
    'before-context': 0,
    timestamps: false,
    prefix: true,
    output: 'text',
    json: false,
    'max-streams': 64,
    'order-window': 250,
    ...flags,
  })
  const inventory = await readInventory(options, {cluster, catalogue: builtinCatalogue}, new AbortController().signal, decodeLogPod)
  return new Choice(options, builtinCatalogue, cluster, inventory)
}

const names = (chosen: Awaited<ReturnType<Choice['initial']>>): string[] =>
  chosen.map(({container}) => `${container.workload} ${container.pod} ${container.name}${container.isOnly ? '' : ' beside others'}`)

describe('at the start', () => {
  test.each<[string[], Partial<LogFlags>, string[]]>([
    [['consumer-ecg'], {}, ['consumer-ecg consumer-ecg-7c9f-7hx2w app']],
    [
      ['orthanc-read-api'],
      {},
      [
        'orthanc-read-api orthanc-read-api-cdcf-k5rqr orthanc beside others',
        'orthanc-read-api orthanc-read-api-cdcf-k5rqr nginx beside others',
      ],
    ],
    [['orthanc-read-api'], {container: ['nginx']}, ['orthanc-read-api orthanc-read-api-cdcf-k5rqr nginx']],
    [['redis-master-st-sp'], {}, ['redis-master-st-sp redis-master-st-sp-0 app']],
    [['pod/debug'], {}, ['null debug app']],
    [['consumer-ecg-7c9f-7hx2w'], {}, ['consumer-ecg consumer-ecg-7c9f-7hx2w app']],
    [['consumers'], {}, ['consumer-ecg consumer-ecg-7c9f-7hx2w app']],
    [['consumers', 'orthanc-read-api'], {except: ['orthanc-read-api']}, ['consumer-ecg consumer-ecg-7c9f-7hx2w app']],
    [['consumer-revenue'], {}, []],
  ])('%j %j', async (targets, flags, expected) => {
    expect(names(await (await choose(targets, fake(OBJECTS), flags)).initial())).toEqual(expected)
  })

  test('no pod has such a container', async () => {
    const choice = await choose(['orthanc-read-api'], fake(OBJECTS), {container: ['ngnix']})
    await expect(choice.initial()).rejects.toMatchObject({code: 'usage', suggestions: ['nginx', 'orthanc']})
  })

  test('which workloads had pods', async () => {
    const choice = await choose(['consumer-ecg', 'consumer-revenue'], fake(OBJECTS))
    await choice.initial()
    expect(['consumer-ecg', 'consumer-revenue'].map((name) => choice.hadPods(name))).toEqual([true, false])
  })

  test('categories and nodes are told', async () => {
    const [chosen] = await (await choose(['consumer-ecg'], fake(OBJECTS))).initial()
    expect(chosen?.container).toMatchObject({category: 'consumers', node: 'node-a'})
  })

  test('where replica sets can not be read, their names decide', async () => {
    const server = fake(OBJECTS, ['replicasets'])
    const choice = await choose(['consumer-ecg'], server)
    expect(names(await choice.initial())).toEqual(['consumer-ecg consumer-ecg-7c9f-7hx2w app'])
    expect(server.asked).toEqual([])
  })
})

describe('born later', () => {
  const later = {...OBJECTS, replicasets: [...OBJECTS['replicasets']!, object('consumer-ecg-9b7d', owner('Deployment', 'consumer-ecg'))]}
  const born = (name: string, set: string) => decodeLogPod(pod(name, owner('ReplicaSet', set)))

  test('a pod of a new replica set, which is asked for once', async () => {
    const server = fake(OBJECTS)
    const choice = await choose(['consumer-ecg'], server)
    const {cluster, asked} = fake(later)
    Object.assign(server.cluster, {get: cluster.get.bind(cluster)})
    const found = [
      ...(await choice.containersOf(born('consumer-ecg-9b7d-a', 'consumer-ecg-9b7d'))),
      ...(await choice.containersOf(born('consumer-ecg-9b7d-b', 'consumer-ecg-9b7d'))),
    ]
    expect(names(found)).toEqual(['consumer-ecg consumer-ecg-9b7d-a app', 'consumer-ecg consumer-ecg-9b7d-b app'])
    expect(asked).toEqual(['consumer-ecg-9b7d'])
  })

  test('pods of others are not wanted, nor those that were taken out', async () => {
    const choice = await choose(['consumer-ecg'], fake(OBJECTS), {except: ['pod/consumer-ecg-7c9f-7hx2w']})
    expect(await choice.containersOf(born('orthanc-read-api-cdcf-x', 'orthanc-read-api-cdcf'))).toEqual([])
    expect(await choice.containersOf(born('consumer-ecg-7c9f-7hx2w', 'consumer-ecg-7c9f'))).toEqual([])
    expect(names(await choice.containersOf(born('consumer-ecg-7c9f-x', 'consumer-ecg-7c9f')))).toEqual([
      'consumer-ecg consumer-ecg-7c9f-x app',
    ])
  })

  test('where a pod was named, no other one', async () => {
    const choice = await choose(['pod/consumer-ecg-7c9f-7hx2w'], fake(OBJECTS))
    expect(choice.isFixed).toBe(true)
    expect(await choice.containersOf(born('consumer-ecg-7c9f-x', 'consumer-ecg-7c9f'))).toEqual([])
  })
})

describe('which run of a container the API reads', () => {
  const state = (status: object) =>
    decodeLogPod(object('x', [], {spec: {containers: [{name: 'app'}]}, status: {containerStatuses: [{name: 'app', ...status}]}})).logs[0]!
      .state
  const dead = {exitCode: 137, reason: 'OOMKilled', containerID: 'containerd://1'}

  test.each<[string, object, object]>([
    [
      'what runs',
      {containerID: 'containerd://2', restartCount: 1, state: {running: {}}, lastState: {terminated: dead}},
      {run: 'containerd://2', isRunning: true, restarts: 1},
    ],
    [
      'what has ended',
      {containerID: 'containerd://2', state: {terminated: {exitCode: 0, containerID: 'containerd://2'}}},
      {run: 'containerd://2', isRunning: false},
    ],
    [
      'what ended last',
      {restartCount: 7, state: {waiting: {reason: 'CrashLoopBackOff'}}, lastState: {terminated: dead}},
      {run: 'containerd://1', isRunning: false, reason: 'CrashLoopBackOff', previous: {exitCode: 137, reason: 'OOMKilled'}},
    ],
    ['none', {state: {waiting: {reason: 'ContainerCreating'}}}, {run: null, isRunning: false, reason: 'ContainerCreating', previous: null}],
    ['one without an id', {restartCount: 3, state: {running: {}}}, {run: 'run 3'}],
  ])('%s', (_, status, expected) => {
    expect(state(status)).toMatchObject(expected)
  })

  test('one of which nothing is said has none; init and ephemeral containers count', () => {
    const {logs} = decodeLogPod(
      object('x', [], {spec: {initContainers: [{name: 'i'}], containers: [{name: 'a'}], ephemeralContainers: [{name: 'e'}]}}),
    )
    expect(logs.map(({name, state: {run}}) => [name, run])).toEqual([
      ['i', null],
      ['a', null],
      ['e', null],
    ])
  })
})
