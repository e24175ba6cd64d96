/**
 * What the rules know of the objects of a namespace. Narrow, plain, decoded from the API's JSON by `decode/`.
 * Times are milliseconds since the epoch; null is "the API did not say". Seconds are named so.
 */

/** Labels, annotations, selectors, resource quantities (as written: `250m`, `1Gi`). */
export type StringMap = {readonly [key: string]: string}

export interface Owner {
  readonly kind: string
  readonly name: string
  readonly uid: string
}

export interface Metadata {
  readonly name: string
  readonly uid: string
  readonly createdAt: number | null
  /** The owner that controls it; null where none does. */
  readonly owner: Owner | null
}

export interface Condition {
  readonly type: string
  /** `True`, `False` or `Unknown`, as the API wrote it. */
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionAt: number | null
  readonly lastUpdateAt: number | null
}

/** One entry of `metadata.managedFields`: who wrote, when, and whether the replica count is theirs. */
export interface FieldManager {
  readonly manager: string
  readonly operation: string
  /** '' for the object itself, else `status` or `scale`. */
  readonly subresource: string
  /** Null for a write through `scale` by a manager that never wrote otherwise (facts/kubernetes.md, section 10). */
  readonly at: number | null
  readonly ownsReplicas: boolean
}

/** A variable of the environment: a value, or a reference to where it stands. */
export interface EnvVar {
  readonly name: string
  readonly value: string | null
  readonly from: EnvSource | null
}

export interface EnvSource {
  readonly kind: 'ConfigMap' | 'Secret' | 'field' | 'resource' | 'other'
  /** Name of the ConfigMap or Secret; the path of a field or resource. */
  readonly name: string
  readonly key: string
}

/** A whole ConfigMap or Secret as environment. */
export interface EnvFrom {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
  readonly prefix: string
}

export interface ContainerPort {
  readonly name: string
  readonly port: number
  readonly protocol: string
}

/** Timing of a probe, in seconds, with the API's defaults filled in. */
export interface Probe {
  readonly initialDelaySeconds: number
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}

/** `sidecar` is an init container with restartPolicy Always: it is judged as a container. */
export type ContainerRole = 'main' | 'init' | 'sidecar'

/** A container as a pod template declares it. */
export interface Container {
  readonly name: string
  readonly image: string
  readonly role: ContainerRole
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly EnvVar[]
  readonly envFrom: readonly EnvFrom[]
  readonly ports: readonly ContainerPort[]
  readonly startupProbe: Probe | null
  readonly livenessProbe: Probe | null
  readonly readinessProbe: Probe | null
  readonly requests: StringMap
  readonly limits: StringMap
}

export interface PodTemplate {
  readonly labels: StringMap
  readonly annotations: StringMap
  /** Init containers first, then the others, each in their written order. */
  readonly containers: readonly Container[]
}

export interface Deployment extends Metadata {
  readonly labels: StringMap
  readonly annotations: StringMap
  readonly generation: number
  /** Null before the controller has seen it at all. */
  readonly observedGeneration: number | null
  /** `spec.replicas`, 1 where it is left out. */
  readonly replicas: number
  readonly paused: boolean
  readonly strategy: {
    readonly type: string
    readonly maxSurge: number | string | null
    readonly maxUnavailable: number | string | null
  }
  /** Null where there is none. */
  readonly progressDeadlineSeconds: number | null
  readonly minReadySeconds: number
  readonly template: PodTemplate
  /** From the controller's annotation; null before it has written it. */
  readonly revision: number | null
  readonly status: {
    readonly replicas: number
    readonly updated: number
    readonly ready: number
    readonly available: number
  }
  readonly conditions: readonly Condition[]
  readonly managers: readonly FieldManager[]
}

export interface ReplicaSet extends Metadata {
  readonly replicas: number
  readonly revision: number | null
  /** True where a rollback took it up again: its creation time then says nothing about the last rollout. */
  readonly reused: boolean
  readonly template: PodTemplate
}

/** How a run of a container ended. Its message is left out: it may hold log lines. */
export interface Termination {
  readonly exitCode: number
  readonly signal: number
  readonly reason: string
  readonly finishedAt: number | null
}

export type ContainerState =
  | {readonly kind: 'waiting'; readonly reason: string; readonly message: string}
  | {readonly kind: 'running'; readonly startedAt: number | null}
  | ({readonly kind: 'terminated'} & Termination)

