import {age as span} from '../../text/age.ts'
import {count} from '../../text/view.ts'
import {worst} from '../../workload/index.ts'
import type {Severity} from '../schema.ts'
import type {DeadLetters} from './dead-letters.ts'
import type {Age} from './ladder.ts'
import type {Movement} from './movement.ts'

/** What is known of a group when it is judged. Pure. */
export interface GroupFacts {
  /** As the report has it; null where it can't be read. */
  readonly state: string | null
  /** Why the group or its commits can't be read; null where they can. */
  readonly trouble: string | null
  /** Null after one look. */
  readonly movement: Movement | null
  /** Of the partitions with a commit that can be read; null where there is none. */
  readonly lag: bigint | null
  /** There are more, which can't be read. */
  readonly isPartial: boolean
  readonly age: Age | null
  readonly eta: number | null
  /** Events that a group without commits would find. */
  readonly unread: bigint
  readonly members: number | null
  /** Of the workloads that should work on it, together; null where none is known. */
  readonly replicas: {readonly desired: number; readonly ready: number} | null
  /** The catalogue accepts a backlog while it is off. */
  readonly backlogAccepted: boolean
  readonly allowedLag: number
  /** Seconds. */
  readonly maxAge: number
  /** How long it has been seen rebalancing, milliseconds; null where it is not. */
  readonly rebalancing: number | null
  /** Members came or went between the looks. */
  readonly membersChanged: boolean
  /** Partitions whose commit is beyond the end, or below the first event that is left: a sentence each. */
  readonly oddities: readonly string[]
  /** Partitions that can't be read: a sentence each. */
  readonly unreadable: readonly string[]
  /** Events that an open transaction holds back from consumers which read committed ones alone. */
  readonly held: bigint
  /** Replicas that can have no partition; null where it is not known. */
  readonly idle: number | null
  /** Null where the catalogue names no topic for them. */
  readonly deadLetters: DeadLetters | null
}

export interface Judgement {
  readonly severity: Severity
  readonly reason: string
}

const REBALANCE_LIMIT_MS = 120_000

/** The severity of a group, and a sentence that says why; '' where there is nothing to say. */
export function judgeGroup(facts: GroupFacts): Judgement {
  if (facts.state === null || facts.trouble !== null)
    return {severity: 'unknown', reason: `it can't be read: ${facts.trouble ?? 'no answer'}`}
  const main = judgeState(facts)
  const parts: Judgement[] = [
    main,
    ...facts.oddities.map((reason): Judgement => ({severity: 'warning', reason})),
    ...facts.unreadable.map((reason): Judgement => ({severity: 'unknown', reason})),
    ...judgeIdle(facts),
    ...(facts.deadLetters === null ? [] : [judgeDeadLetters(facts.deadLetters)]),
  ]
  return {
    severity: worst(parts.map(({severity}) => severity)),
    reason: parts.flatMap(({reason}) => (reason === '' ? [] : [reason])).join('; '),
  }
}

/** More consumers than partitions are no fault, and no help either. */
function judgeIdle({idle, replicas}: GroupFacts): Judgement[] {
  if (idle === null || idle === 0 || replicas === null) return []
  const {desired} = replicas
  return [{severity: 'info', reason: `${idle} of ${count(desired, 'consumer')} can have no partition: there are ${desired - idle}`}]
}

/** No lag is no all-clear where events fail fast. Old ones are told and not judged: they stay until the topic lets go of them. */
function judgeDeadLetters({topic, events: dead, added}: DeadLetters): Judgement {
  if (dead === null) return {severity: 'unknown', reason: `its dead-letter topic ${topic} can't be read`}
  if (added !== null && added > 0n) return {severity: 'warning', reason: `${events(added)} failed for good between the looks (${topic})`}
  return dead === 0n ? {severity: 'ok', reason: ''} : {severity: 'info', reason: `${events(dead)} in its dead-letter topic ${topic}`}
}

function judgeState(facts: GroupFacts): Judgement {
  const {state, lag, allowedLag, replicas} = facts
  if (state === 'absent') return judgeAbsent(facts)
  const isOff = replicas !== null && replicas.desired === 0
  if (isOff && lag !== null && lag > allowedLag) {
    return facts.backlogAccepted
      ? {severity: 'info', reason: `${unread(facts)} unread at 0 replicas, as the catalogue accepts`}
      : {severity: 'critical', reason: `${unread(facts)} unread${ageWords(facts.age)}, and no consumer is to run (0 replicas)`}
  }
  if (isOff && lag !== null) return {severity: 'ok', reason: 'no consumer is to run (0 replicas)'}
  if (facts.rebalancing !== null && !isOff) {
    if (facts.rebalancing < REBALANCE_LIMIT_MS) return {severity: 'unknown', reason: 'the group rebalances, which holds everything up'}
    return {severity: 'warning', reason: `the group rebalances for ${span(facts.rebalancing)}`}
  }
  return facts.movement === null ? judgeNumbers(facts) : judgeMovement(facts, facts.movement)
}

