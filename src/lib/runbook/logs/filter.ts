import type {Line, LineQueue, Selection} from './lines.ts'
import {levelOf, type Level, rankOf} from './level.ts'

/** Which records are shown. */
export interface Rules {
  /** A record has to match one of them; none: all do. */
  readonly grep: readonly RegExp[]
  /** And none of these. */
  readonly exclude: readonly RegExp[]
  /** At least; a record whose level can't be read does not count. */
  readonly level: Level | null
  /** Records of the same container that are shown before and after each that matches. */
  readonly before: number
  readonly after: number
}

/** Picks whole records (a head and the lines that go on it) of one container. */
export class RecordFilter implements Selection {
  readonly #queue: LineQueue
  readonly #rules: Rules
  /** The record that may still go on. */
  #record: Line[] = []
  #isHeadMatch = false
  /** Whether the record before was shown: lines that go on it and came late follow it. */
  #wasShown = false
  #held: Line[][] = []
  #unlevelled = 0
  #after = 0

  constructor(queue: LineQueue, rules: Rules) {
    this.#queue = queue
    this.#rules = rules
  }

  get isOpen(): boolean {
    return this.#record.length > 0
  }

  /** How many records `--level` left out because theirs can't be read. */
  get unlevelled(): number {
    return this.#unlevelled
  }

  take(line: Line): void {
    const copy = copyOf(line)
    if (!line.continues) {
      this.settle()
      this.#record = [copy]
      this.#isHeadMatch = this.#matches(this.#record)
      // It is shown at once, and what goes on its record follows; only an exclusion has to wait for that.
      if (this.#isHeadMatch && this.#rules.exclude.length === 0) this.settle()
    } else if (this.isOpen) this.#record.push(copy)
    else if (this.#wasShown) this.#queue.append(copy)
  }

  /** The record is complete: nothing has come for a while, or the log has ended. */
  settle(): void {
    const record = this.#record
    if (record.length === 0) return
    this.#record = []
    const isMatch = record.length === 1 ? this.#isHeadMatch : this.#matches(record)
    if (isMatch) {
      for (const held of this.#held) this.#show(held)
      this.#held = []
      this.#after = this.#rules.after
    } else if (this.#rules.level !== null && levelIn(record) === null) this.#unlevelled += 1
    this.#wasShown = isMatch || this.#after > 0
    if (this.#wasShown) this.#show(record)
    else if (this.#rules.before > 0) {
      this.#held.push(record)
      if (this.#held.length > this.#rules.before) this.#held.shift()
    }
    if (!isMatch && this.#after > 0) this.#after -= 1
  }

  #show(record: readonly Line[]): void {
    for (const line of record) this.#queue.append(line)
  }

  #matches(record: readonly Line[]): boolean {
    const {grep, exclude, level} = this.#rules
    if (level !== null) {
      const own = levelIn(record)
      if (own === null || rankOf(own) < rankOf(level)) return false
    }
    if (grep.length + exclude.length === 0) return true
    const text = record.map(({bytes, textStart, end}) => bytes.toString('utf8', textStart, end)).join('\n')
    return (grep.length === 0 || grep.some((pattern) => pattern.test(text))) && !exclude.some((pattern) => pattern.test(text))
  }
}

function levelIn([head]: readonly Line[]): Level | null {
  return head === undefined ? null : levelOf(head.bytes, head.textStart, head.end)
}

/** The line on its own, so that it does not hold the bytes that came with it. */
function copyOf(line: Line): Line {
  const {stampStart, textStart, end} = line
  return {
    ...line,
    bytes: Buffer.from(line.bytes.subarray(stampStart, end)),
    stampStart: 0,
    textStart: textStart - stampStart,
    end: end - stampStart,
  }
}
