import {findCondition} from './decode/metadata.ts'
import {currentReplicaSet, standing} from './ownership.ts'
import type {Deployment, Node, Pod, ReplicaSet} from './objects.ts'
import type {Unreadable} from './types.ts'

const SECOND = 1000
/** Where a deployment sets none (rules.md, section 3). */
const DEFAULT_DEADLINE_SECONDS = 600
/** Where the catalogue sets none. */
export const DEFAULT_STARTUP_GRACE_SECONDS = 180
/** A pod may be Terminating for so long beyond its grace (rules.md, section 1). */
export const TERMINATING_SLACK = 60 * SECOND

export interface Rollout {
  readonly underWay: boolean
  /** Its progress deadline has passed. */
  readonly exceeded: boolean
  /** Of its last progress. */
  readonly since: number | null
  readonly deadline: number
}

/**
 * Where a rollout stands, by the controller's Progressing condition, which stays at NewReplicaSetAvailable once it has completed.
 * No condition is no fault: the age of the new replica set counts then. A paused rollout is not under way.
 */
export function rolloutOf(deployment: Deployment, replicaSets: readonly ReplicaSet[] | Unreadable, now: number): Rollout {
  const {status, paused} = deployment
  const deadline = (deployment.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) * SECOND
  const progressing = findCondition(deployment.conditions, 'Progressing')
  const oldPods = status.replicas > status.updated
  if (progressing === null) {
    const current = replicaSets === 'unreadable' ? null : currentReplicaSet(deployment, replicaSets)
    const since = current?.createdAt ?? deployment.createdAt
    const late = since !== null && now - since > deadline
    const lacking = status.updated < deployment.replicas || status.available < deployment.replicas
    const underWay = !paused && (oldPods || (lacking && !late))
    return {underWay, exceeded: underWay && late, since, deadline}
  }
  const complete = progressing.reason === 'NewReplicaSetAvailable'
  const since = progressing.lastUpdateAt ?? progressing.lastTransitionAt
  // A complete rollout's condition is old by nature: the controller renews it when the next one begins.
  const late = !complete && since !== null && now - since > deadline
  const underWay = !paused && (oldPods || !complete)
  return {underWay, exceeded: underWay && (progressing.reason === 'ProgressDeadlineExceeded' || late), since, deadline}
}

/** How long a workload may go on as it is. */
export interface Grace {
  /** When its present lack began. */
  readonly since: number | null
  readonly over: boolean
}

interface Lack {
  readonly deployment: Deployment
  readonly rollout: Rollout
  /** Whether any pod is ready. */
  readonly serving: boolean
  readonly pods: readonly Pod[]
  readonly isCurrent: (pod: Pod) => boolean
  readonly nodes: ReadonlyMap<string, Node> | Unreadable
  readonly startupGraceSeconds: number
  readonly now: number
}

/**
 * The grace of a workload that is not as it should be (rules.md, section 3): a rollout with pods that serve has its progress deadline;
 * all else has the start-up grace, counted from when the lack began and never from the youngest pod.
 */
export function graceOf(lack: Lack): Grace {
  const {deployment, rollout, serving, startupGraceSeconds, now} = lack
  if (serving && rollout.underWay) return {since: rollout.since, over: rollout.exceeded}
  const limit = (startupGraceSeconds + deployment.minReadySeconds + startupBudget(deployment)) * SECOND
  if (serving) return until(lackSince(lack), limit, now)
  const recreate = rollout.underWay && deployment.strategy.type === 'Recreate' ? recreateGrace(lack, limit) : null
  const grace = recreate ?? until(lackSince(lack), limit, now)
  return rollout.exceeded ? {...grace, over: true} : grace
}

function until(since: number | null, limit: number, now: number): Grace {
  return {since, over: since !== null && now - since > limit}
}

/** Seconds that the slowest startup probe allows. */
function startupBudget({template}: Deployment): number {
  let budget = 0
  for (const {startupProbe} of template.containers) {
    if (startupProbe === null) continue
    budget = Math.max(budget, startupProbe.initialDelaySeconds + startupProbe.failureThreshold * startupProbe.periodSeconds)
  }
  return budget
}

