import {beforeEach, describe, expect, test} from 'vitest'
import type {State} from '../../src/lib/sandbox/pod-status.ts'
import {ENDPOINT_SLICES, NODES, PODS} from '../../src/lib/sandbox/resources.ts'
import {type Pod, conditionOf} from '../../src/lib/sandbox/types.ts'
import {APPS, NS} from './client.ts'
import {MERGE, Simulation, rollout} from './simulation.ts'

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
})

const lone = (labels = {}, spec = {}, name = 'lone') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name, labels},
  spec: {containers: [{name: 'app', image: 'app:1'}], ...spec},
})
const ready = (pod: Pod | undefined) => conditionOf(pod?.status.conditions, 'Ready')?.status

interface StateCase {
  state: State
  phase: string
  ready: string
  waiting: string | undefined
  restarts: number
  exit: number | undefined
  why: string | undefined
  /** Whether a warning event tells of it. */
  events: boolean
}

describe('the label sapoche.test/state', () => {
  // The statuses of the simulated kubelet of the real servers.
  const down = {phase: 'Running', ready: 'False', waiting: 'CrashLoopBackOff', restarts: 7, exit: 255, why: 'Error'}
  const never = {phase: 'Pending', ready: 'False', waiting: undefined, restarts: 0, exit: undefined, why: undefined}
  const cases: readonly StateCase[] = [
    {...down, state: 'crashloop', events: true},
    {...down, state: 'oom', restarts: 3, exit: 137, why: 'OOMKilled', events: true},
    {...down, state: 'crashed', waiting: undefined, events: false},
    {...down, state: 'restarted', ready: 'True', waiting: undefined, restarts: 3, events: false},
    {...never, state: 'unready', phase: 'Running', events: true},
    {...never, state: 'failed', phase: 'Failed', events: false},
    {...never, state: 'imagepull', waiting: 'ImagePullBackOff', events: true},
    {...never, state: 'errimagepull', waiting: 'ErrImagePull', events: true},
    {...never, state: 'imagename', waiting: 'InvalidImageName', events: false},
    {...never, state: 'imagenever', waiting: 'ErrImageNeverPull', events: false},
    {...never, state: 'config', waiting: 'CreateContainerConfigError', events: true},
    {...never, state: 'create', waiting: 'CreateContainerError', events: false},
    {...never, state: 'run', waiting: 'RunContainerError', events: true},
    {...never, state: 'creating', waiting: 'ContainerCreating', events: false},
  ]

  test.for(cases)('$state', ({state, events, ...expected}) => {
    simulation.call('POST', `${NS}/pods`, lone({'sapoche.test/state': state}))
    simulation.advance(1)
    const pod = simulation.cluster.store.get(PODS, 'sapoche', 'lone')
    const status = pod?.status.containerStatuses?.[0]
    const {terminated} = status?.lastState ?? {}
    const [restarts, exit, why] = [status?.restartCount, terminated?.exitCode, terminated?.reason]
    const seen = {phase: pod?.status.phase, ready: ready(pod), waiting: status?.state.waiting?.reason, restarts, exit, why}
    expect(seen).toEqual(expected)
    expect(pod?.status.podIP).toBeDefined()
    expect(simulation.events().some((event) => event.startsWith('Warning'))).toBe(events)
  })

  test('gate: containers are ready, the pod is not', () => {
    simulation.call('POST', `${NS}/pods`, lone({'sapoche.test/state': 'gate'}, {readinessGates: [{conditionType: 'example/warm'}]}))
    simulation.advance(1)
    const conditions = simulation.cluster.store.get(PODS, 'sapoche', 'lone')?.status.conditions
    expect(['ContainersReady', 'Ready', 'example/warm'].map((type) => conditionOf(conditions, type)?.status)).toEqual([
      'True',
      'False',
      'False',
    ])
    expect(conditionOf(conditions, 'Ready')?.reason).toBe('ReadinessGatesNotReady')
  })

  test('of one container: the others are well; of an init container: the start fails', () => {
    const containers = [
      {name: 'app', image: 'app:1'},
      {name: 'side', image: 'side:1'},
    ]
    const labels = {'sapoche.test/state': 'crashloop', 'sapoche.test/container': 'side'}
    simulation.call('POST', `${NS}/pods`, lone(labels, {containers}))
    const first = {...labels, 'sapoche.test/container': 'first'}
    const initContainers = [
      {name: 'first', image: 'a:1'},
      {name: 'second', image: 'b:1'},
    ]
    simulation.call('POST', `${NS}/pods`, lone(first, {containers, initContainers}, 'other'))
    simulation.advance(1)
    const status = (name: string) => simulation.cluster.store.get(PODS, 'sapoche', name)?.status
    expect(status('lone')?.containerStatuses?.map(({ready: is}) => is)).toEqual([true, false])
    const {phase, initContainerStatuses = [], containerStatuses = [], conditions} = status('other') ?? {}
    const reasons = [...initContainerStatuses, ...containerStatuses].map(({state}) => state.waiting?.reason)
    expect([phase, ...reasons]).toEqual(['Pending', 'CrashLoopBackOff', 'PodInitializing', 'PodInitializing', 'PodInitializing'])
    expect(conditionOf(conditions, 'Initialized')).toMatchObject({status: 'False', reason: 'ContainersNotInitialized'})
  })

  test('restarts, exit, ended and age say how it came to be', () => {
    const labels = {state: 'restarted', restarts: '12', exit: '1', ended: '2m', age: '1h'}
    simulation.call(
      'POST',
      `${NS}/pods`,
      lone(Object.fromEntries(Object.entries(labels).map(([key, value]) => [`sapoche.test/${key}`, value]))),
    )
    simulation.advance(0.3)
    const [status] = simulation.cluster.store.get(PODS, 'sapoche', 'lone')?.status.containerStatuses ?? []
    const ago = (time: string | undefined) => (simulation.timeline.now() - Date.parse(time ?? '')) / 60_000
    expect([status?.restartCount, status?.lastState.terminated?.exitCode]).toEqual([12, 1])
    expect(ago(status?.lastState.terminated?.finishedAt)).toBeCloseTo(2, 1)
    expect(ago(status?.state.running?.startedAt)).toBeCloseTo(60, 1)
  })

  test('delay and stop-delay: how long it takes to become ready, and to end', () => {
    simulation.call('POST', `${NS}/pods`, lone({'sapoche.test/delay': '5s', 'sapoche.test/stop-delay': '20s'}))
    const pod = () => simulation.cluster.store.get(PODS, 'sapoche', 'lone')
    simulation.advance(5)
    expect([pod()?.status.phase, ready(pod()), pod()?.status.containerStatuses?.[0]?.started]).toEqual(['Running', 'False', false])
    simulation.advance(1)
    expect(ready(pod())).toBe('True')
    simulation.call('DELETE', `${NS}/pods/lone`)
    simulation.advance(19)
    expect(pod()).toBeDefined()
    simulation.advance(2)
    expect(pod()).toBeUndefined()
  })
})

