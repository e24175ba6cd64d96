import {compareTemplates, differenceWords} from '../../workload/index.ts'
import {
  itemsInOrder,
  leave,
  namesToType,
  onlyOne,
  operate,
  operationReport,
  place,
  rolloutRefusal,
  runTasks,
  selectWorkloads,
  settled,
  type LeftAlone,
  type OperationItem,
  type Operator,
} from '../operation/index.ts'
import {redisAtStake, stakeWarnings} from '../queue-depth/index.ts'
import {hasTemplate, readGoal} from './goal.ts'
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

interface Parts {
  readonly items?: readonly OperationItem[]
  readonly left?: readonly LeftAlone[]
  readonly toRevision: RollbackReport['toRevision']
  readonly redis?: RollbackReport['redis']
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
    const selection = selectWorkloads('rollback', {targets: [target], except: []}, catalogue, board.names(), (name) =>
      board.deployment(name),
    )
    const name = onlyOne('rollback', target, selection.names)
    const report = ({items = [], left = [], toRevision, redis = null}: Parts): RollbackReport => {
      const begin = {items: itemsInOrder([name], items, left), interrupted: signal.aborted, warnings: stakeWarnings(redis)}
      return {...operationReport('RollbackReport', operator, operation, begin), toRevision, redis}
    }
    const [first] = selection.chosen
    if (first === undefined) return report({left: selection.leftAlone, toRevision: null})
    const chosen = await settled(first, board, operator.clock, signal)
    const {deployment} = chosen
    const goal = await readGoal(deployment, options.toRevision, cluster, signal)
    const {revision: toRevision} = goal
    const why = hasTemplate(deployment, goal)
      ? ({outcome: 'unchanged', reason: `it has the template of revision ${toRevision}`} as const)
      : await rolloutRefusal(chosen, options.viaZero, cluster, signal)
    if (why !== null) return report({left: [leave(chosen, deployment.revision, why)], toRevision})
    const redis = await redisAtStake(deployment.replicas === 0 ? [] : [deployment], operator, signal)
    if (!dryRun) {
      await operator.confirm({
        question: `Roll ${name} back from revision ${deployment.revision} to ${toRevision} ${place(cluster)}?`,
        notes: [differenceWords(compareTemplates(deployment.template, goal.template)), ...stakeWarnings(redis).map(({message}) => message)],
        typed: namesToType({chosen: [chosen], all: false}, cluster.namespace),
      })
    }
    const task = rollbackTask(chosen, goal, {...options, signal}, operator, operation)
    const items = await runTasks([task], {...options, parallel: 1, keepGoing: false}, {...operator, ...operation, signal})
    return report({items, toRevision, redis})
  })
}
