import {age} from '../text/age.ts'
import {findCondition} from './decode/metadata.ts'
import {doomOf, type DoomContext, flapping, recentCrashes} from './doomed.ts'
import type {Node, Pod, PodContainer} from './objects.ts'
import {standing} from './ownership.ts'
import {podState} from './pod-state.ts'
import {deletionRequest, lostNode, TERMINATING_SLACK} from './rollout.ts'
import {containerTrouble, lastEnd, shortMessage} from './trouble.ts'
import type {Leftover, PodRow, Restarts, Unreadable} from './types.ts'

/** What the pods of one workload say. */
export interface Survey {
  readonly rows: readonly PodRow[]
  /** Counted pods that are ready by the rules. */
  readonly ready: number
  readonly doomed: readonly PodRow[]
  /** Counted pods that are not ready, doomed or not, those of the current replica set first. */
  readonly notReady: readonly PodRow[]
  /** Recent crashes and flapping, in pods that are not doomed. */
  readonly unrest: readonly string[]
  /** Pods Terminating beyond their grace. */
  readonly overdue: readonly string[]
  readonly leftovers: readonly Leftover[]
  /** The node that a pod is moved off by a drain or another disruption that was asked for; null where none is seen. */
  readonly movedFrom: string | null
  readonly restarts: Restarts
}

export interface SurveyContext extends DoomContext {
  readonly nodes: ReadonlyMap<string, Node> | Unreadable
  /** Whether a pod is of the present template; others serve, and doom nothing. */
  readonly isCurrent: (pod: Pod) => boolean
}

/** Looks at every pod of a workload, by sections 1 and 2 of rules.md. */
export function surveyPods(pods: readonly Pod[], context: SurveyContext): Survey {
  const rows: PodRow[] = []
  const unrest: string[] = []
  const overdue: string[] = []
  const leftovers: Leftover[] = []
  const counted: Pod[] = []
  for (const pod of pods) {
    const state = standing(pod)
    if (state === 'leftover') leftovers.push({name: pod.name, reason: pod.reason === '' ? 'Failed' : pod.reason, node: pod.node})
    else if (state === 'terminating') {
      const late = lateDeparture(pod, context)
      if (late !== null) overdue.push(late)
      rows.push({...blankRow(pod, context), reason: late ?? '', terminating: true})
    } else if (state === 'counted') {
      counted.push(pod)
      const {row, restless} = countedRow(pod, context)
      rows.push(row)
      if (!row.doomed) unrest.push(...restless)
    }
  }
  const notReady = rows.filter((row) => !row.ready && !row.terminating)
  return {
    rows,
    ready: rows.length - notReady.length - rows.filter((row) => row.terminating).length,
    doomed: notReady.filter((row) => row.doomed),
    notReady: [...notReady.filter((row) => row.current), ...notReady.filter((row) => !row.current)],
    unrest,
    overdue,
    leftovers,
    movedFrom: pods.find((pod) => isMoved(pod, context))?.node ?? null,
    restarts: restartsOf(counted, rows),
  }
}

function blankRow(pod: Pod, {isCurrent}: SurveyContext): PodRow {
  const {word, restarts} = podState(pod)
  return {
    name: pod.name,
    ready: false,
    state: word,
    node: pod.node,
    restarts,
    startedAt: pod.startedAt,
    reason: '',
    doomed: false,
    terminating: false,
    current: isCurrent(pod),
    image: null,
  }
}

function countedRow(pod: Pod, context: SurveyContext): {row: PodRow; restless: string[]} {
  const row = blankRow(pod, context)
  const ready = findCondition(pod.conditions, 'Ready')?.status === 'True' && lostNode(pod, context.nodes) === null
  const doom = row.current && !ready ? doomOf(pod, context) : null
  const crashes = row.current ? recentCrashes(pod, context) : []
  const flaps = row.current ? flapping(pod, context.now) : null
  const restless = [...crashes.map(({reason}) => reason), ...(flaps === null ? [] : [flaps])].map((words) => `pod ${pod.name}: ${words}`)
  const trouble = doom ?? (ready ? (crashes[0] ?? {reason: flaps ?? '', container: null}) : unreadiness(pod, context))
  return {
    row: {...row, ready, doomed: doom !== null, reason: trouble.reason, image: trouble.container?.image ?? null},
    restless,
  }
}