test('a fault of a scenario: the running container crashes, and is started again after its back-off, with an event that counts up', () => {
  simulation.deploy('web')
  simulation.cluster.kubelet.afflict({workload: 'web', image: 'app:1', state: 'crashloop'})
  const restarts = () => simulation.pods('web')[0]?.status.containerStatuses?.[0]?.restartCount
  expect(restarts()).toBe(1)
  simulation.advance(75)
  expect(restarts()).toBe(4)
  expect(simulation.events()).toContain('Warning BackOff Pod x4')
  simulation.patch(`${APPS}/deployments/web`, rollout('app:2'))
  simulation.advance(5)
  expect(simulation.pods('web').map(ready)).toEqual(['True'])
})

test('a pod without an owner runs too, with init containers done and native sidecars running', () => {
  const initContainers = [
    {name: 'migrate', image: 'app:1'},
    {name: 'proxy', image: 'proxy:1', restartPolicy: 'Always'},
  ]
  const spec = {initContainers, containers: [{name: 'app', image: 'app:1'}]}
  simulation.call('POST', `${NS}/pods`, {apiVersion: 'v1', kind: 'Pod', metadata: {name: 'lone'}, spec})
  simulation.advance(1)
  const pod = simulation.cluster.store.get(PODS, 'sapoche', 'lone')
  expect(pod?.status.initContainerStatuses?.map(({state}) => Object.keys(state))).toEqual([['terminated'], ['running']])
  expect(ready(pod)).toBe('True')
})

