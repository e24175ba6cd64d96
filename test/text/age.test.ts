import {expect, test} from 'vitest'
import {age} from '../../src/lib/text/age.ts'

test.each([
  [-5000, '0 s'],
  [0, '0 s'],
  [999, '0 s'],
  [40_000, '40 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [4 * 60_000, '4 min'],
  [60 * 60_000 - 1, '59 min'],
  [2 * 3_600_000, '2 h'],
  [47 * 3_600_000, '47 h'],
  [48 * 3_600_000, '2 d'],
  [730 * 86_400_000, '730 d'],
])('%i ms is %s', (milliseconds, words) => {
  expect(age(milliseconds)).toBe(words)
})
