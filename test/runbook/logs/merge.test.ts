import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {LineQueue} from '../../../src/lib/runbook/logs/lines.ts'
import {Merge, type Source} from '../../../src/lib/runbook/logs/merge.ts'
import {Position} from '../../../src/lib/runbook/logs/position.ts'

/** Seconds since the epoch at which the tests begin; lines are given in milliseconds after it. */
const BASE = Date.parse('2026-11-22T03:12:00Z') / 1000
const WINDOW = 250

class FakeSource implements Source {
  readonly queue = new LineQueue(new Position({seconds: 0, nanos: 0}))
  phase: Source['phase']
  isFull = false

  constructor(phase: Source['phase']) {
    this.phase = phase
    this.queue.begin(null, phase === 'live')
  }

  taken(): void {}
}

function open({windowMs = WINDOW, follow = true} = {}) {
  const written: string[] = []
  const sink = {
    isFull: false,
    isEmpty: true,
    hold: null as Promise<void> | null,
    write({queue}: FakeSource): void {
      do {
        written.push(queue.head.bytes.toString('latin1', queue.head.textStart, queue.head.end))
        queue.shift()
      } while (!queue.isEmpty && queue.head.continues)
      this.isEmpty = false
      this.isFull = this.hold !== null
    },
    async flush(): Promise<void> {
      await this.hold
      this.isFull = false
      this.isEmpty = true
    },
  }
  let offset = 0
  const merge = new Merge<FakeSource>(sink, {windowMs, now: () => Date.now() + offset, liveSince: follow ? BASE : Infinity})
  const controller = new AbortController()
  const ended = merge.run(controller.signal)
  const bytes = (lines: readonly (readonly [number, string])[]): Buffer =>
    Buffer.from(lines.map(([at, text]) => `${new Date(BASE * 1000 + at).toISOString()} ${text}\n`).join(''))
  return {
    merge,
    written,
    sink,
    ended,
    stop: () => controller.abort(),
    turnClockBack: (ms: number) => (offset -= ms),
    source(phase: Source['phase'] = 'live') {
      const source = new FakeSource(phase)
      merge.add(source)
      return {
        source,
        line: (...lines: (readonly [number, string])[]) => {
          source.queue.push(bytes(lines))
          merge.arrived(source)
        },
        become(next: Source['phase']) {
          source.phase = next
          source.queue.begin(null, next === 'live')
          merge.moved(source)
        },
      }
    },
    /** Lets time pass, and everything that is due in it happen. */
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  }
}

beforeEach(() => void vi.useFakeTimers({now: BASE * 1000}))
afterEach(() => void vi.useRealTimers())

describe('the past', () => {
  test('comes in order, as soon as all have told what they have', async () => {
    const {source, written, pass} = open({follow: false})
    const [a, b] = [source('past'), source('past')]
    a.line([1, 'a1'], [4, 'a4'], [5, 'a5'])
    await pass(10_000)
    expect(written).toEqual([])
    b.line([2, 'b2'], [3, 'b3'], [9, 'b9'])
    await pass(1)
    expect(written).toEqual(['a1', 'b2', 'b3', 'a4'])
    a.become('ended')
    await pass(1)
    expect(written).toEqual(['a1', 'b2', 'b3', 'a4', 'a5'])
    b.become('ended')
    await pass(1)
    expect(written.at(-1)).toBe('b9')
  })

  test('a record stays together, and is not written before its end is known', async () => {
    const {source, written, pass} = open({follow: false})
    const [a, b] = [source('past'), source('past')]
    a.line([1, 'failed'], [3, '#0 x'])
    b.line([2, 'b2'], [4, 'b4'])
    await pass(1)
    expect(written).toEqual([])
    a.line([5, '#1 {main}'], [6, 'a6'])
    await pass(1)
    expect(written).toEqual(['failed', '#0 x', '#1 {main}', 'b2'])
  })

  test('a record that is larger than the queue is written in parts', async () => {
    const {source, written, pass} = open({follow: false})
    const a = source('past')
    a.source.isFull = true
    a.line([1, 'failed'], [2, '#0 x'])
    await pass(1)
    expect(written).toEqual(['failed', '#0 x'])
  })

  test('ends when it is closed and all have ended', async () => {
    const {source, merge, ended, pass, written} = open({follow: false})
    const a = source('past')
    a.line([1, 'a1'])
    let isOver = false
    void ended.then(() => (isOver = true))
    merge.close()
    await pass(1)
    expect(isOver).toBe(false)
    a.become('ended')
    await pass(1)
    expect([isOver, written]).toEqual([true, ['a1']])
  })
})

