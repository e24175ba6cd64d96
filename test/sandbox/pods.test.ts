import {beforeEach, describe, expect, test} from 'vitest'
import {STATES} from '../../src/lib/sandbox/kubelet.ts'
import {ENDPOINT_SLICES, NODES, PODS} from '../../src/lib/sandbox/resources.ts'
import {type Pod, conditionOf} from '../../src/lib/sandbox/types.ts'
import {APPS, NS} from './client.ts'
import {MERGE, Simulation, rollout} from './simulation.ts'

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
})

const ready = (pod: Pod | undefined) => conditionOf(pod?.status.conditions, 'Ready')?.status

describe('the label sapoche.test/state', () => {
  // The statuses of the stages of the real servers' simulated kubelet.
  const expected: Record<(typeof STATES)[number], object> = {
    crashloop: {phase: 'Running', waiting: 'CrashLoopBackOff', restarts: 7, exit: 255, why: 'Error', container: true},
    oom: {phase: 'Running', waiting: 'CrashLoopBackOff', restarts: 3, exit: 137, why: 'OOMKilled', container: true},
    imagepull: {phase: 'Pending', waiting: 'ImagePullBackOff', restarts: 0, exit: undefined, why: undefined, container: false},
    config: {phase: 'Pending', waiting: 'CreateContainerConfigError', restarts: 0, exit: undefined, why: undefined, container: false},
    unready: {phase: 'Running', waiting: undefined, restarts: 0, exit: undefined, why: undefined, container: true},
  }

  test.for(STATES)('%s', (state) => {
    simulation.deploy('web', {labels: {'sapoche.test/state': state}})
    const [pod] = simulation.pods('web')
    const status = pod?.status.containerStatuses?.[0]
    const {terminated} = status?.lastState ?? {}
    expect({
      phase: pod?.status.phase,
      waiting: status?.state.waiting?.reason,
      restarts: status?.restartCount,
      exit: terminated?.exitCode,
      why: terminated?.reason,
      container: status?.containerID !== undefined,
    }).toEqual(expected[state])
    expect([status?.ready, ready(pod), pod?.status.podIP !== undefined]).toEqual([false, 'False', true])
    expect(simulation.events().some((event) => event.startsWith('Warning'))).toBe(true)
  })

  test('a crashing container is started again after its back-off, and its event counts up', () => {
    simulation.deploy('web', {labels: {'sapoche.test/state': 'oom'}})
    simulation.advance(45)
    expect(simulation.pods('web')[0]?.status.containerStatuses?.[0]?.restartCount).toBe(4)
    expect(simulation.events()).toContain('Warning BackOff Pod x2')
  })
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

test('a lost node: its pods are not ready at once, and are replaced elsewhere after five minutes', () => {
  simulation.deploy('web', {replicas: 3})
  const node = simulation.cluster.store.get(NODES, undefined, 'node-b')
  if (node === undefined) throw new Error('no node-b')
  simulation.cluster.kubelet.lose(node)
  simulation.advance(60)
  const on = (name: string) => simulation.pods('web').filter(({spec}) => spec.nodeName === name)
  expect(on('node-b').map((pod) => [ready(pod), pod.status.containerStatuses?.[0]?.ready])).toEqual([['False', true]])
  expect(simulation.deployment('web').status.readyReplicas).toBe(2)
  simulation.advance(300)
  expect(simulation.deployment('web').status.readyReplicas).toBe(3)
  expect(on('node-b').map(({metadata}) => metadata.deletionTimestamp !== undefined)).toEqual([true])
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

test('events are forgotten after an hour', () => {
  simulation.deploy('web')
  expect(simulation.events().length).toBeGreaterThan(3)
  simulation.advance(3601)
  expect(simulation.events()).toEqual([])
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
