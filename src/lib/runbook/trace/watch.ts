import {setTimeout as sleep} from 'node:timers/promises'
import {SapocheError} from '../../errors/index.ts'
import {trend} from '../../text/trend.ts'
import type {ViewOptions} from '../../text/view.ts'
import {readTrace, type TraceOptions} from './read.ts'
import type {TraceHop, TraceReport} from './schema.ts'
import type {StatusSources} from '../status/index.ts'
import {render, verdictWords} from './view.ts'
import {hopKey, waitingOf} from './words.ts'

/** One moment of watching. */
export interface Moment {
  /** While the cluster can't be seen, the last one before, of an unknown verdict. */
  readonly report: TraceReport
  /** What waited at each hop, the newest last; null where it was not known. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
}

export interface LiveTraceOptions extends TraceOptions {
  /** The worst verdict that is waited for; `ok` where it is not said. */
  readonly until?: 'ok' | 'warning' | undefined
  /** `-o`. */
  readonly output: string
}

/** Milliseconds between two looks: queues and lag can't be watched. */
const EVERY = 10_000
const TREND_ROOM = 20
const BLIND = 'blind'

/** `trace` read once or every `everyMs`, what is waited for, and its views on a screen and as lines. */
export function liveTrace(options: LiveTraceOptions, sources: StatusSources, everyMs = EVERY) {
  const enough: readonly string[] = options.until === 'warning' ? ['ok', 'warning'] : ['ok']
  return {
    read: (signal: AbortSignal) => readTrace(options, sources, signal),
    follow: (signal: AbortSignal) => follow(options, sources, signal, everyMs),
    isReached: ({report}: Moment) => enough.includes(report.verdict),
    waitingFor: ({report}: Moment) => verdictWords(report),
    page({report, history}: Moment, view: ViewOptions) {
      const trends = (hop: TraceHop): string => trend(history.get(hopKey(hop)) ?? [], TREND_ROOM)
      const [title = '', ...body] = render(report, view, {isWide: options.output === 'wide', trends})
        .trimEnd()
        .split('\n')
      return {head: [`${title}  watching`], body}
    },
    lines: jsonLine,
    jsonLines: jsonLine,
  }
}

function jsonLine({report}: Moment): string {
  return `${JSON.stringify(report)}\n`
}

/** Ends when the signal aborts. Rejects as `readTrace` before the first report. */
async function* follow(
  options: TraceOptions,
  sources: StatusSources,
  signal: AbortSignal,
  everyMs: number,
): AsyncGenerator<Moment, void, undefined> {
  let moment = null as Moment | null
  do {
    try {
      const report = await readTrace(options, sources, signal)
      moment = {report, history: longer(moment?.history ?? new Map(), report)}
    } catch (error) {
      if (signal.aborted && moment !== null) return
      if (!(error instanceof SapocheError) || moment === null) throw error
      moment = {...moment, report: blinded(moment.report, error.message)}
    }
    yield moment
    await sleep(everyMs, undefined, {signal}).catch(() => undefined)
  } while (!signal.aborted)
}

function longer(history: Moment['history'], {items}: TraceReport): Moment['history'] {
  return new Map(items.map((hop) => [hopKey(hop), [...(history.get(hopKey(hop)) ?? []), waitingOf(hop)].slice(-TREND_ROOM)]))
}

/** What was seen last, marked as old. */
function blinded(report: TraceReport, message: string): TraceReport {
  const warnings = report.warnings.filter(({code}) => code !== BLIND)
  return {...report, verdict: 'unknown', warnings: [...warnings, {code: BLIND, message: `what follows is old: ${message}`}]}
}
