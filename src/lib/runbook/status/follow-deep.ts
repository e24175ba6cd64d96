import {SapocheError} from '../../errors/index.ts'
import {firstSight, nextSight, type Sight} from './follow.ts'
import {rest} from './follow-kind.ts'
import {readStatus, type StatusOptions, type StatusSources} from './judge.ts'

/** Milliseconds between two looks: queues and lag can't be watched. */
const EVERY = 10_000

/** The report of `status --deep`, read every `everyMs` for as long as `signal` lives. Rejects as `readStatus` before the first report. */
export async function* followDeep(
  options: StatusOptions,
  sources: StatusSources,
  signal: AbortSignal,
  everyMs = EVERY,
): AsyncGenerator<Sight, void, undefined> {
  let sight: Sight | null = null
  do {
    try {
      const report = await readStatus(options, sources, signal)
      sight = sight === null ? firstSight(report, sources.now()) : nextSight(sight, report, null, sources.now(), 0)
    } catch (error) {
      if (signal.aborted && sight !== null) return
      if (!(error instanceof SapocheError) || sight === null) throw error
      const now = sources.now()
      sight = nextSight(sight, sight.report, {since: sight.blind?.since ?? now, reason: error.message}, now, 0)
    }
    yield sight
    await rest(everyMs, signal)
  } while (!signal.aborted)
}
