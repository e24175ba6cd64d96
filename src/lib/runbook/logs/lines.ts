import type {Position, Resume} from './position.ts'
import {isContinuation, RECORD_SPAN_MS} from './records.ts'
import {type Moment, StampReader} from './stamp.ts'

const LINE_FEED = 10
const SECOND_MS = 1000
const MILLISECOND_NANOS = 1_000_000
const NOTHING = Buffer.alloc(0)

/** One line of a log, undecoded, inside the bytes it came with. */
export interface Line {
  readonly bytes: Buffer
  /** Offsets: of the server's time stamp, of the text, and of the line's end (where its line feed stands). */
  readonly stampStart: number
  readonly textStart: number
  readonly end: number
  /** Its key in the order: its time, or that of the line before where that is later, for within a container the written order stays. */
  readonly seconds: number
  readonly nanos: number
  /** True where it goes on the record that a line before it began. */
  readonly continues: boolean
}

interface QueuedLine extends Line {
  /** True where it came while the log was followed, and not with its past. */
  readonly isLive: boolean
}

/** What picks lines before they are queued. */
export interface Selection {
  /** Takes a line; `line` is overwritten by the next one. */
  take(line: Line): void
}

type Mutable<T> = {-readonly [K in keyof T]: T[K]}

/** Lines that came together. */
interface Batch {
  readonly bytes: Buffer
  readonly isLive: boolean
  count: number
}

/** Numbers of one line in a ring: the offsets, the key, and whether it continues. An object a line would cost more than reading it. */
const FIELDS = 6
const FIRST_CAPACITY = 256

/** Cuts the bytes of one container's log into lines, leaves out what was read before, and queues the rest. */
export class LineQueue {
  /** Bytes that are queued. */
  size = 0
  /** How many records begin in the queue. */
  records = 0
  readonly #position: Position
  readonly #stamp = new StampReader()
  #selection: Selection | null = null
  readonly #batches: Batch[] = []
  /** A ring; its capacity in lines is a power of two. */
  #ring = new Uint32Array(FIRST_CAPACITY * FIELDS)
  #capacity = FIRST_CAPACITY
  /** Where in the ring the head stands. */
  #start = 0
  #length = 0
  readonly #head: Mutable<QueuedLine> = {...EMPTY, isLive: false}
  readonly #read: Mutable<Line> = {...EMPTY}
  /** The time of the record that lines may go on. */
  #recordSeconds = -1
  #recordNanos = 0
  /** Of the stream that is read: the line that is not complete yet, and what of it was read before. */
  #pieces: Buffer[] = []
  #resume: Resume | null = null
  #isLive = false
  readonly #newest: Mutable<Moment> = {seconds: 0, nanos: 0}

  constructor(position: Position) {
    this.#position = position
  }

