import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Position} from '../../../src/lib/runbook/logs/position.ts'

interface Stored {
  readonly second: number
  readonly nanos: number
}

const ALL = {seconds: 0, nanos: 0}
const at = (time: number): Stored => ({second: Math.floor(time), nanos: Math.round((time % 1) * 1000) * 1_000_000})

/** What a kubelet sends of a log since a whole second. */
const since = (log: readonly Stored[], second: number): Stored[] => log.filter((line) => line.second >= second)

/** The numbers of the lines of `log` that are new on a stream, after the first `count` were read. */
function resumed(log: readonly Stored[], count: number, {from = 0, position = new Position(ALL), sent = log} = {}): Stored[] {
  for (const {second, nanos} of log.slice(from, count)) position.add(second, nanos)
  const resume = position.resume()!
  return since(sent, resume.since).filter(({second, nanos}) => resume.isNew(second, nanos))
}

const LOG = [1, 1.2, 1.2, 1.2, 1.9, 2, 2.1, 2.1, 4, 4.5, 9].map(at)

describe('resume', () => {
  test.each(LOG.map((_, index) => index + 1))('after line %i', (count) => {
    expect(resumed(LOG, count)).toEqual(LOG.slice(count))
  })

  test('asks from the second before the newest', () => {
    const position = new Position(ALL)
    position.add(7, 5)
    expect(position.resume()?.since).toBe(6)
  })

  test('nothing was read', () => {
    const position = new Position(ALL)
    expect([position.isEmpty, position.resume()]).toEqual([true, null])
  })

  test('what --tail cut off stays off', () => {
    expect(resumed(LOG, 7, {from: 5})).toEqual(LOG.slice(7))
  })

  test('a line of stderr that was written after a later one of stdout is neither lost nor repeated', () => {
    const log = [1.4, 2.001, 1.999, 2.002, 2.0015, 3].map(at)
    for (let count = 1; count <= log.length; count += 1) expect(resumed(log, count)).toEqual(log.slice(count))
  })

  test('rotation took lines away', () => {
    expect(resumed(LOG, 6, {sent: LOG.slice(5)})).toEqual(LOG.slice(6))
    expect(resumed(LOG, 6, {sent: LOG.slice(6)})).toEqual(LOG.slice(6))
    expect(resumed(LOG, 4, {sent: LOG.slice(8)})).toEqual(LOG.slice(8))
  })

  test('the end of a long line that began before `since` comes with a time of its own, and is none', () => {
    const log = [1, 3.1, 3.5].map(at)
    expect(resumed(log, 2, {sent: [at(2.5), at(3.1), at(3.5)]})).toEqual([at(3.5)])
  })

  test('--since has a fraction that the API can not take', () => {
    const position = new Position({seconds: 1, nanos: 300_000_000})
    expect([1.2, 1.3, 2].map(at).map(({second, nanos}) => position.isWanted(second, nanos))).toEqual([false, true, true])
    position.add(1, 400_000_000)
    expect(position.resume()?.since).toBe(1)
  })
})

test('is proven, and over, when all that was read has come again', () => {
  const position = new Position(ALL)
  for (const {second, nanos} of LOG.slice(0, 3)) position.add(second, nanos)
  const resume = position.resume()!
  const states = LOG.slice(0, 3).map(({second, nanos}) => {
    resume.isNew(second, nanos)
    return [resume.isProven, resume.isOver]
  })
  expect(states).toEqual([
    [false, false],
    [false, false],
    [true, true],
  ])
})

test('knows how far it has come', () => {
  const position = new Position(ALL)
  expect(position.hasReached(0, 0)).toBe(false)
  for (const {second, nanos} of [2.5, 2.2].map(at)) position.add(second, nanos)
  const reached = [1.9, 2.5, 2.6, 3].map(at).map(({second, nanos}) => position.hasReached(second, nanos))
  expect(reached).toEqual([true, true, false, false])
})

describe('from a mark', () => {
  test('the run before is read from where its stream ended, although lines of the next were read since', () => {
    const position = new Position(ALL)
    const before = [5, 5.5, 6, 7.2].map(at)
    for (const {second, nanos} of before.slice(0, 2)) position.add(second, nanos)
    position.mark()
    for (const {second, nanos} of [9, 10.5].map(at)) position.add(second, nanos)
    const resume = position.resumeFromMark()!
    expect(resume.since).toBe(4)
    expect(before.filter(({second, nanos}) => resume.isNew(second, nanos))).toEqual(before.slice(2))
  })

  test('where the stream was of the run before still, nothing comes twice', () => {
    const position = new Position(ALL)
    const log = [5, 5.5, 6, 7.2, 9].map(at)
    for (const [index, {second, nanos}] of log.slice(0, 4).entries()) {
      position.add(second, nanos)
      if (index === 1) position.mark()
    }
    const resume = position.resumeFromMark()!
    expect(log.filter(({second, nanos}) => resume.isNew(second, nanos))).toEqual(log.slice(4))
  })

  test('counts once', () => {
    const position = new Position(ALL)
    position.add(5, 0)
    position.mark()
    position.add(9, 0)
    expect([position.resumeFromMark()?.since, position.resumeFromMark()?.since]).toEqual([4, 8])
  })

  test('is forgotten after a minute of the log, lest it grow', () => {
    const position = new Position(ALL)
    position.add(5, 0)
    position.mark()
    position.add(500, 0)
    expect(position.resumeFromMark()?.since).toBe(439)
  })
})

test('any log, read in pieces that end anywhere, is read once', () => {
  const step = fc.record({gap: fc.constantFrom(0, 0, 1, 300_000_000, 999_999_999, 3_000_000_000), back: fc.constantFrom(0, 0, 0, 400_000)})
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), fc.array(fc.nat(10), {minLength: 1, maxLength: 30}), (steps, pieces) => {
      let time = 10_000_000_000
      const log = steps.map(({gap, back}) => {
        time += gap
        return {second: Math.floor((time - back) / 1e9), nanos: (time - back) % 1e9}
      })
      const position = new Position(ALL)
      const read: number[] = []
      let piece = 0
      for (let open = 0; open < 200 && read.length < log.length; open += 1) {
        const resume = position.resume()
        let left = pieces[piece++ % pieces.length]!
        for (const [index, {second, nanos}] of log.entries()) {
          if (resume !== null && second < resume.since) continue
          if (resume !== null && !resume.isNew(second, nanos)) continue
          if (left === 0) break
          left -= 1
          position.add(second, nanos)
          read.push(index)
        }
        if (pieces.every((each) => each === 0)) return
      }
      expect(read).toEqual(log.map((_, index) => index))
    }),
  )
})