test('deletion is graceful: Terminating first, then gone; with a grace of 0 it is gone at once', () => {
  simulation.deploy('web', {replicas: 2})
  const [first, second] = simulation.pods('web').map(({metadata}) => metadata.name)
  const answer = simulation.call<Pod>('DELETE', `${NS}/pods/${first}`)
  expect(answer.metadata).toMatchObject({deletionGracePeriodSeconds: 30})
  const now = () => simulation.cluster.store.list(PODS).map(({metadata}) => metadata.name)
  expect(now()).toContain(first)
  simulation.call('DELETE', `${NS}/pods/${second}`, {gracePeriodSeconds: 0})
  expect(now()).not.toContain(second)
  simulation.advance(2)
  expect(now()).not.toContain(first)
})

test('a pod that no node takes is Unschedulable, until one takes it', () => {
  for (const name of ['node-a', 'node-b', 'node-c']) simulation.patch(`/api/v1/nodes/${name}`, {spec: {unschedulable: true}})
  simulation.deploy('web')
  const scheduled = () => conditionOf(simulation.pods('web')[0]?.status.conditions, 'PodScheduled')
  expect(scheduled()).toMatchObject({status: 'False', reason: 'Unschedulable'})
  expect(simulation.events()).toContain('Warning FailedScheduling Pod x1')
  simulation.patch('/api/v1/nodes/node-c', {spec: {unschedulable: null}})
  simulation.advance(2)
  expect(simulation.pods('web').map((pod) => [pod.spec.nodeName, ready(pod)])).toEqual([['node-c', 'True']])
})

describe('a node whose label says that it is lost', () => {
  const NODE = '/api/v1/nodes/node-b'
  const label = (value: string | null) => simulation.patch(NODE, {metadata: {labels: {'sapoche.test/ready': value}}})
  const on = (name: string) => simulation.pods('web').filter(({spec}) => spec.nodeName === name)

  beforeEach(() => simulation.deploy('web', {replicas: 3}))

  test.for([
    {value: 'Unknown', reason: 'NodeStatusUnknown', taint: 'unreachable'},
    {value: 'False', reason: 'KubeletNotReady', taint: 'not-ready'},
  ])('$value: its pods are not ready at once, and are replaced elsewhere after five minutes', ({value, reason, taint}) => {
    label(value)
    simulation.advance(60)
    const node = simulation.cluster.store.get(NODES, undefined, 'node-b')
    expect(conditionOf(node?.status.conditions, 'Ready')).toMatchObject({status: value, reason})
    expect(node?.spec.taints?.map(({key, effect}) => `${key}:${effect}`)).toContain(`node.kubernetes.io/${taint}:NoExecute`)
    expect(on('node-b').map((pod) => [ready(pod), pod.status.containerStatuses?.[0]?.ready])).toEqual([['False', true]])
    expect(simulation.deployment('web').status.readyReplicas).toBe(2)
    simulation.advance(300)
    expect(simulation.deployment('web').status.readyReplicas).toBe(3)
    expect(on('node-b').map(({metadata}) => metadata.deletionTimestamp !== undefined)).toEqual([true])
  })

  test('comes back without it, before and after its pods were moved', () => {
    label('Unknown')
    simulation.advance(10)
    label(null)
    expect(on('node-b').map(ready)).toEqual(['True'])
    label('Unknown')
    simulation.advance(400)
    label(null)
    simulation.advance(2)
    expect(on('node-b')).toEqual([])
    expect(simulation.cluster.store.get(NODES, undefined, 'node-b')?.spec.taints).toEqual([])
  })
})

