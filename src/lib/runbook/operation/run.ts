import type {ClusterClient} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import type {Board} from './board.ts'
import {wordsOf, type Changes, type Refusal} from './changes.ts'
import {gatherEvidence} from './evidence.ts'
import type {LiveDeployment} from './live.ts'
import {isTrouble, type Outcome} from './outcome.ts'
import type {Goal} from './rollout.ts'
import type {OperationItem} from './schema.ts'
import {waitFor, type End} from './wait.ts'

/** One workload to be changed. */
export interface Task {
  readonly name: string
  readonly category: string | null
  readonly before: number | null
  /** Makes the change; `say` tells what it waits for meanwhile. */
  readonly start: (say: (words: string) => void) => Promise<Started | Refusal>
}

/** A change that was made. */
export interface Started {
  readonly goal: Goal
  /** The outcome that is wished for. */
  readonly wished: Outcome
  /** The count or revision afterwards, of the deployment as it is then. */
  readonly after: (deployment: LiveDeployment) => number | null
  readonly undo: string | null
  readonly holdMs: number
}

/** What a progress line says of one workload. */
export interface ProgressRow {
  readonly name: string
  readonly state: 'to-come' | 'running' | 'ended'
  readonly outcome: Outcome | null
  readonly words: string
  readonly seconds: number
}

export interface RunOptions {
  readonly parallel: number
  readonly keepGoing: boolean
  readonly wait: boolean
  /** Milliseconds for each workload. */
  readonly timeoutMs: number
  readonly withLogs: boolean
  /** Called with a workload that came to no good end. `words` are added to the reason; `undone` takes the undo line away. */
  readonly onFailure?: (started: Started, say: (words: string) => void) => Promise<{readonly words: string; readonly undone: boolean}>
}

export interface Runner {
  readonly cluster: ClusterClient
  readonly board: Board
  readonly changes: Changes
  readonly signal: AbortSignal
  /** The server's clock. */
  now(): number
  /** This machine's. */
  clock(): number
  show(rows: readonly ProgressRow[]): void
}

/**
 * Changes one workload after another, `parallel` at a time, and waits for each. After the first that comes to no good end no other is started,
 * unless `keepGoing`. An item for each task, in their order; rejects only where nothing at all was changed (rules.md, section 6).
 */
export async function runTasks(tasks: readonly Task[], options: RunOptions, runner: Runner): Promise<OperationItem[]> {
  const rows: ProgressRow[] = tasks.map(({name}) => ({name, state: 'to-come', outcome: null, words: '', seconds: 0}))
  const items: OperationItem[] = tasks.map((task) => itemOf(task, {outcome: 'not-started'}))
  const {signal, clock} = runner
  let isStopped = false
  let firstError: unknown = null
  const queue = tasks.entries()

  const work = async (): Promise<void> => {
    for (const [index, task] of queue) {
      if (isStopped || signal.aborted) continue
      const began = clock()
      const show = (row: Partial<ProgressRow>): void => {
        rows[index] = {...rows[index]!, seconds: (clock() - began) / 1000, ...row}
        runner.show(rows)
      }
      show({state: 'running', words: 'is being changed'})
      let item: OperationItem
      try {
        item = await runTask(task, options, runner, (words) => show({words}))
      } catch (error) {
        firstError ??= error
        item = itemOf(task, error instanceof InterruptedError ? {outcome: 'not-started'} : {outcome: 'failed', reason: wordsOf(error)})
      }
      items[index] = {...item, seconds: item.outcome === 'not-started' ? null : Math.max(0, Math.round((clock() - began) / 100) / 10)}
      show({state: 'ended', outcome: item.outcome, words: item.reason})
      if (isTrouble(item.outcome) && !options.keepGoing) isStopped = true
    }
  }
  await Promise.all(Array.from({length: Math.min(options.parallel, tasks.length)}, work))
  if (!runner.changes.any) {
    if (firstError !== null) throw firstError
    if (signal.aborted) throw signal.reason
  }
  return items
}

async function runTask(task: Task, options: RunOptions, runner: Runner, say: (words: string) => void): Promise<OperationItem> {
  const started = await task.start(say)
  if ('outcome' in started) return itemOf(task, started)
  const {goal, wished, undo, after} = started
  if (runner.changes.dryRun) return itemOf(task, {outcome: 'planned', after: after(goal.written)})
  if (!options.wait) return itemOf(task, {outcome: 'accepted', after: after(goal.written), undo, reason: 'not waited for'})
  let end: End
  try {
    end = await waitFor(goal, {...runner, timeoutMs: options.timeoutMs, holdMs: started.holdMs, say})
  } catch (error) {
    if (!(error instanceof SapocheError)) throw error
    const outcome = error instanceof InterruptedError ? 'accepted' : 'failed'
    return itemOf(task, {outcome, after: after(goal.written), undo, reason: `changed, and then not watched: ${wordsOf(error)}`})
  }
  const last = runner.board.deployment(task.name) ?? goal.written
  const fields = {after: after(last), undo, reason: 'reason' in end ? end.reason : ''}
  if (end.state === 'done') return itemOf(task, {...fields, outcome: wished})
  if (end.state === 'interrupted') return itemOf(task, {...fields, outcome: 'accepted'})
  if (end.state === 'superseded') return itemOf(task, {...fields, outcome: 'superseded'})
  const evidence =
    end.state === 'doomed' ? await gatherEvidence(runner.cluster, end.pod, end.container, options.withLogs, runner.changes.warn) : null
  const recovery = (await options.onFailure?.(started, say).catch(unrecovered)) ?? {words: '', undone: false}
  const reason = [fields.reason, serving(last), recovery.words].filter(Boolean).join('; ')
  return itemOf(task, {...fields, outcome: end.state, reason, evidence, undo: recovery.undone ? null : undo})
}

function unrecovered(error: unknown): {words: string; undone: boolean} {
  return {words: `not undone: ${wordsOf(error)}`, undone: false}
}

/** Whether users notice: the old pods of a rolling update go on serving. */
function serving({status, replicas}: LiveDeployment): string {
  if (replicas === 0) return ''
  return status.available > 0 ? `${status.available} of ${replicas} still available` : 'nothing is available'
}

function itemOf(task: Task, fields: Partial<OperationItem> & Pick<OperationItem, 'outcome'>): OperationItem {
  const {name, category, before} = task
  return {name, category, before, after: null, reason: '', undo: null, seconds: null, evidence: null, ...fields}
}
