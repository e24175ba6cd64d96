import {age} from '../text/age.ts'
import type {GroupState, QueueState} from './data-plane/schema.ts'

/** What waits for a workload, for a table: `-` is absent, `?` unreadable; '' where it is bound to nothing. */
export interface Backlog {
  /** `queued`: jobs; `lag`: events. */
  readonly kind: 'queued' | 'lag' | null
  readonly amount: string
  /** Of the oldest: `25m`, of events `>1h`; '' where it is not known. */
  readonly age: string
}

/** Pure. Of a workload that has queues, the queues. */
export function backlogOf({queues, groups}: {readonly queues: readonly QueueState[]; readonly groups: readonly GroupState[]}): Backlog {
  if (queues.length > 0) return {kind: 'queued', amount: queued(queues), age: oldestJob(queues)}
  if (groups.length > 0) return {kind: 'lag', amount: lagging(groups), age: oldestEvent(groups)}
  return {kind: null, amount: '', age: ''}
}

function queued(queues: readonly QueueState[]): string {
  if (queues.some(({state}) => state === 'unreadable')) return '?'
  if (queues.every(({state}) => state === 'absent')) return '-'
  return String(queues.reduce((sum, {pending}) => sum + (pending ?? 0), 0))
}

/** Without a commit there is no lag; where it can't be read there may be any. */
function lagging(groups: readonly GroupState[]): string {
  if (groups.some(({state, lag, severity}) => state === null || (lag === null && severity === 'unknown'))) return '?'
  if (groups.every(({lag}) => lag === null)) return '-'
  return String(groups.reduce((sum, {lag}) => sum + BigInt(lag ?? 0), 0n))
}

function oldestJob(queues: readonly QueueState[]): string {
  const ages = queues.flatMap(({oldestAgeSeconds}) => oldestAgeSeconds ?? [])
  return ages.length === 0 ? '' : shortAge(Math.max(...ages))
}

function oldestEvent(groups: readonly GroupState[]): string {
  const [oldest] = groups.flatMap(({oldestUnreadSeconds}) => oldestUnreadSeconds ?? []).toSorted((a, b) => b.from - a.from)
  if (oldest === undefined) return ''
  return oldest.from === 0 && oldest.to !== null ? `<${shortAge(oldest.to)}` : `>${shortAge(oldest.from)}`
}

/** `25m`: in a column there is no room for more. */
function shortAge(seconds: number): string {
  return age(seconds * 1000)
    .replace(' min', 'm')
    .replace(' ', '')
}

/** Jobs and events that wait in all of them; null where nothing can, or not all of it is known. Events beyond 2^53 lose their last digits. */
export function waitingOf(
  workloads: readonly {readonly queues: readonly QueueState[] | null; readonly groups: readonly GroupState[] | null}[],
): number | null {
  const amounts = workloads.flatMap(({queues, groups}) => [
    ...(queues ?? []).map(({state, pending}) => (state === 'absent' ? 0 : pending)),
    ...(groups ?? []).map(({state, lag}) => (state === 'absent' ? 0 : lag)),
  ])
  if (amounts.length === 0 || amounts.includes(null)) return null
  return amounts.reduce<number>((sum, amount) => sum + Number(amount), 0)
}