describe('endpoint slices', () => {
  const service = (targetPort: string | number) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 'web'},
    spec: {selector: {app: 'web'}, ports: [{port: 80, targetPort}]},
  })
  const pod = {containers: [{name: 'app', image: 'app:1', ports: [{name: 'http', containerPort: 8080}]}]}
  const slices = () => simulation.cluster.store.list(ENDPOINT_SLICES, 'sapoche')

  test('without pods: one slice, with neither endpoints nor ports', () => {
    simulation.call('POST', `${NS}/services`, service('http'))
    simulation.advance(1)
    expect(slices().map(({endpoints, ports}) => [endpoints, ports])).toEqual([[null, null]])
  })

  test.for([
    {name: 'a named port', targetPort: 'http', ports: [{name: '', port: 8080, protocol: 'TCP'}]},
    {name: 'a number', targetPort: 9000, ports: [{name: '', port: 9000, protocol: 'TCP'}]},
    {name: 'a name that no pod has', targetPort: 'htpp', ports: null},
  ])('$name', ({targetPort, ports}) => {
    simulation.deploy('web', {replicas: 2, pod})
    simulation.call('POST', `${NS}/services`, service(targetPort))
    simulation.advance(1)
    expect(slices().map((slice) => [slice.ports, slice.endpoints?.length])).toEqual([[ports, 2]])
  })

  test('follow readiness and deletion', () => {
    simulation.call('POST', `${NS}/services`, service('http'))
    simulation.deploy('web', {replicas: 3, pod})
    simulation.patch(`${APPS}/deployments/web`, {spec: {replicas: 2}})
    simulation.advance(0.1)
    const conditions = () => slices().flatMap(({endpoints}) => endpoints?.map((endpoint) => JSON.stringify(endpoint.conditions)) ?? [])
    expect(conditions()).toContain('{"ready":false,"serving":true,"terminating":true}')
    simulation.patch(`${APPS}/deployments/web`, rollout('app:2', 'unready'))
    simulation.advance(2)
    expect(conditions()).toContain('{"ready":false,"serving":false,"terminating":false}')
    simulation.call('DELETE', `${NS}/services/web`)
    expect(slices()).toEqual([])
  })

  test('are not made for a service without a selector', () => {
    simulation.call('POST', `${NS}/services`, {...service(80), spec: {ports: [{port: 80}]}})
    simulation.advance(1)
    expect(slices()).toEqual([])
  })
})

test('events are forgotten an hour after the last time', () => {
  simulation.deploy('web')
  simulation.deploy('bad')
  simulation.cluster.kubelet.afflict({workload: 'bad', image: null, state: 'crashloop'})
  expect(simulation.events().length).toBeGreaterThan(3)
  simulation.advance(3700)
  expect(simulation.events()).toEqual([expect.stringMatching(/^Warning BackOff Pod x1\d$/)])
})

test('a deleted namespace takes everything in it along', () => {
  simulation.deploy('web')
  simulation.call('DELETE', '/api/v1/namespaces/sapoche')
  simulation.advance(2)
  expect(simulation.cluster.store.within('sapoche')).toEqual([])
  expect(() => simulation.call('POST', `${APPS}/deployments`, {metadata: {name: 'web'}})).toThrow('namespaces "sapoche" not found')
})

test('the label of a pod template can be taken away again with a merge patch', () => {
  simulation.deploy('web', {labels: {'sapoche.test/state': 'config'}})
  const labels = {'sapoche.test/state': null}
  simulation.call('PATCH', `${APPS}/deployments/web`, {spec: {template: {metadata: {labels}}}}, {contentType: MERGE})
  simulation.advance(3)
  expect(simulation.pods('web').map(ready)).toEqual(['True'])
})
