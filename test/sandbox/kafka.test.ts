import {describe, expect, test} from 'vitest'
import {type Consumption, KafkaLog, KafkaPartition} from '../../src/lib/sandbox/kafka-log.ts'
import {Frames, Reader, Writer} from '../../src/lib/sandbox/kafka-wire.ts'

const SECOND = 1000

/** A log with one consumer on one topic, which begins at 0. */
function logOf(perSecond: number) {
  const log = new KafkaLog()
  const consumption: Consumption = {workload: 'w', group: 'g', topic: 't', stuck: new Set(), perSecond}
  log.consume(consumption)
  log.advance(0, () => ['pod-a'])
  const sum = (of: (partition: number) => number): number => [0, 1, 2].reduce((total, partition) => total + of(partition), 0)
  return {
    log,
    consumption,
    end: () => sum((partition) => log.topics.get('t')![partition]!.end),
    read: () => sum((partition) => log.group('g').commits.get(`t ${partition}`) ?? 0),
  }
}

describe('a log that moves', () => {
  test('a consumer that keeps up has read everything', () => {
    const {log, end, read} = logOf(2)
    log.advance(60 * SECOND, () => ['pod-a'])
    expect([end(), read()]).toEqual([120, 120])
  })

  test('one that does not keep up reads as much as it can; two read twice that', () => {
    const {log, end, read} = logOf(50)
    log.advance(10 * SECOND, () => ['pod-a'])
    expect([end(), read()]).toEqual([500, 200])
    log.advance(20 * SECOND, () => ['pod-a', 'pod-b'])
    expect([end(), read()]).toEqual([1000, 600])
  })

  test('nobody reads while no pod is ready, or when they are stuck; the one in their place does', () => {
    const {log, consumption, read} = logOf(2)
    log.advance(10 * SECOND, () => [])
    expect([read(), log.group('g').members]).toEqual([0, []])
    consumption.stuck = new Set(['pod-a'])
    log.advance(20 * SECOND, () => ['pod-a'])
    expect([read(), log.group('g').members.length]).toEqual([0, 1])
    log.advance(30 * SECOND, () => ['pod-b'])
    expect(read()).toBeGreaterThan(50)
  })

  test('many short steps come to the same as a long one', () => {
    const {log, end, read} = logOf(0.5)
    for (let at = 0; at <= 60 * SECOND; at += 70) log.advance(at, () => ['pod-a'])
    log.advance(60 * SECOND, () => ['pod-a'])
    expect([end(), read()]).toEqual([30, 30])
  })

  test('partitions in turn to the pods', () => {
    const {log} = logOf(0)
    log.advance(SECOND, () => ['pod-a', 'pod-b'])
    expect(log.group('g').members.map(({partitions}) => partitions.get('t'))).toEqual([[0, 2], [1]])
  })
})

describe('the first offset that is not older', () => {
  const partition = new KafkaPartition(0)
  partition.append(10, 1000, 2000)
  partition.append(5, 5000, 5000)
  test.each([
    [0, 0],
    [1000, 0],
    [1500, 5],
    [2001, 10],
    [5000, 10],
    [5001, null],
  ])('at %i: %j', (time, offset) => {
    expect(partition.firstSince(time)).toBe(offset)
  })

  test('never before the start of the log', () => {
    const trimmed = new KafkaPartition(0)
    trimmed.append(10, 1000, 2000)
    trimmed.start = 7
    expect([trimmed.firstSince(0), trimmed.end]).toEqual([7, 10])
  })
})

test('what is written is read, in whatever pieces it comes', () => {
  const writer = new Writer()
    .int8(-1)
    .int16(300)
    .int32(-70_000)
    .int64(2 ** 40)
    .string('wörter')
    .string(null)
  const body = writer.list(['a', 'b'], (text) => writer.string(text)).end()
  const framed = Buffer.concat([new Writer().int32(body.length).end(), body])
  const frames = new Frames()
  const found = Array.from(Buffer.concat([framed, framed])).flatMap((byte) => frames.add(Buffer.of(byte)))
  expect(found).toHaveLength(2)
  const reader = new Reader(found[1]!)
  expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.string(), reader.string()]).toEqual([
    -1,
    300,
    -70_000,
    2 ** 40,
    'wörter',
    '',
  ])
  expect(reader.list(() => reader.string())).toEqual(['a', 'b'])
})
