import {polled, type Until} from '../polling.ts'
import {examine} from './examine.ts'
import type {DoctorStep} from './schema.ts'
import type {DoctorOptions, DoctorSources} from './types.ts'
import {closingWords, render, TREND_WIDTH} from './view.ts'

export interface LiveDoctorOptions extends DoctorOptions {
  readonly until?: Until | undefined
  /** `-o`. */
  readonly output: string
}

/** `doctor` as a check that can be followed, by the time of each hop; each look takes all of them anew. */
export function liveDoctor(options: LiveDoctorOptions, sources: DoctorSources, everyMs = 10_000) {
  return polled({
    read: (signal) => examine(options, sources, signal),
    everyMs,
    until: options.until,
    series: ({steps}) => steps.map((step) => [keyOf(step), step.ms]),
    trendWidth: TREND_WIDTH,
    draw: (report, view, trendOf) => render(report, view, {isWide: options.output === 'wide', trends: (step) => trendOf(keyOf(step))}),
    words: closingWords,
  })
}

function keyOf({path, name, target}: DoctorStep): string {
  return `${path} ${name} ${target ?? ''}`
}
