import {UsageError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {isoTime} from '../../text/time.ts'
import {type Blindness, type History, rest} from '../polling.ts'
import {changesBetween, watchChange} from './changes.ts'
import type {Pace} from './follow-kind.ts'
import {LiveSnapshot} from './follow-watches.ts'
import {judgeSnapshot, resolver, type Resolve, type StatusOptions, type StatusSources} from './judge.ts'
import type {StatusChange, StatusReport} from './schema.ts'

/** The namespace at one moment of a watch. */
export interface Sight {
  /** As new as can be; while blind, the last one before. */
  readonly report: StatusReport
  /** What became different since the sight before; with the first one, what was found. */
  readonly changes: readonly StatusChange[]
  /** The last changes since the beginning, oldest first. */
  readonly recent: readonly StatusChange[]
  /** Set while the cluster can't be seen. */
  readonly blind: Blindness | null
  /** When following began, epoch milliseconds. */
  readonly since: number
  /** What waited for each workload, look by look; empty where nobody looks (`--deep`). */
  readonly waiting: History
}

export const PACE: Pace = {gatherMs: 250, tickMs: 5000, quietMs: 2000, patienceMs: 60_000, retryMs: 2000, slowRetryMs: 60_000}

const RECENT = 20

/**
 * The report of `status` for as long as `signal` lives: judged again when something has changed, at most once in `gatherMs`, and at least once in
 * `tickMs`, for grace ends by time alone. Nothing is judged while the cluster can't be seen: time would turn what was well into a fault.
 * Rejects as `readStatus` before the first report; later where credentials are refused for good. Ends when the signal aborts.
 */
export async function* followStatus(
  options: StatusOptions,
  sources: StatusSources,
  signal: AbortSignal,
  pace: Pace = PACE,
): AsyncGenerator<Sight, void, undefined> {
  const life = new AbortController()
  const end = (): void => life.abort(signal.reason)
  signal.addEventListener('abort', end, {once: true})
  if (signal.aborted) end()
  const live = new LiveSnapshot(sources.cluster, pace, sources.now, life.signal)
  try {
    await live.complete()
    const resolve = steadyResolver(resolver(options, sources.catalogue))
    let sight = firstSight(judgeSnapshot(live.snapshot(), options, sources, resolve), sources.now())
    for (;;) {
      yield sight
      const isUntold = live.blindness() !== null && sight.blind === null
      await live.news(isUntold ? pace.quietMs : pace.tickMs)
      await rest(pace.gatherMs, signal)
      if (signal.aborted) return
      const blind = live.blindness()
      const report = blind === null ? judgeSnapshot(live.snapshot(), options, sources, resolve) : sight.report
      sight = nextSight(sight, report, blind, sources.now(), pace.quietMs)
    }
  } finally {
    signal.removeEventListener('abort', end)
    life.abort(signal.reason)
  }
}

export function firstSight(report: StatusReport, now: number): Sight {
  return {report, changes: changesBetween(null, report), recent: [], blind: null, since: now, waiting: new Map()}
}

/** What follows from a newer report, or from none while blind. Pure. */
export function nextSight(last: Sight, report: StatusReport, lost: Blindness | null, now: number, quietMs: number): Sight {
  // Whoever was told that we are blind is told when we see again.
  const blind = lost !== null && (last.blind !== null || now - lost.since >= quietMs) ? lost : null
  const changes: StatusChange[] = []
  if (blind !== null && last.blind === null) changes.push(watchChange(last.report, isoTime(blind.since), true, blind.reason))
  if (blind === null && last.blind !== null) {
    changes.push(watchChange(last.report, isoTime(now), false, `blind for ${age(now - last.blind.since)}`))
  }
  if (report !== last.report) changes.push(...changesBetween(last.report, report))
  return {report, changes, recent: [...last.recent, ...changes].slice(-RECENT), blind, since: last.since, waiting: last.waiting}
}

/** A pod that was named may be gone later: what the targets named last still holds. */
function steadyResolver(resolve: Resolve): Resolve {
  let last: ReturnType<Resolve> | null = null
  return (snapshot, ownership) => {
    try {
      last = resolve(snapshot, ownership)
    } catch (error) {
      if (last === null || !(error instanceof UsageError)) throw error
    }
    return last
  }
}
