import {worst} from '../../workload/index.ts'
import type {Bound, GroupState, QueueState} from '../data-plane/index.ts'
import type {Severity} from '../schema.ts'
import type {Finding} from './schema.ts'

interface Wait {
  readonly what: string
  /** Null where it can't be read, or not as a whole. */
  readonly amount: bigint | null
  readonly severity: Severity
  readonly reason: string
}

/**
 * What piles up for a deployment at zero, one finding each: `backlog` as severe as its queue or group is judged, `backlog-unclear` for what can't
 * be read, and `backlog-none` where nothing waits anywhere. None for what is bound to nothing. Pure.
 */
export function backlogFindings({queues, groups}: Bound): Finding[] {
  const waits = [...queues.map(queueWait), ...groups.map(groupWait)]
  const found = waits.flatMap((wait) => findingOf(wait) ?? [])
  if (found.length > 0 || waits.length === 0) return found
  const evidence = `nothing waits in ${waits.map(({what}) => what).join(', ')}`
  return [{id: 'backlog-none', severity: 'info', evidence, recommendation: 'keep'}]
}

function queueWait({queue, state, pending, delayed, reserved, severity, reason}: QueueState): Wait {
  const jobs = (pending ?? 0) + (delayed ?? 0) + (reserved ?? 0)
  const counts = `${pending ?? 0} pending, ${delayed ?? 0} delayed, ${reserved ?? 0} reserved`
  const amount = state === 'unreadable' ? null : BigInt(jobs)
  return {what: `queue ${queue}`, amount, severity, reason: reason === '' && jobs > 0 ? counts : reason}
}

/** Without a commit nobody knows how much waits; what there is to read is in the reason then. */
function groupWait({group, state, lag, severity, reason}: GroupState): Wait {
  const isUnread = state === null || (lag === null && severity === 'unknown')
  const amount = isUnread ? null : lag === null ? BigInt(severity === 'ok' ? 0 : 1) : BigInt(lag)
  const isAllowed = severity === 'ok' && (amount ?? 0n) > 0n
  return {what: `group ${group}`, amount, severity, reason: isAllowed ? `${lag} unread, which the catalogue allows` : reason}
}

function findingOf({what, amount, severity, reason}: Wait): Finding | null {
  const evidence = `${what}: ${reason}`
  if (amount === null) return {id: 'backlog-unclear', severity: worst([severity, 'unknown']), evidence, recommendation: 'keep'}
  if (amount === 0n && (severity === 'ok' || severity === 'info')) return null
  const recommendation = severity === 'critical' || severity === 'warning' ? 'reactivate' : 'keep'
  return {id: 'backlog', severity: severity === 'ok' ? 'info' : severity, evidence, recommendation}
}
