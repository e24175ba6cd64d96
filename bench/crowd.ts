import {setTimeout} from 'node:timers/promises'
import type {Cluster} from '../test/real/cluster-handle.ts'
import {deployments, renamed} from '../test/real/manifests.ts'
import type {Progress} from '../test/real/processes.ts'

const REPLICAS = 5
const NODES = ['crowd-a', 'crowd-b', 'crowd-c'] as const
const PATIENCE_MS = 900_000
const PAUSE_MS = 2000

/**
 * A namespace with that many deployments, copies of the runbook's, of five pods each; made when it is first asked for.
 * Resolves with its name when all pods are ready.
 */
export async function crowdOf(count: number, cluster: Cluster, progress: Progress): Promise<string> {
  const {api} = cluster
  const namespace = `crowd-${count}`
  if ((await api.request('GET', `/api/v1/namespaces/${namespace}`)).status === 200) return namespace
  progress(`starting ${count * REPLICAS} pods of ${count} deployments`)
  const began = performance.now()
  await Promise.all(NODES.map((name) => addNode(cluster, name)))
  await api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}})
  const models = deployments()
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
  await Promise.all(
    Array.from({length: count}, async (_, index) => {
      const model = models[index % models.length]!
      const copy = renamed(model, `${model.metadata?.name}-${index}`)
      Object.assign(copy.metadata!, {namespace})
      Object.assign(copy.spec!, {replicas: REPLICAS})
      await api.create(path, copy)
    }),
  )
  await allReady(cluster, path)
  progress(`started them in ${Math.round((performance.now() - began) / 1000)} s`)
  return namespace
}

interface Deployments {
  readonly items: readonly {readonly status: {readonly availableReplicas?: number}}[]
}

// A watch would be ended by the server, for there is more news than it buffers.
async function allReady({api}: Cluster, path: string): Promise<void> {
  const limit = performance.now() + PATIENCE_MS
  for (;;) {
    const {items} = await api.get<Deployments>(path)
    if (items.every(({status}) => status.availableReplicas === REPLICAS)) return
    if (performance.now() > limit) throw new Error(`not all pods are ready within ${PATIENCE_MS / 60_000} minutes`)
    await setTimeout(PAUSE_MS)
  }
}

async function addNode({api}: Cluster, name: string): Promise<void> {
  const room = {cpu: '1000', memory: '4Ti', pods: '4000'}
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {name, labels: {'kubernetes.io/hostname': name}},
    status: {allocatable: room, capacity: room},
  }
  const answer = await api.request('POST', '/api/v1/nodes', {body: node})
  if (answer.status !== 201 && answer.status !== 409) throw new Error(`node ${name}: ${answer.status} ${answer.text}`)
}