describe('live', () => {
  test('lines wait for the window, and come in order', async () => {
    const {source, written, pass} = open()
    const [a, b] = [source(), source()]
    a.line([100, 'a100'])
    await pass(WINDOW - 1)
    b.line([90, 'b90'])
    expect(written).toEqual([])
    await pass(3)
    expect(written).toEqual(['b90', 'a100'])
  })

  test('an earlier line that is more than a window late is written at once', async () => {
    const {source, written, pass} = open()
    const [a, b] = [source(), source()]
    a.line([100, 'a100'])
    await pass(WINDOW + 2)
    b.line([90, 'b90'])
    await pass(WINDOW + 2)
    expect(written).toEqual(['a100', 'b90'])
  })

  test('no line waits longer than a window, whatever comes', async () => {
    const {source, written, pass} = open()
    const [a, b] = [source(), source()]
    a.line([100, 'a100'])
    for (let at = 0; at < WINDOW - 50; at += 50) {
      await pass(50)
      b.line([at, `b${at}`])
    }
    expect(written).not.toContain('a100')
    await pass(52)
    expect(written).toContain('a100')
  })

  test('without a window nothing waits', async () => {
    const {source, written, pass} = open({windowMs: 0})
    source().line([100, 'a100'])
    await pass(1)
    expect(written).toEqual(['a100'])
  })

  test('a clock that was set back holds nothing up', async () => {
    const {source, written, pass, turnClockBack} = open()
    source().line([100, 'a100'])
    turnClockBack(3_600_000)
    await pass(WINDOW + 2)
    expect(written).toEqual(['a100'])
  })

  test('lines that are older than the start do not wait, where they came with the past', async () => {
    const {source, written, pass} = open()
    const a = source('past')
    a.line([-5000, 'old'], [-4000, 'older'], [-3000, 'third'])
    await pass(1)
    expect(written).toEqual(['old', 'older'])
    a.become('live')
    await pass(1)
    expect(written).toEqual(['old', 'older', 'third'])
  })

  test('lines of the past that were just written wait for live ones of others', async () => {
    const {source, written, pass} = open()
    const [a, b] = [source('past'), source()]
    a.line([500, 'a500'], [600, 'a600'])
    await pass(1)
    b.line([400, 'b400'])
    await pass(WINDOW + 2)
    expect(written).toEqual(['b400', 'a500'])
  })

  test('what has come is written at Ctrl-C', async () => {
    const {source, written, pass, stop, ended} = open()
    const [a, b] = [source(), source()]
    a.line([100, 'a100'])
    b.line([90, 'b90'])
    stop()
    await pass(0)
    await ended
    expect(written).toEqual(['b90', 'a100'])
  })

  test('at Ctrl-C in the past nothing is written that is not in order', async () => {
    const {source, written, pass, stop, ended} = open({follow: false})
    source('past').line([100, 'a100'], [101, 'a101'])
    source('past')
    stop()
    await pass(0)
    await ended
    expect(written).toEqual([])
  })
})

describe('while a broken stream is taken up again', () => {
  test('lines of the others wait for it, and for what it has to catch up with', async () => {
    const {source, written, pass, merge} = open()
    const [a, b] = [source(), source()]
    a.line([10, 'a10'])
    await pass(WINDOW + 2)
    merge.broken(a.source)
    b.line([100, 'b100'])
    await pass(WINDOW * 4)
    expect(written).toEqual(['a10'])
    merge.whole(a.source)
    await pass(WINDOW - 10)
    a.line([90, 'a90'], [110, 'a110'])
    await pass(WINDOW + 12)
    expect(written).toEqual(['a10', 'a90', 'b100', 'a110'])
  })

  test('but not for ever', async () => {
    const {source, written, pass, merge} = open()
    const [a, b] = [source(), source()]
    merge.broken(a.source)
    b.line([100, 'b100'])
    await pass(WINDOW * 8 - 10)
    expect(written).toEqual([])
    await pass(20)
    expect(written).toEqual(['b100'])
    b.line([200, 'b200'])
    merge.broken(a.source)
    await pass(WINDOW + 2)
    expect(written).toEqual(['b100', 'b200'])
  })

  test('lines that it can bring nothing before go on', async () => {
    const {source, written, pass, merge} = open()
    const [a, b] = [source(), source()]
    a.line([200, 'a200'])
    b.line([100, 'b100'], [300, 'b300'])
    merge.broken(a.source)
    await pass(WINDOW + 2)
    expect(written).toEqual(['b100', 'a200'])
  })

  test('a stream that breaks again and again holds up no more than once', async () => {
    const {source, written, pass, merge} = open()
    const [a, b] = [source(), source()]
    b.line([100, 'b100'])
    for (let spent = 0; spent < WINDOW * 10; spent += 100) {
      merge.broken(a.source)
      await pass(50)
      merge.whole(a.source)
      await pass(50)
    }
    expect(written).toEqual(['b100'])
  })

  test('its end is waited for by nobody', async () => {
    const {source, written, pass, merge} = open()
    const [a, b] = [source(), source()]
    merge.broken(a.source)
    b.line([100, 'b100'])
    a.become('ended')
    await pass(WINDOW + 2)
    expect(written).toEqual(['b100'])
  })
})

test('a slow reader is waited for, and loses nothing', async () => {
  const {source, written, sink, pass} = open()
  const a = source()
  let release = (): void => {}
  sink.hold = new Promise((resolve) => (release = resolve))
  a.line([1, 'a1'], [2, 'a2'], [3, 'a3'])
  await pass(WINDOW * 3)
  expect(written).toEqual(['a1'])
  sink.hold = null
  release()
  await pass(1)
  expect(written).toEqual(['a1', 'a2', 'a3'])
})
