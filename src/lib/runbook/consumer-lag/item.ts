import type {GroupDescription, Partition} from '../../clients/kafka/types.ts'
import {SapocheError} from '../../errors/index.ts'
import type {Consumers, WantedGroup} from './groups.ts'
import {oldest, type Age} from './ladder.ts'
import {ageOfLagging, isKnown, keyOf, type Look, partitionsOf, type Sample} from './look.ts'
import {etaSeconds, groupMovement, lagOf, type Moved, type Movement, partitionMovement, type Point} from './movement.ts'
import {nextCommands} from './next.ts'
import type {LagItem, LagPartition, Offset} from './schema.ts'
import {type GroupFacts, judgeGroup} from './severity.ts'
import {placesText} from './words.ts'

/** What is known of a partition of a group. */
interface Row {
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

/** The row of the report for one group. `rebalancing` is how long it has been seen so, in milliseconds; null where it is not. Pure. */
export function itemOf(group: WantedGroup, look: Look, rebalancing: number | null): LagItem {
  const {state, members, error} = stateOf(group, look)
  const rows = error === null && state !== 'absent' ? rowsOf(group, look) : []
  const moved = rows.flatMap((row): Moved[] =>
    row.before === null || row.movement === null
      ? []
      : [{before: row.before, now: row.now, movement: row.movement, owner: row.owner?.id ?? null}],
  )
  const movement = movementOf(state, moved, look, rebalancing, group)
  const lags = rows.flatMap(({lag}) => lag ?? [])
  const hasGap = rows.some((row) => row.error !== null && row.now.committed !== null)
  const lag = hasGap || lags.length === 0 ? null : lags.reduce((sum, each) => sum + each, 0n)
  const eta = movement === 'catching-up' && look.before !== null ? etaSeconds(moved, look.now.at - look.before.at) : null
  const age = oldest(rows.flatMap((row) => row.age ?? []))
  const facts: GroupFacts = {
    state,
    trouble: error?.message ?? null,
    movement,
    lag,
    age,
    eta,
    unread: rows.reduce(
      (sum, {now, start}) => (now.committed === null && now.end !== null && start !== null ? sum + now.end - start : sum),
      0n,
    ),
    members,
    replicas: replicasOf(group.workloads),
    backlogAccepted: group.workloads.every(({desired, backlogAccepted}) => (desired ?? 0) > 0 || backlogAccepted),
    allowedLag: group.allowedLag,
    maxAge: group.maxAge,
    rebalancing,
    membersChanged: haveMembersChanged(group.name, look),
    oddities: odditiesOf(rows, group, look),
    unreadable: unreadableOf(rows),
    held: rows.reduce((sum, {held}) => sum + held, 0n),
  }
  const judgement = judgeGroup(facts)
  const assignable = new Set(rows.map(({where}) => keyOf(where))).size
  return {
    group: group.name,
    sources: [...group.sources],
    workloads: group.workloads.map(({name, ready, desired}) => ({name, ready, desired})),
    state,
    movement,
    lag: offsetOf(lag),
    worstLag: lag === null ? null : offsetOf(lags.reduce((most, each) => (each > most ? each : most), 0n)),
    oldestUnreadSeconds: age,
    etaSeconds: eta,
    members,
    idleConsumers: facts.replicas === null || assignable === 0 ? null : Math.max(0, facts.replicas.desired - assignable),
    partitions: rows.map(partitionOf),
    thresholds: {allowedLag: group.allowedLag, maxAgeSeconds: group.maxAge},
    severity: judgement.severity,
    reason: judgement.reason,
    next: nextCommands(group.workloads, facts, judgement.severity, assignable),
  }
}

export const REBALANCING: readonly string[] = ['PreparingRebalance', 'CompletingRebalance']

/** Whether the broker says so at either look. */
export function isRebalancing(name: string, {before, now}: Pick<Look, 'before' | 'now'>): boolean {
  return [before, now].some((sample) => {
    const described = sample?.descriptions.get(name)
    return isKnown(described) && REBALANCING.includes(described.state)
  })
}

function stateOf(
  {name}: WantedGroup,
  {survey, before, now}: Look,
): {state: string | null; members: number | null; error: SapocheError | null} {
  const none = {state: null, members: null}
  const listed = survey.groups.find((group) => group.name === name)
  const described = now.descriptions.get(name) ?? before?.descriptions.get(name)
  if (!isKnown(described)) return {...none, error: described ?? null}
  if (listed === undefined && described.state === 'Dead') return {state: 'absent', members: null, error: null}
  const commits = now.commits.get(name)
  const error = commits instanceof SapocheError ? commits : null
  // To a client that can't describe them, groups of the new protocol look dead (facts: DescribeGroups before version 6).
  if (described.state === 'Dead' && survey.newProtocol) return {state: 'new-protocol', members: null, error}
  return {state: described.state, members: described.members.length, error}
}

function movementOf(
  state: string | null,
  moved: readonly Moved[],
  look: Look,
  rebalancing: number | null,
  group: WantedGroup,
): Movement | null {
  if (look.before === null) return null
  if (state === null || state === 'absent' || rebalancing !== null) return 'unknown'
  const movement = groupMovement(moved)
  return movement === 'not-moving' && haveMembersChanged(group.name, look) ? 'unknown' : movement
}

function haveMembersChanged(name: string, {before, now}: Look): boolean {
  const [was, is] = [before?.descriptions.get(name), now.descriptions.get(name)]
  if (!isKnown(was) || !isKnown(is)) return false
  const ids = (described: GroupDescription): string =>
    described.members
      .map(({id}) => id)
      .sort()
      .join(' ')
  return ids(was) !== ids(is)
}

function rowsOf(group: WantedGroup, look: Look): Row[] {
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

/** A workload that the cluster lacks has no replicas, and is to have none. */
function replicasOf(workloads: readonly Consumers[]): GroupFacts['replicas'] {
  if (workloads.length === 0) return null
  const sum = (of: (workload: Consumers) => number | null): number => workloads.reduce((total, workload) => total + (of(workload) ?? 0), 0)
  return {desired: sum(({desired}) => desired), ready: sum(({ready}) => ready)}
}

function odditiesOf(rows: readonly Row[], group: WantedGroup, {topics}: Look): string[] {
  const beyond = rows.filter(isBeyond)
  const below = rows.filter(({lost}) => lost > 0n)
  const lost = below.reduce((sum, row) => sum + row.lost, 0n)
  const missing = new Set([...group.topics, ...rows.map(({where}) => where.topic)].filter((topic) => topics.get(topic) === null))
  return [
    ...(beyond.length === 0
      ? []
      : [`the commit is beyond the end in ${placesText(beyond.map(({where}) => where))}: the topic was made anew, or cut`]),
    ...(below.length === 0 ? [] : [`${lost} events were deleted unread in ${placesText(below.map(({where}) => where))}`]),
    ...(missing.size === 0 ? [] : [`there is no topic ${[...missing].join(', ')}`]),
  ]
}

function isBeyond({now}: Row): boolean {
  return now.committed !== null && now.end !== null && now.committed > now.end
}

/** Partitions that fail for the same reason, in one sentence. */
function unreadableOf(rows: readonly Row[]): string[] {
  const failed = rows.flatMap(({where, error}) => (error === null ? [] : [{where, message: error.message}]))
  return [...Map.groupBy(failed, ({message}) => message)].map(
    ([message, places]) => `${placesText(places.map(({where}) => where))} can't be read: ${message}`,
  )
}

function partitionOf(row: Row): LagPartition {
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
  if (row.now.committed === null) {
    const unread = row.now.end === null || row.start === null ? 0n : row.now.end - row.start
    return unread === 0n ? 'no commit' : `no commit, ${unread} events to read`
  }
  return row.held > 0n ? `${row.held} events held back by an open transaction` : ''
}

/** A number as long as it is exact. */
export function offsetOf(value: bigint): Offset
export function offsetOf(value: bigint | null): Offset | null
export function offsetOf(value: bigint | null): Offset | null {
  if (value === null) return null
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}