/** Why a pod that is not doomed is not ready: its node, its schedule, its container, its readiness gate. */
function unreadiness(pod: Pod, {nodes, now}: SurveyContext): {reason: string; container: PodContainer | null} {
  const node = lostNode(pod, nodes)
  if (node !== null) return {reason: nodeWords(node, now), container: null}
  const scheduled = findCondition(pod.conditions, 'PodScheduled')
  if (scheduled?.status === 'False') {
    const words = [scheduled.reason === '' ? 'not scheduled' : scheduled.reason, shortMessage(scheduled.message)]
    return {reason: words.filter((word) => word !== '').join(': '), container: null}
  }
  // The init container that runs is what the others wait for.
  const container =
    pod.containers.find(({role, status}) => role === 'init' && status !== null && isUnfinished(status.state)) ??
    pod.containers.find(({role, status}) => role !== 'init' && status !== null && !status.ready)
  if (container !== undefined) return {reason: containerTrouble(container, now), container}
  const gate = pod.readinessGates.find((type) => findCondition(pod.conditions, type)?.status !== 'True')
  if (gate !== undefined) return {reason: `readiness gate ${gate} is not met`, container: null}
  return {reason: silence(pod), container: null}
}

/** Of a pod whose containers say nothing against it. Who watches the nodes takes the readiness of pods away, and not of their containers. */
function silence({node, containers}: Pod): string {
  if (node === null) return 'not scheduled yet'
  const isStarted = containers.some(({role, status}) => role !== 'init' && status !== null)
  return isStarted ? `its containers are ready and the pod is not: is ${node} lost?` : 'its containers have not been started'
}

function isUnfinished(state: {readonly kind: string; readonly exitCode?: number; readonly reason?: string}): boolean {
  if (state.kind === 'terminated') return state.exitCode !== 0
  return state.kind === 'running' || state.reason !== 'PodInitializing'
}

/** `on node-b, which is NotReady for 3 min` */
export function nodeWords(node: Node, now: number): string {
  const word = node.ready === 'False' ? 'NotReady' : 'NotReady (Unknown)'
  return `on ${node.name}, which is ${word}${node.readySince === null ? '' : ` for ${age(now - node.readySince)}`}`
}

function lateDeparture(pod: Pod, {nodes, now}: SurveyContext): string | null {
  if (pod.deletionAt === null || now - pod.deletionAt <= TERMINATING_SLACK) return null
  const node = lostNode(pod, nodes)
  const where = node === null ? '' : ` (${nodeWords(node, now)})`
  const asked = deletionRequest(pod) ?? pod.deletionAt
  return `pod ${pod.name} is Terminating for ${age(now - asked)}, past its grace of ${pod.deletionGraceSeconds} s${where}`
}

function isMoved(pod: Pod, {nodes}: SurveyContext): boolean {
  const state = standing(pod)
  if (pod.node === null || (state !== 'terminating' && state !== 'leftover')) return false
  const cordoned = nodes !== 'unreadable' && nodes.get(pod.node)?.unschedulable === true
  return cordoned || findCondition(pod.conditions, 'DisruptionTarget')?.status === 'True'
}

function restartsOf(pods: readonly Pod[], rows: readonly PodRow[]): Restarts {
  let total = 0
  for (const row of rows) if (!row.terminating) total += row.restarts
  return {total, ...lastEndOf(pods)}
}

/** The newest end of a container of these pods; init containers end by nature. */
export function lastEndOf(pods: readonly Pod[]): Omit<Restarts, 'total'> {
  let last: Omit<Restarts, 'total'> = {lastAt: null, lastReason: null, exitCode: null, container: null}
  for (const pod of pods) {
    for (const {role, name, status} of pod.containers) {
      if (status === null || role === 'init') continue
      const end = lastEnd(status)
      if (end === null || (last.container !== null && (end.finishedAt ?? 0) <= (last.lastAt ?? 0))) continue
      last = {lastAt: end.finishedAt, lastReason: end.reason === '' ? null : end.reason, exitCode: end.exitCode, container: name}
    }
  }
  return last
}
