import {setTimeout as sleep} from 'node:timers/promises'
import {trend} from '../../text/trend.ts'
import type {ViewOptions} from '../../text/view.ts'
import {examine} from './examine.ts'
import type {DoctorReport, DoctorStep} from './schema.ts'
import type {DoctorOptions, DoctorSources} from './types.ts'
import {closingWords, render, TREND_WIDTH} from './view.ts'

/** One moment of a watch. */
export interface Sight {
  readonly report: DoctorReport
  /** Milliseconds of each hop so far, the newest last; null where it was not taken. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
}

export interface LiveDoctorOptions extends DoctorOptions {
  /** The worst verdict that is waited for; `ok` where it is not said. */
  readonly until?: 'ok' | 'warning' | undefined
  /** `-o`. */
  readonly output: string
}

/** Milliseconds between two looks. */
const EVERY = 10_000

/** `doctor` once or every `everyMs`, all hops anew, what is waited for, and its views on a screen and as lines. */
export function liveDoctor(options: LiveDoctorOptions, sources: DoctorSources, everyMs = EVERY) {
  const enough: readonly string[] = options.until === 'warning' ? ['ok', 'warning'] : ['ok']
  return {
    read: (signal: AbortSignal) => examine(options, sources, signal),

    async *follow(signal: AbortSignal): AsyncGenerator<Sight, void, undefined> {
      let history: Sight['history'] = new Map()
      do {
        let report: DoctorReport
        try {
          report = await examine(options, sources, signal)
        } catch (error) {
          if (signal.aborted && history.size > 0) return
          throw error
        }
        history = longer(history, report)
        yield {report, history}
        await sleep(everyMs, undefined, {signal}).catch(() => undefined)
      } while (!signal.aborted)
    },

    isReached: ({report}: Sight) => enough.includes(report.verdict),
    waitingFor: ({report}: Sight) => closingWords(report),

    page({report, history}: Sight, view: ViewOptions) {
      const trends = (step: DoctorStep): string => trend(history.get(keyOf(step)) ?? [], TREND_WIDTH)
      const [title = '', ...body] = render(report, view, {isWide: options.output === 'wide', trends})
        .trimEnd()
        .split('\n')
      return {head: [`${title}  watching`], body}
    },

    lines: jsonLine,
    jsonLines: jsonLine,
  }
}

function jsonLine({report}: Sight): string {
  return `${JSON.stringify(report)}\n`
}

function longer(history: Sight['history'], {steps}: DoctorReport): Sight['history'] {
  return new Map(steps.map((step) => [keyOf(step), [...(history.get(keyOf(step)) ?? []), step.ms].slice(-TREND_WIDTH)]))
}

function keyOf({path, name, target}: DoctorStep): string {
  return `${path} ${name} ${target ?? ''}`
}
