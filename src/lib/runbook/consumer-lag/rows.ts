import type {Partition} from '../../clients/kafka/types.ts'
import {SapocheError} from '../../errors/index.ts'
import type {WantedGroup} from './groups.ts'
import type {Age} from './ladder.ts'
import {ageOfLagging, isKnown, keyOf, type Look, partitionsOf, type Sample} from './look.ts'
import {lagOf, type Movement, partitionMovement, type Point} from './movement.ts'
import type {LagPartition, Offset} from './schema.ts'

/** What is known of a partition of a group. */
export interface Row {
  readonly where: Partition
  readonly before: Point | null
  readonly now: Point
  readonly start: bigint | null
  readonly lag: bigint | null
  readonly movement: Movement | null
  readonly age: Age | null
  readonly owner: {readonly id: string; readonly clientId: string} | null
  /** Events that were deleted before they were read. */
  readonly lost: bigint
  /** Events that an open transaction holds back. */
  readonly held: bigint
  readonly error: SapocheError | null
}

/** Every partition of the group's topics. */
export function rowsOf(group: WantedGroup, look: Look): Row[] {
  const {before, now, starts, stable} = look
  const owners = new Map<string, Row['owner']>()
  const described = now.descriptions.get(group.name)
  if (isKnown(described)) {
    for (const {id, clientId, partitions} of described.members) for (const each of partitions) owners.set(keyOf(each), {id, clientId})
  }
  const points = {before: before === null ? null : pointsOf(group.name, before), now: pointsOf(group.name, now)}
  return partitionsOf(group, now, look.topics).map((where): Row => {
    const key = keyOf(where)
    const point = points.now(key)
    const was = points.before?.(key) ?? null
    const end = now.ends.get(key)
    const start = starts.get(key)
    const topic = look.topics.get(where.topic)
    const error = topic === null ? null : ([topic, end, start].find((each) => each instanceof SapocheError) ?? null)
    const whole = lagOf(point)
    const first = isKnown(start) ? start : null
    const lost = point.committed !== null && first !== null && point.committed < first ? first - point.committed : 0n
    const lag = whole === null ? null : lost > whole ? 0n : whole - lost
    const next = point.committed === null ? 0n : point.committed + lost
    const movement = was === null ? null : partitionMovement(was, point)
    const limit = stable.get(key)
    return {
      where,
      before: was,
      now: point,
      start: first,
      lag,
      movement,
      age: lag === null || lag === 0n ? null : knownAge(ageOfLagging({key, next}, look)),
      owner: owners.get(key) ?? null,
      lost,
      held:
        movement === 'not-moving' && isKnown(limit) && point.end !== null && point.end > limit
          ? point.end - (limit > next ? limit : next)
          : 0n,
      error,
    }
  })
}

/** Null where no rung was asked, or none answered. */
function knownAge(age: Age): Age | null {
  return age.from === 0 && age.to === null ? null : age
}

function pointsOf(group: string, {commits, ends}: Sample): (key: string) => Point {
  const known = commits.get(group)
  const committed = new Map(isKnown(known) ? known.map((commit) => [keyOf(commit), commit.offset]) : [])
  return (key) => {
    const end = ends.get(key)
    return {committed: committed.get(key) ?? null, end: isKnown(end) ? end : null}
  }
}

/** Its commit is beyond its end: the topic was made anew, or cut. */
export function isBeyond({now}: Row): boolean {
  return now.committed !== null && now.end !== null && now.committed > now.end
}

/** Events that are there, where nothing is committed. */
export function unreadOf({now, start}: Row): bigint {
  return now.committed !== null || now.end === null || start === null ? 0n : now.end - start
}

/** A row as the report has it. */
export function partitionOf(row: Row): LagPartition {
  const {where, now, start, lag, movement, age, owner} = row
  return {
    ...where,
    committed: offsetOf(now.committed),
    start: offsetOf(start),
    end: offsetOf(now.end),
    lag: offsetOf(lag),
    movement,
    oldestUnreadSeconds: age,
    owner: owner?.clientId ?? null,
    note: noteOf(row),
  }
}

function noteOf(row: Row): string {
  if (row.error !== null) return row.error.message
  if (isBeyond(row)) return 'commit beyond the end'
  if (row.lost > 0n) return `${row.lost} events deleted unread`
  if (row.now.committed === null) return unreadOf(row) === 0n ? 'no commit' : `no commit, ${unreadOf(row)} events to read`
  return row.held > 0n ? `${row.held} events held back by an open transaction` : ''
}

/** A number as long as it is exact. */
export function offsetOf(value: bigint): Offset
export function offsetOf(value: bigint | null): Offset | null
export function offsetOf(value: bigint | null): Offset | null {
  if (value === null) return null
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}
