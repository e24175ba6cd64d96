import {isoTime, parseTime} from '../../text/time.ts'

const ZERO = 48
const SPACE = 32
const DOT = 46
const COLON = 58
const DASH = 45
const PLUS = 43
const LETTER_Z = 90
const NANO_DIGITS = 9
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/
const SECONDS_LENGTH = '2026-11-22T03:12:07'.length

/** A moment: whole seconds since the epoch, and nanoseconds in them. A double can't hold both. */
export interface Moment {
  readonly seconds: number
  readonly nanos: number
}

export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

/** Whole seconds as `sinceTime` takes them. */
export function rfc3339(seconds: number): string {
  return isoTime(seconds * 1000).replace('.000Z', 'Z')
}

/**
 * Reads the time that the API server writes before each line (`timestamps=true`): RFC 3339 with up to nine digits behind the point,
 * trailing zeros trimmed or not, in any zone. The result stands in its fields until the next call; lines of one second cost no date arithmetic.
 */
export class StampReader implements Moment {
  seconds = 0
  nanos = 0
  /** Where the text behind the stamp and its space begins. */
  textStart = 0
  readonly #known = new Uint8Array(SECONDS_LENGTH)
  /** Of `#known`, as if it were UTC. */
  #base = 0

  /** Reads at `start`; false where no stamp stands there. `end` is the end of the line, without its line feed. */
  read(bytes: Buffer, start: number, end: number): boolean {
    let at = start + SECONDS_LENGTH
    if (at >= end || !this.#readSeconds(bytes, start)) return false
    let nanos = 0
    if (bytes[at] === DOT) {
      let digits = 0
      for (at += 1; at < end; at += 1) {
        const digit = bytes[at]! - ZERO
        if (digit < 0 || digit > 9) break
        if (digits < NANO_DIGITS) nanos = nanos * 10 + digit
        digits += 1
      }
      for (; digits < NANO_DIGITS; digits += 1) nanos *= 10
    }
    let offset = 0
    if (bytes[at] === LETTER_Z && at < end) at += 1
    else {
      const sign = bytes[at] === PLUS ? 1 : bytes[at] === DASH ? -1 : 0
      if (sign === 0 || at + 6 > end || bytes[at + 3] !== COLON) return false
      const hours = twoDigits(bytes, at + 1)
      const minutes = twoDigits(bytes, at + 4)
      if (hours < 0 || minutes < 0) return false
      offset = sign * (hours * 3600 + minutes * 60)
      at += 6
    }
    if (at < end && bytes[at] !== SPACE) return false
    // As integers, which unlike other numbers cost no memory.
    this.seconds = (this.#base - offset) >>> 0
    this.nanos = nanos | 0
    this.textStart = at < end ? at + 1 : end
    return true
  }

  #readSeconds(bytes: Buffer, start: number): boolean {
    const known = this.#known
    let same = SECONDS_LENGTH - 1
    while (same >= 0 && known[same] === bytes[start + same]) same -= 1
    if (same < 0) return true
    const text = bytes.toString('latin1', start, start + SECONDS_LENGTH)
    const milliseconds = SECONDS.test(text) ? parseTime(`${text}Z`) : null
    if (milliseconds === null) return false
    this.#base = milliseconds / 1000
    for (let index = 0; index < SECONDS_LENGTH; index += 1) known[index] = bytes[start + index]!
    return true
  }
}

/** The number that two digits stand for; -1 where they are none. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - ZERO
  const ones = bytes[at + 1]! - ZERO
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}
