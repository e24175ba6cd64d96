import {expect, test} from 'vitest'
import {type LogFlags, logOptions, momentFrom} from '../../../src/lib/runbook/logs/options.ts'

const FLAGS: LogFlags = {
  follow: false,
  previous: false,
  'after-context': 0,
  'before-context': 0,
  timestamps: false,
  prefix: true,
  output: 'text',
  json: false,
  'max-streams': 64,
  'order-window': 250,
}
const read = (flags: Partial<LogFlags>) => logOptions(['all'], {...FLAGS, ...flags})

test.each<[Partial<LogFlags>, number | null]>([
  [{}, 100],
  [{tail: 7}, 7],
  [{tail: 0}, 0],
  [{tail: -1}, null],
  [{since: 60_000}, null],
  [{since: 60_000, tail: 5}, 5],
  [{'since-time': '2026-11-22T03:12:07Z'}, null],
  [{grep: ['x']}, null],
  [{level: 'error'}, null],
  [{level: 'error', tail: 100}, 100],
])('%j: the last %j lines', (flags, tail) => {
  expect(read(flags).tail).toBe(tail)
})

test.each<[Partial<LogFlags>, string]>([
  [{tail: -2}, '--tail -2 is no number of lines; -1 means all'],
  [{grep: ['(']}, '--grep "(" is no regular expression'],
  [{exclude: ['*']}, '--exclude "*" is no regular expression'],
  [{'since-time': 'yesterday'}, '--since-time yesterday is no time such as 2026-11-22T03:12:07Z'],
  [{'since-time': '2026'}, '--since-time 2026 is no time such as 2026-11-22T03:12:07Z'],
])('%j is refused', (flags, message) => {
  expect(() => read(flags)).toThrow(expect.objectContaining({message, code: 'usage'}))
})

test('patterns are for whole characters', () => {
  expect(read({grep: ['^.$']}).rules?.grep[0]?.test('😀')).toBe(true)
})

test('a time keeps its fraction', () => {
  expect(read({'since-time': '2026-11-22T03:12:07.25Z'}).sinceTime).toEqual(momentFrom(Date.parse('2026-11-22T03:12:07.250Z')))
  expect(momentFrom(1250)).toEqual({seconds: 1, nanos: 250_000_000})
})

test('--json is -o json', () => {
  expect([read({json: true}).format, read({output: 'raw'}).format]).toEqual(['json', 'raw'])
})
