/**
 * The parts of Kubernetes objects that the simulated control plane itself reads and writes.
 * Objects are plain JSON. What the store holds is never changed in place (see store.ts).
 */
import {isoTime, parseTime} from '../text/time.ts'

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** `fieldsV1` of managedFields: `f:name` for fields, `k:{"name":"x"}` for named list items, `{}` for a leaf. */
export interface FieldSet {
  [field: string]: FieldSet
}

export interface ManagedFields {
  manager: string
  operation: 'Update'
  apiVersion: string
  /** Absent on entries that were made through the scale subresource, as on a real API server. */
  time?: string
  fieldsType: 'FieldsV1'
  fieldsV1: FieldSet
  subresource?: string
}

export type Labels = Record<string, string>

export interface Meta {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Labels
  annotations?: Labels
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Meta
  spec?: unknown
  status?: unknown
  [field: string]: unknown
}

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime: string
  lastUpdateTime?: string
  lastHeartbeatTime?: string
  lastProbeTime?: null
}

export interface LabelSelector {
  matchLabels?: Labels
  matchExpressions?: {key: string; operator: string; values?: string[]}[]
}

export interface Container {
  name: string
  image: string
  ports?: {name?: string; containerPort: number; protocol?: string}[]
  restartPolicy?: string
  [field: string]: unknown
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  nodeName?: string
  nodeSelector?: Labels
  restartPolicy?: string
  terminationGracePeriodSeconds?: number
  [field: string]: unknown
}

export interface PodTemplate {
  metadata: {labels?: Labels; annotations?: Labels; creationTimestamp?: null}
  spec: PodSpec
}

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  containerID?: string
  ready: boolean
  started: boolean
  restartCount: number
  state: {
    running?: {startedAt: string}
    waiting?: {reason: string; message?: string}
    terminated?: Terminated
  }
  lastState: {terminated?: Terminated}
}

export interface Terminated {
  exitCode: number
  reason: string
  startedAt: string
  finishedAt: string
  containerID: string
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status: {
    phase: string
    reason?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
    hostIP?: string
    hostIPs?: {ip: string}[]
    podIP?: string
    podIPs?: {ip: string}[]
    startTime?: string
    qosClass?: string
  }
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number
    selector: LabelSelector
    template: PodTemplate
    strategy: {type: 'RollingUpdate' | 'Recreate'; rollingUpdate?: {maxSurge: number | string; maxUnavailable: number | string}}
    minReadySeconds?: number
    revisionHistoryLimit: number
    progressDeadlineSeconds: number
    paused?: boolean
  }
  status: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    terminatingReplicas?: number
    conditions?: Condition[]
  }
}

export interface ReplicaSet extends KubeObject {
  spec: {replicas: number; minReadySeconds?: number; selector: LabelSelector; template: PodTemplate}
  status: {
    observedGeneration?: number
    replicas: number
    fullyLabeledReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    terminatingReplicas?: number
    conditions?: Condition[]
  }
}

export interface StatefulSet extends KubeObject {
  spec: {replicas?: number; template: PodTemplate; podManagementPolicy?: string}
  status: object
}

export interface DaemonSet extends KubeObject {
  spec: {template: PodTemplate}
  status: object
}

export interface Job extends KubeObject {
  spec: {parallelism?: number; completions?: number; backoffLimit?: number; template: PodTemplate}
  status: {startTime?: string; conditions?: Condition[]; [field: string]: unknown}
}

export interface ServicePort {
  name?: string
  port: number
  protocol: string
  targetPort: number | string
  nodePort?: number
}

export interface Service extends KubeObject {
  spec: {type: string; selector?: Labels; ports: ServicePort[]; clusterIP?: string; clusterIPs?: string[]; [field: string]: unknown}
}

export interface Endpoint {
  addresses: string[]
  conditions: {ready: boolean; serving: boolean; terminating: boolean}
  nodeName?: string
  targetRef: {kind: 'Pod'; namespace?: string; name: string; uid: string}
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4'
  /** Null, and not an empty list, where there are none: as a real API server answers. */
  endpoints: Endpoint[] | null
  ports: {name: string; port: number; protocol: string}[] | null
}

export interface Node extends KubeObject {
  spec: {unschedulable?: boolean; taints?: {key: string; effect: string; timeAdded?: string}[]; podCIDR?: string}
  status: {conditions: Condition[]; addresses: {type: string; address: string}[]; [field: string]: unknown}
}

export interface Autoscaler extends KubeObject {
  spec: {scaleTargetRef: {apiVersion?: string; kind: string; name: string}; minReplicas?: number; maxReplicas: number; metrics?: unknown}
  status: {currentReplicas?: number; desiredReplicas: number; lastScaleTime?: string; conditions?: Condition[]; currentMetrics?: unknown}
}

export interface Budget extends KubeObject {
  spec: {selector?: LabelSelector; minAvailable?: number | string; maxUnavailable?: number | string}
}

export interface Quota extends KubeObject {
  spec: {hard?: Labels}
  status: {hard?: Labels; used?: Labels}
}

export interface CoreEvent extends KubeObject {
  involvedObject: {
    kind: string
    namespace?: string
    name: string
    uid: string
    apiVersion: string
    resourceVersion?: string
    fieldPath?: string
  }
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** Of the older form; the newer has a time in its place, and a series when it repeats. */
  count?: number
  firstTimestamp: string | null
  lastTimestamp: string | null
  eventTime: string | null
  series?: {count: number; lastObservedTime: string}
}

/** RFC 3339 in whole seconds, as Kubernetes writes metav1.Time. */
export function rfc3339(ms: number): string {
  return `${isoTime(ms).slice(0, 19)}Z`
}

/** The milliseconds of a time that Kubernetes wrote; 0 where there is none. */
export function millis(time: string | undefined): number {
  return parseTime(time) ?? 0
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** Puts a condition in as the controllers do: nothing changes while status and reason stay, a transition is a change of status. */
export function withCondition(conditions: readonly Condition[] = [], next: Condition): Condition[] {
  const old = conditionOf(conditions, next.type)
  if (old?.status === next.status && old.reason === next.reason) return [...conditions]
  const merged = old?.status === next.status ? {...next, lastTransitionTime: old.lastTransitionTime} : next
  return [...conditions.filter((condition) => condition !== old), merged]
}

export function controllerReference(owner: KubeObject): OwnerReference {
  const {name, uid} = owner.metadata
  return {apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true}
}

/** Neither Succeeded nor Failed. */
export function isLive({status}: Pod): boolean {
  return status.phase !== 'Succeeded' && status.phase !== 'Failed'
}
