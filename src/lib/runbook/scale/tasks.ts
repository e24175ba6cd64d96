import {isoTime} from '../../text/time.ts'
import {
  isRefusal,
  NO_SCALE_RECORD,
  otherCount,
  recordedAt,
  scaleRecordOf,
  type LiveDeployment,
  type Operation,
  type Refusal,
  type Started,
  type Task,
} from '../operation/index.ts'
import {unexpected, type Plan} from './plan.ts'

/** What holds for all scalings of one run. */
export interface Terms {
  readonly by: string
  readonly reason: string | null
  /** Epoch milliseconds; null where the count stays. */
  readonly until: number | null
  readonly currentReplicas: number | undefined
  /** How long a tool that owns the deployment is watched, in milliseconds. */
  readonly holdMs: number
  /** The server's clock. */
  now(): number
}

/** One write for each plan: count and record together, guarded by the version that was read, so that nothing is half-done. */
export function scaleTasks(plans: readonly Plan[], terms: Terms, operation: Operation): Task[] {
  return plans.map((plan) => {
    const {name, category} = plan.chosen.workload
    return {name, category, before: plan.from, start: () => start(plan, terms, operation)}
  })
}

async function start(plan: Plan, terms: Terms, {board, changes, undo}: Operation): Promise<Started | Refusal> {
  const {chosen, from, to, isRevert} = plan
  const {name} = chosen.workload
  const at = terms.now()
  const stamp = isoTime(at)
  const until = terms.until === null ? null : isoTime(terms.until)
  const annotations = isRevert ? NO_SCALE_RECORD : scaleRecordOf({from, to, at: stamp, until, by: terms.by, reason: terms.reason})
  const back = undo(isRevert ? `scale ${name} --replicas ${from}` : `scale ${name} --revert`)
  const written = await changes.patch(board.deployment(name) ?? chosen.deployment, {
    check: (fresh) => unexpected(fresh, terms.currentReplicas) ?? meanwhile(plan, fresh),
    type: 'merge',
    body: ({resourceVersion}) => ({metadata: {resourceVersion, annotations}, spec: {replicas: to}}),
    isMade: (fresh) => fresh.replicas === to && (isRevert || recordedAt(fresh) === stamp),
    record: {before: from, after: to, undo: back},
  })
  if (isRefusal(written)) return written
  return {
    goal: {written, keeps: 'replicas', at},
    wished: 'scaled',
    after: ({replicas}) => replicas,
    undo: back,
    holdMs: written.managedBy === null || isRevert ? 0 : terms.holdMs,
  }
}

/** What was agreed to no longer holds where somebody else has set another count since. */
function meanwhile({chosen, from, to}: Plan, fresh: LiveDeployment): Refusal | null {
  const change = otherCount({...chosen.deployment, replicas: from}, fresh)
  return change === null ? null : {outcome: 'superseded', reason: `${change}; not set to ${to}`}
}