  /** From now on lines go to `selection`, which may `append` them; null: they are queued. */
  select(selection: Selection | null): void {
    this.#selection = selection
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** The line to come first; valid until `shift`, and only where there is one. */
  get head(): QueuedLine {
    return this.#head
  }

  /** The key of the newest line that was queued. */
  get newest(): Moment {
    return this.#newest
  }

  /** A new stream begins; `resume` says what of it was read before. */
  begin(resume: Resume | null, isLive: boolean): void {
    this.#resume = resume
    this.#isLive = isLive
    this.#pieces = []
  }

  /** Takes bytes of the stream. Returns how many new lines were in them. */
  push(chunk: Buffer): number {
    let start = 0
    let count = 0
    if (this.#pieces.length > 0) {
      const feed = chunk.indexOf(LINE_FEED)
      if (feed === -1) {
        this.#pieces.push(chunk)
        return 0
      }
      this.#pieces.push(chunk.subarray(0, feed))
      count = this.pushLine(this.endStream())
      start = feed + 1
    }
    for (let end = chunk.indexOf(LINE_FEED, start); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#take(chunk, start, end)) count += 1
      start = end + 1
    }
    if (start < chunk.length) this.#pieces.push(chunk.subarray(start))
    return count
  }

  /** Takes one whole line, such as the last of a log that does not end with a line feed. */
  pushLine(line: Buffer): number {
    return this.#take(line, 0, line.length) ? 1 : 0
  }

  /** The stream has ended: gives the bytes behind its last line feed, which do not count as read. */
  endStream(): Buffer {
    const rest = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    this.#pieces = []
    return rest
  }

  /** Queues a line. */
  append({bytes, stampStart, textStart, end, seconds, nanos, continues}: Line): void {
    let batch = this.#batches.at(-1)
    if (batch?.bytes !== bytes || batch.isLive !== this.#isLive) {
      batch = {bytes, isLive: this.#isLive, count: 0}
      this.#batches.push(batch)
    }
    batch.count += 1
    if (this.#length === this.#capacity) this.#grow()
    const ring = this.#ring
    const at = ((this.#start + this.#length) & (this.#capacity - 1)) * FIELDS
    ring[at] = stampStart
    ring[at + 1] = textStart
    ring[at + 2] = end
    ring[at + 3] = seconds
    ring[at + 4] = nanos
    ring[at + 5] = continues ? 1 : 0
    this.#newest.seconds = seconds
    this.#newest.nanos = nanos
    this.size += end - stampStart
    if (!continues) this.records += 1
    this.#length += 1
    if (this.#length === 1) this.#load()
  }

  /** Takes the head away. */
  shift(): void {
    const head = this.#head
    this.size -= head.end - head.stampStart
    if (!head.continues) this.records -= 1
    this.#length -= 1
    this.#start = (this.#start + 1) & (this.#capacity - 1)
    const batch = this.#batches[0]!
    batch.count -= 1
    if (batch.count === 0) this.#batches.shift()
    if (this.#length > 0) this.#load()
    else head.bytes = NOTHING
  }

  #load(): void {
    const {bytes, isLive} = this.#batches[0]!
    const head = this.#head
    const ring = this.#ring
    const at = this.#start * FIELDS
    head.bytes = bytes
    head.isLive = isLive
    head.stampStart = ring[at]!
    head.textStart = ring[at + 1]!
    head.end = ring[at + 2]!
    head.seconds = ring[at + 3]!
    head.nanos = ring[at + 4]!
    head.continues = ring[at + 5] === 1
  }

  #grow(): void {
    const ring = new Uint32Array(this.#capacity * 2 * FIELDS)
    const behind = this.#ring.subarray(this.#start * FIELDS)
    ring.set(behind)
    ring.set(this.#ring.subarray(0, this.#start * FIELDS), behind.length)
    this.#ring = ring
    this.#start = 0
    this.#capacity *= 2
  }

  /** False for a line that was read before or is not wanted. */
  #take(bytes: Buffer, start: number, end: number): boolean {
    const stamp = this.#stamp
    const line = this.#read
    const isStamped = stamp.read(bytes, start, end)
    if (isStamped ? !this.#isNew(stamp.seconds, stamp.nanos) : this.#resume !== null) return false
    line.bytes = bytes
    line.stampStart = start
    line.textStart = isStamped ? stamp.textStart : start
    line.end = end
    line.continues = isStamped && this.#continuesRecord(stamp.seconds, stamp.nanos, bytes, stamp.textStart, end)
    if (isStamped && !line.continues && (stamp.seconds > line.seconds || (stamp.seconds === line.seconds && stamp.nanos > line.nanos))) {
      line.seconds = stamp.seconds
      line.nanos = stamp.nanos
    }
    if (this.#selection === null) this.append(line)
    else this.#selection.take(line)
    return true
  }

  #isNew(seconds: number, nanos: number): boolean {
    const resume = this.#resume
    if (resume !== null && !resume.isOver && !resume.isNew(seconds, nanos)) return false
    if (!this.#position.isWanted(seconds, nanos)) return false
    this.#position.add(seconds, nanos)
    return true
  }

  #continuesRecord(seconds: number, nanos: number, bytes: Buffer, start: number, end: number): boolean {
    const elapsedMs = (seconds - this.#recordSeconds) * SECOND_MS + (nanos - this.#recordNanos) / MILLISECOND_NANOS
    if (elapsedMs < RECORD_SPAN_MS && isContinuation(bytes, start, end)) return true
    this.#recordSeconds = seconds
    this.#recordNanos = nanos
    return false
  }
}

const EMPTY: Line = {bytes: NOTHING, stampStart: 0, textStart: 0, end: 0, seconds: 0, nanos: 0, continues: false}
