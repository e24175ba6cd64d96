import {expect, test} from 'vitest'
import {hasBars, trend} from '../../src/lib/text/trend.ts'

test.each([
  ['nothing', [], ''],
  ['zeros', [0, 0], '▁▁'],
  ['from zero to the most', [0, 50, 100], '▁▅█'],
  ['what is not zero is seen', [1, 1000], '▂█'],
  ['one height', [7, 7], '██'],
  ['a gap', [4, null, 8], '▅ █'],
  ['the newest', [1, 2, 3, 4, 5, 6], '▆▇█'],
] as const)('%s', (_, values, drawn) => {
  expect(trend(values, 3)).toBe(drawn)
})

test.each([
  ['', false],
  [' ▁▁ ', false],
  ['▁▂', true],
  ['█', true],
])('%j shows something: %s', (line, shows) => {
  expect(hasBars(line)).toBe(shows)
})
