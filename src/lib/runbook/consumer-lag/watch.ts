import {setTimeout as sleep} from 'node:timers/promises'
import type {LagReader} from '../../clients/kafka/types.ts'
import {ServerDownError} from '../../clients/reach/errors.ts'
import {TimedOutError, UnreachableError, UsageError} from '../../errors/index.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {trend} from '../../text/trend.ts'
import type {ViewOptions} from '../../text/view.ts'
import type {Verdict} from '../schema.ts'
import {isRebalancing} from './item.ts'
import type {Look, Sample} from './look.ts'
import {Observer} from './observe.ts'
import {
  groupsOf,
  groupsWithoutKafka,
  openKafka,
  type LagOptions,
  type LagSources,
  readLag,
  readScene,
  reportOptions,
  type Scene,
} from './read.ts'
import {emptyReport, lagReport, type ReportOptions, silentReport} from './report.ts'
import type {ConsumerLagReport} from './schema.ts'
import {lagTable, lagWide, verdictWords} from './view.ts'

/** One moment of watching. */
export interface Moment {
  readonly report: ConsumerLagReport
  /** Lags of each group, the newest last; null where it was not known. */
  readonly history: ReadonlyMap<string, readonly (number | null)[]>
}

export interface LiveLagOptions extends LagOptions {
  /** The worst verdict that is waited for; `ok` where it is not said. */
  readonly until?: 'ok' | 'warning' | undefined
  /** `-o`. */
  readonly output: string
}

const TREND_ROOM = 20
/** Between looks at the cluster's workloads: they change less often than lag does. */
const SCENE_EVERY_MS = 60_000

/** `consumer-lag` read once or followed, what is waited for, and its views on a screen and as lines. */
export function liveLag(options: LiveLagOptions, sources: LagSources) {
  const goal: readonly Verdict[] = options.until === 'warning' ? ['ok', 'warning'] : ['ok']
  const draw = options.output === 'wide' ? lagWide : lagTable
  const trends = ({history}: Moment): Map<string, string> => new Map([...history].map(([group, lags]) => [group, trend(lags, TREND_ROOM)]))
  return {
    read: (signal: AbortSignal) => readLag(options, sources, signal),
    follow: (signal: AbortSignal) => followLag(options, sources, signal),
    isReached: ({report}: Moment) => goal.includes(report.verdict),
    waitingFor: ({report}: Moment) => verdictWords(report),
    page(moment: Moment, view: ViewOptions) {
      const [title = '', ...body] = draw(moment.report, view, trends(moment)).trimEnd().split('\n')
      return {head: [`${title}  watching`], body}
    },
    lines: ({report}: Moment) =>
      report.items
        .map(
          ({group, lag, movement, severity}) =>
            `${clockTime(parseTime(report.generatedAt) ?? 0)}  ${group}  ${lag ?? '-'}  ${movement ?? '-'}  ${severity}\n`,
        )
        .join(''),
    jsonLines: ({report}: Moment) => `${JSON.stringify(report)}\n`,
  }
}

/**
 * Looks again every window, each time compared with the look before. That Kafka is down is a moment like any other, and so is, after the first
 * one, that the way to it is blocked. Ends when the signal aborts. Rejects as `readLag`.
 */
async function* followLag(options: LagOptions, sources: LagSources, signal: AbortSignal): AsyncGenerator<Moment> {
  if (options.window === 0) throw new UsageError('--watch compares looks: --window has to be longer than 0s')
  const history = new Map<string, (number | null)[]>()
  const watcher = new Watcher(options, sources, signal)
  try {
    while (!signal.aborted) {
      const report = await watcher.look()
      for (const {group, lag} of report.items) {
        const lags = history.get(group) ?? []
        history.set(group, [...lags, lag === null ? null : Number(lag)].slice(-TREND_ROOM))
      }
      yield {report, history}
      await sleep(options.window, undefined, {signal}).catch(() => undefined)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    watcher.close()
  }
}

/** What is kept from one look to the next. */
class Watcher {
  readonly #options: LagOptions
  readonly #sources: LagSources
  readonly #signal: AbortSignal
  readonly #rebalancingSince = new Map<string, number>()
  #scene: {readonly at: number; readonly value: Scene} | null = null
  #reader: LagReader | null = null
  #last: Sample | null = null

  constructor(options: LagOptions, sources: LagSources, signal: AbortSignal) {
    this.#options = options
    this.#sources = sources
    this.#signal = signal
  }

  async look(): Promise<ConsumerLagReport> {
    const [options, sources] = [this.#options, this.#sources]
    const isFirst = this.#scene === null
    try {
      const scene = await this.#currentScene()
      if (scene.bound.length === 0 && options.group === undefined) return emptyReport(this.#reportOptions(scene))
      this.#reader ??= await openKafka(sources, scene)
      const survey = await this.#reader.survey()
      const groups = groupsOf(options, sources, scene, survey)
      const look = await new Observer(this.#reader, sources.now).compare(survey, groups, this.#last)
      this.#last = look.now
      this.#noteRebalances(look)
      return lagReport(groups, look, {...this.#reportOptions(scene), rebalancingSince: this.#rebalancingSince})
    } catch (error) {
      const isPassing =
        error instanceof ServerDownError || (!isFirst && (error instanceof UnreachableError || error instanceof TimedOutError))
      if (!isPassing || this.#scene === null) throw error
      // Where it comes back, its pods have other names, and its groups another past.
      this.close()
      this.#last = null
      return silentReport(groupsWithoutKafka(options, sources, this.#scene.value), error, this.#reportOptions(this.#scene.value))
    }
  }

  close(): void {
    this.#reader?.close()
    this.#reader = null
  }

  #reportOptions(scene: Scene): ReportOptions {
    return reportOptions(this.#options, this.#sources, scene)
  }

  async #currentScene(): Promise<Scene> {
    const now = this.#sources.now()
    if (this.#scene === null || now - this.#scene.at >= SCENE_EVERY_MS) {
      this.#scene = {at: now, value: await readScene(this.#options, this.#sources, this.#signal)}
    }
    return this.#scene.value
  }

  #noteRebalances(look: Look): void {
    for (const name of look.now.descriptions.keys()) {
      if (!isRebalancing(name, {before: null, now: look.now})) this.#rebalancingSince.delete(name)
      else if (!this.#rebalancingSince.has(name)) this.#rebalancingSince.set(name, look.now.at)
    }
  }
}
