import type {Position} from './position.ts'
import {StampReader} from './stamp.ts'

/** A stream that ended in order. */
export interface Ended {
  /** How many new lines it brought. */
  readonly fresh: number
  /** What stood behind its last line feed. */
  readonly rest: Buffer
  /** All that had come before came again, so that it can't have ended before that. */
  readonly isProven: boolean
}

const LINE_FEED = 10
const NOTHING = Buffer.alloc(0)
/** Streams in a row that end without all that had come before, until that is believed: a rotation took it away. */
const MOST_DOUBTS = 3

/** Judges, by streams that ended in order, whether the log has ended too: one brought nothing new, and all that had come before. */
export class RunEnding {
  #rest: Buffer = NOTHING
  #doubts = 0

  isReached({fresh, rest, isProven}: Ended): boolean {
    const isSame = rest.equals(this.#rest)
    this.#rest = rest
    if (fresh > 0) this.#doubts = 0
    else if (isProven && isSame) return true
    else this.#doubts += 1
    return this.#doubts >= MOST_DOUBTS
  }
}

/** Judges whether a log that is not followed has been read up to what was its last line at some time after the start. */
export class PastEnd {
  readonly #position: Position
  readonly #tail: number | null
  readonly #stamp = new StampReader()
  #count = 0
  #line: Buffer | null = null
  #isEmptyOnce = false
  #isRestWanted = false

  constructor(position: Position, tail: number | null) {
    this.#position = position
    this.#tail = tail
  }

  count(lines: number): void {
    this.#count += lines
  }

  /** As many lines have come as were asked for. */
  get isTailRead(): boolean {
    return this.#count === this.#tail
  }

  get isUnknown(): boolean {
    return this.#line === null
  }

  /** What stands behind the last line feed is the log's last line. */
  get isRestWanted(): boolean {
    return this.#isRestWanted
  }

  /** The answer to the question for the last line. One that was cut short is none; that there is no line at all is believed the second time. */
  take(line: Buffer): void {
    if (line.length > 0 ? isWhole(line) || this.#read(line) : this.#isEmptyOnce && this.#position.isEmpty) this.#line = line
    this.#isEmptyOnce = line.length === 0
  }

  isReached(rest: Buffer): boolean {
    const line = this.#line
    if (line === null) return false
    // No line at all, or a message of the kubelet's.
    if (!this.#read(line)) return true
    const {seconds, nanos} = this.#stamp
    if (!this.#position.isWanted(seconds, nanos) || this.#position.hasReached(seconds, nanos)) return true
    this.#isRestWanted = !isWhole(line) && rest.length >= line.length && rest.subarray(0, line.length).equals(line)
    return this.#isRestWanted
  }

  #read(line: Buffer): boolean {
    return this.#stamp.read(line, 0, isWhole(line) ? line.length - 1 : line.length)
  }
}

function isWhole(line: Buffer): boolean {
  return line.at(-1) === LINE_FEED
}
