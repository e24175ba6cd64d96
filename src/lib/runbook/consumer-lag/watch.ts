import type {LagReader} from '../../clients/kafka/types.ts'
import {ServerDownError} from '../../clients/reach/errors.ts'
import {UsageError} from '../../errors/index.ts'
import {polled, type Until} from '../polling.ts'
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

export interface LiveLagOptions extends LagOptions {
  readonly until?: Until | undefined
  /** `-o`. */
  readonly output: string
}

/** Between looks at the cluster's workloads: they change less often than lag does. */
const SCENE_EVERY_MS = 60_000

/** `consumer-lag` as a check that can be followed, by the lag of each group: every window, each look beside the one before. */
export function liveLag(options: LiveLagOptions, sources: LagSources) {
  return polled({
    read: (signal) => readLag(options, sources, signal),
    open(signal) {
      if (options.window === 0) throw new UsageError('--watch compares looks: --window has to be longer than 0s')
      const watcher = new Watcher(options, sources, signal)
      return {look: () => watcher.look(), close: () => watcher.close()}
    },
    everyMs: options.window,
    until: options.until,
    series: ({items}) => items.map(({group, lag}) => [group, lag === null ? null : Number(lag)]),
    // So many stand beside the movement on a terminal of 80.
    trendWidth: 10,
    draw: options.output === 'wide' ? lagWide : lagTable,
    words: verdictWords,
  })
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

  /** That Kafka is down is a report. */
  async look(): Promise<ConsumerLagReport> {
    const [options, sources] = [this.#options, this.#sources]
    try {
      const scene = await this.#currentScene()
      if (scene.bound.length === 0 && options.group === undefined) return emptyReport(this.#reportOptions(scene))
      this.#reader ??= await openKafka(sources, scene, this.#signal)
      const survey = await this.#reader.survey()
      const groups = groupsOf(options, sources, scene, survey)
      const look = await new Observer(this.#reader, sources.now).compare(survey, groups, this.#last)
      this.#last = look.now
      this.#noteRebalances(look)
      return lagReport(groups, look, {...this.#reportOptions(scene), rebalancingSince: this.#rebalancingSince})
    } catch (error) {
      // Where it comes back, its pods have other names, and its groups another past.
      this.close()
      this.#last = null
      if (!(error instanceof ServerDownError) || this.#scene === null) throw error
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
