import type {ByteStream} from '../../clients/kubernetes/types.ts'
import {SapocheError} from '../../errors/index.ts'
import type {Ended} from './endings.ts'
import {RecordFilter} from './filter.ts'
import {LineQueue} from './lines.ts'
import {Position} from './position.ts'
import type {LogRequest} from './reader.ts'
import {RECORD_SPAN_MS} from './records.ts'
import type {Container, SourceContext} from './source.ts'

/** Bytes that may be queued: of the past, little for each, because there are many; live, what a quarter of a second may bring. */
const PAST_LIMIT = 128 * 1024
const LIVE_LIMIT = 1024 * 1024

/** What became of one stream. `fresh`: how many new lines it brought. */
export type Outcome =
  | ({readonly kind: 'ended'} & Ended)
  /** It broke off, or could not be opened. */
  | {readonly kind: 'failed'; readonly fresh: number; readonly error: SapocheError}
  /** It was closed because another log waited for its place. */
  | {readonly kind: 'yielded'; readonly fresh: number}

/** Told while a stream is read. */
export interface Listener {
  /** Bytes came, be they new or not. */
  heard(): void
  /** Lines were queued. */
  arrived(): void
}

/** The way of one container's lines from streams, one after the other, into its queue: each once, and no more than fit. */
export class Intake {
  readonly queue: LineQueue
  readonly position: Position
  /** False while the past is read. */
  isLive = false
  readonly #container: Container
  readonly #context: SourceContext
  readonly #listener: Listener
  readonly #filter: RecordFilter | null
  #settling: NodeJS.Timeout | undefined
  #onRoom: (() => void) | null = null

  constructor(container: Container, context: SourceContext, listener: Listener) {
    this.#container = container
    this.#context = context
    this.#listener = listener
    this.position = new Position(context.from)
    this.queue = new LineQueue(this.position)
    this.#filter = context.rules && new RecordFilter(this.queue, context.rules)
    this.queue.select(this.#filter)
  }

  get isFull(): boolean {
    return this.queue.size >= (this.isLive ? LIVE_LIMIT : PAST_LIMIT)
  }

  /** How many records were left out because their level can't be read. */
  get unlevelled(): number {
    return this.#filter?.unlevelled ?? 0
  }

  /** Lines count as read, and are not queued, while `isWanted` is false. */
  want(isWanted: boolean): void {
    this.queue.select(isWanted ? this.#filter : {take() {}})
  }

  /** Lines were taken from the queue. */
  taken(): void {
    if (this.queue.size <= PAST_LIMIT / 2) this.wake()
  }

  /** Ends a wait for room. */
  wake(): void {
    this.#onRoom?.()
  }

  /** What is held back comes out. */
  close(): void {
    clearTimeout(this.#settling)
    this.#filter?.settle()
  }

  /** The log ends without a line feed: what stands behind its last one is a line, too. */
  takeRest(rest: Buffer): void {
    if (rest.length === 0) return
    this.queue.pushLine(rest)
    this.#listener.arrived()
  }

  /** Opens a stream where the last one ended, and reads it. Never rejects for a failure of the cluster's. */
  async read(request: Pick<LogRequest, 'follow' | 'previous' | 'tail' | 'openWithinMs'>, ending?: AbortSignal): Promise<Outcome> {
    const {signal, read, from} = this.#context
    const {pod, name} = this.#container
    const resume = request.previous && this.isLive ? this.position.resumeFromMark() : this.position.resume()
    const since = resume?.since ?? (from.seconds > 0 ? from.seconds : null)
    let fresh = 0
    let stream: ByteStream | null = null
    try {
      const life = ending === undefined ? signal : AbortSignal.any([signal, ending])
      stream = await read({pod, container: name, ...request, since, tail: resume === null ? request.tail : null}, life)
      this.queue.begin(resume, this.isLive)
      for await (const chunk of stream) {
        this.#listener.heard()
        const count = this.queue.push(chunk)
        fresh += count
        if (count > 0) {
          this.#listener.arrived()
          this.#settleSoon()
        }
        if (this.isFull && (await this.room(!this.isLive)) === 'give way') return {kind: 'yielded', fresh}
      }
      return {kind: 'ended', fresh, rest: this.queue.endStream(), isProven: resume?.isProven ?? false}
    } catch (error) {
      if (!(error instanceof SapocheError)) throw error
      return {kind: 'failed', fresh, error}
    } finally {
      stream?.close()
      if (!this.isLive) this.#filter?.settle()
    }
  }

  /** Waits until the queue has room again; `give way`: until then, or until another log needs the place. */
  async room(mayGiveWay: boolean): Promise<'room' | 'give way'> {
    const {slots, signal} = this.#context
    let stopResting = (): void => {}
    const answer = await new Promise<'room' | 'give way'>((resolve) => {
      this.#onRoom = () => resolve('room')
      if (mayGiveWay) stopResting = slots.rest(() => resolve('give way'))
      if (signal.aborted) resolve('room')
    })
    stopResting()
    this.#onRoom = null
    return answer
  }

  /** A record that may go on is complete when nothing more of it comes. */
  #settleSoon(): void {
    const filter = this.#filter
    if (filter === null || !this.isLive) return
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      filter.settle()
      this.#listener.arrived()
    }, RECORD_SPAN_MS)
  }
}
