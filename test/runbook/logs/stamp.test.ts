import {expect, test} from 'vitest'
import {compareMoments, rfc3339, StampReader} from '../../../src/lib/runbook/logs/stamp.ts'

const SECOND = Date.parse('2026-11-22T03:12:07Z') / 1000

test.each([
  ['2026-11-22T03:12:07.114032001Z order 81', SECOND, 114_032_001, 'order 81'],
  ['2026-11-22T03:12:07.114Z order 81', SECOND, 114_000_000, 'order 81'],
  ['2026-11-22T03:12:07.1Z order 81', SECOND, 100_000_000, 'order 81'],
  ['2026-11-22T03:12:07Z order 81', SECOND, 0, 'order 81'],
  ['2026-11-22T05:42:07.114032001+02:30 order 81', SECOND, 114_032_001, 'order 81'],
  ['2026-11-21T22:12:07.5-05:00 order 81', SECOND, 500_000_000, 'order 81'],
  ['2026-11-22T03:12:07.114032001Z  indented', SECOND, 114_032_001, ' indented'],
  ['2026-11-22T03:12:07.114032001Z ', SECOND, 114_032_001, ''],
  ['2026-11-22T03:12:07.114032001Z', SECOND, 114_032_001, ''],
  ['2026-11-22T03:12:07.1140320019999Z x', SECOND, 114_032_001, 'x'],
])('%s', (line, seconds, nanos, text) => {
  const bytes = Buffer.from(line)
  const stamp = new StampReader()
  expect(stamp.read(bytes, 0, bytes.length)).toBe(true)
  expect([stamp.seconds, stamp.nanos, line.slice(stamp.textStart)]).toEqual([seconds, nanos, text])
})

test.each([
  'unable to retrieve container logs for containerd://4f1d',
  '',
  '2026-11-22T03:12:07',
  '2026-11-22T03:12:07.114',
  '2026-11-22 03:12:07Z x',
  '2026-13-22T03:12:07Z x',
  '2026-11-22T03:12:07.114Zx',
  '2026-11-22T03:12:07+0x:00 x',
  '[2026-11-22T03:12:07Z] x',
])('no stamp: %s', (line) => {
  const bytes = Buffer.from(line)
  expect(new StampReader().read(bytes, 0, bytes.length)).toBe(false)
})

test('one reader takes lines of many seconds, inside other bytes', () => {
  const lines = ['2026-11-22T03:12:07.9Z a', '2026-11-22T03:12:08.1Z b', '2026-11-22T03:12:08.2Z c', '2026-11-22T03:12:07.3Z d']
  const bytes = Buffer.from(lines.join('\n'))
  const stamp = new StampReader()
  let start = 0
  const read = lines.map(({length}) => {
    expect(stamp.read(bytes, start, start + length)).toBe(true)
    start += length + 1
    return stamp.seconds - SECOND + stamp.nanos / 1e9
  })
  expect(read).toEqual([0.9, 1.1, 1.2, 0.3])
})

test('moments compare by seconds, then nanoseconds', () => {
  const moments = [
    {seconds: 8, nanos: 1},
    {seconds: 7, nanos: 900_000_000},
    {seconds: 7, nanos: 90},
  ]
  expect(moments.toSorted(compareMoments)).toEqual(moments.toReversed())
})

test('sinceTime has whole seconds', () => {
  expect(rfc3339(SECOND)).toBe('2026-11-22T03:12:07Z')
})
