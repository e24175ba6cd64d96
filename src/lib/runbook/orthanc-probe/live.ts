import {setTimeout as wait} from 'node:timers/promises'
import {SapocheError} from '../../errors/index.ts'
import {stripLine} from '../../text/strip.ts'
import {tones} from '../../text/tone.ts'
import {trend} from '../../text/trend.ts'
import {wrap, type ViewOptions} from '../../text/view.ts'
import {look} from './collect.ts'
import {probeReport} from './report.ts'
import type {OrthancProbeReport, ProbeStep} from './schema.ts'
import type {ProbeOptions, ProbeSources} from './types.ts'
import {verdictWords} from './verdict-words.ts'
import {probeLines} from './view.ts'

const TREND_WIDTH = 12
const BLIND = 'blind'
const ENOUGH: Readonly<Record<'ok' | 'warning', readonly string[]>> = {ok: ['ok'], warning: ['ok', 'warning']}

/** Orthanc at one moment of a watch. */
export interface Sight {
  /** While the way to it can't be taken, the last one before. */
  readonly report: OrthancProbeReport
  /** Why it is old; null while it is not. */
  readonly blind: string | null
  /** Milliseconds of each step so far, the newest last. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
}

export interface LiveOptions extends ProbeOptions {
  readonly until?: 'ok' | 'warning' | undefined
  /** Milliseconds between two looks of a watch. */
  readonly interval: number
}

/** `orthanc-probe` as a check that can be followed (cli/screen-display.ts has the shape). Each look opens connections of its own. */
export function liveProbe(options: LiveOptions, sources: ProbeSources) {
  const {cluster, catalogue, orthanc} = sources
  const read = async (signal: AbortSignal): Promise<OrthancProbeReport> => {
    const through = orthanc.direct === null ? 'tunnel' : 'direct'
    return probeReport(await look(options, sources, signal), {
      ...options,
      catalogue,
      namespace: cluster.namespace,
      context: cluster.context,
      through,
    })
  }
  return {
    read,

    async *follow(signal: AbortSignal): AsyncGenerator<Sight, void, undefined> {
      let sight = null as Sight | null
      for (;;) {
        try {
          const report = await read(signal)
          sight = {report, blind: null, history: longer(sight?.history ?? new Map(), report)}
        } catch (error) {
          if (signal.aborted && sight !== null) return
          if (!(error instanceof SapocheError) || sight === null) throw error
          sight = blinded(sight, error.message)
        }
        yield sight
        if (!(await rest(options.interval, signal))) return
      }
    },

    isReached: ({report: {verdict}, blind}: Sight): boolean => blind === null && ENOUGH[options.until ?? 'ok'].includes(verdict),

    waitingFor: ({report, blind}: Sight): string => (blind === null ? verdictWords(report) : `Orthanc can't be asked: ${blind}`),

    page(sight: Sight, view: ViewOptions): {head: string[]; body: string[]} {
      const tone = tones(view.colour)
      const lineOf = (step: ProbeStep): string => trend(sight.history.get(keyOf(step)) ?? [], TREND_WIDTH).padEnd(TREND_WIDTH)
      const [title = '', ...body] = probeLines(sight.report, view, {width: view.width, trend: lineOf})
      if (sight.blind === null) return {head: [`${title}  watching`], body}
      const words = `BLIND: ${stripLine(sight.blind)}; trying again, what follows is old`
      return {head: [title, ...wrap(words, view.width, '  ').map((line) => tone.unknown(line))], body}
    },

    lines: jsonLine,
    jsonLines: jsonLine,
  }
}

/** Off a terminal a watch writes a line for each look. */
function jsonLine({report}: Sight): string {
  return `${JSON.stringify(report)}\n`
}

/** What was seen last, marked as old. */
function blinded({report, history}: Sight, message: string): Sight {
  const warnings = [...report.warnings.filter(({code}) => code !== BLIND), {code: BLIND, message: `what follows is old: ${message}`}]
  return {report: {...report, verdict: 'unknown', warnings}, blind: message, history}
}

function longer(history: Sight['history'], {steps}: OrthancProbeReport): Sight['history'] {
  return new Map(steps.map((step) => [keyOf(step), [...(history.get(keyOf(step)) ?? []), step.ms].slice(-TREND_WIDTH)]))
}

function keyOf({name, target}: ProbeStep): string {
  return `${name} ${target}`
}

/** False where the signal aborts meanwhile. */
async function rest(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(milliseconds, undefined, {signal})
    return true
  } catch {
    return false
  }
}
