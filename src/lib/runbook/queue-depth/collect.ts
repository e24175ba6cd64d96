import {setTimeout as wait} from 'node:timers/promises'
import {ServerDownError, RedisTroubleError, type Trouble} from '../../clients/redis/errors.ts'
import type {Layout, QueueReader, QueueSnapshot} from '../../clients/redis/types.ts'
import {InterruptedError} from '../../errors/index.ts'
import type {ServerHint} from '../bindings/index.ts'
import {TELLING_SECONDS} from './findings.ts'
import {likelyPrefixes} from './prefixes.ts'
import type {Wanted} from './wanted.ts'
import {readWorld, type World, type WorldSources} from './world.ts'

const SECOND = 1000
/** Failed jobs of this time are recent. */
const RECENT_SECONDS = 3600

/** The way to Redis. */
export interface RedisGate {
  /** Whether it can be taken before the workloads are known. */
  readonly isKnown: boolean
  /** `hint` is what the environment of a workload says. Rejects as `openQueueReader`. */
  open(hint: ServerHint | null, signal: AbortSignal): Promise<QueueReader>
}

export interface DepthSources extends WorldSources {
  readonly redis: RedisGate
}

/** What came of asking Redis. */
export type Answered =
  | {
      readonly state: 'up'
      readonly reader: Pick<QueueReader, 'address' | 'where' | 'network'>
      readonly layout: Layout
      readonly snapshot: QueueSnapshot
      /** Epoch milliseconds. */
      readonly at: number
    }
  | {readonly state: Trouble | 'down'; readonly message: string}

/** One look: the workers, and the queues. */
export interface Look {
  readonly world: World
  readonly answered: Answered
}

/** Looks at workers and queues as often as one wants, over one connection as long as it lasts. */
export class DepthReader {
  readonly #sources: DepthSources
  readonly #wanted: (world: World) => Wanted
  #reader: QueueReader | null = null
  #layout: Layout | null = null

  /** `wanted` says what is to be read of a world; it may throw a UsageError. */
  constructor(sources: DepthSources, wanted: (world: World) => Wanted) {
    this.#sources = sources
    this.#wanted = wanted
  }

  /** Workers first, Redis meanwhile where the way there is known. Rejects as `readWorld` and the gate, but for troubles of Redis itself. */
  async look(signal: AbortSignal): Promise<Look> {
    const early = this.#reader === null && this.#sources.redis.isKnown ? settled(this.#sources.redis.open(null, signal)) : null
    try {
      const world = await readWorld(this.#sources, signal)
      const wanted = this.#wanted(world)
      return {world, answered: await this.#ask(wanted, world, early, signal)}
    } catch (error) {
      void early?.then((outcome) => outcome.reader?.close())
      throw error
    }
  }

  /** The queues once more, after a while. */
  async again({world}: Look, afterMs: number, signal: AbortSignal): Promise<Answered> {
    await pause(afterMs, signal)
    return await this.#ask(this.#wanted(world), world, null, signal)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = null
  }

  async #ask(wanted: Wanted, world: World, early: Promise<Outcome> | null, signal: AbortSignal): Promise<Answered> {
    try {
      this.#reader ??= early === null ? await this.#sources.redis.open(hintOf(world), signal) : readerOf(await early)
      const layout = this.#layout ?? (await this.#reader.find(hintsOf(wanted, world), signal))
      // What was not found may come yet, and `--discover` looks for what is new.
      this.#layout = layout.isFound && !wanted.discover ? layout : null
      const at = this.#sources.now()
      const seconds = Math.floor(at / SECOND)
      const {queues, keys} = wanted.request(layout)
      const recentSince = wanted.failed ? seconds - RECENT_SECONDS : null
      const snapshot = await this.#reader.read({layout, queues, keys, asOf: seconds - TELLING_SECONDS, recentSince}, signal)
      const {address, where, network} = this.#reader
      return {state: 'up', reader: {address, where, network}, layout, snapshot, at}
    } catch (error) {
      // The next look begins anew: a pod may have been replaced, and its Redis be empty.
      this.close()
      this.#layout = null
      if (error instanceof RedisTroubleError) return {state: error.trouble, message: error.message}
      if (error instanceof ServerDownError) return {state: 'down', message: error.message}
      throw error
    }
  }
}

interface Outcome {
  readonly reader: QueueReader | null
  readonly error: unknown
}

/** A promise that nobody may come to wait for must not fail unheard. */
function settled(opening: Promise<QueueReader>): Promise<Outcome> {
  return opening.then(
    (reader) => ({reader, error: null}),
    (error: unknown) => ({reader: null, error}),
  )
}

function readerOf({reader, error}: Outcome): QueueReader {
  if (reader === null) throw error
  return reader
}

function hintOf({workers}: World): ServerHint | null {
  return [...workers.values()].map(({redis}) => redis).find((hint) => hint !== null) ?? null
}

function hintsOf(wanted: Wanted, world: World) {
  const places = [...world.workers.values()].map(({place}) => place)
  return {
    names: wanted.names,
    configured: mostCommon(places.map(({prefix}) => prefix)),
    prefixes: likelyPrefixes(places),
    database: mostCommon(places.map(({database}) => database)),
    horizon: wanted.failed,
    thorough: wanted.discover,
  }
}

/** What most of the workers say; null where none says anything. */
export function mostCommon<T>(values: readonly (T | null)[]): T | null {
  const counts = new Map<T, number>()
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

/** Waits, or rejects with the signal's reason. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, {signal})
  } catch (error) {
    throw signal.aborted ? signal.reason : (error ?? new InterruptedError())
  }
}
