import {SapocheError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {doomOf, findCondition, standing, type Pod} from '../../workload/index.ts'
import {wordsOf, type Board, type LiveDeployment, type Outcome} from '../operation/index.ts'

export interface Departure {
  readonly pod: Pod
  /** The workload that makes another; null where nothing does. */
  readonly deployment: LiveDeployment | null
  /** UIDs of the pods that were there before. */
  readonly known: ReadonlySet<string>
}

export interface DepartureEnd {
  readonly outcome: Extract<Outcome, 'evicted' | 'accepted' | 'doomed' | 'timed-out' | 'failed'>
  readonly reason: string
  readonly replacement: string | null
  readonly doomed: {readonly pod: Pod; readonly container: string | null} | null
}

interface WaitOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  now(): number
  clock(): number
  say(words: string): void
}

const TICK_MS = 1000

/** Waits until the pod is gone, and the pods that take its place are ready. */
export async function waitForReplacement(departure: Departure, board: Board, options: WaitOptions): Promise<DepartureEnd> {
  try {
    return await follow(departure, board, options)
  } catch (error) {
    if (!(error instanceof SapocheError)) throw error
    return {outcome: 'failed', reason: `evicted, and then not watched: ${wordsOf(error)}`, replacement: null, doomed: null}
  }
}

async function follow(departure: Departure, board: Board, options: WaitOptions): Promise<DepartureEnd> {
  const began = options.clock()
  for (;;) {
    const state = judgeReplacement(departure, board, options.now())
    if ('outcome' in state) return state
    const end = {replacement: null, doomed: null}
    if (options.signal.aborted) return {...end, outcome: 'accepted', reason: `it goes on in the cluster: ${state.waiting}`}
    const waited = options.clock() - began
    if (waited >= options.timeoutMs)
      return {...end, outcome: 'timed-out', reason: `not done within ${age(options.timeoutMs)}: ${state.waiting}`}
    options.say(state.waiting)
    await board.change(Math.min(TICK_MS, options.timeoutMs - waited), options.signal)
  }
}

function judgeReplacement({pod, deployment, known}: Departure, board: Board, now: number): DepartureEnd | {readonly waiting: string} {
  const isThere = board.pods().some(({uid}) => uid === pod.uid)
  const present = deployment === null ? null : board.deployment(deployment.name)
  const counted = present === null ? [] : board.podsOf(present).filter((each) => standing(each) === 'counted')
  const fresh = counted.filter(({uid}) => !known.has(uid))
  for (const each of fresh) {
    const doom = doomOf(each, {rollout: true, events: new Map(), now})
    if (doom === null) continue
    const doomed = {pod: each, container: doom.container?.name ?? null}
    return {outcome: 'doomed', reason: `pod ${each.name} in its place: ${doom.reason}`, replacement: each.name, doomed}
  }
  if (isThere) return {waiting: 'the pod has not stopped yet'}
  if (present !== null && counted.length < present.replicas) return {waiting: 'no pod in its place yet'}
  const slow = fresh.find(({conditions}) => findCondition(conditions, 'Ready')?.status !== 'True')
  if (slow !== undefined) return {waiting: `pod ${slow.name} in its place is not ready yet`}
  return {outcome: 'evicted', reason: deployment === null ? 'nothing makes another' : '', replacement: fresh[0]?.name ?? null, doomed: null}
}
