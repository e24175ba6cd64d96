import {
  isRefusal,
  NO_SCALE_RECORD,
  otherTemplate,
  pausedRefusal,
  viaZero,
  type Change,
  type Chosen,
  type LiveDeployment,
  type Operation,
  type Operator,
  type Refusal,
  type RolloutTerms,
  type Started,
  type Task,
} from '../operation/index.ts'
import {hasTemplate, rollbackPatch, type Goal} from './goal.ts'

export function rollbackTask(
  {workload, deployment}: Chosen,
  goal: Goal,
  terms: RolloutTerms,
  operator: Operator,
  operation: Operation,
): Task {
  return {
    name: workload.name,
    category: workload.category,
    before: deployment.revision,
    start: (say) => start(deployment, goal, terms, operator, operation, say),
  }
}

async function start(
  seen: LiveDeployment,
  goal: Goal,
  terms: RolloutTerms,
  operator: Operator,
  operation: Operation,
  say: (words: string) => void,
): Promise<Started | Refusal> {
  const {board, changes, undo} = operation
  const at = operator.now()
  const isStopped = terms.viaZero && seen.replicas > 0
  const back = undo(`rollback ${seen.name} --to-revision ${seen.revision}${isStopped ? ' --via-zero' : ''}`)
  const change: Change = {
    check: (fresh) => meanwhile(seen, fresh),
    type: 'json',
    body: (fresh) => rollbackPatch(fresh, goal, isStopped ? seen.replicas : null, isStopped ? NO_SCALE_RECORD : {}),
    isMade: (fresh) => hasTemplate(fresh, goal),
    record: {before: `revision ${seen.revision}`, after: `template of revision ${goal.revision}`, undo: back},
  }
  const present = board.deployment(seen.name) ?? seen
  const written = isStopped
    ? await viaZero(present, change, {...terms, command: 'rollback'}, operator, operation, say)
    : await changes.patch(present, change)
  if (isRefusal(written)) return written
  const after = ({revision}: LiveDeployment): number | null => (revision === seen.revision ? null : revision)
  return {goal: {written, keeps: 'template', at}, wished: 'rolled-back', after, undo: back, holdMs: 0}
}

/** What was agreed to no longer holds where somebody else has changed the template since. */
function meanwhile(seen: LiveDeployment, fresh: LiveDeployment): Refusal | null {
  const change = otherTemplate(seen, fresh)
  return change === null ? pausedRefusal(fresh) : {outcome: 'superseded', reason: `${change}; not rolled back`}
}
