import {SapocheError} from '../errors/index.ts'
import {age} from '../text/age.ts'
import {stripLine} from '../text/strip.ts'
import {parseTime} from '../text/time.ts'
import {tones} from '../text/tone.ts'
import {trend} from '../text/trend.ts'
import {wrap, type ViewOptions} from '../text/view.ts'
import type {Verdict, Warning} from './schema.ts'
import {toJson} from '../text/json.ts'

/** Since when nothing new is seen (epoch milliseconds), and why. */
export interface Blindness {
  readonly since: number
  readonly reason: string
}

/** The worst verdict that `--until` waits for. */
export type Until = 'ok' | 'warning'

interface PolledReport {
  readonly generatedAt: string
  readonly verdict: Verdict
  readonly warnings: readonly Warning[]
}

/** The numbers of each row so far, by its key, the newest last; null where one was not known. */
export type History = ReadonlyMap<string, readonly (number | null)[]>

/** A check at one moment of a watch. */
export interface Sight<R> {
  /** While blind, the last one before, of an unknown verdict and with a warning that says so. */
  readonly report: R
  /** Set while looking fails. */
  readonly blind: Blindness | null
  readonly history: History
}

/** A check of what can only be looked at again and again: nobody tells when it changes. */
export interface Polled<R> {
  /** The report as it is now. */
  read(signal: AbortSignal): Promise<R>
  /** Begins the looks of one watch, where they share something; else each of them is a `read`. */
  open?(signal: AbortSignal): {readonly look: () => Promise<R>; readonly close: () => void}
  /** Milliseconds between two looks. */
  readonly everyMs: number
  /** `ok` where it is not said. */
  readonly until?: Until | undefined
  /** Of each row the key, and the number that its trend shows. */
  series(report: R): readonly (readonly [key: string, value: number | null])[]
  /** Columns of a trend. */
  readonly trendWidth: number
  /** The report as text, its header first. `trendOf` draws the trend of a key, as wide as `trendWidth`. */
  draw(report: R, view: ViewOptions, trendOf: (key: string) => string): string
  /** What the verdict comes from, in a line. */
  words(report: R): string
}

/**
 * A check that can be followed (cli/screen-display.ts has the shape). `follow` rejects as the first look does; when a later one fails, the watch
 * goes blind until the next, and it ends when the signal aborts. Off a terminal each moment is a line of JSON.
 */
export function polled<R extends PolledReport>(check: Polled<R>) {
  const {trendWidth} = check
  const jsonLine = ({report}: Sight<R>): string => `${toJson(report)}\n`
  return {
    read: (signal: AbortSignal): Promise<R> => check.read(signal),
    follow: (signal: AbortSignal) => follow(check, signal),
    isReached: ({report}: Sight<R>): boolean => isGoodEnough(report.verdict, check.until),
    waitingFor: ({report, blind}: Sight<R>): string => (blind === null ? check.words(report) : `nothing can be seen: ${blind.reason}`),
    page({report, blind, history}: Sight<R>, view: ViewOptions): {head: string[]; body: string[]} {
      const trendOf = (key: string): string => trend(history.get(key) ?? [], trendWidth).padEnd(trendWidth)
      const [title = '', ...body] = check.draw(report, view, trendOf).trimEnd().split('\n')
      return {head: watchHead(title, blind, view), body}
    },
    lines: jsonLine,
    jsonLines: jsonLine,
  }
}

/** Whether a verdict is good enough for `--until`. */
export function isGoodEnough(verdict: Verdict, until: Until = 'ok'): boolean {
  return verdict === 'ok' || verdict === until
}

/** The lines that stay at the top of a page: the title of the report, and that it is watched, or why it is old. */
export function watchHead(title: string, blind: Blindness | null, {width, colour, now}: ViewOptions): string[] {
  if (blind === null) return [`${title}  watching`]
  const words = `BLIND for ${age(now - blind.since)}: ${stripLine(blind.reason)}; trying again, what follows is old`
  return [title, ...wrap(words, width, '  ').map((line) => tones(colour).unknown(line))]
}

/** What becomes of a look, told in moments. */
export interface Looks<R, S> {
  readonly look: () => Promise<R>
  readonly everyMs: number
  /** The moment of a look; `last` is the one before. */
  see(report: R, last: S | null): S
  /** The moment of a look that failed. */
  lose(error: SapocheError, last: S): S
}

/** Looks at once, then every `everyMs` until the signal aborts. Rejects as the first look; a later one that fails is a moment too. */
export async function* looks<R, S extends object>(
  {look, everyMs, see, lose}: Looks<R, S>,
  signal: AbortSignal,
): AsyncGenerator<S, void, undefined> {
  let last = null as S | null
  do {
    try {
      last = see(await look(), last)
    } catch (error) {
      if (signal.aborted && last !== null) return
      if (!(error instanceof SapocheError) || last === null) throw error
      last = lose(error, last)
    }
    yield last
    await rest(everyMs, signal)
  } while (!signal.aborted)
}

/** Waits `ms`, or until `signal` aborts. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

async function* follow<R extends PolledReport>(check: Polled<R>, signal: AbortSignal): AsyncGenerator<Sight<R>, void, undefined> {
  const {everyMs} = check
  const {look, close} = check.open?.(signal) ?? {look: () => check.read(signal), close: () => undefined}
  const see = (report: R, last: Sight<R> | null): Sight<R> => ({
    report,
    blind: null,
    history: longer(last?.history, check.series(report), check.trendWidth),
  })
  try {
    yield* looks({look, everyMs, see, lose: blinded}, signal)
  } finally {
    close()
  }
}

/** A history with what was seen last, `most` numbers long; of the rows that are still there. */
export function longer(
  history: History | undefined,
  series: readonly (readonly [key: string, value: number | null])[],
  most: number,
): History {
  return new Map(series.map(([key, value]) => [key, [...(history?.get(key) ?? []), value].slice(-most)]))
}

/** What was seen last, marked as old. */
function blinded<R extends PolledReport>({message: reason}: SapocheError, {report, blind, history}: Sight<R>): Sight<R> {
  const warnings = report.warnings.filter(({code}) => code !== 'blind')
  return {
    report: {...report, verdict: 'unknown', warnings: [...warnings, {code: 'blind', message: `what follows is old: ${reason}`}]},
    blind: {since: blind?.since ?? parseTime(report.generatedAt) ?? 0, reason},
    history,
  }
}
