import type {V1Deployment} from '@kubernetes/client-node'
import {type Api, type KubernetesObject, watchUntil} from './api.ts'
import {NODE_READINESS} from './kwok.ts'
import {deployments, NAMESPACE, SEEDED} from './manifests.ts'
import {settled} from './seed.ts'

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`

/** What a pod does; the labels of kwok.yaml, where each is explained. */
export interface PodFault {
  readonly state?:
    | 'crashloop'
    | 'oom'
    | 'crashed'
    | 'restarted'
    | 'imagepull'
    | 'errimagepull'
    | 'imagename'
    | 'imagenever'
    | 'config'
    | 'create'
    | 'run'
    | 'creating'
    | 'unready'
    | 'gate'
    | 'failed'
  readonly container?: string
  readonly delay?: string
  readonly 'stop-delay'?: string
  readonly restarts?: `${number}`
  readonly exit?: `${number}`
  readonly ended?: string
  readonly age?: string
}

export interface Pod extends KubernetesObject {
  readonly metadata: {readonly name: string; readonly uid: string; readonly labels?: Readonly<Record<string, string>>}
  readonly spec: {readonly nodeName?: string}
  readonly status: {
    readonly phase?: string
    readonly reason?: string
    readonly conditions?: readonly {readonly type: string; readonly status: string; readonly reason?: string}[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state?: {
    readonly waiting?: {readonly reason?: string}
    readonly running?: object
    readonly terminated?: {readonly exitCode: number; readonly reason?: string}
  }
}

/** The labels that make a pod behave so. */
export function faultLabels(fault: PodFault): Record<string, string> {
  return Object.fromEntries(Object.entries(fault).map(([name, value]) => [`sapoche.test/${name}`, String(value)]))
}

/** The same deployment, all of whose pods behave so. */
export function withFault(deployment: V1Deployment, fault: PodFault): V1Deployment {
  const copy = structuredClone(deployment)
  const metadata = copy.spec?.template.metadata
  if (metadata !== undefined) metadata.labels = {...metadata.labels, ...faultLabels(fault)}
  return copy
}

/** The pods with the label `app=NAME`. */
export async function podsOf(api: Api, name: string): Promise<readonly Pod[]> {
  return (await api.get<{items: Pod[]}>(`${PODS}?labelSelector=app%3D${name}`)).items
}

/**
 * Puts a deployment in the place of the one of its name: without the old pods, which in a rolling update would go on serving beside
 * doomed ones. Does not wait for the new pods.
 */
export async function replaceDeployment(api: Api, deployment: V1Deployment): Promise<void> {
  await deleteDeployment(api, deployment.metadata?.name ?? '')
  const changed = structuredClone(deployment)
  delete changed.metadata?.annotations?.[SEEDED]
  await api.create(DEPLOYMENTS, changed)
}

/** Resolves when the deployment and its pods are gone. */
export async function deleteDeployment(api: Api, name: string): Promise<void> {
  await api.delete(`${DEPLOYMENTS}/${name}`, {kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground'})
  await watchUntil(api, `${DEPLOYMENTS}?fieldSelector=metadata.name%3D${name}`, `${name} is deleted`, (found) => found.length === 0)
}

/** Begins a rolling update to pods that behave so. */
export async function rollOut(api: Api, name: string, fault: PodFault): Promise<void> {
  const patch = {spec: {template: {metadata: {labels: faultLabels(fault)}}}}
  await api.patch(`${DEPLOYMENTS}/${name}`, patch, 'strategic-merge')
}

/** Waits until the pods of a deployment (label `app=NAME`) are as wished for. */
export function waitForPods(api: Api, name: string, what: string, enough: (pods: readonly Pod[]) => boolean): Promise<readonly Pod[]> {
  return watchUntil<Pod>(api, `${PODS}?labelSelector=app%3D${name}`, `pods of ${name}: ${what}`, enough)
}

/** Writes into the status of a living pod what no label can say; kwok leaves it alone. Lists are merged as the API server does it. */
export async function patchPodStatus(api: Api, pod: string, status: object): Promise<void> {
  await api.patch(`${PODS}/${pod}/status`, {status}, 'strategic-merge')
}

/** A kubelet under pressure, or a node that shuts down, gives the pod up: it stays as a leftover, and another one is made. */
export async function failPod(api: Api, pod: string, reason: 'Evicted' | 'NodeShutdown' | 'Preempted' = 'Evicted'): Promise<void> {
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({type, status: 'False', reason: 'PodFailed'}))
  await patchPodStatus(api, pod, {
    phase: 'Failed',
    reason,
    message: 'The node was low on resource: memory.',
    conditions,
    containerStatuses: null,
  })
}

/**
 * Makes a node unready. `False`: its kubelet says so itself, the pods on it stay as they are. `Unknown`: its kubelet is silent, and the
 * pods on it are marked as not ready, as the node controller does after its grace period.
 */
export async function loseNode(api: Api, node: string, ready: 'False' | 'Unknown'): Promise<void> {
  await api.patch(`/api/v1/nodes/${node}`, {metadata: {labels: {[NODE_READINESS]: ready}}})
  await nodeIs(api, node, ready)
  if (ready === 'Unknown') await markPods(api, node, 'False')
}

/** The node is back; its pods are as ready as their containers. */
export async function restoreNode(api: Api, node: string): Promise<void> {
  await api.patch(`/api/v1/nodes/${node}`, {metadata: {labels: {[NODE_READINESS]: null}}})
  await nodeIs(api, node, 'True')
  await markPods(api, node, 'True')
}

async function markPods(api: Api, node: string, ready: 'True' | 'False'): Promise<void> {
  const {items} = await api.get<{items: Pod[]}>(`${PODS}?fieldSelector=spec.nodeName%3D${node}`)
  const conditions = [{type: 'Ready', status: ready, lastTransitionTime: new Date().toISOString()}]
  const whole = items.filter(({status}) => status.containerStatuses?.every((container) => container.ready))
  await Promise.all(whole.map(({metadata}) => patchPodStatus(api, metadata.name, {conditions})))
}

interface Node extends KubernetesObject {
  readonly status: {readonly conditions?: readonly {readonly type: string; readonly status: string}[]}
}

async function nodeIs(api: Api, node: string, ready: 'True' | 'False' | 'Unknown'): Promise<void> {
  await watchUntil<Node>(api, `/api/v1/nodes?fieldSelector=metadata.name%3D${node}`, `${node} is Ready=${ready}`, ([found]) =>
    Boolean(found?.status.conditions?.some(({type, status}) => type === 'Ready' && status === ready)),
  )
}

interface Found {
  readonly metadata: {readonly name: string; readonly generation: number; readonly annotations?: Readonly<Record<string, string>>}
}

/** Kinds that tests add to the namespace. */
const ADDED = [
  'apis/apps/v1/statefulsets',
  'apis/apps/v1/daemonsets',
  'apis/batch/v1/jobs',
  'apis/batch/v1/cronjobs',
  'apis/autoscaling/v2/horizontalpodautoscalers',
  'apis/policy/v1/poddisruptionbudgets',
  'api/v1/resourcequotas',
  'api/v1/events',
]

/**
 * Back to the runbook: what tests have added is deleted, a deployment that was changed or replaced is made anew, what failed is cleared
 * away. Resolves when all is ready. Services are compared by nothing: a test that changes one puts it back.
 */
export async function restore(api: Api): Promise<void> {
  const {items: nodes} = await api.get<{items: {metadata: {name: string; labels?: Record<string, string>}}[]}>('/api/v1/nodes')
  await Promise.all(
    nodes.filter(({metadata}) => metadata.labels?.[NODE_READINESS] !== undefined).map(({metadata}) => restoreNode(api, metadata.name)),
  )
  // What containers.ts has said of single pods, which goes before what later tests say of all.
  const told = ['logs', 'execs', 'portforwards']
  await Promise.all(told.map((plural) => api.delete(`/apis/kwok.x-k8s.io/v1alpha1/namespaces/${NAMESPACE}/${plural}`)))
  await Promise.all(
    ADDED.map((resource) => {
      const collection = `/${resource.replace(/\/([^/]+)$/, `/namespaces/${NAMESPACE}/$1`)}`
      return api.delete(collection, {kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background'})
    }),
  )
  const baseline = new Map(deployments().map((deployment) => [deployment.metadata?.name, deployment]))
  const {items: found} = await api.get<{items: Found[]}>(DEPLOYMENTS)
  const isUntouched = ({metadata: {name, generation, annotations}}: Found): boolean =>
    baseline.has(name) && generation === 1 && annotations?.[SEEDED] !== undefined
  await Promise.all(found.filter((one) => !isUntouched(one)).map(({metadata}) => deleteDeployment(api, metadata.name)))
  for (const {metadata} of found.filter(isUntouched)) baseline.delete(metadata.name)
  await Promise.all([...baseline.values()].map((deployment) => api.create(DEPLOYMENTS, deployment)))
  await api.delete(`${PODS}?fieldSelector=status.phase%3DFailed`)
  await settled(api)
}
