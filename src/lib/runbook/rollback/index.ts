import {compareTemplates, differenceWords} from '../../workload/index.ts'
import {
  itemsInOrder,
  leave,
  namesToType,
  onlyOne,
  operate,
  operationReport,
  pausedRefusal,
  place,
  runTasks,
  selectWorkloads,
  settled,
  sideBySide,
  type Chosen,
  type LeftAlone,
  type Operator,
} from '../operation/index.ts'
import {hasTemplate, readGoal, type Goal} from './goal.ts'
import type {RollbackReport} from './schema.ts'
import {rollbackTask} from './task.ts'

export type {RollbackReport} from './schema.ts'
export {rollbackViews} from './view.ts'

export interface RollbackOptions {
  readonly target: string
  /** The revision before the present one where it is not said. */
  readonly toRevision?: number | undefined
  readonly viaZero: boolean
  readonly reason?: string | undefined
  readonly wait: boolean
  readonly timeoutMs: number
  readonly dryRun: boolean
  readonly withLogs: boolean
}

/**
 * Takes the pod template of an older revision up again, and waits for its rollout.
 * Rejects with a UsageError (64) for a target that is not one workload and for a revision that there isn't.
 */
export async function rollback(options: RollbackOptions, operator: Operator, signal: AbortSignal): Promise<RollbackReport> {
  const {cluster, catalogue} = operator
  const {target, reason = null, dryRun} = options
  return operate(operator, {command: 'rollback', reason, dryRun}, signal, async (operation) => {
    const {board} = operation
    const {
      chosen: found,
      leftAlone,
      names,
    } = selectWorkloads('rollback', {targets: [target], except: []}, catalogue, board.names(), (name) => board.deployment(name))
    const name = onlyOne('rollback', target, names)
    const report = (fields: {
      items: Parameters<typeof itemsInOrder>[1]
      left: readonly LeftAlone[]
      toRevision: number | null
    }): RollbackReport => ({
      ...operationReport('RollbackReport', operator, operation, {
        items: itemsInOrder([name], fields.items, fields.left),
        interrupted: signal.aborted,
        warnings: [],
      }),
      toRevision: fields.toRevision,
    })
    const [first] = found
    if (first === undefined) return report({items: [], left: leftAlone, toRevision: null})
    const chosen = await settled(first, board, operator.clock, signal)
    const goal = await readGoal(chosen.deployment, options.toRevision, cluster, signal)
    const {revision: toRevision} = goal
    const why = await reasonToLeave(chosen, goal, options.viaZero, operator, signal)
    if (why !== null) return report({items: [], left: [leave(chosen, chosen.deployment.revision, why)], toRevision})
    if (!dryRun) {
      await operator.confirm({
        question: `Roll ${name} back from revision ${chosen.deployment.revision} to ${toRevision} ${place(cluster)}?`,
        notes: [differenceWords(compareTemplates(chosen.deployment.template, goal.template))],
        typed: namesToType({chosen: [chosen], all: false}, cluster.namespace),
      })
    }
    const task = rollbackTask(chosen, goal, {...options, signal}, operator, operation)
    const items = await runTasks([task], {...options, parallel: 1, keepGoing: false}, {...operator, ...operation, signal})
    return report({items, left: [], toRevision})
  })
}

async function reasonToLeave(
  chosen: Chosen,
  goal: Goal,
  viaZero: boolean,
  {cluster}: Operator,
  signal: AbortSignal,
): Promise<Pick<LeftAlone, 'outcome' | 'reason'> | null> {
  if (hasTemplate(chosen.deployment, goal)) return {outcome: 'unchanged', reason: `it has the template of revision ${goal.revision}`}
  const paused = pausedRefusal(chosen.deployment)
  if (paused !== null || viaZero) return paused
  const why = await sideBySide(chosen, cluster, signal)
  return why === null ? null : {outcome: 'refused', reason: `${why}; --via-zero stops it first`}
}