/** The broker knows no such group. */
function judgeAbsent({replicas}: GroupFacts): Judgement {
  if (replicas === null) return {severity: 'warning', reason: 'there is no such group'}
  if (replicas.desired === 0) return {severity: 'ok', reason: 'no such group, and no consumer is to run'}
  const who = replicas.ready === 0 ? 'no consumer is ready' : `${replicas.ready}/${replicas.desired} consumers are ready`
  return {severity: 'warning', reason: `there is no such group, though ${who}: it never joined, or its offsets have expired`}
}

/** After one look: numbers, and nothing about how they move. */
function judgeNumbers(facts: GroupFacts): Judgement {
  const {lag, allowedLag, age, maxAge} = facts
  if (lag === null) return facts.unread > 0n ? judgeWithoutCommits(facts) : {severity: 'ok', reason: ''}
  if (lag > allowedLag && isOlder(age, maxAge)) {
    return {severity: 'warning', reason: `${unread(facts)} unread${ageWords(age)}; whether they move takes a second look (--window)`}
  }
  return {severity: 'ok', reason: ''}
}

function judgeMovement(facts: GroupFacts, movement: Movement): Judgement {
  switch (movement) {
    case 'ok':
      return {severity: withoutMembers(facts) === '' ? 'ok' : 'info', reason: withoutMembers(facts)}
    case 'no-commits':
      return judgeWithoutCommits(facts)
    case 'rewound':
      return {severity: 'warning', reason: 'the commit went back: events are read again'}
    case 'unknown':
      if (facts.unreadable.length > 0) return {severity: 'unknown', reason: ''}
      return {severity: 'unknown', reason: facts.membersChanged ? 'members came or went between the looks' : 'how it moves is not known'}
    case 'not-moving':
      return judgeStanding(facts)
    case 'catching-up':
    case 'falling-behind':
      return judgeBacklog(facts, movement)
  }
}

/** Commits that did not move while events wait. A quiet consumer and one that commits the same again can't be told apart by two looks. */
function judgeStanding(facts: GroupFacts): Judgement {
  const {lag, allowedLag, age, maxAge, held} = facts
  const why = held > 0n ? `an open transaction holds ${held} of them back` : consumerWords(facts)
  const reason = `${unread(facts)} unread${ageWords(age)}, no commit between the looks${why === '' ? '' : `: ${why}`}`
  const isCritical = lag !== null && lag > allowedLag && isOlder(age, maxAge)
  return {severity: isCritical ? 'critical' : 'warning', reason}
}

/** It moves, and is behind. One short window proves no trend: age and the time that is left decide. */
function judgeBacklog(facts: GroupFacts, movement: 'catching-up' | 'falling-behind'): Judgement {
  const {lag, allowedLag, age, maxAge, eta} = facts
  const lagging = `${unread(facts)} unread${ageWords(age)}`
  const isLate = lag !== null && lag > allowedLag && isOlder(age, maxAge)
  if (movement === 'falling-behind') {
    return {severity: isLate ? 'warning' : 'info', reason: `${lagging}; they come faster than they are read`}
  }
  const soon = eta === null ? '' : `, caught up in ${span(eta * 1000)}`
  return {severity: isLate && (eta ?? Infinity) > maxAge ? 'warning' : 'info', reason: `${lagging}${soon}`}
}

function judgeWithoutCommits(facts: GroupFacts): Judgement {
  if (facts.unread === 0n) return {severity: 'ok', reason: 'nothing committed, and nothing to read'}
  const reason = `nothing committed: how far it is nobody knows; ${events(facts.unread)} are there to read`
  return {severity: facts.replicas !== null && facts.replicas.desired === 0 ? 'info' : 'warning', reason}
}

function isOlder(age: Age | null, maxAge: number): boolean {
  return age !== null && age.from >= maxAge
}

function consumerWords(facts: GroupFacts): string {
  const {replicas, members} = facts
  if (replicas !== null && replicas.desired > 0 && replicas.ready === 0) return `no consumer is ready (0/${replicas.desired})`
  const missing = withoutMembers(facts)
  if (missing !== '') return missing
  if (facts.state === 'new-protocol') return "a group of the new protocol, whose members can't be seen"
  return members === null ? '' : count(members, 'member')
}

/** Pods run, and none of them is in the group. */
function withoutMembers({replicas, members}: GroupFacts): string {
  if (replicas === null || replicas.ready === 0 || members !== 0) return ''
  return `${count(replicas.ready, 'consumer')} ready, but the group has no members`
}

function unread({lag, isPartial}: GroupFacts): string {
  return `${isPartial ? 'at least ' : ''}${events(lag ?? 0n)}`
}

function events(amount: bigint): string {
  return `${amount} ${amount === 1n ? 'event' : 'events'}`
}

function ageWords(age: Age | null): string {
  return age === null ? '' : `, the oldest ${ageText(age)}`
}

/** `under 1 min`, `1 h to 6 h`, `over 1 d`. */
export function ageText({from, to}: Age): string {
  if (to === null) return `over ${span(from * 1000)}`
  return from === 0 ? `under ${span(to * 1000)}` : `${span(from * 1000)} to ${span(to * 1000)}`
}
