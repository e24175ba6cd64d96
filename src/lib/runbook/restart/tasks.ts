import {isoTime} from '../../text/time.ts'
import {
  isRefusal,
  NO_SCALE_RECORD,
  otherTemplate,
  pausedRefusal,
  viaZero,
  waitFor,
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

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export function restartTasks(chosen: readonly Chosen[], terms: RolloutTerms, operator: Operator, operation: Operation): Task[] {
  return chosen.map(({workload, deployment}) => ({
    name: workload.name,
    category: workload.category,
    before: deployment.revision,
    start: (say) =>
      terms.viaZero ? startViaZero(deployment, terms, operator, operation, say) : startRolling(deployment, operator, operation),
  }))
}

/**
 * As `kubectl rollout restart`, but with milliseconds, so that two restarts within a second are two.
 * The stamp is this machine's time, as kubectl's is: the server's is known by its answers' `Date`, which has whole seconds.
 */
async function startRolling(seen: LiveDeployment, {now, clock}: Operator, {board, changes, undo}: Operation): Promise<Started | Refusal> {
  const at = now()
  const stamp = isoTime(clock())
  const revision = seen.revision === null ? '' : ` --to-revision ${seen.revision}`
  const back = undo(`rollback ${seen.name}${revision}`)
  const written = await changes.patch(board.deployment(seen.name) ?? seen, {
    check: (fresh) => refusalOf(seen, fresh),
    type: 'strategic-merge',
    body: (fresh) => restartedAt(stamp, fresh),
    isMade: ({template}) => template.annotations[RESTARTED_AT] === stamp,
    record: {before: revisionWords(seen), after: `restarted at ${stamp}`, undo: back},
  })
  if (isRefusal(written)) return written
  const after = ({revision}: LiveDeployment): number | null => (revision === seen.revision ? null : revision)
  return {goal: {written, keeps: 'template', at}, wished: 'restarted', after, undo: back, holdMs: 0}
}

async function startViaZero(
  seen: LiveDeployment,
  {timeoutMs, signal}: RolloutTerms,
  operator: Operator,
  operation: Operation,
  say: (words: string) => void,
): Promise<Started | Refusal> {
  const {replicas} = seen
  const start: Change = {
    check: () => null,
    type: 'merge',
    body: ({resourceVersion}) => ({metadata: {resourceVersion, annotations: NO_SCALE_RECORD}, spec: {replicas}}),
    isMade: (fresh) => fresh.replicas === replicas,
    record: {before: 0, after: replicas, undo: null},
  }
  const written = await viaZero(
    operation.board.deployment(seen.name) ?? seen,
    start,
    {command: 'restart', timeoutMs, signal},
    operator,
    operation,
    say,
  )
  if (isRefusal(written)) return written
  return {
    goal: {written, keeps: 'replicas', at: operator.now()},
    wished: 'restarted',
    after: ({revision}) => revision,
    undo: null,
    holdMs: 0,
  }
}

/** Why it can't be restarted now; null where it can. A rollout that began since it was agreed to replaces the pods as well, and has its own undo. */
function refusalOf(seen: LiveDeployment, fresh: LiveDeployment): Refusal | null {
  if (fresh.replicas === 0) return {outcome: 'unchanged', reason: 'set to zero meanwhile: nothing runs that could be restarted'}
  const change = otherTemplate(seen, fresh)
  return change === null ? pausedRefusal(fresh) : {outcome: 'superseded', reason: `${change}, which replaces its pods; not restarted again`}
}

/** `--undo-on-failure`: the template as it was, which takes the old replica set up again. */
export async function undoRestart(
  {goal}: Started,
  before: LiveDeployment,
  {timeoutMs, signal}: RolloutTerms,
  operator: Operator,
  operation: Operation,
  say: (words: string) => void,
): Promise<{words: string; undone: boolean}> {
  const at = operator.now()
  const former = before.template.annotations[RESTARTED_AT] ?? null
  const written = await operation.changes.patch(operation.board.deployment(before.name) ?? goal.written, {
    check: (fresh) => {
      const reason = otherTemplate(goal.written, fresh)
      return reason === null ? null : {outcome: 'superseded', reason}
    },
    type: 'strategic-merge',
    body: (fresh) => restartedAt(former, fresh),
    isMade: ({template}) => (template.annotations[RESTARTED_AT] ?? null) === former,
    record: {before: `restarted`, after: revisionWords(before), undo: null},
  })
  if (isRefusal(written)) return {words: `not undone: ${written.reason}`, undone: false}
  const tell = (words: string): void => say(`undoing, ${words}`)
  const end = await waitFor({written, keeps: 'template', at}, {...operator, ...operation, timeoutMs, holdMs: 0, signal, say: tell})
  return end.state === 'done'
    ? {words: `undone, back at ${revisionWords(before)}`, undone: true}
    : {words: `undone, but ${end.reason}`, undone: true}
}

function restartedAt(stamp: string | null, {resourceVersion}: LiveDeployment): {metadata: object; spec: object} {
  return {metadata: {resourceVersion}, spec: {template: {metadata: {annotations: {[RESTARTED_AT]: stamp}}}}}
}

function revisionWords({revision}: LiveDeployment): string {
  return revision === null ? 'the revision before' : `revision ${revision}`
}
