import {UsageError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {SCALE_ANNOTATIONS, scaleRecord, type ScaleRecord} from '../../workload/index.ts'
import type {Chosen, LiveDeployment, Refusal} from '../operation/index.ts'

/** What the count becomes: a number, the catalogue's, or the one before the last scaling. */
export type Wish = {readonly to: 'count'; readonly count: number} | {readonly to: 'baseline'} | {readonly to: 'previous'}

/** What the options ask for. Throws a UsageError (64) where that is nothing, more than one thing, or makes no sense together. */
export function wishOf(flags: {
  readonly replicas?: number | undefined
  readonly 'to-baseline': boolean
  readonly revert: boolean
  readonly for?: number | undefined
  readonly detach: boolean
}): Wish {
  const {replicas, 'to-baseline': toBaseline, revert} = flags
  const given = [replicas !== undefined, toBaseline, revert].filter(Boolean).length
  if (given !== 1) throw new UsageError('scale takes one of --replicas N, --to-baseline and --revert')
  if (revert && flags.for !== undefined) throw new UsageError('--revert goes back for good: it takes no --for')
  if (flags.for === 0) throw new UsageError('--for takes a length of time, such as 30m')
  if (flags.detach && flags.for === undefined) throw new UsageError('--detach needs --for: without it nothing is to be gone back from')
  if (replicas !== undefined) return {to: 'count', count: replicas}
  return {to: revert ? 'previous' : 'baseline'}
}

export interface PlanOptions {
  readonly wish: Wish
  /** The count that has to be there before. */
  readonly currentReplicas?: number | undefined
  /** Above `maxReplicas` of the catalogue all the same. */
  readonly force: boolean
}

/** One workload that gets another count. */
export interface Plan {
  readonly chosen: Chosen
  readonly from: number
  readonly to: number
  /** True for going back: the record of the scaling is taken away with it. */
  readonly isRevert: boolean
}

/** What a workload's count becomes, or why it stays (rules.md, section 6: `refused` and `unchanged` are outcomes and no errors). Pure. */
export function planScale(chosen: Chosen, {wish, currentReplicas, force}: PlanOptions): Plan | Refusal {
  const {workload, deployment} = chosen
  const from = deployment.replicas
  const guard = unexpected(deployment, currentReplicas)
  if (guard !== null) return guard
  if (wish.to === 'previous') return planRevert(chosen)
  const to = wish.to === 'count' ? wish.count : (workload.listed?.baseline ?? null)
  if (to === null) return {outcome: 'refused', reason: 'the catalogue holds no count for it'}
  const limit = workload.listed?.maxReplicas ?? null
  if (limit !== null && to > limit.count && !force) {
    return {outcome: 'refused', reason: `no more than ${limit.count}: ${limit.reason}; --force does it all the same`}
  }
  return from === to ? {outcome: 'unchanged', reason: `already at ${to}`} : {chosen, from, to, isRevert: false}
}

/** The guard of `--current-replicas`. */
export function unexpected({replicas}: LiveDeployment, expected: number | undefined): Refusal | null {
  return expected === undefined || replicas === expected
    ? null
    : {outcome: 'refused', reason: `it has ${replicas} where --current-replicas expects ${expected}`}
}

function planRevert(chosen: Chosen): Plan | Refusal {
  const {annotations, replicas} = chosen.deployment
  const record = scaleRecord(annotations, replicas)
  if (record !== null && record.previous !== null) return {chosen, from: replicas, to: record.previous, isRevert: true}
  const set = annotations[SCALE_ANNOTATIONS.to]
  const by = annotations[SCALE_ANNOTATIONS.by]
  const why = set === undefined ? 'no scaling of it is recorded' : `it has ${replicas}, no longer the ${set} that ${by ?? 'somebody'} set`
  return {outcome: 'unchanged', reason: `${why}; nothing to go back to`}
}

/** Kafka and Redpanda forget the offsets of a group that has had no member for so long, unless told otherwise. */
const OFFSETS_KEPT_MS = 7 * 86_400_000

/** A consumer that has been idle for so long, or for nobody knows how long, may start where its group has no offsets any more. */
export function idleWarning({chosen, from, to}: Plan, now: number): string | null {
  const {workload, deployment} = chosen
  const isConsumer = workload.category === 'consumers' || (workload.listed?.groups.length ?? 0) > 0
  if (!isConsumer || from !== 0 || to === 0) return null
  const since = idleSince(deployment, scaleRecord(deployment.annotations, from))
  if (since !== null && now - since < OFFSETS_KEPT_MS) return null
  const how = since === null ? 'nobody knows for how long' : `for at least ${age(now - since)}`
  return `${workload.name} was at zero, ${how}: its committed offsets may be gone, so that it skips or repeats events; sapoche consumer-lag ${workload.name}`
}

/** Since when it stands at zero at the least: the record's time, else the controller's last word on it (facts/kubernetes.md, section 10). */
function idleSince({managers}: LiveDeployment, record: ScaleRecord | null): number | null {
  if (record !== null && record.at !== null) return record.at
  const words = managers.flatMap(({subresource, at}) => (subresource === 'status' && at !== null ? [at] : []))
  return words.length === 0 ? null : Math.max(...words)
}
