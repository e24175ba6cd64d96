import {beforeEach, describe, expect, test} from 'vitest'
import {type Pod, conditionOf} from '../../src/lib/sandbox/types.ts'
import {APPS, NS} from './client.ts'
import {Simulation, deployment, rollout} from './simulation.ts'

const WEB = `${APPS}/deployments/web`
const REVISION = 'deployment.kubernetes.io/revision'

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
})

const counts = () => simulation.sets('web').map(({spec, status}) => `${status.availableReplicas ?? 0}/${spec.replicas}`)
const isReady = (pod: Pod) => conditionOf(pod.status.conditions, 'Ready')?.status === 'True'

describe('a new deployment', () => {
  test('gets a replica set, pods with its hash, a revision, and conditions that say how far it is', () => {
    simulation.call('POST', `${APPS}/deployments`, deployment('web', {replicas: 2}))
    simulation.advance(0.1)
    expect(simulation.condition('web', 'Available')).toBe('False/MinimumReplicasUnavailable')
    expect(simulation.condition('web', 'Progressing')).toMatch('True/ReplicaSetUpdated')
    simulation.advance(1)
    const [set] = simulation.sets('web')
    expect(simulation.deployment('web').metadata.annotations?.[REVISION]).toBe('1')
    expect(simulation.pods('web').map(({metadata}) => metadata.labels)).toEqual([
      set?.spec.template.metadata.labels,
      set?.spec.template.metadata.labels,
    ])
    expect(set?.metadata.name).toBe(`web-${set?.metadata.labels?.['pod-template-hash']}`)
    expect(simulation.condition('web', 'Progressing')).toBe('True/NewReplicaSetAvailable')
    expect(simulation.condition('web', 'Available')).toBe('True/MinimumReplicasAvailable')
    expect(simulation.events()).toEqual(
      expect.arrayContaining(['Normal ScalingReplicaSet Deployment x1', 'Normal SuccessfulCreate ReplicaSet x1']),
    )
  })

  test('leaves counts of zero out of its status, as the API does', () => {
    simulation.deploy('web', {replicas: 0})
    const {observedGeneration, conditions, ...rest} = simulation.deployment('web').status
    expect(rest).toEqual({terminatingReplicas: 0})
    expect([observedGeneration, conditions?.length]).toEqual([1, 2])
  })

  test('that shares its labels with another one keeps its own pods', () => {
    simulation.deploy('web', {labels: {tier: 'x'}, spec: {selector: {matchLabels: {tier: 'x'}}}})
    simulation.deploy('other', {labels: {tier: 'x'}, spec: {selector: {matchLabels: {tier: 'x'}}}})
    expect([simulation.pods('web').length, simulation.pods('other').length]).toEqual([1, 1])
  })
})

