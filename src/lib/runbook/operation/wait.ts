import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {age} from '../../text/age.ts'
import {decodeEvent, eventsByObject, findCondition, type EventsByObject, type Pod} from '../../workload/index.ts'
import {readOptional, RESOURCES} from '../cluster/index.ts'
import type {Board} from './board.ts'
import {judgeProgress, type Goal, type Progress, type Seen} from './rollout.ts'

/** How a wait ended; `interrupted` is Ctrl-C, with what goes on in the cluster. */
export type End = Exclude<Progress, {readonly state: 'waiting'}> | {readonly state: 'timed-out' | 'interrupted'; readonly reason: string}

export interface WaitOptions {
  readonly cluster: ClusterReader
  readonly board: Board
  /** Milliseconds. */
  readonly timeoutMs: number
  /** How long a tool that owns the deployment is given to put it back, from the start of the wait. */
  readonly holdMs: number
  /** Ctrl-C. */
  readonly signal: AbortSignal
  /** The server's clock, for what the rules judge. */
  readonly now: () => number
  /** This machine's clock, for how long it takes. */
  readonly clock: () => number
  /** What is being waited for. */
  readonly say: (words: string) => void
}

/** The words are renewed, and time-outs noticed, at least this often. */
const TICK_MS = 1000
const EVENTS_EVERY_MS = 5000

/** Waits until the goal is reached or can't be. Rejects where the credentials are refused meanwhile. */
export async function waitFor(goal: Goal, options: WaitOptions): Promise<End> {
  const {board, timeoutMs, holdMs, signal, now, clock, say} = options
  const began = clock()
  const events = scaleUps(options)
  for (;;) {
    const progress = judgeProgress(goal, await look(goal, board, events), now())
    const waited = clock() - began
    const isHeld = progress.state === 'done' && waited < Math.min(holdMs, timeoutMs)
    if (progress.state !== 'waiting' && !isHeld) return progress
    const words = progress.state === 'waiting' ? progress.words : `ready; watching whether ${goal.written.managedBy} puts it back`
    if (signal.aborted) return progress.state === 'done' ? progress : {state: 'interrupted', reason: `it goes on in the cluster: ${words}`}
    if (waited >= timeoutMs) return {state: 'timed-out', reason: `not done within ${age(timeoutMs)}: ${words}${blindness(board)}`}
    say(words + blindness(board))
    await board.change(Math.min(TICK_MS, timeoutMs - waited), signal)
  }
}

function blindness({blind}: Board): string {
  return blind === null ? '' : ` (connection lost: ${blind})`
}

async function look({written}: Goal, board: Board, eventsOf: (pods: readonly Pod[]) => Promise<EventsByObject>): Promise<Seen> {
  const found = board.deployment(written.name)
  const deployment = found?.uid === written.uid ? found : null
  const pods = board.podsOf(written)
  return {deployment, replicaSets: board.replicaSets(written), pods, events: await eventsOf(pods)}
}

const NO_EVENTS: EventsByObject = new Map()

/** The cluster autoscaler's words on pods that find no node: read only while there are such pods, now and then. */
function scaleUps({cluster, signal, clock}: WaitOptions): (pods: readonly Pod[]) => Promise<EventsByObject> {
  let known = NO_EVENTS
  let read = -Infinity
  return async (pods) => {
    if (!pods.some(isUnschedulable)) return NO_EVENTS
    if (clock() - read < EVENTS_EVERY_MS || signal.aborted) return known
    read = clock()
    const events = await readOptional(cluster, RESOURCES.events, decodeEvent, {fieldSelector: 'involvedObject.kind=Pod', signal}).catch(
      () => null,
    )
    known = eventsByObject(events?.items ?? [])
    return known
  }
}

function isUnschedulable({conditions}: Pod): boolean {
  return findCondition(conditions, 'PodScheduled')?.reason === 'Unschedulable'
}
