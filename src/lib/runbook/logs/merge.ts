import type {LineQueue} from './lines.ts'
import {compareMoments, type Moment} from './stamp.ts'

/** A container's log on its way to the merge. */
export interface Source {
  readonly queue: LineQueue
  /**
   * `past`: more of its past is to come, and nothing may go before that is seen;
   * `live`: lines come when they are written; `ended`: no more will come.
   */
  readonly phase: 'past' | 'live' | 'ended'
  /** True where it reads no further until lines are taken. */
  readonly isFull: boolean
  /** The merge took lines of its queue. */
  taken(): void
}

/** What the merge writes to. */
export interface Sink<S> {
  /** Takes the head of the source's queue, and with it the lines that go on its record. */
  write(source: S): void
  /** True where `flush` has to be awaited before the next `write`. */
  readonly isFull: boolean
  readonly isEmpty: boolean
  flush(): Promise<void>
}

export interface MergeOptions {
  /** How long a line that was just written waits for earlier ones of other containers, in milliseconds. */
  readonly windowMs: number
  /** Seconds since the epoch: later lines count as just written. Infinity where nothing is followed. */
  readonly liveSince: number
  /** Milliseconds. */
  readonly now: () => number
}

/** How long lines of the past may lie in a buffer that is not full. */
const FLUSH_MS = 50
/** For how many windows live lines wait for a log whose stream broke, until it is taken up again. */
const RECOVERY_WINDOWS = 8

const BEGINNING: Moment = {seconds: -1, nanos: 0}
const END: Moment = {seconds: Infinity, nanos: 0}

/**
 * Brings the lines of all sources into the order of their time. Lines of the past: exactly, by a heap over the heads, with no more in
 * memory than the queues hold. Live lines: one goes out when it has waited `windowMs`, and with it every line before it; so two lines
 * come out in order unless the earlier one reached us more than `windowMs` after the later one. While a broken stream is taken up
 * again all lines wait for it, at most eight times as long.
 */
export class Merge<S extends Source> {
  readonly #sink: Sink<S>
  readonly #options: MergeOptions
  readonly #sources = new Set<S>()
  /** Sources with a head, the earliest at the top. */
  readonly #heap: S[] = []
  readonly #heaped = new Set<S>()
  /** Sources of which it is not known yet what they have next: they hold up all others. */
  readonly #awaited = new Set<S>()
  /** When which lines have waited long enough: the newest keys of what came in, by the time when they are due. */
  readonly #arrivals: {readonly due: number; newest: Moment}[] = []
  /** The key of the newest line that has waited long enough. */
  #due: Moment = BEGINNING
  /** Sources whose stream broke: until when they are waited for at most, and since when they come again. */
  readonly #recovering = new Map<S, {readonly deadline: number; wholeAt: number | null}>()
  /** The key up to which none of them can bring anything. */
  #safe: Moment = END
  #isClosed = false
  #isLast = false
  #isRoused = false
  #wake: (() => void) | null = null

  constructor(sink: Sink<S>, options: MergeOptions) {
    this.#sink = sink
    this.#options = options
  }

  add(source: S): void {
    this.#sources.add(source)
    this.#place(source)
    this.#rouse()
  }

