import {UsageError} from '../../errors/index.ts'
import {polled, type Until} from '../polling.ts'
import {look} from './collect.ts'
import {probeReport} from './report.ts'
import type {OrthancProbeReport, ProbeStep} from './schema.ts'
import type {ProbeOptions, ProbeSources} from './types.ts'
import {verdictWords} from './verdict-words.ts'
import {probeText} from './view.ts'

export interface LiveOptions extends ProbeOptions {
  readonly until?: Until | undefined
  /** Milliseconds between two looks of a watch. */
  readonly interval: number
  /** `-o`. */
  readonly output: string
}

/** Orthanc as it is now. Rejects where the way to it can't be taken. */
export async function readProbe(options: ProbeOptions, sources: ProbeSources, signal: AbortSignal): Promise<OrthancProbeReport> {
  const {cluster, catalogue, orthanc} = sources
  const through = orthanc.direct === null ? 'tunnel' : 'direct'
  const {namespace, context} = cluster
  return probeReport(await look(options, sources, signal), {...options, catalogue, namespace, context, through})
}

/** `orthanc-probe` as a check that can be followed. Each look opens connections of its own. */
export function liveProbe(options: LiveOptions, sources: ProbeSources) {
  return polled({
    read: (signal) => readProbe(options, sources, signal),
    open(signal) {
      if (options.interval === 0) throw new UsageError('--interval has to be longer than 0s: Orthanc is to have time for others')
      return {look: () => readProbe(options, sources, signal), close: () => undefined}
    },
    everyMs: options.interval,
    until: options.until,
    series: ({steps}) => steps.map((step) => [keyOf(step), step.ms]),
    trendWidth: 12,
    draw: (report, view, trendOf) => probeText(report, view, {isWide: options.output === 'wide', trendOf: (step) => trendOf(keyOf(step))}),
    words: verdictWords,
  })
}

function keyOf({name, target}: ProbeStep): string {
  return `${name} ${target}`
}
