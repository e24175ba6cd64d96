import type {GroupDescription} from '../../clients/kafka/types.ts'
import {SapocheError} from '../../errors/index.ts'
import {count} from '../../text/view.ts'
import {deadLettersOf} from './dead-letters.ts'
import type {Consumers, WantedGroup} from './groups.ts'
import {oldest} from './ladder.ts'
import {isKnown, type Look} from './look.ts'
import {etaSeconds, groupMovement, type Moved} from './movement.ts'
import {nextCommands} from './next.ts'
import {isBeyond, offsetOf, partitionOf, type Row, rowsOf, unreadOf} from './rows.ts'
import type {LagItem} from './schema.ts'
import {type GroupFacts, judgeGroup} from './severity.ts'
import {placesText} from './words.ts'

/** The row of the report for one group. `rebalancing` is how long it has been seen so, in milliseconds; null where it is not. Pure. */
export function itemOf(group: WantedGroup, look: Look, rebalancing: number | null): LagItem {
  const {state, members, error} = stateOf(group, look)
  const rows = error === null && state !== 'absent' ? rowsOf(group, look) : []
  const lags = rows.flatMap(({lag}) => lag ?? [])
  const replicas = replicasOf(group.workloads)
  const facts: GroupFacts = {
    state,
    trouble: error?.message ?? null,
    ...motionOf(group, state, rows, look, rebalancing),
    lag: lags.length === 0 ? null : lags.reduce((sum, each) => sum + each, 0n),
    isPartial: rows.some((row) => row.error !== null && row.now.committed !== null),
    age: oldest(rows.flatMap((row) => row.age ?? [])),
    unread: rows.reduce((sum, row) => sum + unreadOf(row), 0n),
    members,
    replicas,
    idle: replicas === null || rows.length === 0 ? null : Math.max(0, replicas.desired - rows.length),
    backlogAccepted: group.workloads.every(({desired, backlogAccepted}) => (desired ?? 0) > 0 || backlogAccepted),
    allowedLag: group.allowedLag,
    maxAge: group.maxAge,
    rebalancing,
    oddities: odditiesOf(rows, group, look),
    unreadable: unreadableOf(rows),
    held: rows.reduce((sum, {held}) => sum + held, 0n),
    deadLetters: group.deadLetter === null ? null : deadLettersOf(group.deadLetter, look),
  }
  const lag = facts.isPartial ? null : facts.lag
  const judgement = judgeGroup(facts)
  return {
    group: group.name,
    sources: [...group.sources],
    workloads: group.workloads.map(({name, ready, desired}) => ({name, ready, desired})),
    state,
    movement: facts.movement,
    lag: offsetOf(lag),
    worstLag: lag === null ? null : offsetOf(lags.reduce((most, each) => (each > most ? each : most), 0n)),
    oldestUnreadSeconds: facts.age,
    etaSeconds: facts.eta,
    members,
    idleConsumers: facts.idle,
    partitions: rows.map(partitionOf),
    deadLetters: facts.deadLetters && {
      topic: facts.deadLetters.topic,
      events: offsetOf(facts.deadLetters.events),
      added: offsetOf(facts.deadLetters.added),
    },
    thresholds: {allowedLag: group.allowedLag, maxAgeSeconds: group.maxAge},
    severity: judgement.severity,
    reason: judgement.reason,
    next: nextCommands(group.workloads, facts, judgement.severity, rows.length),
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

/** How it moves, and how long it will take. */
function motionOf(
  group: WantedGroup,
  state: string | null,
  rows: readonly Row[],
  look: Look,
  rebalancing: number | null,
): Pick<GroupFacts, 'movement' | 'eta' | 'membersChanged'> {
  const {before, now} = look
  const membersChanged = haveMembersChanged(group.name, look)
  if (before === null) return {movement: null, eta: null, membersChanged}
  const moved = rows.flatMap((row): Moved[] =>
    row.before === null || row.movement === null
      ? []
      : [{before: row.before, now: row.now, movement: row.movement, owner: row.owner?.id ?? null}],
  )
  const seen = state === null || state === 'absent' || rebalancing !== null ? 'unknown' : groupMovement(moved)
  const isHeldUp = seen === 'not-moving' && membersChanged
  // What can't be seen may well be worse than what can.
  const isHalfSeen = rows.some(({error}) => error !== null) && (seen === 'ok' || seen === 'catching-up' || seen === 'no-commits')
  const movement = isHeldUp || isHalfSeen ? 'unknown' : seen
  return {movement, eta: movement === 'catching-up' ? etaSeconds(moved, now.at - before.at) : null, membersChanged}
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

/** Partitions that fail for the same reason, in one sentence; which they are stands in their rows. */
function unreadableOf(rows: readonly Row[]): string[] {
  const failed = rows.flatMap(({error}) => (error === null ? [] : [error.message]))
  return [...Map.groupBy(failed, (message) => message)].map(
    ([message, {length}]) => `${length} of ${count(rows.length, 'partition')} can't be read: ${message}`,
  )
}
