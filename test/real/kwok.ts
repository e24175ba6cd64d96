import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {loadAll} from 'js-yaml'
import type {Api, KubernetesObject} from './api.ts'
import type {Binaries} from './binaries.ts'
import {type Running, waitUntil} from './processes.ts'

/** On a node: the readiness that it is to have in the place of its own, `False` or `Unknown`. */
export const NODE_READINESS = 'sapoche.test/ready'

export const NODES = ['node-a', 'node-b', 'node-c'] as const

const API = '/apis/kwok.x-k8s.io/v1alpha1'
const PLURALS: Readonly<Record<string, string>> = {Stage: 'stages', Metric: 'metrics', ClusterResourceUsage: 'clusterresourceusages'}

/** Stores kwok's resource definitions, its stages and ours, and the nodes: what kwok finds when it starts. `needs`: the API server. */
export async function prepareKwok(api: Api, binaries: Binaries, needs: readonly Running[]): Promise<void> {
  const theirs = await documents(binaries.kwokManifests)
  const ours = await documents(join(import.meta.dirname, 'kwok.yaml'))
  const definitions = theirs.filter(({kind}) => kind === 'CustomResourceDefinition')
  await Promise.all(definitions.map((definition) => api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)))
  await Promise.all(
    Object.values(PLURALS).map((plural) =>
      waitUntil(`${plural} are served`, async () => (await api.request('GET', `${API}/${plural}`)).status === 200, {needs}),
    ),
  )
  const objects = [...theirs, ...ours].flatMap((object) => {
    const plural = PLURALS[object.kind ?? '']
    return plural === undefined ? [] : [{plural, object: sparingLostNodes(object)}]
  })
  await Promise.all([
    ...objects.map(({plural, object}) => api.create(`${API}/${plural}`, object)),
    ...NODES.map((name) => api.create('/api/v1/nodes', node(name))),
  ])
}

// kwok's own stages would bring a node that a test has made unready back to life.
function sparingLostNodes(
  object: KubernetesObject & {spec?: {resourceRef?: {kind?: string}; selector?: {matchExpressions?: object[]}}},
): object {
  const copy = structuredClone(object)
  if (copy.spec?.resourceRef?.kind === 'Node' && copy.metadata?.name !== 'node-lost') {
    copy.spec.selector?.matchExpressions?.push({key: `.metadata.labels["${NODE_READINESS}"]`, operator: 'DoesNotExist'})
  }
  return copy
}

/** True when all nodes are ready. */
export async function nodesAreReady(api: Api): Promise<boolean> {
  const {items} = await api.get<{items: {status: {conditions?: {type: string; status: string}[]}}[]}>('/api/v1/nodes')
  const ready = items.filter(({status}) => status.conditions?.some(({type, status: value}) => type === 'Ready' && value === 'True'))
  return ready.length === NODES.length
}

async function documents(file: string): Promise<KubernetesObject[]> {
  return (loadAll(await readFile(file, 'utf8')) as (KubernetesObject | null)[]).filter((object) => object !== null)
}

function node(name: string): unknown {
  const room = {cpu: '32', memory: '128Gi', pods: '250'}
  // kwok gives a node that was lost all of them anew where one is missing, and has no name to give: it would be left without any.
  const addresses = [
    {type: 'InternalIP', address: '127.0.0.1'},
    {type: 'Hostname', address: name},
  ]
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'},
      annotations: {'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${name}/metrics/resource`},
    },
    status: {allocatable: room, capacity: room, addresses},
  }
}
