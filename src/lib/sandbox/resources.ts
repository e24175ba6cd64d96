/** The one table of what the simulated API server serves: discovery, routes, selectors and short names come from here. */
import type {
  Autoscaler,
  Budget,
  CoreEvent,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Job,
  KubeObject,
  Node,
  Pod,
  Quota,
  ReplicaSet,
  Service,
  StatefulSet,
} from './types.ts'

export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly string[]
  /** Whether `metadata.generation` counts the changes of its spec. */
  readonly generation: boolean
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly fields: readonly string[]
  /** Carries the object's type to `Store`; never set. */
  readonly type?: T
}

const WRITE = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
/** Kinds without a controller here can come from a scenario alone: creating one would leave it dead. */
const KEEP = WRITE.filter((verb) => verb !== 'create')
const STATUS = ['status']

type Options = Partial<Omit<Resource, 'group' | 'version' | 'plural' | 'kind' | 'type'>>

function resource<T extends KubeObject>(groupVersion: string, plural: string, kind: string, options: Options = {}): Resource<T> {
  const [version = '', group = ''] = groupVersion.split('/').toReversed()
  const rest = {shortNames: [], namespaced: true, verbs: WRITE, categories: [], subresources: [], generation: false, fields: []}
  return {group, version, plural, kind, ...rest, ...options}
}

const all = {categories: ['all'], subresources: STATUS}
const workload = {...all, generation: true}

export const NAMESPACES = resource('v1', 'namespaces', 'Namespace', {
  verbs: WRITE.filter((verb) => verb !== 'deletecollection'),
  shortNames: ['ns'],
  namespaced: false,
  subresources: STATUS,
  fields: ['status.phase'],
})
export const NODES = resource<Node>('v1', 'nodes', 'Node', {
  shortNames: ['no'],
  namespaced: false,
  subresources: STATUS,
  fields: ['spec.unschedulable'],
})
export const PODS = resource<Pod>('v1', 'pods', 'Pod', {
  ...workload,
  shortNames: ['po'],
  subresources: ['status', 'eviction', 'log'],
  fields: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
})
export const SERVICES = resource<Service>('v1', 'services', 'Service', {
  ...all,
  shortNames: ['svc'],
  fields: ['spec.clusterIP', 'spec.type'],
})
const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
  (field) => `involvedObject.${field}`,
)
export const EVENTS = resource<CoreEvent>('v1', 'events', 'Event', {
  shortNames: ['ev'],
  fields: [...INVOLVED, 'reason', 'reportingComponent', 'type'],
})
export const CONFIG_MAPS = resource('v1', 'configmaps', 'ConfigMap', {shortNames: ['cm']})
export const SECRETS = resource('v1', 'secrets', 'Secret', {fields: ['type']})
/** Held, and bound to nothing: what is judged of a claim is its access modes. */
export const CLAIMS = resource('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', {shortNames: ['pvc'], subresources: STATUS})
export const BUDGETS = resource<Budget>('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
  shortNames: ['pdb'],
  subresources: STATUS,
  generation: true,
})
export const QUOTAS = resource<Quota>('v1', 'resourcequotas', 'ResourceQuota', {shortNames: ['quota'], subresources: STATUS})
export const DEPLOYMENTS = resource<Deployment>('apps/v1', 'deployments', 'Deployment', {
  ...workload,
  shortNames: ['deploy'],
  subresources: ['status', 'scale'],
})
export const REPLICA_SETS = resource<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet', {
  ...workload,
  shortNames: ['rs'],
  verbs: KEEP,
  subresources: ['status', 'scale'],
})
export const STATEFUL_SETS = resource<StatefulSet>('apps/v1', 'statefulsets', 'StatefulSet', {...workload, shortNames: ['sts']})
export const DAEMON_SETS = resource<DaemonSet>('apps/v1', 'daemonsets', 'DaemonSet', {...workload, shortNames: ['ds']})
export const JOBS = resource<Job>('batch/v1', 'jobs', 'Job', workload)
export const CRON_JOBS = resource('batch/v1', 'cronjobs', 'CronJob', {...workload, shortNames: ['cj'], verbs: KEEP})
export const AUTOSCALERS = resource<Autoscaler>('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
  ...all,
  shortNames: ['hpa'],
})
export const ENDPOINT_SLICES = resource<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', {verbs: KEEP})
export const SCALED_OBJECTS = resource('keda.sh/v1alpha1', 'scaledobjects', 'ScaledObject', {
  generation: true,
  shortNames: ['so'],
  verbs: KEEP,
  subresources: STATUS,
})

const READ = ['get', 'list']
/** Served by metrics.ts, and stored nowhere. */
export const POD_METRICS = resource('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics', {verbs: READ})
export const NODE_METRICS = resource('metrics.k8s.io/v1beta1', 'nodes', 'NodeMetrics', {verbs: READ, namespaced: false})

/** What every cluster has; SCALED_OBJECTS only where a scenario brings KEDA. */
export const RESOURCES: readonly Resource[] = [
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  EVENTS,
  CONFIG_MAPS,
  SECRETS,
  CLAIMS,
  QUOTAS,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  JOBS,
  CRON_JOBS,
  AUTOSCALERS,
  ENDPOINT_SLICES,
  BUDGETS,
  POD_METRICS,
  NODE_METRICS,
]

export function apiVersionOf(of: Resource): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`
}
