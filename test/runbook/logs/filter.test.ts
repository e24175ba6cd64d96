import {describe, expect, test} from 'vitest'
import {RecordFilter, type Rules} from '../../../src/lib/runbook/logs/filter.ts'
import {LineQueue} from '../../../src/lib/runbook/logs/lines.ts'
import {Position} from '../../../src/lib/runbook/logs/position.ts'

const ALL: Rules = {grep: [], exclude: [], level: null, before: 0, after: 0}
const LOG = [
  'INFO order 81 received',
  'ERROR order 81 failed',
  '#0 Client.php(88)',
  '#1 {main}',
  'INFO order 82 received',
  'WARNING order 82 slow',
  'INFO order 82 done',
  'order 83 without a level',
  '{"message":"order 84","level":400}',
  '[2026-11-22 03:12:07] prod.CRITICAL: order 85',
]

function filtered(rules: Partial<Rules>, log: readonly string[] = LOG): string[] {
  const lines = new LineQueue(new Position({seconds: 0, nanos: 0}))
  const filter = new RecordFilter(lines, {...ALL, ...rules})
  lines.select(filter)
  lines.begin(null, false)
  for (const [n, text] of log.entries()) lines.push(Buffer.from(`2026-11-22T03:12:07.${String(n).padStart(3, '0')}Z ${text}\n`))
  filter.settle()
  const shown: string[] = []
  while (!lines.isEmpty) {
    const {bytes, textStart, end} = lines.head
    shown.push(bytes.toString('utf8', textStart, end))
    lines.shift()
  }
  return shown
}

const pick = (...numbers: number[]): string[] => numbers.map((number) => LOG[number]!)

describe('whole records', () => {
  test.each<[string, Partial<Rules>, string[]]>([
    ['nothing asked', {}, LOG],
    ['a match in the head', {grep: [/failed/]}, pick(1, 2, 3)],
    ['a match in a frame', {grep: [/Client\.php/]}, pick(1, 2, 3)],
    ['a match over a line feed', {grep: [/failed\n#0/]}, pick(1, 2, 3)],
    ['one of several', {grep: [/failed/, /slow/]}, pick(1, 2, 3, 5)],
    ['excluded by a frame', {exclude: [/main/]}, pick(0, 4, 5, 6, 7, 8, 9)],
    ['both', {grep: [/82/], exclude: [/slow/, /done/]}, pick(4)],
    ['a level and above', {level: 'warning'}, pick(1, 2, 3, 5, 8, 9)],
    ['the highest', {level: 'emergency'}, []],
    ['a level and a match', {level: 'error', grep: [/8[45]/]}, pick(8, 9)],
    ['context behind', {grep: [/82 slow/], after: 1}, pick(5, 6)],
    ['context before', {grep: [/82 slow/], before: 2}, pick(1, 2, 3, 4, 5)],
    ['contexts that overlap come once', {grep: [/82 slow/, /82 done/], before: 1, after: 1}, pick(4, 5, 6, 7)],
    ['contexts that touch', {grep: [/81 received/, /82 slow/], before: 1, after: 2}, pick(0, 1, 2, 3, 4, 5, 6, 7)],
    ['no match', {grep: [/nothing/], before: 3, after: 3}, []],
  ])('%s', (_, rules, expected) => {
    expect(filtered(rules)).toEqual(expected)
  })
})

test('how many records had no level that can be read is known', () => {
  const lines = new LineQueue(new Position({seconds: 0, nanos: 0}))
  const filter = new RecordFilter(lines, {...ALL, level: 'error'})
  lines.select(filter)
  lines.begin(null, false)
  lines.push(Buffer.from('2026-11-22T03:12:07Z no level\n2026-11-22T03:12:08Z INFO x\n2026-11-22T03:12:09Z no level\n'))
  filter.settle()
  expect(filter.unlevelled).toBe(2)
})

test('lines that go on a record and come after it was judged share its fate', () => {
  const lines = new LineQueue(new Position({seconds: 0, nanos: 0}))
  const filter = new RecordFilter(lines, {...ALL, grep: [/failed/]})
  lines.select(filter)
  lines.begin(null, true)
  for (const text of ['failed', '#0 a', 'fine', '#0 b']) {
    lines.push(Buffer.from(`2026-11-22T03:12:07Z ${text}\n`))
    filter.settle()
  }
  let count = 0
  for (; !lines.isEmpty; count += 1) lines.shift()
  expect(count).toBe(2)
})
