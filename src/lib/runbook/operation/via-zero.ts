import {SapocheError} from '../../errors/index.ts'
import {isoTime} from '../../text/time.ts'
import {isRefusal, wordsOf, type Change, type Refusal} from './changes.ts'
import {otherCount, type LiveDeployment} from './live.ts'
import type {Operation, Operator} from './operator.ts'
import {recordedAt, scaleRecordOf} from './scale-record.ts'
import {waitFor} from './wait.ts'

/** What holds for all rollouts of one run. */
export interface RolloutTerms {
  /** Stop first, where two instances may never run side by side. */
  readonly viaZero: boolean
  readonly timeoutMs: number
  /** Ctrl-C: from the first write on a stop waits until the count is back, for a stopped workload serves nobody. */
  readonly signal: AbortSignal
}

/**
 * For workloads of which two instances may never run side by side: stops one, waits until its last pod is gone, and makes `change`, which has
 * to set the count again. The count before is recorded on the deployment, so that `scale --revert` goes back whatever happens in between.
 * `command` is the operation that needs it, for the record. Gives the deployment as `change` left it, or why it stands at zero.
 */
export async function viaZero(
  deployment: LiveDeployment,
  change: Change,
  {timeoutMs, command, signal}: Omit<RolloutTerms, 'viaZero'> & {readonly command: string},
  operator: Operator,
  operation: Operation,
  say: (words: string) => void,
): Promise<LiveDeployment | Refusal> {
  const {name, replicas} = deployment
  const {changes, undo} = operation
  const at = operator.now()
  const stamp = isoTime(at)
  const annotations = scaleRecordOf({from: replicas, to: 0, at: stamp, until: null, by: operator.who, reason: `${command} --via-zero`})
  const back = undo(`scale ${name} --revert`)
  const stopped = await changes.patch(deployment, {
    check: (fresh) => superseded(deployment, fresh),
    type: 'merge',
    body: ({resourceVersion}) => ({metadata: {resourceVersion, annotations}, spec: {replicas: 0}}),
    isMade: (fresh) => fresh.replicas === 0 && recordedAt(fresh) === stamp,
    record: {before: replicas, after: 0, undo: back},
  })
  if (isRefusal(stopped) || changes.dryRun) return stopped
  const stands = (outcome: Refusal['outcome'], why: string): Refusal => ({
    outcome,
    reason: `stopped, and not started again: ${why}`,
    undo: back,
  })
  try {
    const hint = (): string => (signal.aborted ? '; starts again first (Ctrl-C: leave it stopped)' : '')
    const end = await waitFor(
      {written: stopped, keeps: 'replicas', at},
      {
        ...operator,
        ...operation,
        timeoutMs,
        holdMs: 0,
        signal: new AbortController().signal,
        say: (words) => say(`stopping, ${words}${hint()}`),
      },
    )
    if (end.state === 'superseded') return {outcome: 'superseded', reason: end.reason}
    if (end.state !== 'done') return stands(end.state === 'timed-out' ? 'timed-out' : 'failed', end.reason)
    const started = await changes.patch(operation.board.deployment(name) ?? stopped, {
      ...change,
      check: (fresh) => superseded(stopped, fresh) ?? change.check(fresh),
    })
    return isRefusal(started) && started.outcome !== 'superseded' ? stands(started.outcome, started.reason) : started
  } catch (error) {
    if (!(error instanceof SapocheError)) throw error
    return stands('failed', wordsOf(error))
  }
}

function superseded(before: LiveDeployment, fresh: LiveDeployment): Refusal | null {
  const reason = otherCount(before, fresh)
  return reason === null ? null : {outcome: 'superseded', reason}
}
