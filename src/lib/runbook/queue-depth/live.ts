import {polled, type Until} from '../polling.ts'
import {type Answered, DepthReader, type DepthSources, type Look} from './collect.ts'
import {TELLING_SECONDS} from './findings.ts'
import {queueDepthReport} from './report.ts'
import type {QueueDepthReport} from './schema.ts'
import {depthText} from './view.ts'
import {wantedOf, type DepthOptions} from './wanted.ts'

const TELLING_MS = TELLING_SECONDS * 1000
/** Looks that a later one may be compared with. */
const MOST_LOOKS = 20

export interface LiveOptions extends DepthOptions {
  readonly until?: Until | undefined
  /** Milliseconds between two looks of a watch. */
  readonly interval: number
  /** `-o`. */
  readonly output: string
}

interface Sources extends DepthSources {
  readonly cluster: DepthSources['cluster'] & {readonly context: string | null}
}

/** The queues as they are now; of two looks, where there is a window. Rejects as `DepthReader`. */
export async function readQueueDepth(options: DepthOptions, sources: Sources, signal: AbortSignal): Promise<QueueDepthReport> {
  const reader = openReader(options, sources)
  try {
    const look = await reader.look(signal)
    const {window = 0} = options
    const second = window > 0 && look.answered.state === 'up' ? await reader.again(look, window, signal) : null
    return reportOf(look, second, options, sources)
  } finally {
    reader.close()
  }
}

/** `queue-depth` as a check that can be followed, by what is pending. The looks of a watch share a connection. */
export function liveQueueDepth(options: LiveOptions, sources: Sources) {
  return polled({
    read: (signal) => readQueueDepth(options, sources, signal),
    open: (signal) => compared(options, sources, signal),
    everyMs: options.interval,
    until: options.until,
    series: ({items}) => items.map(({queue, pending}) => [queue, pending]),
    // So many stand beside the other columns on a terminal of 80.
    trendWidth: 12,
    draw: (report, view, trend) => depthText(report, view, {isWide: options.output === 'wide', trend}),
    words: worstWords,
  })
}

/** Looks that are compared with those before. */
function compared(options: DepthOptions, sources: Sources, signal: AbortSignal) {
  const reader = openReader(options, sources)
  let looks: readonly Look[] = []
  return {
    async look(): Promise<QueueDepthReport> {
      try {
        const look = await reader.look(signal)
        const earlier = earlierThan(look, looks)
        looks = [...looks, look].slice(-MOST_LOOKS)
        return reportOf(earlier === null ? look : {...look, answered: earlier}, earlier && look.answered, options, sources)
      } catch (error) {
        looks = []
        throw error
      }
    },
    close: () => reader.close(),
  }
}

function openReader(options: DepthOptions, sources: Sources): DepthReader {
  return new DepthReader(sources, (world) => wantedOf(world, options, sources.catalogue))
}

function reportOf(look: Look, second: Answered | null, options: DepthOptions, {catalogue, cluster, now}: Sources): QueueDepthReport {
  const {namespace, context} = cluster
  return queueDepthReport(look, second, wantedOf(look.world, options, catalogue), {...options, catalogue, namespace, context, now: now()})
}

/** The newest look that is long enough ago to tell something; else the oldest. */
function earlierThan({answered}: Look, looks: readonly Look[]): Answered | null {
  const seen = looks.map((look) => look.answered)
  const isTelling = (each: Answered): boolean => each.state === 'up' && answered.state === 'up' && answered.at - each.at >= TELLING_MS
  return seen.findLast(isTelling) ?? seen[0] ?? null
}

/** What stands against a verdict of ok: Redis, and the first queues. */
function worstWords({items, redis}: QueueDepthReport): string {
  const bad = [{queue: 'Redis', severity: redis.severity}, ...items]
    .filter(({severity}) => severity !== 'ok' && severity !== 'info')
    .map(({queue, severity}) => `${queue} is ${severity}`)
  return bad.slice(0, 3).join(', ') + (bad.length > 3 ? `, and ${bad.length - 3} more` : '')
}