export interface ContainerStatus {
  /** Place in the API's list of statuses, on which kubectl's wording of a pod's state depends. */
  readonly index: number
  readonly ready: boolean
  /** Null where the kubelet has not said. */
  readonly started: boolean | null
  readonly restarts: number
  readonly state: ContainerState
  readonly lastTermination: Termination | null
}

export interface PodContainer {
  readonly name: string
  readonly image: string
  readonly role: ContainerRole
  /** A liveness or startup probe may kill it. */
  readonly killable: boolean
  /** Null before the kubelet has reported it. */
  readonly status: ContainerStatus | null
}

export interface Pod extends Metadata {
  /** When it is to be gone, its grace included; null unless it was asked to go. */
  readonly deletionAt: number | null
  readonly deletionGraceSeconds: number
  readonly node: string | null
  readonly nominatedNode: string | null
  /** When the kubelet took it. */
  readonly startedAt: number | null
  readonly phase: string
  /** `status.reason`: Evicted, NodeLost ...; '' mostly. */
  readonly reason: string
  readonly containers: readonly PodContainer[]
  /** Condition types that have to be True besides the containers'. */
  readonly readinessGates: readonly string[]
  readonly conditions: readonly Condition[]
}

export interface Service extends Metadata {
  /** ClusterIP where it is left out. */
  readonly type: string
  /** Null where there is none yet; `None` for headless services. */
  readonly clusterIP: string | null
  /** Null without a selector: its endpoints are somebody else's. */
  readonly selector: StringMap | null
  readonly ports: readonly ServicePort[]
}

export interface ServicePort {
  /** '' for the only port of a service. */
  readonly name: string
  readonly port: number
  /** A number, or the name of a container's port. */
  readonly targetPort: number | string
  readonly nodePort: number | null
  readonly protocol: string
}

export interface EndpointSlice extends Metadata {
  /** The service it belongs to; '' where it belongs to none. */
  readonly service: string
  readonly endpoints: readonly {
    /** UID of the pod behind it, or its first address where there is none. */
    readonly target: string
    readonly ready: boolean
  }[]
  /** Names of the service's ports that these endpoints have. */
  readonly ports: readonly string[]
}

export interface Node extends Metadata {
  /** Status of its Ready condition; `Unknown` where it never reported. */
  readonly ready: string
  readonly readySince: number | null
  readonly unschedulable: boolean
}

/** What an autoscaler scales. */
export interface ScaleTarget {
  readonly kind: string
  readonly name: string
}

/** HorizontalPodAutoscaler, autoscaling/v2. */
export interface Autoscaler extends Metadata {
  readonly target: ScaleTarget
  /** 1 where it is left out. */
  readonly min: number
  readonly max: number
  /** Made by KEDA for a ScaledObject. */
  readonly byKeda: boolean
  readonly lastScaleAt: number | null
  readonly conditions: readonly Condition[]
}

/** keda.sh/v1alpha1 ScaledObject. */
export interface ScaledObject extends Metadata {
  readonly target: ScaleTarget
  /** The idle count where there is one, else the minimum (0 where it is left out). */
  readonly min: number
  /** 100 where it is left out. */
  readonly max: number
  /** By an annotation or by its condition. */
  readonly paused: boolean
  readonly conditions: readonly Condition[]
}

/** Event of the core group, in its series' terms. */
export interface ClusterEvent {
  readonly type: string
  readonly reason: string
  readonly message: string
  /** The last time it was seen. */
  readonly at: number | null
  readonly count: number
  readonly involved: {readonly kind: string; readonly name: string; readonly uid: string}
}

/** The part of a StatefulSet that is judged. */
export interface StatefulSet extends Metadata {
  readonly replicas: number
  readonly ready: number
}

export interface DaemonSet extends Metadata {
  /** Nodes that should run it. */
  readonly desired: number
  readonly ready: number
}

export interface Job extends Metadata {
  readonly active: number
  readonly suspended: boolean
  readonly startedAt: number | null
  readonly conditions: readonly Condition[]
}

export interface CronJob extends Metadata {
  readonly schedule: string
  /** Null means the controller's own zone, which is UTC as a rule. */
  readonly timeZone: string | null
  readonly suspended: boolean
  readonly lastScheduleAt: number | null
  readonly active: number
}

export interface Namespace extends Metadata {
  readonly phase: string
}
