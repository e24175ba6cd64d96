import {
  itemsInOrder,
  leave,
  namesOrCount,
  namesToType,
  notesOnLeft,
  operate,
  operationReport,
  place,
  rolloutRefusal,
  runTasks,
  selectWorkloads,
  settled,
  type Chosen,
  type LeftAlone,
  type Operator,
  type TargetOptions,
} from '../operation/index.ts'
import {redisAtStake, stakeWarnings} from '../queue-depth/index.ts'
import {restartOrder} from './order.ts'
import type {RestartReport} from './schema.ts'
import {restartTasks, undoRestart} from './tasks.ts'

export type {RestartReport} from './schema.ts'
export {restartViews} from './view.ts'

export interface RestartOptions extends TargetOptions {
  readonly parallel: number
  /** Stop, wait until gone, start again; in place of a rolling update. */
  readonly viaZero: boolean
  readonly keepGoing: boolean
  readonly undoOnFailure: boolean
  readonly reason?: string | undefined
  readonly wait: boolean
  readonly timeoutMs: number
  readonly dryRun: boolean
  readonly withLogs: boolean
}

/**
 * Restarts workloads, one after another (`parallel` at a time), and waits for each; stops at the first that is doomed.
 * Rejects with a UsageError (64) for targets, InterruptedError (130) before the first change, RefusedError (77) for what may not be read.
 */
export async function restart(options: RestartOptions, operator: Operator, signal: AbortSignal): Promise<RestartReport> {
  const {cluster, catalogue} = operator
  const {reason = null, dryRun} = options
  return operate(operator, {command: 'restart', reason, dryRun}, signal, async (operation) => {
    const {board} = operation
    const selection = selectWorkloads('restart', options, catalogue, board.names(), (name) => board.deployment(name))
    const left: LeftAlone[] = [...selection.leftAlone]
    const ready: Chosen[] = []
    for (const chosen of await Promise.all(selection.chosen.map((each) => settled(each, board, operator.clock, signal)))) {
      const why = await reasonToLeave(chosen, options.viaZero, operator, signal)
      if (why === null) ready.push(chosen)
      else left.push(leave(chosen, chosen.deployment.revision, why))
    }
    const ordered = restartOrder(
      ready.map((chosen) => ({...chosen.workload, chosen})),
      catalogue,
    ).map(({chosen}) => chosen)
    const names = ordered.map(({workload}) => workload.name)
    const redis = await redisAtStake(
      ordered.map(({deployment}) => deployment),
      operator,
      signal,
    )
    const warnings = stakeWarnings(redis)
    if (ordered.length > 0 && !dryRun) {
      await operator.confirm({
        question: `Restart ${namesOrCount(names)} ${place(cluster)}?`,
        notes: [
          ...ordered.map((chosen) => concern(chosen, options)).filter((note) => note !== null),
          ...warnings.map(({message}) => message),
          ...notesOnLeft(left),
        ],
        typed: namesToType({...selection, chosen: ordered}, cluster.namespace),
      })
    }
    const terms = {...options, signal}
    const before = new Map(ordered.map(({workload, deployment}) => [workload.name, deployment]))
    const items = await runTasks(
      restartTasks(ordered, terms, operator, operation),
      {
        ...options,
        ...(options.undoOnFailure && !options.viaZero
          ? {onFailure: (started, say) => undoRestart(started, before.get(started.goal.written.name)!, terms, operator, operation, say)}
          : {}),
      },
      {...operator, ...operation, signal},
    )
    const order = [...left.map(({name}) => name), ...names]
    return {
      ...operationReport('RestartReport', operator, operation, {
        items: itemsInOrder(order, items, left),
        interrupted: signal.aborted,
        warnings,
      }),
      redis,
    }
  })
}

async function reasonToLeave(
  chosen: Chosen,
  viaZero: boolean,
  {cluster}: Operator,
  signal: AbortSignal,
): Promise<Pick<LeftAlone, 'outcome' | 'reason'> | null> {
  const {workload, deployment} = chosen
  if (deployment.replicas === 0) {
    const hint = (workload.listed?.baseline ?? 0) > 0 ? `; sapoche scale ${workload.name} --to-baseline starts it` : ''
    return {outcome: 'inactive', reason: `at zero: nothing runs that could be restarted${hint}`}
  }
  return rolloutRefusal(chosen, viaZero, cluster, signal)
}

/** What users notice of one restart; null for a rolling update. */
function concern({workload, deployment}: Chosen, {viaZero}: RestartOptions): string | null {
  const isStopped = viaZero || deployment.strategy.type === 'Recreate'
  if (!isStopped && workload.listed?.protected == null) return null
  const why = workload.listed?.protected ?? null
  return `${workload.name} ${isStopped ? 'is stopped before it starts again' : 'is replaced while it serves'}${why === null ? '' : `: ${why}`}`
}
