import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {ageOf, nextRung, oldest, rungsAllowed} from '../../../src/lib/runbook/consumer-lag/ladder.ts'

const answers = (pairs: Readonly<Record<number, bigint | null>>): Map<number, bigint | null> =>
  new Map(Object.entries(pairs).map(([rung, offset]) => [Number(rung), offset]))

describe('the bracket', () => {
  test.each([
    ['nobody asked', {}, null, {from: 0, to: null}],
    ['younger', {300: 5n}, null, {from: 0, to: 300}],
    ['older', {300: 90n}, null, {from: 300, to: null}],
    ['older than all there is', {300: null}, null, {from: 300, to: null}],
    ['between', {300: 90n, 3600: 10n}, null, {from: 300, to: 3600}],
    ['exactly the first that is young enough', {300: 50n}, null, {from: 0, to: 300}],
    ['come since the look before', {}, 10, {from: 0, to: 10}],
    ['come since, and the rung says the same', {60: 5n}, 10, {from: 0, to: 10}],
    // Times of events are their producers', which may be wrong.
    ['come since, though its time is old', {60: 90n}, 10, {from: 10, to: 10}],
  ] as const)('%s', (_, said, to, age) => {
    expect(ageOf(50n, answers(said), to)).toEqual(age)
  })

  test('of several partitions the oldest', () => {
    expect(oldest([])).toBeNull()
    expect(
      oldest([
        {from: 60, to: 300},
        {from: 300, to: 900},
      ]),
    ).toEqual({from: 300, to: 900})
    expect(
      oldest([
        {from: 0, to: null},
        {from: 60, to: 300},
      ]),
    ).toEqual({from: 60, to: null})
  })
})

describe('climbing', () => {
  test('what decides the severity is asked first', () => {
    expect(nextRung({from: 0, to: null}, 300)).toBe(300)
    expect(nextRung({from: 0, to: null}, 420)).toBe(420)
    expect(nextRung({from: 300, to: null}, 300)).toBe(21_600)
    expect(nextRung({from: 0, to: 300}, 300)).toBe(60)
    expect(nextRung({from: 0, to: 60}, 300)).toBeNull()
    expect(nextRung({from: 86_400, to: null}, 300)).toBeNull()
  })

  test('ends around the true age, within four questions', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 200_000}), fc.integer({min: 1, max: 100_000}), (seconds, maxAge) => {
        // One event, at offset 0, of this age.
        const said = new Map<number, bigint | null>()
        for (;;) {
          const rung = nextRung(ageOf(0n, said), maxAge)
          if (rung === null) break
          said.set(rung, seconds <= rung ? 0n : null)
        }
        const {from, to} = ageOf(0n, said)
        expect(said.size).toBeLessThanOrEqual(4)
        expect(seconds).toBeGreaterThanOrEqual(from)
        expect(seconds).toBeLessThanOrEqual(to ?? Infinity)
        if (to !== null) expect([0, 60, 300, 900, 3600, 21_600, 86_400, maxAge]).toEqual(expect.arrayContaining([from, to]))
      }),
    )
  })

  test.each([
    [{groups: 14, present: 14, brokers: 3, samples: 2}, 6],
    [{groups: 1, present: 1, brokers: 3, samples: 2}, 3],
    [{groups: 1, present: 1, brokers: 1, samples: 2}, 7],
    [{groups: 6, present: 6, brokers: 6, samples: 2}, 1],
    [{groups: 20, present: 20, brokers: 30, samples: 2}, 0],
    [{groups: 3, present: 0, brokers: 0, samples: 1}, 0],
  ] as const)('questions that are left: %j', (size, rungs) => {
    expect(rungsAllowed(size)).toBe(rungs)
  })
})
