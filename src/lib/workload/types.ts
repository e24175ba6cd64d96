import type {Autoscaler, ClusterEvent, Deployment, Node, Pod, ReplicaSet, ScaledObject} from './objects.ts'

/** The healths of rules.md, section 3, in the order in which they are tried. */
export const HEALTHS = ['unknown', 'missing', 'inactive', 'stopped', 'down', 'degraded', 'progressing', 'drifted', 'ok'] as const
export type Health = (typeof HEALTHS)[number]

/** `info` counts as `ok` in every verdict. */
export type Severity = 'ok' | 'info' | 'warning' | 'critical' | 'unknown'

/** What could not be read: a right is missing, or a server did not answer. Not the same as "there is none". */
export type Unreadable = 'unreadable'

/** What the catalogue says of a workload. */
export interface Expectation {
  readonly baseline: number
  /** Seconds that it may take until it is ready. */
  readonly startupGrace: number
  /** Why a baseline of 0 is meant. */
  readonly inactive: {readonly reason: string} | null
}

/** Everything that is known of one workload: what `judgeWorkload` judges. */
export interface WorkloadFacts {
  /** Null where the catalogue lacks it: no baseline, and at most a warning unless `strict`. */
  readonly expectation: Expectation | null
  readonly strict: boolean
  /** Null where the cluster lacks it. */
  readonly deployment: Deployment | null | Unreadable
  /** The kind that has its name in the cluster, where no deployment has. */
  readonly foundAs: string | null
  readonly replicaSets: readonly ReplicaSet[] | Unreadable
  /** Its pods, of every state (`assignPods`). */
  readonly pods: readonly Pod[] | Unreadable
  /** All nodes by name. */
  readonly nodes: ReadonlyMap<string, Node> | Unreadable
  readonly autoscaler: Autoscaler | null | Unreadable
  /** Null also where the cluster has no KEDA. */
  readonly scaledObject: ScaledObject | null | Unreadable
  /** Events by the UID of the object that they are about (`eventsByObject`); empty where they can't be read. */
  readonly events: EventsByObject
}

export type EventsByObject = ReadonlyMap<string, readonly ClusterEvent[]>

export interface PodRow {
  readonly name: string
  /** Ready by the rules: a ready pod on a node that is not, is not. */
  readonly ready: boolean
  /** kubectl's STATUS. */
  readonly state: string
  readonly node: string | null
  readonly restarts: number
  readonly startedAt: number | null
  /** What is wrong with it; '' where nothing is. */
  readonly reason: string
  readonly doomed: boolean
  readonly terminating: boolean
  /** False for a pod of an old replica set. */
  readonly current: boolean
  /** Image of the container that is at fault; null where none is. */
  readonly image: string | null
}

/** A failed pod that is not judged: Evicted, NodeShutdown, Preempted ... */
export interface Leftover {
  readonly name: string
  readonly reason: string
  readonly node: string | null
}

/** Restarts of the counted pods, and the last end of a container among them. */
export interface Restarts {
  readonly total: number
  readonly lastAt: number | null
  readonly lastReason: string | null
  readonly exitCode: number | null
  readonly container: string | null
}

/** What changed last: the current replica set beside the one before it. */
export interface Change {
  readonly revision: number | null
  /** Null where a rollback took up an old replica set and nothing says when. */
  readonly at: number | null
  readonly images: readonly {readonly container: string; readonly from: string | null; readonly to: string | null}[]
  /** Names of variables that were added, removed or have another value; values are never shown. */
  readonly env: readonly string[]
  /** `image worker:1.4 -> worker:1.5` */
  readonly what: string
  /** Whether there is a revision before it that differs by more than a restart. */
  readonly undoable: boolean
}

export interface AutoscalerSummary {
  readonly kind: 'HPA' | 'ScaledObject'
  readonly name: string
  readonly min: number
  readonly max: number
  /** What is wrong with it; null where nothing is. */
  readonly trouble: string | null
}

/** A count that was set for a while, as recorded by `sapoche scale --for`. */
export interface Temporary {
  readonly until: number
  readonly overdue: boolean
  readonly previous: number | null
  readonly by: string | null
  readonly reason: string | null
}

export interface Judgement {
  readonly health: Health
  readonly severity: Severity
  /** A sentence that a person understands; '' where there is nothing to say. */
  readonly reason: string
  /** Since when it is so; null where nothing says. */
  readonly since: number | null
  /** Warning events that belong to it, newest first. They never decide. */
  readonly evidence: readonly string[]
  /** The counts are null where the workload is missing or can't be read. */
  readonly desired: number | null
  readonly ready: number | null
  readonly updated: number | null
  readonly available: number | null
  readonly restarts: Restarts
  readonly changed: Change | null
  readonly autoscaler: AutoscalerSummary | null
  readonly temporary: Temporary | null
  readonly pods: readonly PodRow[]
  readonly leftovers: readonly Leftover[]
}
