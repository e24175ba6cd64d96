/**
 * How old the oldest unread event is, without reading it: the broker is asked for the first offset that is not older than one rung of a
 * ladder after another. Nothing is extrapolated: the answer is the bracket between two rungs. Pure.
 */

/** Seconds. */
const RUNGS: readonly number[] = [60, 300, 900, 3600, 21_600, 86_400]

/** The oldest unread event is older than `from` and not older than `to`, in seconds; `to` is null past the last rung. */
export interface Age {
  readonly from: number
  readonly to: number | null
}

/** What the broker said for some rungs: the first offset that is not older; null where no event is as young as that. */
export type Answers = ReadonlyMap<number, bigint | null>

/** The bracket of the first event after a commit, as far as the answers go; `to` is what is known besides. There has to be such an event. */
export function ageOf(committed: bigint, answers: Answers, to: number | null = null): Age {
  let from = 0
  let limit = to ?? Infinity
  for (const [rung, offset] of answers) {
    // That no event is as young as the rung says that the unread one is older.
    if (offset === null || committed < offset) from = Math.max(from, rung)
    else limit = Math.min(limit, rung)
  }
  return {from: Math.min(from, limit), to: limit === Infinity ? null : limit}
}

/** The rung to ask next: first the one that decides the severity, then the middle of what is left; null when there is none. */
export function nextRung({from, to}: Age, maxAge: number): number | null {
  const open = [...new Set([...RUNGS, maxAge])].filter((rung) => rung > from && rung < (to ?? Infinity)).sort((a, b) => a - b)
  if (open.includes(maxAge)) return maxAge
  return open[Math.floor(open.length / 2)] ?? null
}

/** The age of the oldest of several; null of none. */
export function oldest(ages: readonly Age[]): Age | null {
  const [first, ...others] = ages
  if (first === undefined) return null
  return others.reduce(
    (sum, age) => ({from: Math.max(sum.from, age.from), to: sum.to === null || age.to === null ? null : Math.max(sum.to, age.to)}),
    first,
  )
}

/** How large a look is. */
export interface Size {
  readonly groups: number
  /** Of them, those that the cluster has. */
  readonly present: number
  readonly brokers: number
  /** How often committed offsets are read. */
  readonly samples: 1 | 2
}

/**
 * How many rungs may be asked for: a look takes at most 3 requests a group, 6 a broker and 10 in all. Counted is what it takes without
 * them: versions and metadata (3), lists of groups, descriptions, committed offsets or a group's absence, and ends; once starts, and the
 * ends that open transactions leave.
 */
export function rungsAllowed({groups, present, brokers, samples}: Size): number {
  const planned = 3 + brokers + samples * (Math.min(brokers, groups) + present) + (groups - present) + (samples + 2) * brokers
  return brokers === 0 ? 0 : Math.max(0, Math.floor((3 * groups + 6 * brokers + 10 - planned) / brokers))
}
