import {isoTime} from '../../text/time.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {autoscalerOf, decodeAutoscaler, decodeScaledObject, type Autoscaler, type ScaledObject} from '../../workload/index.ts'
import {readOptional, RESOURCES, warningOf, type Read} from '../cluster/index.ts'
import {
  itemsInOrder,
  leave,
  namesOrCount,
  namesToType,
  notesOnLeft,
  operate,
  operationReport,
  place,
  runTasks,
  selectWorkloads,
  type Confirmation,
  type LeftAlone,
  type OperationItem,
  type Operator,
  type Selection,
  type TargetOptions,
} from '../operation/index.ts'
import {redisAtStake, stakeWarnings} from '../queue-depth/index.ts'
import type {Warning} from '../schema.ts'
import {planScale, type Plan, type PlanOptions} from './plan.ts'
import type {ScaleReport} from './schema.ts'
import {scaleTasks} from './tasks.ts'
import {goBack} from './temporary.ts'
import {scaleWarnings} from './warnings.ts'

export {wishOf} from './plan.ts'
export type {ScaleReport} from './schema.ts'
export {scaleViews} from './view.ts'

export interface ScaleOptions extends TargetOptions, PlanOptions {
  /** How long the count is meant for, in milliseconds; undefined where it stays. */
  readonly forMs?: number | undefined
  /** With `forMs`: leave, and let somebody else go back. */
  readonly detach: boolean
  readonly reason?: string | undefined
  readonly wait: boolean
  readonly timeoutMs: number
  readonly dryRun: boolean
  readonly withLogs: boolean
  /** How long a tool that owns a deployment is watched for putting its own count back, in milliseconds. */
  readonly holdMs?: number
}

const HOLD_MS = 30_000

/**
 * Sets the count of workloads, and waits until they are ready. With `forMs` it stays until then, or until Ctrl-C, and goes back.
 * Rejects with a UsageError (64) for targets, InterruptedError (130) before the first change, RefusedError (77) for what may not be read.
 */
export async function scale(options: ScaleOptions, operator: Operator, signal: AbortSignal): Promise<ScaleReport> {
  const {cluster, catalogue, now} = operator
  const {reason = null, dryRun, forMs, detach, wait, timeoutMs, withLogs, currentReplicas, holdMs = HOLD_MS} = options
  const scalers = readScalers(cluster, signal)
  return operate(operator, {command: 'scale', reason, dryRun}, signal, async (operation) => {
    const {board} = operation
    const selection = selectWorkloads('scale', options, catalogue, board.names(), (name) => board.deployment(name))
    const plans: Plan[] = []
    const left: LeftAlone[] = [...selection.leftAlone]
    for (const chosen of selection.chosen) {
      const decision = planScale(chosen, options)
      if ('outcome' in decision) left.push(leave(chosen, chosen.deployment.replicas, decision))
      else plans.push(decision)
    }
    const stopping = plans.filter(({to}) => to === 0).map(({chosen}) => chosen.deployment)
    const redis = await redisAtStake(stopping, operator, signal)
    const warnings = plans.length === 0 ? [] : [...concerns(plans, await scalers, operator), ...stakeWarnings(redis)]
    if (plans.length > 0 && !dryRun) await operator.confirm(question(plans, left, warnings, selection, operator))

    const until = forMs === undefined ? null : now() + forMs
    const terms = {by: operator.who, reason, currentReplicas, holdMs, now}
    const run = {parallel: plans.length, keepGoing: true, wait, timeoutMs, withLogs}
    const items = await runTasks(scaleTasks(plans, {...terms, until}, operation), run, {...operator, ...operation, signal})
    const stays = until === null || detach || dryRun
    const reverted = stays ? null : await goBack(plans, items, {...terms, until}, options, operator, operation, signal)
    const all = itemsInOrder(selection.names, withoutUndo(items, reverted), left)
    return {
      ...operationReport('ScaleReport', operator, operation, {items: all, interrupted: signal.aborted, warnings}),
      redis,
      temporary: until === null || plans.length === 0 ? null : {until: isoTime(until), detached: detach},
      reverted,
    }
  })
}

/** What has gone back has nothing to be undone. */
function withoutUndo(items: readonly OperationItem[], reverted: readonly OperationItem[] | null): OperationItem[] {
  const back = new Set((reverted ?? []).filter(({undo}) => undo !== null).map(({name}) => name))
  return items.map((item) => (back.has(item.name) ? {...item, undo: null} : item))
}

interface Scalers {
  readonly autoscalers: Read<Autoscaler>
  readonly scaledObjects: Read<ScaledObject>
}

/** Read beside the board, for a scaling is to be quick. Rejects when interrupted, as the board does, which is then what is heard of it. */
function readScalers(cluster: ClusterReader, signal: AbortSignal): Promise<Scalers> {
  const read = Promise.all([
    readOptional(cluster, RESOURCES.autoscalers, decodeAutoscaler, {signal}),
    readOptional(cluster, RESOURCES.scaledObjects, decodeScaledObject, {signal}),
  ]).then(([autoscalers, scaledObjects]) => ({autoscalers, scaledObjects}))
  read.catch(() => {})
  return read
}

/** What is to be said before it is agreed to; autoscalers that can't be read are said so and block nothing. */
function concerns(plans: readonly Plan[], {autoscalers, scaledObjects}: Scalers, {catalogue, now}: Operator): Warning[] {
  const warnings = plans.flatMap((plan) => {
    const {name} = plan.chosen.workload
    const autoscaler = autoscalerOf(autoscalers.items ?? [], 'Deployment', name)
    const scaledObject = autoscalerOf(scaledObjects.items ?? [], 'Deployment', name)
    return scaleWarnings(plan, {autoscaler, scaledObject}, catalogue, now())
  })
  return [...warningOf(autoscalers), ...warningOf(scaledObjects), ...warnings]
}

/** A count of zero names each workload; else a long list is counted. */
function question(
  plans: readonly Plan[],
  left: readonly LeftAlone[],
  warnings: readonly Warning[],
  selection: Selection,
  {cluster}: Operator,
): Confirmation {
  const stopped = plans.filter(({to}) => to === 0).map(({chosen}) => chosen.workload.name)
  const others = plans.filter(({to}) => to !== 0)
  const steps = [...new Set(others.map(({from, to}) => `from ${from} to ${to}`))]
  const how = steps.length === 1 ? ` ${steps[0]}` : ''
  const parts = [
    stopped.length === 0 ? '' : `stop ${stopped.join(', ')}`,
    others.length === 0 ? '' : `scale ${namesOrCount(others.map(({chosen}) => chosen.workload.name))}${how}`,
  ]
  const words = parts.filter(Boolean).join(' and ')
  const list = steps.length > 1 ? others.map(({chosen, from, to}) => `${chosen.workload.name}: ${from} -> ${to}`) : []
  return {
    question: `${words.charAt(0).toUpperCase()}${words.slice(1)} ${place(cluster)}?`,
    notes: [...list, ...warnings.map(({message}) => message), ...notesOnLeft(left)],
    typed: namesToType({...selection, chosen: plans.map(({chosen}) => chosen)}, cluster.namespace),
  }
}
