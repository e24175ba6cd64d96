import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {LineQueue} from '../../../src/lib/runbook/logs/lines.ts'
import {Position} from '../../../src/lib/runbook/logs/position.ts'

const ALL = {seconds: 0, nanos: 0}

function queue(): {lines: LineQueue; position: Position} {
  const position = new Position(ALL)
  const lines = new LineQueue(position)
  lines.begin(null, false)
  return {lines, position}
}

interface Taken {
  readonly text: string
  readonly time: number
  readonly continues: boolean
}

function take(lines: LineQueue): Taken[] {
  const taken: Taken[] = []
  while (!lines.isEmpty) {
    const {bytes, textStart, end, seconds, nanos, continues} = lines.head
    taken.push({text: bytes.toString('latin1', textStart, end), time: (seconds % 60) + nanos / 1e9, continues})
    lines.shift()
  }
  return taken
}

const texts = (lines: LineQueue): string[] => take(lines).map(({text}) => text)
const line = (second: number, text: string): string => `2026-11-22T03:12:${second.toFixed(3).padStart(6, '0')}Z ${text}\n`

test('bytes that are cut anywhere give the same lines', () => {
  const log = Buffer.from([line(1, 'order 81'), line(1.5, ''), line(2, 'ä€😀'), line(3, 'x'.repeat(300)), line(4, 'last')].join(''))
  fc.assert(
    fc.property(fc.array(fc.nat(log.length), {maxLength: 12}), (cuts) => {
      const {lines} = queue()
      let from = 0
      let count = 0
      for (const to of [...cuts.toSorted((a, b) => a - b), log.length]) {
        count += lines.push(log.subarray(from, to))
        from = to
      }
      expect(count).toBe(5)
      expect(lines.endStream()).toHaveLength(0)
      expect(texts(lines)).toEqual(['order 81', '', Buffer.from('ä€😀').toString('latin1'), 'x'.repeat(300), 'last'])
    }),
  )
})

test('bytes that are no UTF-8, NUL and carriage returns among them, pass as they are', () => {
  const odd = Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x1b, 0xc3])
  const {lines} = queue()
  lines.push(Buffer.concat([Buffer.from('2026-11-22T03:12:01Z '), odd, Buffer.from('\n')]))
  const {bytes, textStart, end} = lines.head
  expect(bytes.subarray(textStart, end)).toEqual(odd)
})

test('a line of 5 MB comes whole', () => {
  const {lines} = queue()
  const long = Buffer.from(line(1, 'y'.repeat(5_000_000)))
  for (let from = 0; from < long.length; from += 16_384) lines.push(long.subarray(from, from + 16_384))
  expect(texts(lines)[0]).toHaveLength(5_000_000)
})

test('what stands behind the last line feed is given back at the end of the stream, and not read', () => {
  const {lines, position} = queue()
  lines.push(Buffer.from(line(1, 'a') + line(2, 'b').slice(0, -4)))
  expect(lines.endStream().toString()).toBe(line(2, 'b').slice(0, -4))
  expect(texts(lines)).toEqual(['a'])
  expect(position.hasReached(Date.parse('2026-11-22T03:12:02Z') / 1000, 0)).toBe(false)
})

test('a new stream begins with a clean slate, and brings what is new', () => {
  const {lines, position} = queue()
  lines.push(Buffer.from(line(1, 'a') + line(2, 'b') + line(3, 'c').slice(0, -2)))
  lines.begin(position.resume(), true)
  lines.push(Buffer.from(line(1, 'a') + line(2, 'b') + line(3, 'c') + line(4, 'd')))
  expect(texts(lines)).toEqual(['a', 'b', 'c', 'd'])
})

test('lines know whether they came live', () => {
  const {lines, position} = queue()
  lines.push(Buffer.from(line(1, 'a')))
  lines.begin(position.resume(), true)
  lines.push(Buffer.from(line(2, 'b')))
  const live = [lines.head.isLive]
  lines.shift()
  expect([...live, lines.head.isLive]).toEqual([false, true])
})

describe('keys', () => {
  test('within a container the written order stays, whatever the times say', () => {
    const {lines} = queue()
    lines.push(Buffer.from(line(2, 'a') + line(1.9, 'b') + line(2.1, 'c')))
    expect(take(lines).map(({text, time}) => [text, time])).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 2.1],
    ])
  })

  test('lines that go on a record have the key of its head', () => {
    const {lines} = queue()
    lines.push(Buffer.from(line(2, 'failed') + line(2.1, '#0 a.php(3)') + line(2.2, '#1 {main}') + line(2.3, 'next')))
    expect(take(lines)).toEqual([
      {text: 'failed', time: 2, continues: false},
      {text: '#0 a.php(3)', time: 2, continues: true},
      {text: '#1 {main}', time: 2, continues: true},
      {text: 'next', time: 2.3, continues: false},
    ])
  })

  test('a program that only writes indented lines writes no record that never ends', () => {
    const {lines} = queue()
    lines.push(Buffer.from(Array.from({length: 10}, (_, n) => line(1 + n * 0.1, `  ${n}`)).join('')))
    expect(take(lines).map(({continues}) => continues)).toEqual([false, true, true, false, true, true, false, true, true, false])
  })
})

describe('lines without a time, which are the kubelet’s', () => {
  const said = 'unable to retrieve container logs for containerd://4f1d\n'

  test('pass, with the time of the line before', () => {
    const {lines} = queue()
    lines.push(Buffer.from(line(2, 'a') + said))
    expect(take(lines).map(({text, time}) => [text, time])).toEqual([
      ['a', 2],
      [said.trim(), 2],
    ])
  })

  test('come once, and not with each new stream', () => {
    const {lines, position} = queue()
    lines.push(Buffer.from(line(2, 'a') + said))
    lines.begin(position.resume(), true)
    expect(lines.push(Buffer.from(line(2, 'a') + said))).toBe(0)
  })
})

test('counts bytes and records that are queued', () => {
  const {lines} = queue()
  lines.push(Buffer.from(line(2, 'failed') + line(2, '  at a') + line(3, 'next')))
  const counts: number[][] = []
  while (!lines.isEmpty) {
    counts.push([lines.records, lines.size > 0 ? 1 : 0])
    lines.shift()
  }
  expect([...counts, [lines.records, lines.size]]).toEqual([
    [2, 1],
    [1, 1],
    [1, 1],
    [0, 0],
  ])
})

test('more lines than there was room for keep their order', () => {
  const {lines} = queue()
  const expected: string[] = []
  const seen: string[] = []
  for (let n = 0; n < 5000; n += 1) {
    lines.push(Buffer.from(line((n % 60_000) / 1000, `n ${n}`)))
    expected.push(`n ${n}`)
    if (n % 7 === 0) {
      seen.push(lines.head.bytes.toString('latin1', lines.head.textStart, lines.head.end))
      lines.shift()
    }
  }
  expect([...seen, ...texts(lines)]).toEqual(expected)
})

test('a selection decides what is queued', () => {
  const {lines} = queue()
  lines.select({take: (each) => each.end % 2 === 0 && lines.append(each)})
  expect(lines.push(Buffer.from(line(1, 'aa') + line(2, 'a')))).toBe(2)
  lines.select(null)
  lines.push(Buffer.from(line(3, 'b')))
  expect(texts(lines)).toHaveLength(2)
})
