import type {Catalogue} from '../../catalogue/index.ts'
import {RedisTroubleError, ServerDownError} from '../../clients/redis/errors.ts'
import type {Answer, Layout, QueueReader, QueueReading, QueueSnapshot, RedisInfo} from '../../clients/redis/types.ts'
import {SapocheError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {isoTime} from '../../text/time.ts'
import {count} from '../../text/view.ts'
import type {Warning} from '../schema.ts'
import type {RedisGate} from './collect.ts'
import type {RedisAtStake} from './schema.ts'
import {redisWorkload} from './report.ts'

const SECOND = 1000
/** Whoever stops Redis is not kept waiting: it may be stopped because it is silent. */
const LOOK_MS = 5000
/** Redis gives the time of its own start as that of a save that never was. */
const START_SECONDS = 2

/** A workload that is to be stopped or restarted. */
export interface Stopping {
  readonly name: string
  /** Names of the persistent volume claims that its pods mount. */
  readonly claims: readonly string[]
}

export interface StakeSources {
  readonly cluster: {readonly namespace: string}
  readonly catalogue: Catalogue
  readonly redis: RedisGate
  /** The server's clock. */
  now(): number
}

/**
 * What Redis holds, and what of it would be lost, where the catalogue's Redis is among `stopping`; null where it is not, which takes no
 * request. A Redis that can't be asked is said to be so. Rejects with an InterruptedError alone.
 */
export async function redisAtStake(
  stopping: readonly Stopping[],
  sources: StakeSources,
  signal: AbortSignal,
): Promise<RedisAtStake | null> {
  const {catalogue, cluster, now} = sources
  const name = redisWorkload({catalogue, namespace: cluster.namespace})
  const workload = stopping.find((each) => each.name === name)
  if (workload === undefined) return null
  const {name: redis, claims} = workload
  const late = AbortSignal.timeout(LOOK_MS)
  try {
    const {layout, snapshot} = await look(sources, AbortSignal.any([signal, late]))
    return stakeOf({redis, claims, layout, snapshot, now: now()})
  } catch (error) {
    if (signal.aborted || !(error instanceof SapocheError)) throw error
    const state = error instanceof RedisTroubleError ? error.trouble : error instanceof ServerDownError ? 'down' : 'unreachable'
    const why = late.aborted ? `no answer within ${LOOK_MS / SECOND} s` : error.message
    return {
      ...NOTHING_KNOWN,
      workload: redis,
      state,
      volumeClaims: [...claims],
      reason: `what ${redis} holds is not known: ${why}; ${withoutClaim(claims) ?? 'its jobs may be lost'}`,
    }
  }
}

/** The same as a warning of a report, which is also said before it is agreed to. */
export function stakeWarnings(redis: RedisAtStake | null): Warning[] {
  return redis === null ? [] : [{code: 'redis', message: redis.reason}]
}

const NOTHING_KNOWN = {
  queues: null,
  pending: null,
  delayed: null,
  reserved: null,
  appendOnly: null,
  lastSaveAt: null,
  changesSinceSave: null,
}

/** All queues that there are, in one pipeline. */
async function look({redis, catalogue, now}: StakeSources, signal: AbortSignal): Promise<{layout: Layout; snapshot: QueueSnapshot}> {
  const reader: QueueReader = await redis.open(null, signal)
  try {
    const names = catalogue.workloads.flatMap(({queues}) => queues.map(({name}) => name))
    const layout = await reader.find({names, configured: null, prefixes: [], database: null, horizon: false, thorough: false}, signal)
    const asOf = Math.floor(now() / SECOND)
    return {layout, snapshot: await reader.read({layout, queues: layout.names, keys: [], asOf, recentSince: null}, signal)}
  } finally {
    reader.close()
  }
}

interface Found {
  readonly redis: string
  readonly claims: readonly string[]
  readonly layout: Layout
  readonly snapshot: Pick<QueueSnapshot, 'info' | 'queues'>
  /** Epoch milliseconds. */
  readonly now: number
}

/** What is said of a Redis that answers. Pure. */
export function stakeOf({redis, claims, layout, snapshot, now}: Found): RedisAtStake {
  const {info, queues} = snapshot
  const sum = (of: (queue: QueueReading) => Answer<number>): number | null => {
    const read = queues.flatMap((queue) => of(queue).value ?? [])
    return read.length < queues.length || (queues.length === 0 && !layout.isComplete) ? null : read.reduce((a, b) => a + b, 0)
  }
  const jobs = {
    pending: sum(({pending}) => pending),
    delayed: sum(({delayed}) => delayed),
    reserved: sum(({reserved}) => reserved),
  }
  const {lastSaveAt = null, changesSinceSave = null, aofEnabled = null} = info.value ?? {}
  return {
    workload: redis,
    state: info.value?.loading === true ? 'loading' : 'up',
    queues: queues.length,
    ...jobs,
    appendOnly: aofEnabled,
    lastSaveAt: lastSaveAt === null ? null : isoTime(lastSaveAt * SECOND),
    changesSinceSave,
    volumeClaims: [...claims],
    reason: `${redis} holds ${holds(jobs, layout)}; ${kept(info, now)}; ${lost(info.value, claims)}`,
  }
}

function holds({pending, delayed, reserved}: Pick<RedisAtStake, 'pending' | 'delayed' | 'reserved'>, layout: Layout): string {
  if (pending === null || delayed === null || reserved === null) return 'jobs that could not all be counted'
  const elsewhere = layout.otherPrefixes.length === 0 ? '' : ', and more under other prefixes'
  const total = pending + delayed + reserved
  if (total === 0) return `no job${elsewhere}`
  return `${count(total, 'job')} in ${count(layout.names.length, 'queue')} (${pending} pending, ${delayed} delayed, ${reserved} reserved)${elsewhere}`
}

/** What of its data is on disk. */
function kept({value: info, failure}: Answer<RedisInfo>, now: number): string {
  if (info === null) return `its persistence is not known: ${failure?.message ?? ''}`
  if (info.aofEnabled === true) return `append-only file on${info.aofWriteStatus === 'err' ? ', and it can not be written' : ''}`
  const {lastSaveAt, uptimeSeconds, changesSinceSave, rdbStatus} = info
  if (lastSaveAt === null) return 'no append-only file, and it does not say when it was saved'
  const startedAt = now / SECOND - (uptimeSeconds ?? Infinity)
  const isNever = lastSaveAt - startedAt <= START_SECONDS
  const when = isNever ? 'not saved since it was started' : `last saved ${age(now - lastSaveAt * SECOND)} ago`
  const changes = changesSinceSave === null ? '' : ` with ${count(changesSinceSave, 'change')} since`
  return `no append-only file, ${when}${changes}${rdbStatus === 'err' ? ', and the last save failed' : ''}`
}

function lost(info: RedisInfo | null, claims: readonly string[]): string {
  const goesWithPod = withoutClaim(claims)
  if (goesWithPod !== null) return goesWithPod
  if (info === null) return 'its jobs may be lost'
  if (info.aofEnabled === true)
    return info.aofWriteStatus === 'err' ? 'what was not written is lost' : 'at most the last second or so is lost'
  return info.changesSinceSave === 0 ? 'nothing is lost' : 'the changes since then are lost, unless it saves as it ends'
}

/** Files of a pod that mounts no claim go with it, whatever is in them. */
function withoutClaim(claims: readonly string[]): string | null {
  return claims.length > 0 ? null : 'its pods mount no volume claim: all of it goes with them'
}
