const TAB = 9
const SPACE = 32
const QUOTE = 34
const HASH = 35

/** First bytes that a continuation line can have, so that nearly all lines cost one look. */
const CANDIDATES = new Uint8Array(256)
for (const byte of [TAB, SPACE, ...Buffer.from('"#}][SNCt')]) CANDIDATES[byte] = 1

/** How PHP, Monolog, Java and pretty-printed JSON go on after the first line of a record. */
const CONTINUATION =
  /^(?:#\d+ |Stack trace:|\[(?:stacktrace|previous exception)\]|Next [\w\\]+: |Caused by: |thrown in |"?[}\]]+["\s,;)]*$)/
/** As much of a line as the pattern needs. */
const LOOK = 80

/** How long after its head a line may still belong to a record: a program that only writes indented lines writes no records. */
export const RECORD_SPAN_MS = 250

/** True for a line that goes on a record: indented, a frame of a stack trace, or the words that stand between frames. */
export function isContinuation(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]!
  if (start >= end || CANDIDATES[first] === 0) return false
  if (first === SPACE || first === TAB) return true
  if (first === HASH || first === QUOTE) {
    // The usual frames, and Monolog's end of an exception (`"}`), without a string.
    const second = start + 1 < end ? bytes[start + 1]! : 0
    if (first === HASH && (second < 48 || second > 57)) return false
  }
  return CONTINUATION.test(bytes.toString('latin1', start, Math.min(end, start + LOOK)))
}
