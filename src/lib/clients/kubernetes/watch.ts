import {ConfigurationError, RefusedError, SapocheError, TimedOutError, UnreachableError} from '../../errors/index.ts'
import {pause, startDeadline} from './deadline.ts'
import {ExpiredError} from './errors.ts'
import {object, parseObject, string} from './json.ts'
import type {ByteStream, Decode, JsonObject, Listed, WatchEvent} from './types.ts'

/** After this the server ends a watch in order, and we ask for the next: no connection is trusted for ever. */
export const WATCH_SECONDS = 290
/** After this we end one that the server should have ended. */
const LONGEST_WATCH_MS = (WATCH_SECONDS + 30) * 1000
/** A watch that ends sooner, without a word, counts as a failure, lest we ask without rest. */
const SHORTEST_WATCH_MS = 1000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

export interface WatchSource<T> {
  list(signal: AbortSignal): Promise<Listed<T>>
  /** The events after `resourceVersion`, as lines of JSON. */
  open(resourceVersion: string, signal: AbortSignal): Promise<ByteStream>
  readonly decode: Decode<T>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
}

/** Milliseconds to wait after the n-th failure in a row (from 0): doubled each time, and spread, so that clients don't come back as one. */
export function backOff(failures: number, random: () => number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
  return full * (0.5 + random() / 2)
}

/** Lists, then follows until `signal` aborts: see ClusterReader.watch. */
export async function* watch<T>(source: WatchSource<T>, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  let version: string | null = null
  let isFirst = true
  let isBlind = false
  let failures = 0
  while (!signal.aborted) {
    const began = source.now()
    const life = startDeadline(signal, LONGEST_WATCH_MS, () => new TimedOutError('the watch fell silent'))
    try {
      if (version === null) {
        const listed = await source.list(life.signal)
        version = listed.resourceVersion
        yield {type: 'listed', items: listed.items}
        isFirst = false
        isBlind = false
      }
      const lines = await source.open(version, life.signal)
      if (isBlind) yield {type: 'resumed'}
      isBlind = false
      for await (const event of eventsOf(lines)) {
        failures = 0
        version = string(object(event.object.metadata)?.resourceVersion) ?? version
        if (event.type !== 'bookmark') yield {type: event.type, object: source.decode(event.object)}
      }
      // Ended in order: its time was up, or the server restarts. The next one goes on from `version`.
      if (source.now() - began >= SHORTEST_WATCH_MS) continue
    } catch (error) {
      if (signal.aborted) return
      if (isFirst || !(error instanceof SapocheError) || error instanceof RefusedError || error instanceof ConfigurationError) throw error
      if (error instanceof ExpiredError) {
        version = null
      } else if (!isBlind) {
        isBlind = true
        yield {type: 'blind', reason: error.message}
      }
    } finally {
      life.end()
    }
    await pause(backOff(failures++, source.random), signal).catch(() => {})
  }
}

interface RawEvent {
  readonly type: 'added' | 'modified' | 'deleted' | 'bookmark'
  readonly object: JsonObject
}

const TYPES: Readonly<Record<string, RawEvent['type']>> = {ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted', BOOKMARK: 'bookmark'}

async function* eventsOf(stream: ByteStream): AsyncGenerator<RawEvent> {
  for await (const line of linesOf(stream)) {
    const event = parseObject(line)
    const changed = object(event?.object)
    // Mostly 410; after any other the only safe way is to start over, too.
    if (event?.type === 'ERROR') throw new ExpiredError('the server gave the watch up')
    const type = TYPES[String(event?.type)]
    if (type === undefined || changed === null) throw new UnreachableError('the server sent a watch event that is none')
    yield {type, object: changed}
  }
}

async function* linesOf(stream: ByteStream): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end))
      yield Buffer.concat(pieces).toString('utf8')
      pieces = []
      start = end + 1
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
}
