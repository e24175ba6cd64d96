import {describe, expect, test} from 'vitest'
import {
  etaSeconds,
  groupMovement,
  isWaiting,
  lagOf,
  type Moved,
  type Movement,
  partitionMovement,
  type Point,
} from '../../../src/lib/runbook/consumer-lag/movement.ts'

const point = (committed: number | null, end: number | null): Point => ({
  committed: committed === null ? null : BigInt(committed),
  end: end === null ? null : BigInt(end),
})

test.each([
  ['nothing left', point(5, 5), 0n],
  ['some left', point(3, 5), 2n],
  ['no commit', point(null, 5), null],
  ['no end', point(3, null), null],
  ['beyond the end', point(6, 5), null],
] as const)('lag: %s', (_, at, lag) => {
  expect(lagOf(at)).toBe(lag)
})

describe('a partition', () => {
  const cases: readonly (readonly [what: string, before: Point, now: Point, movement: Movement])[] = [
    ['all read', point(5, 5), point(9, 9), 'ok'],
    ['all read in the end', point(3, 5), point(9, 9), 'ok'],
    ['all read at first: the next commit may be due later', point(5, 5), point(5, 9), 'ok'],
    ['the same commit, nothing new', point(3, 5), point(3, 5), 'not-moving'],
    ['the same commit, the log grew', point(3, 5), point(3, 9), 'not-moving'],
    ['less left', point(0, 10), point(6, 12), 'catching-up'],
    ['as much left', point(0, 10), point(2, 12), 'falling-behind'],
    ['more left', point(0, 10), point(1, 20), 'falling-behind'],
    ['the commit went back', point(9, 10), point(4, 10), 'rewound'],
    ['the commit went back to where nothing is left', point(9, 10), point(4, 4), 'rewound'],
    ['no commit', point(null, 10), point(null, 10), 'no-commits'],
    ['the commit is gone', point(3, 10), point(null, 10), 'no-commits'],
    ['the first commit', point(null, 10), point(3, 10), 'unknown'],
    ['the first commit, all read', point(null, 10), point(10, 10), 'ok'],
    ['the end is not known', point(3, 10), point(4, null), 'unknown'],
    ['the end was not known', point(3, null), point(4, 10), 'unknown'],
    ['a commit beyond the end', point(500, 16), point(500, 16), 'unknown'],
  ]
  test.each(cases)('%s', (_, before, now, movement) => {
    expect(partitionMovement(before, now)).toBe(movement)
  })
})

const moved = (before: Point, now: Point, owner: string | null = 'a'): Moved => ({
  before,
  now,
  movement: partitionMovement(before, now),
  owner,
})
const well = moved(point(5, 5), point(9, 9))
const still = moved(point(3, 9), point(3, 9))
const faster = moved(point(0, 100), point(60, 100))
const slower = moved(point(0, 100), point(10, 200))
const back = moved(point(9, 10), point(4, 10))
const bare = moved(point(null, 9), point(null, 9))
const blind = moved(point(3, 9), point(3, null))
const by = (owner: string | null, each: Moved): Moved => ({...each, owner})

describe('a group', () => {
  const cases: readonly (readonly [what: string, partitions: readonly Moved[], movement: Movement])[] = [
    ['without partitions', [], 'no-commits'],
    ['nothing committed', [bare, bare], 'no-commits'],
    ['well', [well, well], 'ok'],
    ['well, and one partition that nobody has read', [well, bare], 'ok'],
    ['one partition stands', [well, still], 'not-moving'],
    ['one stands while its consumer works on another backlog', [still, faster], 'catching-up'],
    ['one stands while another consumer works on a backlog', [by('b', still), faster], 'not-moving'],
    ['one stands while somebody works on a backlog', [by(null, still), by(null, faster)], 'catching-up'],
    ['one went back', [well, still, back], 'rewound'],
    ['more is read than comes, in sum', [faster, moved(point(0, 10), point(1, 12))], 'catching-up'],
    ['more comes than is read, in sum', [faster, slower], 'falling-behind'],
    ['nothing can be seen', [blind], 'unknown'],
    ['one can not be seen', [well, blind], 'ok'],
  ]
  test.each(cases)('%s', (_, partitions, movement) => {
    expect(groupMovement(partitions)).toBe(movement)
  })

  test('who waits', () => {
    expect(isWaiting(still, [still, faster])).toBe(true)
    expect(isWaiting(still, [still, well])).toBe(false)
    expect(isWaiting(well, [well, faster])).toBe(false)
  })
})

test.each([
  ['40 left at 6 a second', [faster], 10_000, 7],
  ['the sum counts', [faster, moved(point(0, 20), point(20, 40))], 10_000, 10],
  ['it grows', [slower], 10_000, null],
  ['it stays', [still], 10_000, null],
  ['no time between', [faster], 0, null],
] as const)('time that is left: %s', (_, partitions, elapsed, seconds) => {
  expect(etaSeconds(partitions, elapsed)).toBe(seconds)
})