describe('a rolling update', () => {
  test('keeps to surge and unavailability at every step, and ends complete', () => {
    simulation.deploy('web', {replicas: 8})
    simulation.patch(WEB, rollout('app:2'))
    let [least, most] = [8, 0]
    for (let step = 0; step < 100; step += 1) {
      simulation.advance(0.05)
      const pods = simulation.pods('web').filter(({metadata}) => metadata.deletionTimestamp === undefined)
      least = Math.min(least, pods.filter(isReady).length)
      most = Math.max(most, pods.length)
    }
    expect([least, most]).toEqual([6, 10])
    expect(counts()).toEqual(['0/0', '8/8'])
    expect(simulation.deployment('web').metadata.annotations?.[REVISION]).toBe('2')
    expect(simulation.condition('web', 'Progressing')).toBe('True/NewReplicaSetAvailable')
  })

  test('to a template that fails leaves the old pods serving, and exceeds its deadline', () => {
    simulation.deploy('web', {replicas: 3})
    simulation.patch(WEB, rollout('app:2', 'crashloop'))
    simulation.advance(590)
    expect(counts()).toEqual(['3/3', '0/1'])
    expect(simulation.condition('web', 'Progressing')).toBe('True/ReplicaSetUpdated')
    simulation.advance(20)
    expect(simulation.condition('web', 'Progressing')).toBe('False/ProgressDeadlineExceeded')
    expect(simulation.condition('web', 'Available')).toBe('True/MinimumReplicasAvailable')
  })

  test('that is rolled back uses the old replica set again, as the newest revision', () => {
    simulation.deploy('web', {replicas: 3})
    const [first] = simulation.sets('web')
    simulation.patch(WEB, rollout('app:2', 'imagepull'))
    simulation.advance(700)
    simulation.patch(WEB, rollout('app:1'))
    simulation.advance(5)
    const last = simulation.sets('web').at(-1)
    expect(last?.metadata.uid).toBe(first?.metadata.uid)
    expect(last?.metadata.annotations).toMatchObject({[REVISION]: '3', 'deployment.kubernetes.io/revision-history': '1'})
    expect(counts()).toEqual(['0/0', '3/3'])
    expect(simulation.condition('web', 'Progressing')).toBe('True/NewReplicaSetAvailable')
  })

  test('forgets revisions beyond its history limit', () => {
    simulation.deploy('web', {spec: {revisionHistoryLimit: 2}})
    for (const tag of [2, 3, 4, 5]) {
      simulation.patch(WEB, rollout(`app:${tag}`))
      simulation.advance(5)
    }
    expect(simulation.sets('web').map(({metadata}) => metadata.annotations?.[REVISION])).toEqual(['3', '4', '5'])
  })
})

test('Recreate ends every old pod before the first new one', () => {
  simulation.deploy('web', {replicas: 2, spec: {strategy: {type: 'Recreate'}}})
  simulation.patch(WEB, rollout('app:2'))
  simulation.advance(0.1)
  expect(simulation.pods('web').map(({spec, metadata}) => [spec.containers[0]?.image, metadata.deletionTimestamp !== undefined])).toEqual([
    ['app:1', true],
    ['app:1', true],
  ])
  expect(simulation.condition('web', 'Available')).toBe('False/MinimumReplicasUnavailable')
  simulation.advance(3)
  expect(simulation.pods('web').map(({spec}) => spec.containers[0]?.image)).toEqual(['app:2', 'app:2'])
})

test('a paused deployment rolls nothing out until it is resumed, and still scales', () => {
  simulation.deploy('web')
  simulation.patch(WEB, {spec: {paused: true}})
  simulation.patch(WEB, rollout('app:2'))
  simulation.patch(WEB, {spec: {replicas: 2}})
  simulation.advance(5)
  expect(counts()).toEqual(['2/2'])
  expect(simulation.condition('web', 'Progressing')).toBe('Unknown/DeploymentPaused')
  simulation.patch(WEB, {spec: {paused: null}})
  simulation.advance(5)
  expect(counts()).toEqual(['0/0', '2/2'])
})

test('minReadySeconds: ready is not yet available', () => {
  simulation.deploy('web', {spec: {minReadySeconds: 30}})
  simulation.advance(20)
  const {readyReplicas, availableReplicas} = simulation.deployment('web').status
  expect([readyReplicas, availableReplicas]).toEqual([1, undefined])
  simulation.advance(10)
  expect(simulation.deployment('web').status.availableReplicas).toBe(1)
})

