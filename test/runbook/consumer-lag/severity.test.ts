import {describe, expect, test} from 'vitest'
import {ageText, type GroupFacts, judgeGroup} from '../../../src/lib/runbook/consumer-lag/severity.ts'

/** A group that is well, with one consumer. */
const WELL: GroupFacts = {
  state: 'Stable',
  trouble: null,
  movement: 'ok',
  lag: 0n,
  isPartial: false,
  age: null,
  eta: null,
  unread: 0n,
  members: 1,
  replicas: {desired: 1, ready: 1},
  backlogAccepted: false,
  allowedLag: 0,
  maxAge: 300,
  rebalancing: null,
  idle: null,
  membersChanged: false,
  oddities: [],
  unreadable: [],
  held: 0n,
  deadLetters: null,
}
const OLD = {from: 300, to: 900}
const YOUNG = {from: 60, to: 300}
const OFF = {desired: 0, ready: 0}

type Case = readonly [what: string, facts: Partial<GroupFacts>, severity: string, reason: RegExp | '']

const CASES: Readonly<Record<string, readonly Case[]>> = {
  moving: [
    ['well', {}, 'ok', ''],
    ['well, without members', {members: 0}, 'info', /^1 consumer ready, but the group has no members$/],
    ['catching up, young', {movement: 'catching-up', lag: 60n, age: YOUNG, eta: 8}, 'info', /^60 events unread.*caught up in 8 s$/],
    ['catching up soon, old', {movement: 'catching-up', lag: 60n, age: OLD, eta: 300}, 'info', /caught up in 5 min/],
    ['catching up late, old', {movement: 'catching-up', lag: 60n, age: OLD, eta: 301}, 'warning', /caught up/],
    ['catching up late, young', {movement: 'catching-up', lag: 60n, age: YOUNG, eta: 9000}, 'info', /caught up in 2 h/],
    ['catching up late, old, within what is allowed', {movement: 'catching-up', lag: 60n, allowedLag: 60, age: OLD, eta: 900}, 'info', /./],
    ['falling behind, young', {movement: 'falling-behind', lag: 9n, age: YOUNG}, 'info', /come faster than they are read/],
    ['falling behind, old', {movement: 'falling-behind', lag: 9n, age: OLD}, 'warning', /the oldest 5 min to 15 min/],
    [
      'more consumers than partitions',
      {replicas: {desired: 5, ready: 5}, idle: 2},
      'info',
      /^2 of 5 consumers can have no partition: there are 3$/,
    ],
    ['rewound', {movement: 'rewound', lag: 9n}, 'warning', /went back/],
    ['not known', {movement: 'unknown'}, 'unknown', /not known/],
    ['members came or went', {movement: 'unknown', membersChanged: true}, 'unknown', /members came or went/],
  ],
  standing: [
    [
      'old',
      {movement: 'not-moving', lag: 5000n, age: {from: 3600, to: 21_600}},
      'critical',
      /^5000 events unread, the oldest 1 h to 6 h, .*: 1 member$/,
    ],
    [
      'older than any rung',
      {movement: 'not-moving', lag: 1n, age: {from: 86_400, to: null}},
      'critical',
      /^1 event unread, the oldest over 24 h/,
    ],
    ['exactly as old as allowed', {movement: 'not-moving', lag: 1n, age: {from: 300, to: 900}}, 'critical', /./],
    ['young', {movement: 'not-moving', lag: 5000n, age: YOUNG}, 'warning', /1 min to 5 min/],
    ['of unknown age', {movement: 'not-moving', lag: 5000n}, 'warning', /^5000 events unread, no commit/],
    ['old, within what is allowed', {movement: 'not-moving', lag: 10n, allowedLag: 10, age: OLD}, 'warning', /./],
    ['old, one more than is allowed', {movement: 'not-moving', lag: 11n, allowedLag: 10, age: OLD}, 'critical', /./],
    ['old, of a group that may be older', {movement: 'not-moving', lag: 11n, maxAge: 900, age: OLD}, 'warning', /./],
    ['nobody is ready', {movement: 'not-moving', lag: 1n, replicas: {desired: 2, ready: 0}}, 'warning', /no consumer is ready \(0\/2\)$/],
    ['without members', {movement: 'not-moving', lag: 1n, members: 0}, 'warning', /no members$/],
    ['new protocol', {movement: 'not-moving', lag: 1n, state: 'new-protocol', members: null}, 'warning', /new protocol/],
    [
      'a part of it',
      {movement: 'not-moving', lag: 9n, isPartial: true, unreadable: ['dark']},
      'unknown',
      /^at least 9 events unread.*; dark$/,
    ],
    ['held by a transaction', {movement: 'not-moving', lag: 9n, held: 4n}, 'warning', /an open transaction holds 4 of them back$/],
  ],
  'one look': [
    ['nothing left', {movement: null}, 'ok', ''],
    ['young', {movement: null, lag: 9n, age: YOUNG}, 'ok', ''],
    ['old', {movement: null, lag: 9n, age: OLD}, 'warning', /takes a second look/],
    ['old, within what is allowed', {movement: null, lag: 9n, allowedLag: 9, age: OLD}, 'ok', ''],
    ['nothing committed, nothing there', {movement: null, lag: null}, 'ok', ''],
    ['nothing committed, something there', {movement: null, lag: null, unread: 7n}, 'warning', /nothing committed/],
  ],
  'no replicas': [
    ['nothing left', {replicas: OFF}, 'ok', /0 replicas/],
    ['something left', {replicas: OFF, movement: 'not-moving', lag: 1n}, 'critical', /^1 event unread, and no consumer is to run/],
    ['something left, one look', {replicas: OFF, movement: null, lag: 1n}, 'critical', /0 replicas/],
    ['something left while it rebalances', {replicas: OFF, movement: 'unknown', lag: 1n, rebalancing: 0}, 'critical', /0 replicas/],
    ['within what is allowed', {replicas: OFF, movement: 'not-moving', lag: 5n, allowedLag: 5}, 'ok', /0 replicas/],
    ['accepted', {replicas: OFF, movement: 'not-moving', lag: 9n, backlogAccepted: true}, 'info', /as the catalogue accepts/],
    ['nothing committed', {replicas: OFF, movement: 'no-commits', lag: null, unread: 9n}, 'info', /nothing committed/],
  ],
  'no commits': [
    ['nothing there', {movement: 'no-commits', lag: null}, 'ok', /nothing to read/],
    ['something there', {movement: 'no-commits', lag: null, unread: 9n}, 'warning', /9 events are there to read/],
  ],
  rebalancing: [
    ['just now', {movement: 'unknown', rebalancing: 0}, 'unknown', /rebalances/],
    ['for two minutes less a bit', {movement: 'unknown', rebalancing: 119_999}, 'unknown', /rebalances/],
    ['for two minutes', {movement: 'unknown', rebalancing: 120_000}, 'warning', /rebalances for 2 min/],
  ],
  'what is not there': [
    ['consumers run', {state: 'absent', movement: 'unknown', lag: null, members: null}, 'warning', /though 1\/1 consumers are ready/],
    ['nobody runs', {state: 'absent', lag: null, replicas: {desired: 1, ready: 0}}, 'warning', /no consumer is ready/],
    ['nobody is to run', {state: 'absent', lag: null, replicas: OFF}, 'ok', /no consumer is to run/],
    ['asked for by name', {state: 'absent', lag: null, replicas: null}, 'warning', /no such group/],
    ['not readable', {state: null, trouble: 'not allowed'}, 'unknown', /^it can't be read: not allowed$/],
    ['commits are not readable', {trouble: 'no answer'}, 'unknown', /^it can't be read: no answer$/],
  ],
  'besides all that': [
    ['an oddity', {oddities: ['the commit is beyond the end in t 0']}, 'warning', /^the commit is beyond/],
    ['an oddity of a group that stands', {movement: 'not-moving', lag: 1n, age: OLD, oddities: ['odd']}, 'critical', /; odd$/],
    ['partitions that can not be read', {unreadable: ['t 1 can not be read']}, 'unknown', /^t 1 can not be read$/],
    ['no dead letters', {deadLetters: {topic: 'd', events: 0n, added: 0n}}, 'ok', ''],
    ['old dead letters', {deadLetters: {topic: 'd', events: 7n, added: 0n}}, 'info', /^7 events in its dead-letter topic d$/],
    ['dead letters, and one look', {deadLetters: {topic: 'd', events: 1n, added: null}}, 'info', /^1 event in its dead-letter topic d$/],
    [
      'new dead letters',
      {deadLetters: {topic: 'd', events: 7n, added: 2n}},
      'warning',
      /^2 events failed for good between the looks \(d\)$/,
    ],
    ['dead letters that can not be read', {deadLetters: {topic: 'd', events: null, added: null}}, 'unknown', /topic d can't be read$/],
    ['both', {oddities: ['odd'], unreadable: ['dark']}, 'unknown', /^odd; dark$/],
  ],
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  test.each(cases)('%s', (_what, facts, severity, reason) => {
    const judged = judgeGroup({...WELL, ...facts})
    expect(judged.severity).toBe(severity)
    if (reason === '') expect(judged.reason).toBe('')
    else expect(judged.reason).toMatch(reason)
  })
})

test.each([
  [{from: 0, to: 60}, 'under 1 min'],
  [{from: 3600, to: 21_600}, '1 h to 6 h'],
  [{from: 86_400, to: null}, 'over 24 h'],
] as const)('%j', (age, text) => {
  expect(ageText(age)).toBe(text)
})
