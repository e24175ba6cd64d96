import {beforeEach, describe, expect, test} from 'vitest'
import {ApiFailure} from '../../src/lib/sandbox/failure.ts'
import type {Deployment} from '../../src/lib/sandbox/types.ts'
import {APPS, NS} from './client.ts'
import {JSON_PATCH, MERGE, STRATEGIC, Simulation, deployment} from './simulation.ts'

const WEB = `${APPS}/deployments/web`

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
  simulation.deploy('web', {replicas: 2})
})

function refusal(method: string, path: string, body?: unknown, contentType = STRATEGIC): string {
  try {
    simulation.call(method, path, body, {contentType})
  } catch (error) {
    if (error instanceof ApiFailure) return `${error.status.code} ${error.status.reason}: ${error.message}`
    throw error
  }
  return 'none'
}

describe('patches', () => {
  const template = () => simulation.deployment('web').spec.template

  test.for([
    {type: MERGE, patch: {spec: {replicas: 5}}},
    {type: STRATEGIC, patch: {spec: {replicas: 5}}},
    {
      type: JSON_PATCH,
      patch: [
        {op: 'test', path: '/spec/replicas', value: 2},
        {op: 'replace', path: '/spec/replicas', value: 5},
      ],
    },
  ])('$type sets replicas and a new generation', ({type, patch}) => {
    simulation.patch(WEB, patch, type)
    const {spec, metadata} = simulation.deployment('web')
    expect([spec.replicas, metadata.generation]).toEqual([5, 2])
  })

  test('strategic merge goes by name in lists of containers and variables, and can delete and replace', () => {
    const containers = [
      {
        name: 'app',
        env: [
          {name: 'A', value: '1'},
          {name: 'B', value: '2'},
        ],
      },
      {name: 'side', image: 'side:1'},
    ]
    simulation.patch(WEB, {spec: {template: {spec: {containers}}}})
    const order = {'$setElementOrder/containers': [{name: 'side'}, {name: 'app'}]}
    const change = [
      {
        name: 'app',
        env: [
          {name: 'A', $patch: 'delete'},
          {name: 'C', value: '3'},
        ],
      },
      {name: 'side', $patch: 'delete'},
    ]
    simulation.patch(WEB, {spec: {template: {spec: {...order, containers: change}}}})
    expect(template().spec.containers).toMatchObject([{name: 'app', image: 'app:1', env: [{name: 'B'}, {name: 'C'}]}])
    expect(template().spec.containers).toHaveLength(1)
    simulation.patch(WEB, {spec: {strategy: {$retainKeys: ['type'], type: 'Recreate'}}})
    expect(simulation.deployment('web').spec.strategy).toEqual({type: 'Recreate'})
  })

  test('merge replaces lists and removes what is null', () => {
    simulation.patch(WEB, {metadata: {annotations: {a: '1', b: '2'}}}, MERGE)
    simulation.patch(
      WEB,
      {metadata: {annotations: {a: null}}, spec: {template: {spec: {containers: [{name: 'other', image: 'other:1'}]}}}},
      MERGE,
    )
    expect(simulation.deployment('web').metadata.annotations).toMatchObject({b: '2'})
    expect(simulation.deployment('web').metadata.annotations).not.toHaveProperty('a')
    expect(template().spec.containers.map(({name}) => name)).toEqual(['other'])
  })

  test('that change nothing make no version and no generation', () => {
    const before = simulation.cluster.store.version
    simulation.patch(WEB, {spec: {replicas: 2}})
    expect(simulation.cluster.store.version).toBe(before)
  })

  test('of annotations alone make a new generation on a deployment, as kube-apiserver does', () => {
    simulation.patch(WEB, {metadata: {annotations: {note: 'x'}}})
    simulation.advance(1)
    const {metadata, status} = simulation.deployment('web')
    expect([metadata.generation, status.observedGeneration]).toEqual([2, 2])
  })
})

describe('optimistic concurrency', () => {
  const CONFLICT = '409 Conflict: Operation cannot be fulfilled on deployments.apps "web": the object has been modified'

  test('a PUT or PATCH of an older version is refused', () => {
    const old = simulation.call<Deployment>('GET', WEB)
    simulation.patch(WEB, {spec: {replicas: 3}})
    expect(refusal('PUT', WEB, old)).toContain(CONFLICT)
    expect(refusal('PATCH', WEB, {metadata: {resourceVersion: old.metadata.resourceVersion}, spec: {replicas: 4}})).toContain(CONFLICT)
    const fresh = simulation.call<Deployment>('GET', WEB)
    simulation.call('PUT', WEB, {...fresh, spec: {...fresh.spec, replicas: 7}})
    expect(simulation.deployment('web').spec.replicas).toBe(7)
  })

  test("identity and status are the server's", () => {
    const {uid} = simulation.deployment('web').metadata
    simulation.patch(WEB, {metadata: {creationTimestamp: '2000-01-01T00:00:00Z'}, status: {replicas: 99}})
    const {metadata, status} = simulation.deployment('web')
    expect([metadata.uid, status.replicas]).toEqual([uid, 2])
    expect(metadata.creationTimestamp).not.toMatch(/^2000/)
    expect(refusal('PATCH', WEB, {metadata: {uid: 'another'}})).toContain('422 Invalid: Deployment.apps "web" is invalid: metadata.uid')
  })
})

