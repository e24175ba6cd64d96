import {beforeEach, describe, expect, test} from 'vitest'
import {DAEMON_SETS, JOBS, PODS, STATEFUL_SETS} from '../../src/lib/sandbox/resources.ts'
import {APPS, NS} from './client.ts'
import {Simulation} from './simulation.ts'

const JOB = '/apis/batch/v1/namespaces/sapoche/jobs'

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
})

const spec = (more = {}, labels = {}, pod = {}) => ({
  selector: {matchLabels: {app: 'db'}},
  template: {metadata: {labels: {app: 'db', ...labels}}, spec: {containers: [{name: 'app', image: 'db:1'}], ...pod}},
  ...more,
})
const pods = () => simulation.cluster.store.list(PODS, 'sapoche').map(({metadata, status}) => `${metadata.name} ${status.phase}`)
const image = (to: string) => ({spec: {template: {spec: {containers: [{name: 'app', image: to}]}}}})

describe('a stateful set', () => {
  const status = () => simulation.cluster.store.get(STATEFUL_SETS, 'sapoche', 'db')?.status

  test('starts its pods in order, replaces them from the last one, and scales down', () => {
    simulation.call('POST', `${APPS}/statefulsets`, {metadata: {name: 'db'}, spec: spec({replicas: 2})})
    simulation.advance(0.4)
    expect(pods()).toEqual(['db-0 Running', 'db-1 Pending'])
    simulation.advance(1)
    expect(status()).toMatchObject({observedGeneration: 1, replicas: 2, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2})
    simulation.patch(`${APPS}/statefulsets/db`, image('db:2'))
    simulation.advance(0.1)
    expect(status()).toMatchObject({readyReplicas: 2})
    expect(status()).not.toHaveProperty('updatedReplicas')
    simulation.advance(0.3)
    expect(pods()).toEqual(['db-0 Running', 'db-1 Pending'])
    simulation.advance(3)
    expect(status()).toMatchObject({readyReplicas: 2, updatedReplicas: 2})
    simulation.patch(`${APPS}/statefulsets/db`, {spec: {replicas: 1}})
    simulation.advance(1)
    expect(pods()).toEqual(['db-0 Running'])
  })

  test('waits for a pod that does not become ready', () => {
    const unready = {'sapoche.test/state': 'unready'}
    simulation.call('POST', `${APPS}/statefulsets`, {metadata: {name: 'db'}, spec: spec({replicas: 2}, unready)})
    simulation.advance(5)
    expect(status()).toMatchObject({replicas: 1, availableReplicas: 0})
  })
})

test('a daemon set has one pod on each node that it selects', () => {
  const status = () => simulation.cluster.store.get(DAEMON_SETS, 'sapoche', 'agent')?.status
  simulation.call('POST', `${APPS}/daemonsets`, {
    metadata: {name: 'agent'},
    spec: spec({}, {}, {nodeSelector: {'kubernetes.io/os': 'linux'}}),
  })
  simulation.advance(1)
  expect(status()).toMatchObject({desiredNumberScheduled: 3, currentNumberScheduled: 3, numberReady: 3, numberAvailable: 3})
  expect(new Set(simulation.cluster.store.list(PODS).map((pod) => pod.spec.nodeName)).size).toBe(3)
  simulation.patch(`${APPS}/daemonsets/agent`, image('db:2'))
  simulation.advance(2)
  expect(simulation.cluster.store.list(PODS).map((pod) => pod.spec.containers[0]?.image)).toEqual(['db:2', 'db:2', 'db:2'])
})

describe('a job', () => {
  const conditions = () =>
    simulation.cluster.store.get(JOBS, 'sapoche', 'db')?.status.conditions?.map(({type, reason}) => `${type} ${reason}`)

  test('is complete when enough of its pods have succeeded', () => {
    simulation.call('POST', JOB, {metadata: {name: 'db'}, spec: spec({completions: 2}, {}, {restartPolicy: 'Never'})})
    simulation.advance(0.4)
    expect(conditions()).toBeUndefined()
    simulation.advance(3)
    expect(conditions()).toEqual(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'])
    expect(simulation.cluster.store.get(JOBS, 'sapoche', 'db')?.status).toMatchObject({succeeded: 2, completionTime: expect.any(String)})
    expect(pods().filter((pod) => pod.endsWith('Succeeded'))).toHaveLength(2)
  })

  test('has failed when more of its pods have failed than it allows', () => {
    simulation.call('POST', JOB, {
      metadata: {name: 'db'},
      spec: spec({backoffLimit: 1}, {'sapoche.test/state': 'failed'}, {restartPolicy: 'Never'}),
    })
    simulation.advance(5)
    expect(conditions()).toEqual(['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'])
    expect(pods().filter((pod) => pod.endsWith('Failed'))).toHaveLength(2)
    expect(simulation.events()).toContain('Warning BackoffLimitExceeded Job x1')
  })
})

test('a template without containers is refused, of any kind', () => {
  for (const path of [`${APPS}/statefulsets`, `${APPS}/daemonsets`, JOB]) {
    expect(() => simulation.call('POST', path, {metadata: {name: 'x'}, spec: {template: {spec: {}}}})).toThrow(
      'spec.template.spec.containers: Required value',
    )
  }
  expect(simulation.call<{items: unknown[]}>('GET', `${NS}/pods`).items).toEqual([])
})
