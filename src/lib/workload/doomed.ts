import {age} from '../text/age.ts'
import {findCondition} from './decode/metadata.ts'
import type {ClusterEvent, ContainerStatus, Pod, PodContainer, Termination} from './objects.ts'
import {containerTrouble, containerWords, crashesOf, endSentence, lastEnd, shortMessage} from './trouble.ts'
import type {EventsByObject} from './types.ts'

const MINUTE = 60_000
/** A crash that is normal while a dependency comes up is the first; from the second on a pod of a rollout is doomed. */
const DOOMED_CRASHES = 2
const UNSCHEDULABLE = 5 * MINUTE
const RECENT = 15 * MINUTE
const OFTEN = 3
const RECENT_WHEN_OFTEN = 60 * MINUTE
const FLAPPED = 10 * MINUTE
const LONG_RUNNING = 30 * MINUTE

/** Waiting reasons that no patience cures (rules.md, section 2); CrashLoopBackOff has a rule of its own. */
const HOPELESS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

export interface Doom {
  readonly reason: string
  /** The container at fault; null where the pod as a whole is. */
  readonly container: PodContainer | null
}

export interface DoomContext {
  /** True while a rollout of the pod's template is under way: its first crash is forgiven. */
  readonly rollout: boolean
  readonly events: EventsByObject
  readonly now: number
}

/** Why a pod will not become ready by waiting; null where it may (rules.md, section 2). Judged from its present state alone. */
export function doomOf(pod: Pod, context: DoomContext): Doom | null {
  for (const container of pod.containers) {
    if (container.status === null) continue
    const reason = containerDoom(container, container.status, context)
    if (reason !== null) return {reason, container}
  }
  const reason = scheduleDoom(pod, context)
  return reason === null ? null : {reason, container: null}
}

function containerDoom(container: PodContainer, status: ContainerStatus, {rollout, now}: DoomContext): string | null {
  const {state} = status
  const crashes = crashesOf(status)
  const loops = state.kind === 'waiting' && state.reason === 'CrashLoopBackOff' && (crashes >= DOOMED_CRASHES || !rollout)
  const initFails = container.role === 'init' && state.kind === 'terminated' && state.exitCode !== 0 && crashes >= DOOMED_CRASHES
  const hopeless = state.kind === 'waiting' && HOPELESS.has(state.reason)
  if (loops || initFails || hopeless) return containerTrouble(container, now)
  return killedByProbe(container, status, now)
    ? `${endSentence(container, status, now)}; by its liveness or startup probe, as it seems`
    : null
}

/** Not ready, and killed by a signal again and again though not for its memory, where a probe may do so (facts/kubernetes.md, section 6). */
function killedByProbe({killable}: PodContainer, status: ContainerStatus, now: number): boolean {
  const end = status.lastTermination
  if (!killable || status.ready || end === null || status.restarts < DOOMED_CRASHES) return false
  return (end.exitCode === 137 || end.exitCode === 143) && end.reason !== 'OOMKilled' && isRecent(end, status.restarts, now)
}

function scheduleDoom(pod: Pod, {events, now}: DoomContext): string | null {
  const scheduled = findCondition(pod.conditions, 'PodScheduled')
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable' || pod.nominatedNode !== null) return null
  const scaleUp = newestScaleUp(events.get(pod.uid) ?? [])
  if (scaleUp?.reason === 'TriggeredScaleUp') return null
  const why = scheduled.message === '' ? '' : `: ${shortMessage(scheduled.message)}`
  const since = scheduled.lastTransitionAt ?? pod.createdAt
  const waited = since === null ? '' : ` for ${age(now - since)}`
  if (scaleUp !== null) return `Unschedulable${waited}${why}; NotTriggerScaleUp: the cluster autoscaler adds no node for it`
  return since !== null && now - since > UNSCHEDULABLE ? `Unschedulable${waited}${why}` : null
}

/** The cluster autoscaler's last word on a pod. It is a Normal event: only Warnings never decide. */
function newestScaleUp(events: readonly ClusterEvent[]): ClusterEvent | null {
  let newest: ClusterEvent | null = null
  for (const event of events) {
    if (event.reason !== 'TriggeredScaleUp' && event.reason !== 'NotTriggerScaleUp') continue
    if (newest === null || (event.at ?? 0) > (newest.at ?? 0)) newest = event
  }
  return newest
}

/** Crashes of the pod's containers that still count (rules.md, section 2), a sentence each. */
export function recentCrashes(pod: Pod, {rollout, now}: Pick<DoomContext, 'rollout' | 'now'>): {reason: string; container: PodContainer}[] {
  const crashes: {reason: string; container: PodContainer}[] = []
  for (const container of pod.containers) {
    const {status} = container
    if (status === null) continue
    const end = lastEnd(status)
    if (end === null || !isError(end) || !isRecent(end, status.restarts, now)) continue
    if (rollout && end.reason !== 'OOMKilled' && crashesOf(status) < DOOMED_CRASHES) continue
    crashes.push({reason: endSentence(container, status, now), container})
  }
  return crashes
}

function isError({exitCode, reason}: Termination): boolean {
  return exitCode !== 0 || reason === 'OOMKilled'
}

function isRecent({finishedAt}: Termination, restarts: number, now: number): boolean {
  if (finishedAt === null) return false
  const ago = now - finishedAt
  return ago < RECENT || (restarts >= OFTEN && ago < RECENT_WHEN_OFTEN)
}

/** Ready changed lately in a container that runs for long: a sentence; null where it did not (rules.md, section 2). */
export function flapping(pod: Pod, now: number): string | null {
  const ready = findCondition(pod.conditions, 'ContainersReady') ?? findCondition(pod.conditions, 'Ready')
  if (ready === null || ready.lastTransitionAt === null || now - ready.lastTransitionAt >= FLAPPED) return null
  const when = `${age(now - ready.lastTransitionAt)} ago`
  const judged = pod.containers.filter(({role}) => role !== 'init')
  if (ready.status !== 'True') {
    const lost = judged.find(({status}) => status !== null && !status.ready && runsForLong(status, now))
    return lost === undefined ? null : `${containerWords(lost)} stopped being ready ${when}, though it runs on`
  }
  const all = judged.every(({status}) => status !== null && runsForLong(status, now))
  return all && judged.length > 0 ? `it became ready again only ${when}, though its containers ran on` : null
}

function runsForLong({state}: ContainerStatus, now: number): boolean {
  return state.kind === 'running' && state.startedAt !== null && now - state.startedAt > LONG_RUNNING
}
