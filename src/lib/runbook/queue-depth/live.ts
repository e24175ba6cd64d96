import {setTimeout as wait} from 'node:timers/promises'
import {SapocheError} from '../../errors/index.ts'
import {stripLine} from '../../text/strip.ts'
import {trend} from '../../text/trend.ts'
import {tones} from '../../text/tone.ts'
import {wrap, type ViewOptions} from '../../text/view.ts'
import {type Answered, DepthReader, type DepthSources, type Look} from './collect.ts'
import {TELLING_SECONDS} from './findings.ts'
import {queueDepthReport} from './report.ts'
import type {QueueDepthReport} from './schema.ts'

import {depthLines} from './view.ts'
import {wantedOf, type DepthOptions} from './wanted.ts'

const TREND_WIDTH = 20
const BLIND = 'blind'
const TELLING_MS = TELLING_SECONDS * 1000
const ENOUGH: Readonly<Record<'ok' | 'warning', readonly string[]>> = {ok: ['ok'], warning: ['ok', 'warning']}

/** The queues at one moment of a watch. */
export interface Sight {
  /** While Redis or the cluster can't be seen, the last one before. */
  readonly report: QueueDepthReport
  /** Why it is old; null while it is not. */
  readonly blind: string | null
  /** Pending jobs so far, by queue, the newest last. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
}

export interface LiveOptions extends DepthOptions {
  readonly until?: 'ok' | 'warning' | undefined
  /** Milliseconds between two looks of a watch. */
  readonly interval: number
}

/** `queue-depth` as a check that can be followed (cli/screen-display.ts has the shape). Closes its connection at the end of either. */
export function liveQueueDepth(options: LiveOptions, sources: DepthSources & {readonly cluster: {readonly context: string | null}}) {
  const open = (): DepthReader => new DepthReader(sources, (world) => wantedOf(world, options, sources.catalogue))
  const report = (look: Look, second: Look['answered'] | null): QueueDepthReport =>
    queueDepthReport(look, second, wantedOf(look.world, options, sources.catalogue), {
      ...options,
      catalogue: sources.catalogue,
      namespace: sources.cluster.namespace,
      context: sources.cluster.context,
      now: sources.now(),
    })
  return {
    async read(signal: AbortSignal): Promise<QueueDepthReport> {
      const reader = open()
      try {
        const look = await reader.look(signal)
        const {window = 0} = options
        return report(look, window > 0 && look.answered.state === 'up' ? await reader.again(look, window, signal) : null)
      } finally {
        reader.close()
      }
    },

    async *follow(signal: AbortSignal): AsyncGenerator<Sight, void, undefined> {
      const reader = open()
      let looks: readonly Look[] = []
      let sight = null as Sight | null
      try {
        for (;;) {
          try {
            const look = await reader.look(signal)
            const earlier = earlierThan(look, looks)
            const current = earlier === null ? report(look, null) : report({...look, answered: earlier}, look.answered)
            sight = {report: current, blind: null, history: longer(sight?.history ?? new Map(), current)}
            looks = [...looks, look].slice(-TREND_WIDTH)
          } catch (error) {
            if (signal.aborted && sight !== null) return
            if (!(error instanceof SapocheError) || sight === null) throw error
            looks = []
            sight = blinded(sight, error.message)
          }
          yield sight
          if (!(await rest(options.interval, signal))) return
        }
      } finally {
        reader.close()
      }
    },

    isReached: ({report: {verdict}, blind}: Sight): boolean => blind === null && ENOUGH[options.until ?? 'ok'].includes(verdict),

    waitingFor({report: {items, redis}, blind}: Sight): string {
      if (blind !== null) return `the queues can't be seen: ${blind}`
      const bad = items
        .filter(({severity}) => severity !== 'ok' && severity !== 'info')
        .map(({queue, severity}) => `${queue} is ${severity}`)
      if (redis.severity !== 'ok' && redis.severity !== 'info') bad.unshift(`Redis is ${redis.severity}`)
      return bad.slice(0, 3).join(', ') + (bad.length > 3 ? `, and ${bad.length - 3} more` : '')
    },

    page(sight: Sight, view: ViewOptions): {head: string[]; body: string[]} {
      const tone = tones(view.colour)
      const lineOf = (queue: string): string => trend(sight.history.get(queue) ?? [], TREND_WIDTH).padEnd(TREND_WIDTH)
      const [title = '', ...body] = depthLines(sight.report, view, {width: view.width, trend: lineOf})
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

function longer(history: Sight['history'], {items}: QueueDepthReport): Sight['history'] {
  return new Map(items.map(({queue, pending}) => [queue, [...(history.get(queue) ?? []), pending].slice(-TREND_WIDTH)]))
}

/** The newest look that is long enough ago to tell something; else the oldest. */
function earlierThan({answered}: Look, looks: readonly Look[]): Answered | null {
  const seen = looks.map((look) => look.answered)
  const isTelling = (each: Answered): boolean => each.state === 'up' && answered.state === 'up' && answered.at - each.at >= TELLING_MS
  return seen.findLast(isTelling) ?? seen[0] ?? null
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