  /** Lines were added to the source's queue. */
  arrived(source: S): void {
    if (this.#options.liveSince !== Infinity) this.#noteArrival(source)
    this.#place(source)
    // Nothing goes while another one is awaited.
    if (this.#awaited.size === 0) this.#rouse()
  }

  /** The source is in another phase. */
  moved(source: S): void {
    this.#place(source)
    this.#rouse()
  }

  /** The source's stream has ended, and another one is being opened where it ended. */
  broken(source: S): void {
    const {now, windowMs} = this.#options
    const known = this.#recovering.get(source)
    if (known === undefined) this.#recovering.set(source, {deadline: now() + windowMs * RECOVERY_WINDOWS, wholeAt: null})
    else known.wholeAt = null
  }

  /** The source's lines come again; what it has to catch up with will be here in a moment. */
  whole(source: S): void {
    const recovering = this.#recovering.get(source)
    if (recovering === undefined || recovering.wholeAt !== null) return
    recovering.wholeAt = this.#options.now()
    this.#rouse()
  }

  /** No source will be added any more: `run` resolves when all have ended. */
  close(): void {
    this.#isClosed = true
    this.#rouse()
  }

  /** Writes until closed and ended, or until `signal` aborts; then what has come and is in order is written still. */
  async run(signal: AbortSignal): Promise<void> {
    const rouse = (): void => this.#rouse()
    signal.addEventListener('abort', rouse)
    const isFollowing = this.#options.liveSince !== Infinity
    let flushedAt = this.#options.now()
    const isOver = (): boolean => signal.aborted || (this.#isClosed && this.#sources.size === 0)
    while (!isOver()) {
      this.#isRoused = false
      const wait = this.#emit()
      const idle = this.#options.now() - flushedAt
      const isDue = isFollowing || idle >= FLUSH_MS || idle < 0
      if (this.#sink.isFull || (!this.#sink.isEmpty && isDue)) {
        await this.#sink.flush()
        flushedAt = this.#options.now()
      } else if (!this.#isRoused && !isOver()) {
        await this.#sleep(this.#sink.isEmpty ? wait : Math.min(wait, FLUSH_MS - idle))
      }
    }
    signal.removeEventListener('abort', rouse)
    this.#isLast = true
    for (;;) {
      this.#emit()
      if (!this.#sink.isFull) break
      await this.#sink.flush()
    }
    await this.#sink.flush()
  }

  /** Writes what may go; returns for how many milliseconds nothing more may, unless something comes. */
  #emit(): number {
    const heap = this.#heap
    let wait = this.#expire()
    while (heap.length > 0 && this.#awaited.size === 0 && !this.#sink.isFull) {
      const source = heap[0]!
      if (!isComplete(source)) return Infinity
      if (!this.#mayGo(source)) {
        wait = this.#expire()
        if (!this.#mayGo(source)) return wait
      }
      this.#sink.write(source)
      source.taken()
      if (source.queue.isEmpty) this.#drop(source)
      else this.#siftDown()
    }
    return Infinity
  }

  #mayGo({queue: {head}}: S): boolean {
    if (this.#isLast || (!head.isLive && head.seconds < this.#options.liveSince)) return true
    return compareMoments(head, this.#due) <= 0 && compareMoments(head, this.#safe) <= 0
  }

  #noteArrival({queue: {newest}}: S): void {
    const {now, windowMs} = this.#options
    const due = Math.floor(now() + windowMs)
    const last = this.#arrivals.at(-1)
    if (last?.due !== due) this.#arrivals.push({due, newest: {...newest}})
    else if (compareMoments(newest, last.newest) > 0) last.newest = {...newest}
  }

  /** Lets go what has waited long enough; returns the milliseconds until there may be more. */
  #expire(): number {
    const {now, windowMs} = this.#options
    const time = now()
    let wait = this.#hold(time)
    for (let next = this.#arrivals[0]; next !== undefined; next = this.#arrivals[0]) {
      if (isBetween(time, next.due, windowMs + 1)) {
        wait = Math.min(wait, next.due - time)
        break
      }
      this.#arrivals.shift()
      if (compareMoments(next.newest, this.#due) > 0) this.#due = next.newest
    }
    return wait
  }

  /** Finds up to where lines may go although some sources recover; returns the milliseconds until that changes by itself. */
  #hold(time: number): number {
    const {windowMs} = this.#options
    let wait = Infinity
    this.#safe = END
    for (const [source, {deadline, wholeAt}] of this.#recovering) {
      const until = wholeAt === null ? deadline : Math.min(deadline, wholeAt + windowMs)
      if (wholeAt !== null && !isBetween(time, wholeAt + windowMs, windowMs)) this.#recovering.delete(source)
      else if (isBetween(time, until, windowMs * RECOVERY_WINDOWS)) {
        wait = Math.min(wait, until - time)
        const {newest} = source.queue
        if (compareMoments(newest, this.#safe) < 0) this.#safe = {...newest}
      }
    }
    return wait
  }

  #place(source: S): void {
    if (this.#heaped.has(source)) return
    this.#awaited.delete(source)
    if (!source.queue.isEmpty) this.#push(source)
    else if (source.phase === 'past') this.#awaited.add(source)
    else if (source.phase === 'ended') this.#forget(source)
  }

  #forget(source: S): void {
    this.#sources.delete(source)
    this.#recovering.delete(source)
  }

  #push(source: S): void {
    this.#heaped.add(source)
    const heap = this.#heap
    let at = heap.length
    heap.push(source)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(source, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = source
  }

  /** Takes the top out, whose queue is empty. */
  #drop(source: S): void {
    this.#heaped.delete(source)
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#siftDown()
    }
    this.#place(source)
  }

  /** Puts the top where its new head belongs. */
  #siftDown(): void {
    const heap = this.#heap
    const source = heap[0]!
    const {length} = heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, source)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = source
  }

  #rouse(): void {
    this.#isRoused = true
    this.#wake?.()
  }

  async #sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (milliseconds !== Infinity) timer = setTimeout(resolve, milliseconds)
    })
    clearTimeout(timer)
    this.#wake = null
  }
}

/** In the past a record is written when it is known where it ends. */
function isComplete({queue, phase, isFull}: Source): boolean {
  return phase !== 'past' || isFull || queue.records > (queue.head.continues ? 0 : 1)
}

function isBefore(one: Source, other: Source): boolean {
  return compareMoments(one.queue.head, other.queue.head) < 0
}

/** True while `time` is before `until`; a clock that was set back by more than `longest` holds nothing up. */
function isBetween(time: number, until: number, longest: number): boolean {
  return time < until && until - time <= longest
}