describe('what is wrong is refused with the field and the reason', () => {
  const base = {containers: [{name: 'app', image: 'app:1'}]}

  test.for([
    {patch: {spec: {replicas: -1}}, says: 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'},
    {patch: {spec: {replicas: 1.5}}, says: 'spec.replicas: Invalid value: 1.5'},
    {patch: {spec: {selector: {matchLabels: {app: 'x'}}, template: {metadata: {labels: {app: 'x'}}}}}, says: 'field is immutable'},
    {patch: {spec: {template: {metadata: {labels: {app: 'other'}}}}}, says: '`selector` does not match template `labels`'},
    {patch: {spec: {template: {spec: {containers: [{name: 'new'}]}}}}, says: 'spec.template.spec.containers[1].image: Required value'},
    {patch: {spec: {strategy: {type: 'Sideways'}}}, says: 'spec.strategy.type: Invalid value: "Sideways"'},
    {
      patch: {spec: {strategy: {type: 'Recreate'}}},
      says: "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    },
    {patch: {spec: {strategy: {rollingUpdate: {maxSurge: 'much'}}}}, says: 'spec.strategy.rollingUpdate.maxSurge: Invalid value: "much"'},
  ])('$says', ({patch, says}) => {
    const refused = refusal('PATCH', WEB, patch)
    expect(refused).toMatch(/^422 Invalid: Deployment.apps "web" is invalid: /)
    expect(refused).toContain(says)
  })

  test.for([
    {
      method: 'POST',
      path: `${APPS}/deployments`,
      body: deployment('web'),
      says: '409 AlreadyExists: deployments.apps "web" already exists',
    },
    {
      method: 'POST',
      path: `${APPS}/deployments`,
      body: deployment('Web'),
      says: '422 Invalid: Deployment.apps "Web" is invalid: metadata.name: Invalid value',
    },
    {method: 'POST', path: `${APPS}/deployments`, body: {kind: 'Pod', metadata: {}}, says: '400 BadRequest'},
    {
      method: 'POST',
      path: `${NS}/pods`,
      body: {metadata: {name: 'x'}, spec: {containers: []}},
      says: '422 Invalid: Pod "x" is invalid: spec.containers: Required value',
    },
    {
      method: 'POST',
      path: `${NS}/configmaps`,
      body: {metadata: {}},
      says: '422 Invalid: ConfigMap "" is invalid: metadata.name: Required value',
    },
    {method: 'PATCH', path: `${APPS}/deployments/none`, body: {}, says: '404 NotFound: deployments.apps "none" not found'},
    {
      method: 'DELETE',
      path: `${WEB}?propagationPolicy=Orphan`,
      body: undefined,
      says: "501 NotImplemented: the sandbox can't do this: leaving the dependants",
    },
    {method: 'DELETE', path: WEB, body: {preconditions: {uid: 'another'}}, says: '409 Conflict'},
    {method: 'POST', path: '/apis/batch/v1/namespaces/sapoche/cronjobs', body: {metadata: {name: 'x'}}, says: '501 NotImplemented'},
    {method: 'PUT', path: `${APPS}/deployments`, body: {}, says: '405 MethodNotAllowed'},
  ])('$method $path: $says', ({method, path, body, says}) => {
    expect(refusal(method, path, body)).toContain(says)
  })

  test('a pod changes its image and its labels, and nothing else of its spec', () => {
    simulation.call('POST', `${NS}/pods`, {metadata: {name: 'lone'}, spec: base})
    expect(refusal('PATCH', `${NS}/pods/lone`, {metadata: {labels: {a: 'b'}}, spec: {containers: [{name: 'app', image: 'app:2'}]}})).toBe(
      'none',
    )
    expect(refusal('PATCH', `${NS}/pods/lone`, {spec: {restartPolicy: 'Never'}})).toContain(
      '422 Invalid: Pod "lone" is invalid: spec: Forbidden',
    )
  })
})

test.for([
  {method: 'POST', path: `${APPS}/deployments`, body: deployment('dry')},
  {method: 'PATCH', path: WEB, body: {spec: {replicas: 9}}},
  {method: 'PATCH', path: `${WEB}/scale`, body: {spec: {replicas: 9}}},
  {method: 'DELETE', path: WEB, body: undefined},
])('a dry run of $method $path is checked and answered, and changes nothing', ({method, path, body}) => {
  const before = simulation.cluster.store.version
  const answer = simulation.call('GET', WEB)
  expect(simulation.call(method, `${path}?dryRun=All`, body, {contentType: STRATEGIC})).toBeDefined()
  expect(simulation.cluster.store.version).toBe(before)
  expect(simulation.call('GET', WEB)).toEqual(answer)
  if (method === 'PATCH') expect(refusal(method, `${path}?dryRun=All`, {spec: {replicas: -9}})).toMatch(/^422/)
})

describe('the scale subresource', () => {
  interface Scale {
    metadata: {resourceVersion: string}
    spec: {replicas?: number}
    status: {replicas: number; selector: string}
  }
  const scale = () => simulation.call<Scale>('GET', `${WEB}/scale`)

  test('reads, is patched and put, and leaves a count of zero out', () => {
    expect(scale()).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: {replicas: 2},
      status: {replicas: 2, selector: 'app=web'},
    })
    simulation.call('PATCH', `${WEB}/scale`, {spec: {replicas: 4}}, {contentType: MERGE})
    expect(simulation.deployment('web').spec.replicas).toBe(4)
    simulation.call('PUT', `${WEB}/scale`, {...scale(), spec: {replicas: 0}})
    expect(scale().spec).toEqual({})
  })

  test('guards by resource version', () => {
    const old = scale()
    simulation.patch(WEB, {metadata: {labels: {a: 'b'}}})
    expect(refusal('PUT', `${WEB}/scale`, {...old, spec: {replicas: 5}})).toMatch(/^409 Conflict/)
    expect(refusal('PUT', `${WEB}/scale`, {...scale(), spec: {replicas: -5}})).toMatch(/^422 Invalid/)
  })
})

