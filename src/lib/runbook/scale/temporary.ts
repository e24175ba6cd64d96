import {setTimeout as pause} from 'node:timers/promises'
import {runTasks, type Operation, type OperationItem, type Operator, type Outcome} from '../operation/index.ts'
import type {Plan} from './plan.ts'
import {scaleTasks, type Terms} from './tasks.ts'

/** Outcomes after which the count is the one that was set. */
const STANDS: ReadonlySet<Outcome> = new Set(['scaled', 'accepted', 'doomed', 'timed-out'])
/** Outcomes that are worth waiting the whole time for. */
const GOOD: ReadonlySet<Outcome> = new Set(['scaled', 'accepted'])
const TICK_MS = 1000

/**
 * Stays until the time is over, Ctrl-C (`signal`), or nothing is left to go back from; then sets the counts back and takes the records away.
 * After Ctrl-C it does not wait for the pods. An item for each workload whose count was set; never rejects.
 */
export async function goBack(
  plans: readonly Plan[],
  items: readonly OperationItem[],
  terms: Terms & {readonly until: number},
  options: {readonly wait: boolean; readonly timeoutMs: number},
  operator: Operator,
  operation: Operation,
  signal: AbortSignal,
): Promise<OperationItem[]> {
  const {board} = operation
  const outcomes = new Map(items.map(({name, outcome}) => [name, outcome]))
  const standing = plans.filter(({chosen}) => STANDS.has(outcomes.get(chosen.workload.name) ?? 'failed'))
  const stillOurs = ({chosen, to}: Plan): boolean =>
    GOOD.has(outcomes.get(chosen.workload.name) ?? 'failed') && board.deployment(chosen.workload.name)?.replicas === to
  while (terms.now() < terms.until && !signal.aborted && standing.some(stillOurs)) {
    const left = terms.until - terms.now()
    operator.show(
      standing.map(({chosen, from, to}) => ({
        name: chosen.workload.name,
        state: 'running',
        outcome: null,
        words: `at ${to}; back to ${from} in ${remaining(left)} (Ctrl-C: now)`,
        seconds: 0,
      })),
    )
    await pause(Math.min(TICK_MS, left), undefined, {signal}).catch(() => {})
  }
  const reverts = standing.map(({chosen, from, to}) => ({chosen, from: to, to: from, isRevert: true}))
  const tasks = scaleTasks(reverts, {...terms, until: null, currentReplicas: undefined}, operation)
  const run = {
    parallel: tasks.length,
    keepGoing: true,
    wait: options.wait && !signal.aborted,
    timeoutMs: options.timeoutMs,
    withLogs: false,
  }
  return runTasks(tasks, run, {...operator, ...operation, signal: new AbortController().signal})
}

/** `29 min 12 s` */
function remaining(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