/** A Recreate rollout counts from the first pod of its replica set; before that it waits for the old ones, as long as they may take. */
function recreateGrace({pods, isCurrent, now}: Lack, limit: number): Grace | null {
  let first: number | null = null
  let mustBeGone: number | null = null
  let asked: number | null = null
  for (const pod of pods) {
    if (standing(pod) === 'terminating') {
      mustBeGone = earlier(mustBeGone, pod.deletionAt)
      asked = earlier(asked, deletionRequest(pod))
    } else if (isCurrent(pod)) first = earlier(first, pod.createdAt)
  }
  if (first !== null) return until(first, limit, now)
  return mustBeGone === null ? null : {since: asked, over: now - mustBeGone > TERMINATING_SLACK}
}

/**
 * When the lack began: the Available condition's last transition where it is False. Where it is not (it allows for some lack, or has not
 * noticed yet), the earliest loss among the present pods, then among those that are leaving, then the controller's last word,
 * unless the spec was changed after it.
 */
function lackSince({deployment, pods, nodes}: Lack): number | null {
  const available = findCondition(deployment.conditions, 'Available')
  if (available?.status === 'False' && available.lastTransitionAt !== null) return available.lastTransitionAt
  let lost: number | null = null
  let asked: number | null = null
  for (const pod of pods) {
    const state = standing(pod)
    if (state === 'counted') lost = earlier(lost, notReadySince(pod, nodes))
    else if (state === 'terminating') asked = earlier(asked, deletionRequest(pod))
  }
  if (lost !== null || asked !== null) return lost ?? asked
  return isObserved(deployment) ? (statusTime(deployment) ?? deployment.createdAt) : unobservedSince(deployment)
}

/** Since when a pod is not ready by the rules; null where it is. */
export function notReadySince(pod: Pod, nodes: ReadonlyMap<string, Node> | Unreadable): number | null {
  const ready = findCondition(pod.conditions, 'Ready')
  if (ready === null) return pod.createdAt
  if (ready.status !== 'True') return ready.lastTransitionAt ?? pod.createdAt
  return lostNode(pod, nodes)?.readySince ?? null
}

/** The pod's node where that is NotReady or Unknown; null where it is ready, or nodes can't be read. */
export function lostNode(pod: Pod, nodes: ReadonlyMap<string, Node> | Unreadable): Node | null {
  if (nodes === 'unreadable' || pod.node === null) return null
  const node = nodes.get(pod.node)
  return node === undefined || node.ready === 'True' ? null : node
}

/** When a Terminating pod was asked to go: its deletion time has the grace in it. */
export function deletionRequest(pod: Pod): number | null {
  return pod.deletionAt === null ? null : pod.deletionAt - pod.deletionGraceSeconds * SECOND
}

/** The controller's last write of the status: whatever it shows began at that time or before (facts/kubernetes.md, section 10). */
export function statusTime({managers}: Deployment): number | null {
  let last: number | null = null
  for (const {subresource, at} of managers) if (subresource === 'status' && at !== null && (last === null || at > last)) last = at
  return last
}

/** Whether the controller has seen the present generation. */
export function isObserved({generation, observedGeneration}: Deployment): boolean {
  return observedGeneration !== null && observedGeneration >= generation
}

/**
 * Since when the controller has not seen the present generation; null where it has, or where nothing says since when
 * (a write through `scale` may leave no time behind).
 */
export function unobservedSince(deployment: Deployment): number | null {
  if (isObserved(deployment)) return null
  if (deployment.observedGeneration === null) return deployment.createdAt
  let written: number | null = null
  for (const {subresource, at} of deployment.managers) {
    if (subresource !== 'status' && at !== null && (written === null || at > written)) written = at
  }
  const observed = statusTime(deployment)
  // Times have whole seconds: what is as old as the status was taken up within its second.
  return written === null || (observed !== null && written <= observed) ? null : written
}

/** The earlier of two times, of which either may be unknown. */
export function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