describe('scaling', () => {
  test('up and down; down takes the pods that are not ready first', () => {
    simulation.deploy('web', {replicas: 3})
    const [bad] = simulation.pods('web')
    const status = {conditions: [{type: 'Ready', status: 'False', lastTransitionTime: simulation.cluster.now()}]}
    simulation.patch(`${NS}/pods/${bad?.metadata.name}/status`, {status})
    simulation.patch(WEB, {spec: {replicas: 2}})
    simulation.advance(2)
    expect(simulation.pods('web').map(({metadata}) => metadata.name)).not.toContain(bad?.metadata.name)
    expect(counts()).toEqual(['2/2'])
    simulation.patch(WEB, {spec: {replicas: 5}})
    simulation.advance(2)
    expect(counts()).toEqual(['5/5'])
    expect(simulation.condition('web', 'Progressing')).toBe('True/NewReplicaSetAvailable')
  })

  test('in the middle of a stuck rollout shares the new pods out', () => {
    // The example of the Kubernetes documentation, "Proportional scaling".
    const strategy = {type: 'RollingUpdate', rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}
    simulation.deploy('web', {replicas: 10, spec: {strategy}})
    simulation.patch(WEB, rollout('app:2', 'imagepull'))
    simulation.advance(10)
    expect(counts()).toEqual(['8/8', '0/5'])
    simulation.patch(WEB, {spec: {replicas: 15}})
    simulation.advance(10)
    expect(counts()).toEqual(['11/11', '0/7'])
  })

  test('beyond a quota is a replica failure, until the quota is raised', () => {
    const quota = {apiVersion: 'v1', kind: 'ResourceQuota', metadata: {name: 'few'}, spec: {hard: {pods: '2'}}}
    simulation.call('POST', `${NS}/resourcequotas`, quota)
    simulation.deploy('web', {replicas: 3})
    expect(simulation.condition('web', 'ReplicaFailure')).toBe('True/FailedCreate')
    expect(counts()).toEqual(['2/3'])
    expect(simulation.call('GET', `${NS}/resourcequotas/few`)).toMatchObject({status: {hard: {pods: '2'}, used: {pods: '2'}}})
    const memory = {metadata: {name: 'memory'}, spec: {hard: {'requests.memory': '1Gi'}}}
    expect(() => simulation.call('POST', `${NS}/resourcequotas`, memory)).toThrow('a quota on requests.memory')
    simulation.patch(`${NS}/resourcequotas/few`, {spec: {hard: {pods: '5'}}})
    simulation.advance(2)
    expect(simulation.condition('web', 'ReplicaFailure')).toBe('none')
    expect(counts()).toEqual(['3/3'])
  })
})

test('a pod that is deleted is replaced; a deployment that is deleted takes all with it', () => {
  simulation.deploy('web')
  const [pod] = simulation.pods('web')
  simulation.call('DELETE', `${NS}/pods/${pod?.metadata.name}`)
  simulation.advance(2)
  expect(simulation.pods('web')).toHaveLength(1)
  expect(simulation.pods('web')[0]?.metadata.uid).not.toBe(pod?.metadata.uid)
  simulation.call('DELETE', WEB)
  simulation.advance(2)
  const left = [`${NS}/pods`, `${APPS}/replicasets`].map((path) => simulation.call<{items: unknown[]}>('GET', path).items.length)
  expect(left).toEqual([0, 0])
})

describe('an autoscaler', () => {
  const spec = {scaleTargetRef: {apiVersion: 'apps/v1', kind: 'Deployment', name: 'web'}, minReplicas: 2, maxReplicas: 4}
  const hpa = {apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: {name: 'web'}, spec}
  const HPA = '/apis/autoscaling/v2/namespaces/sapoche/horizontalpodautoscalers'

  test.for([
    {replicas: 1, becomes: 2, active: 'FailedGetResourceMetric'},
    {replicas: 3, becomes: 3, active: 'FailedGetResourceMetric'},
    {replicas: 9, becomes: 4, active: 'FailedGetResourceMetric'},
    {replicas: 0, becomes: 0, active: 'ScalingDisabled'},
  ])('turns $replicas replicas into $becomes', ({replicas, becomes, active}) => {
    simulation.deploy('web', {replicas})
    simulation.call('POST', HPA, hpa)
    simulation.advance(5)
    expect(simulation.deployment('web').spec.replicas).toBe(becomes)
    const {status} = simulation.call<{status: {currentReplicas: number; conditions: {type: string; reason: string}[]}}>('GET', `${HPA}/web`)
    expect(status.currentReplicas).toBe(becomes)
    expect(status.conditions.find(({type}) => type === 'ScalingActive')?.reason).toBe(active)
  })
})
