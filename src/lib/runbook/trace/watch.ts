import {polled, type Until} from '../polling.ts'
import type {StatusSources} from '../status/index.ts'
import {readTrace, type TraceOptions} from './read.ts'
import {render, verdictWords} from './view.ts'
import {hopKey, numberOf} from './words.ts'

export interface LiveTraceOptions extends TraceOptions {
  readonly until?: Until | undefined
  /** `-o`. */
  readonly output: string
}

/** `trace` as a check that can be followed, by the number of each hop. */
export function liveTrace(options: LiveTraceOptions, sources: StatusSources, everyMs = 10_000) {
  return polled({
    read: (signal) => readTrace(options, sources, signal),
    everyMs,
    until: options.until,
    series: ({items}) => items.map((hop) => [hopKey(hop), numberOf(hop)]),
    trendWidth: 20,
    draw: (report, view, trendOf) => render(report, view, {isWide: options.output === 'wide', trends: (hop) => trendOf(hopKey(hop))}),
    words: verdictWords,
  })
}
