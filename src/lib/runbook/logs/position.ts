import type {Moment} from './stamp.ts'

const BILLION = 1_000_000_000
/** For how many seconds of the log a mark is kept. */
const MARK_SECONDS = 60

/**
 * How far a container's log has been read, exactly. `sinceTime` of the API has whole seconds, so what was read inside the newest
 * second is remembered line by line, by its time, and left out when it comes again. The second before it is remembered too:
 * stdout and stderr reach the log by two ways, and lines of both may change places by some microseconds.
 */
export class Position {
  /** Nothing before it is wanted (`--since`). */
  readonly #floor: Moment
  /** Nanoseconds of the lines of each second that is remembered. */
  readonly #read = new Map<number, number[]>()
  /** The newest second and its lines; -1 before the first line. */
  #second = -1
  #newest: number[] = []
  #mark: number | null = null

  constructor(floor: Moment) {
    this.#floor = floor
  }

  get isEmpty(): boolean {
    return this.#second === -1
  }

  /** False for a line before `--since`, which has a fraction that the API can't take. */
  isWanted(seconds: number, nanos: number): boolean {
    return seconds > this.#floor.seconds || (seconds === this.#floor.seconds && nanos >= this.#floor.nanos)
  }

  /** A line was read. */
  add(seconds: number, nanos: number): void {
    if (seconds > this.#second) this.#advance(seconds)
    if (seconds === this.#second) this.#newest.push(nanos)
    else if (seconds >= this.#oldest()) this.#read.set(seconds, [...(this.#read.get(seconds) ?? []), nanos])
  }

  /** True where a line of this time, or a later one, was read. */
  hasReached(seconds: number, nanos: number): boolean {
    return seconds < this.#second || (seconds === this.#second && nanos <= highest(this.#newest))
  }

  /** A stream has ended here: what follows may be of the container's next run, so that the end of this one has to be read from here. */
  mark(): void {
    if (this.isEmpty) return
    if (this.#mark === null || this.#mark < this.#second - MARK_SECONDS) this.#mark = this.#second
  }

  /** How to go on from here on a new stream; null before the first line. */
  resume(): Resume | null {
    return this.#resumeFrom(this.#second)
  }

  /** How to read, once, what follows the mark. */
  resumeFromMark(): Resume | null {
    const mark = this.#mark ?? this.#second
    this.#mark = null
    return this.#resumeFrom(Math.max(mark, this.#second - MARK_SECONDS))
  }

  #resumeFrom(second: number): Resume | null {
    if (this.isEmpty) return null
    const since = Math.max(second - 1, this.#floor.seconds)
    const read = new Map<number, number>()
    let left = 0
    let due = 0
    for (const [each, lines] of this.#read) {
      if (each < since) continue
      left += lines.length
      if (each <= second) due += lines.length
      for (const nanos of lines) {
        const key = (each - since) * BILLION + nanos
        read.set(key, (read.get(key) ?? 0) + 1)
      }
    }
    const last = (second - since) * BILLION + highest(this.#read.get(second) ?? [])
    return new Resume(since, read, {left, due, last})
  }

  #oldest(): number {
    return Math.max(Math.min(this.#second, this.#mark ?? Infinity) - 1, this.#second - MARK_SECONDS)
  }

  #advance(second: number): void {
    this.#second = second
    this.#newest = []
    this.#read.set(second, this.#newest)
    const oldest = this.#oldest()
    for (const each of this.#read.keys()) if (each < oldest) this.#read.delete(each)
  }
}

/** Tells, on a stream that was opened with `since`, which lines are new. To be asked once for each line, in their order. */
export class Resume {
  /** Whole seconds since the epoch, for `sinceTime`. */
  readonly since: number
  readonly #read: Map<number, number>
  readonly #last: number
  #left: number
  #due: number
  #isBegun = false

  /**
   * `read`: how many lines of each time were read. `left`: how many in all; `due`: how many of them up to the mark.
   * `last`: the latest up to the mark. Times are nanoseconds after `since`.
   */
  constructor(since: number, read: Map<number, number>, of: {left: number; due: number; last: number}) {
    this.since = since
    this.#read = read
    this.#left = of.left
    this.#due = of.due
    this.#last = of.last
  }

  /** True once everything that was read has come again: whatever follows is new. */
  get isOver(): boolean {
    return this.#left === 0
  }

  /** True once everything that had to come again has come: a stream that ends now did not end before it. */
  get isProven(): boolean {
    return this.#due <= 0
  }

  isNew(seconds: number, nanos: number): boolean {
    const key = (seconds - this.since) * BILLION + nanos
    const times = this.#read.get(key) ?? 0
    if (times > 0) {
      this.#read.set(key, times - 1)
      this.#left -= 1
      this.#due -= 1
      this.#isBegun = true
      return false
    }
    // Before the first line that was read come those that --tail cut off, and the end of a long line that began before `since`
    // (the kubelet sees a time with each 16 KiB of it). Where rotation took all that was read away, what comes is later.
    return this.#isBegun || key > this.#last
  }
}

function highest(nanos: readonly number[]): number {
  let most = -1
  for (const each of nanos) if (each > most) most = each
  return most
}
