/**
 * How a group moves, by two looks at it (Burrow's idea, on samples in the place of commits). Pure.
 * One look never says how something moves.
 */

export const MOVEMENTS = ['ok', 'catching-up', 'falling-behind', 'not-moving', 'rewound', 'no-commits', 'unknown'] as const
export type Movement = (typeof MOVEMENTS)[number]

/** A partition at one moment. */
export interface Point {
  /** Null where the group has committed nothing. */
  readonly committed: bigint | null
  /** Null where it is not known. */
  readonly end: bigint | null
}

/** Events between the commit and the end; null without a commit or end, and where the commit is beyond the end. */
export function lagOf({committed, end}: Point): bigint | null {
  if (committed === null || end === null || committed > end) return null
  return end - committed
}

/** What became of a partition from one look to the next. */
export function partitionMovement(before: Point, now: Point): Movement {
  if (now.committed === null) return 'no-commits'
  if (before.committed !== null && now.committed < before.committed) return 'rewound'
  const [lagBefore, lagNow] = [lagOf(before), lagOf(now)]
  if (lagNow === null) return 'unknown'
  if (lagNow === 0n || lagBefore === 0n) return 'ok'
  if (before.committed === null || lagBefore === null) return 'unknown'
  if (now.committed === before.committed) return 'not-moving'
  return lagNow < lagBefore ? 'catching-up' : 'falling-behind'
}

/** A partition of a group, between two looks. */
export interface Moved {
  readonly before: Point
  readonly now: Point
  readonly movement: Movement
  /** Member that has it; null where nobody knows. */
  readonly owner: string | null
}

/**
 * Whether a partition that did not move only waits: its consumer is busy with the backlog of another one. Most consumers take their
 * partitions in turns.
 */
export function isWaiting(partition: Moved, all: readonly Moved[]): boolean {
  const isBusy = ({movement, owner}: Moved): boolean =>
    owner === partition.owner && (movement === 'catching-up' || movement === 'falling-behind')
  return partition.movement === 'not-moving' && all.some(isBusy)
}

/** The movement of a whole group: the worst that is certain, and of what moves the sum. */
export function groupMovement(partitions: readonly Moved[]): Movement {
  const has = (wanted: Movement): boolean => partitions.some(({movement}) => movement === wanted)
  if (partitions.every(({movement}) => movement === 'no-commits')) return 'no-commits'
  if (has('rewound')) return 'rewound'
  if (partitions.some((each) => each.movement === 'not-moving' && !isWaiting(each, partitions))) return 'not-moving'
  if (has('catching-up') || has('falling-behind')) {
    const {before, now} = totals(partitions)
    return now < before ? 'catching-up' : 'falling-behind'
  }
  return has('ok') ? 'ok' : 'unknown'
}

/** Seconds until the backlog is worked off, at the pace between the looks; null where it does not shrink. */
export function etaSeconds(partitions: readonly Moved[], elapsedMs: number): number | null {
  const {before, now} = totals(partitions)
  if (now >= before || elapsedMs <= 0) return null
  return Math.ceil(Number(now) / (Number(before - now) / (elapsedMs / 1000)))
}

/** Lag of the partitions of which both looks have one. */
function totals(partitions: readonly Moved[]): {before: bigint; now: bigint} {
  let [before, now] = [0n, 0n]
  for (const partition of partitions) {
    const [was, is] = [lagOf(partition.before), lagOf(partition.now)]
    if (was === null || is === null) continue
    before += was
    now += is
  }
  return {before, now}
}