test('managedFields tell who wrote replicas; an entry of the scale subresource has no time, and a zero set by it no owner', () => {
  const owners = () =>
    (simulation.deployment('web').metadata.managedFields ?? [])
      .filter(({fieldsV1}) => fieldsV1['f:spec']?.['f:replicas'] !== undefined)
      .map(({manager, subresource, time}) => [manager, subresource, time !== undefined])
  expect(owners()).toEqual([['test', undefined, true]])
  simulation.call('PATCH', `${WEB}/scale`, {spec: {replicas: 4}}, {contentType: MERGE, manager: 'kubectl'})
  expect(owners()).toEqual([['kubectl', 'scale', false]])
  simulation.call('PATCH', WEB, {spec: {replicas: 1}}, {contentType: MERGE, manager: 'argocd'})
  expect(owners()).toEqual([['argocd', undefined, true]])
  simulation.call('PATCH', `${WEB}/scale`, {spec: {replicas: 0}}, {contentType: MERGE, manager: 'kubectl'})
  expect(owners()).toEqual([])
  simulation.advance(1)
  const status = simulation.deployment('web').metadata.managedFields?.find(({subresource}) => subresource === 'status')
  expect(status).toMatchObject({manager: 'kube-controller-manager', time: expect.any(String), fieldsV1: {'f:status': {}}})
})

test('the status subresource changes the status alone', () => {
  const [pod] = simulation.pods('web')
  const path = `${NS}/pods/${pod?.metadata.name}`
  simulation.patch(`${path}/status`, {metadata: {labels: {x: 'y'}}, status: {phase: 'Failed', reason: 'Evicted'}})
  expect(simulation.call('GET', path)).toMatchObject({
    status: {phase: 'Failed', reason: 'Evicted'},
    metadata: {labels: pod?.metadata.labels ?? {}},
  })
  simulation.advance(2)
  expect(simulation.deployment('web').status.readyReplicas).toBe(2)
})

test('a collection is deleted by its selector', () => {
  for (const name of ['a', 'b']) simulation.call('POST', `${NS}/configmaps`, {metadata: {generateName: `${name}-`, labels: {name}}})
  simulation.call('DELETE', `${NS}/configmaps?labelSelector=name=a`)
  const left = simulation.call<{items: {metadata: {name: string}}[]}>('GET', `${NS}/configmaps`).items.map(({metadata}) => metadata.name)
  expect(left).toEqual([expect.stringMatching(/^b-\w{5}$/), 'sapoche-environment'])
})
