import {age} from '../../text/age.ts'
import {count} from '../../text/view.ts'
import {
  doomOf,
  findCondition,
  podState,
  shortMessage,
  standing,
  type Condition,
  type EventsByObject,
  type Pod,
  type ReplicaSet,
} from '../../workload/index.ts'
import {changedBy, otherCount, otherTemplate, type LiveDeployment} from './live.ts'

/** What is waited for after a write. */
export interface Goal {
  /** The deployment as the server stored it. */
  readonly written: LiveDeployment
  /** What nobody else may change meanwhile: the count that was set, or the pod template. */
  readonly keeps: 'replicas' | 'template'
  /** When it was written, by the server's clock. */
  readonly at: number
}

/** What is known of the workload now. */
export interface Seen {
  /** Null where it is gone, or another of the same name stands in its place. */
  readonly deployment: LiveDeployment | null
  readonly replicaSets: readonly ReplicaSet[]
  /** Of all its replica sets, and of every state. */
  readonly pods: readonly Pod[]
  readonly events: EventsByObject
}

export type Progress =
  /** `words` says what is missing, for a progress line or a time-out. */
  | {readonly state: 'waiting'; readonly words: string}
  | {readonly state: 'done'}
  | {readonly state: 'superseded' | 'failed'; readonly reason: string}
  | {readonly state: 'doomed'; readonly reason: string; readonly pod: Pod; readonly container: string | null}

/** A quota that refuses a pod may be freed by pods that are still going; after so long it is a failure. */
const QUOTA_PATIENCE_MS = 5000

/**
 * Where a scaling or a rollout stands. The order is that of `kubectl rollout status` (facts/kubernetes.md, section 1), after two looks of our own:
 * whether somebody else changed what we set, and whether a new pod is doomed (rules.md, section 2). Done means readiness: updated = replicas =
 * available = desired, and at zero that the last pod is gone. Pure; `now` is the server's clock.
 */
export function judgeProgress(goal: Goal, seen: Seen, now: number): Progress {
  const {written, keeps} = goal
  const {deployment} = seen
  if (deployment === null) return {state: 'superseded', reason: `${written.name} was deleted meanwhile`}
  if (deployment.generation < written.generation) return waiting('the change has not come back from the API server yet')
  const change =
    keeps === 'replicas' ? otherCount(written, deployment) : (otherTemplate(written, deployment) ?? otherPause(written, deployment))
  if (change !== null) return {state: 'superseded', reason: change}
  if (deployment.observedGeneration === null || deployment.observedGeneration < deployment.generation) {
    return waiting('the deployment controller has not seen the change yet')
  }
  if (deployment.replicas === 0) return judgeZero(deployment, seen.pods)
  const current = seen.replicaSets.find(({revision}) => revision !== null && revision === deployment.revision)
  if (current === undefined) return waiting('its new replica set is not there yet')
  const fresh = seen.pods.filter((pod) => pod.owner?.uid === current.uid && standing(pod) === 'counted')
  const doom = doomed(goal, deployment, fresh, seen, now)
  if (doom !== null) return doom
  if (isComplete(deployment)) return {state: 'done'}
  return stuck(goal, deployment, seen, now) ?? waiting(whatIsMissing(goal, deployment, fresh, seen.pods))
}

function isComplete({replicas, status, paused}: LiveDeployment): boolean {
  // A paused deployment keeps its old pods, whatever its template says.
  return (paused || status.updated === replicas) && status.replicas === replicas && status.available === replicas
}

function otherPause(written: LiveDeployment, now: LiveDeployment): string | null {
  return now.paused && !written.paused ? `paused meanwhile by ${changedBy(written, now)}` : null
}

function judgeZero({status}: LiveDeployment, pods: readonly Pod[]): Progress {
  const left = pods.filter((pod) => standing(pod) === 'counted' || standing(pod) === 'terminating')
  if (status.replicas === 0 && left.length === 0) return {state: 'done'}
  return waiting(left.length === 0 ? 'its pods are going' : `${count(left.length, 'pod')} still to stop${named(left)}`)
}

/** While pods are to be taken away it is not known which: the doomed ones go first. */
function doomed(goal: Goal, deployment: LiveDeployment, fresh: readonly Pod[], {events}: Seen, now: number): Progress | null {
  if (fresh.length > deployment.replicas) return null
  for (const pod of fresh) {
    const doom = doomOf(pod, {rollout: true, events, now})
    if (doom !== null)
      return {state: 'doomed', reason: `${podWords(goal, pod)}: ${doom.reason}`, pod, container: doom.container?.name ?? null}
  }
  return null
}

/** The progress deadline, and pods that can't be created (a quota). What was so before our write is no news. */
function stuck(goal: Goal, deployment: LiveDeployment, {pods}: Seen, now: number): Progress | null {
  const {written, at} = goal
  const progressing = findCondition(deployment.conditions, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded' && isNews(progressing, written)) {
    const deadline = deployment.progressDeadlineSeconds
    return {
      state: 'failed',
      reason: `no progress for ${age((deadline ?? 0) * 1000)} (ProgressDeadlineExceeded): ${missing(goal, deployment)}`,
    }
  }
  const failure = findCondition(deployment.conditions, 'ReplicaFailure')
  if (failure?.status !== 'True' || pods.some((pod) => standing(pod) === 'terminating')) return null
  const since = Math.max(failure.lastTransitionAt ?? at, at)
  return now - since < QUOTA_PATIENCE_MS
    ? null
    : {state: 'failed', reason: `pods can't be created (${failure.reason}): ${shortMessage(failure.message)}`}
}

function isNews(condition: Condition, {conditions}: LiveDeployment): boolean {
  const before = findCondition(conditions, condition.type)
  return before?.reason !== condition.reason || before.lastUpdateAt !== condition.lastUpdateAt
}

function whatIsMissing(goal: Goal, deployment: LiveDeployment, fresh: readonly Pod[], pods: readonly Pod[]): string {
  const slow = fresh.find((pod) => podState(pod).ready < podState(pod).total)
  if (slow !== undefined) return `${missing(goal, deployment)}; ${podWords(goal, slow)}: ${podState(slow).word}`
  const going = pods.filter((pod) => standing(pod) === 'terminating')
  // A Recreate rollout starts nothing before its last old pod is gone.
  if (fresh.length === 0 && going.length > 0)
    return `${missing(goal, deployment)}; ${count(going.length, 'old pod')} still to stop${named(going)}`
  return missing(goal, deployment)
}

function missing({keeps}: Goal, {replicas, status, paused}: LiveDeployment): string {
  if (!paused && status.updated < replicas) return `${status.updated} of ${replicas} ${keeps === 'template' ? 'new pods' : 'pods'} started`
  if (!paused && status.replicas > status.updated) return `${count(status.replicas - status.updated, 'old pod')} still to stop`
  if (status.replicas > replicas) return `${count(status.replicas - replicas, 'pod')} still to stop`
  return `${status.available} of ${replicas} ready`
}

function named(pods: readonly Pod[]): string {
  return `: ${pods.map(shortPod).join(', ')}`
}

/** After a scaling some of the pods may have been there before. */
function podWords({keeps}: Goal, pod: Pod): string {
  return `${keeps === 'template' ? 'new pod' : 'pod'} ${shortPod(pod)}`
}

/** The suffix that tells a pod from its siblings. */
function shortPod({name, owner}: Pod): string {
  return owner !== null && name.startsWith(`${owner.name}-`) ? name.slice(owner.name.length + 1) : name
}

function waiting(words: string): Progress {
  return {state: 'waiting', words}
}
