import {afterAll, beforeAll, expect, test} from 'vitest'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {
  type Deployment,
  type EndpointSlice,
  type Node,
  type Pod,
  type ReplicaSet,
  type Service,
  conditionOf,
} from '../../src/lib/sandbox/types.ts'
import {APPS, NS, SLICES, list, request, start} from './client.ts'

const ascending = (a: string, b: string) => (a < b ? -1 : 1)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await start()
})
afterAll(() => sandbox.close())

test('holds the deployments of the catalogue, each at its baseline, available and rolled out', async () => {
  const deployments = await list<Deployment>(sandbox, `${APPS}/deployments`)
  const expected = builtinCatalogue.workloads.map(({name, baseline}) => `${name} ${baseline}`).toSorted(ascending)
  expect(deployments.map(({metadata, spec}) => `${metadata.name} ${spec.replicas}`)).toEqual(expected)
  expect(expected).toHaveLength(38)
  for (const {metadata, spec, status} of deployments) {
    const {observedGeneration, replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, conditions = []} = status
    expect(observedGeneration).toBe(metadata.generation)
    expect([replicas, updatedReplicas, readyReplicas, availableReplicas]).toEqual(Array.from({length: 4}, () => spec.replicas))
    const reasons = conditions.map(({type, status: is, reason}) => `${type}=${is}/${reason}`)
    expect(reasons.toSorted(ascending)).toEqual(['Available=True/MinimumReplicasAvailable', 'Progressing=True/NewReplicaSetAvailable'])
  }
})

test('has 40 ready pods that started two hours ago, owned by replica sets that are owned by deployments', async () => {
  const pods = await list<Pod>(sandbox, `${NS}/pods`)
  const sets = await list<ReplicaSet>(sandbox, `${APPS}/replicasets`)
  const deployments = await list<Deployment>(sandbox, `${APPS}/deployments`)
  expect(pods).toHaveLength(40)
  const owners = (of: (Pod | ReplicaSet)[]) => of.map(({metadata}) => metadata.ownerReferences?.[0]?.uid)
  const uids = (of: (ReplicaSet | Deployment)[]) => of.map(({metadata}) => metadata.uid)
  expect(uids(sets)).toEqual(expect.arrayContaining(owners(pods)))
  expect(uids(deployments)).toEqual(expect.arrayContaining(owners(sets)))
  for (const {status} of pods) {
    expect(status.containerStatuses?.every(({ready, containerID}) => ready && containerID !== undefined)).toBe(true)
    expect(Math.round((Date.now() - Date.parse(status.startTime ?? '')) / 60_000)).toBe(120)
  }
  expect(pods.filter(({spec}) => spec.containers.length === 2).map(({metadata}) => metadata.labels?.['app'])).toEqual(['orthanc-read-api'])
  expect(new Set(pods.map(({spec}) => spec.nodeName))).toEqual(new Set(['node-a', 'node-b', 'node-c']))
})

test('has the services of the runbook with their addresses, and a ready endpoint for every pod behind them', async () => {
  const services = await list<Service>(sandbox, `${NS}/services`)
  const slices = await list<EndpointSlice>(sandbox, SLICES)
  expect(services.map(({metadata, spec}) => `${metadata.name} ${spec.type} ${spec.clusterIP}`)).toEqual(
    builtinCatalogue.services.map(({name, type, clusterIP}) => `${name} ${type} ${clusterIP}`).toSorted(ascending),
  )
  for (const {name, workload, ports} of builtinCatalogue.services) {
    const [slice] = slices.filter(({metadata}) => metadata.labels?.['kubernetes.io/service-name'] === name)
    const baseline = builtinCatalogue.workloads.find((candidate) => candidate.name === workload)?.baseline
    expect(slice?.endpoints?.filter(({conditions}) => conditions.ready)).toHaveLength(baseline ?? -1)
    expect(slice?.ports).toHaveLength(ports.length)
  }
})

test('is quiet: no events, three ready nodes, nothing of KEDA', async () => {
  expect(await list(sandbox, `${NS}/events`)).toEqual([])
  const nodes = await list<Node>(sandbox, '/api/v1/nodes')
  expect(nodes.map(({status}) => conditionOf(status.conditions, 'Ready')?.status)).toEqual(['True', 'True', 'True'])
  const keda = await request<string>(sandbox, 'GET', '/apis/keda.sh/v1alpha1/scaledobjects')
  expect([keda.code, keda.body]).toEqual([404, '404 page not found\n'])
})
