import type {ViewOptions} from '../../text/view.ts'
import type {Until} from '../polling.ts'
import {isReached, waitingFor, type Goal} from './follow-until.ts'
import {followDeep} from './follow-deep.ts'
import {followStatus, type Sight} from './follow.ts'
import {readStatus, type StatusOptions, type StatusSources} from './judge.ts'
import {watchJsonLines, watchLines, watchPage} from './watch-view.ts'

export interface LiveStatusOptions extends StatusOptions {
  /** `ok` where it is not said. */
  readonly until?: Until | undefined
  /** `--problems`: only what is wrong. */
  readonly problems: boolean
  /** `-o`. */
  readonly output: string
}

/** `status` read once or followed, what is waited for, and its views on a screen and as lines. */
export function liveStatus(options: LiveStatusOptions, sources: StatusSources) {
  const form = options.problems ? 'problems' : options.output === 'wide' ? 'wide' : 'table'
  const goal: Goal = {verdict: options.until ?? 'ok', allow: options.allow ?? []}
  return {
    read: (signal: AbortSignal) => readStatus(options, sources, signal),
    follow: (signal: AbortSignal) => (sources.look === null ? followStatus : followDeep)(options, sources, signal),
    isReached: (sight: Sight) => isReached(sight, goal),
    waitingFor: (sight: Sight) => waitingFor(sight, goal),
    page: (sight: Sight, view: ViewOptions) => watchPage(sight, form, view),
    lines: watchLines,
    jsonLines: watchJsonLines,
  }
}
