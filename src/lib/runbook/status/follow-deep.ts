import {waitingOf} from '../backlog.ts'
import {longer, looks} from '../polling.ts'
import {firstSight, nextSight, type Sight} from './follow.ts'
import {readStatus, type StatusOptions, type StatusSources} from './judge.ts'
import type {StatusReport} from './schema.ts'
import {TREND_WIDTH} from './view.ts'

/** Milliseconds between two looks: queues and lag can't be watched. */
const EVERY = 10_000

/** The report of `status --deep`, read every `everyMs` for as long as `signal` lives. Rejects as `readStatus` before the first report. */
export function followDeep(
  options: StatusOptions,
  sources: StatusSources,
  signal: AbortSignal,
  everyMs = EVERY,
): AsyncGenerator<Sight, void, undefined> {
  return looks(
    {
      look: () => readStatus(options, sources, signal),
      everyMs,
      see: (report, last: Sight | null) => ({
        ...(last === null ? firstSight(report, sources.now()) : nextSight(last, report, null, sources.now(), 0)),
        waiting: longer(last?.waiting, waitingIn(report), TREND_WIDTH),
      }),
      lose({message: reason}, last) {
        const now = sources.now()
        return nextSight(last, last.report, {since: last.blind?.since ?? now, reason}, now, 0)
      },
    },
    signal,
  )
}

function waitingIn({items}: StatusReport): [name: string, waiting: number | null][] {
  return items.map((item) => [item.name, waitingOf([item])])
}
