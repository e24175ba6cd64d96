import {beforeAll, describe, expect, test} from 'vitest'
import {type Certificates, makeCertificates} from '../../clients/kubernetes/support.ts'
import type {Fault} from '../../real/fault-plan.ts'
import {count, type Lab, type LabOptions, numbered, openLab, RUNNING} from './lab.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

const START = 1_795_316_000_000_000_000n
const MILLISECOND = 1_000_000n
const NONE = {lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0}

/** Numbered lines for each container, four milliseconds apart; returns how many. */
function fill(lab: Lab, containers: number, lines: number): Map<number, number> {
  const written = new Map<number, number>()
  for (let container = 0; container < containers; container += 1) {
    const {current} = lab.logs.log(`pod-${container}`, 'app')
    for (let n = 0; n < lines; n += 1) {
      const at = START + BigInt(n) * 4n * MILLISECOND + BigInt(container) * 71_111n
      current.write(at, numbered(container, n, at))
    }
    written.set(container, lines)
  }
  return written
}

async function readAll(lab: Lab, containers: number): Promise<void> {
  for (let container = 0; container < containers; container += 1) lab.add(`pod-${container}`)
  await lab.finish()
}

/** One container that writes `lines`, a second apart unless told. */
async function readOne(lines: readonly string[], options: LabOptions = {}, gap = 1000n * MILLISECOND): Promise<Lab> {
  const lab = await openLab(certificates, options)
  lines.forEach((line, n) => lab.logs.log('pod', 'app').current.write(START + BigInt(n) * gap, line))
  lab.add('pod')
  await lab.finish()
  return lab
}

/** The faults of many streams, one after the other, each somewhere else. */
function strike(lab: Lab, times: number, fault: (n: number) => Fault): void {
  for (let n = 0; n < times; n += 1) lab.proxy.fail(fault(n), {times: 1})
}

describe('41 logs, 20500 lines: each once, in strict order', () => {
  test.each<[string, LabOptions, (lab: Lab) => void]>([
    ['no fault', {}, () => {}],
    ['over HTTP/1.1', {protocols: ['http/1.1']}, () => {}],
    ['times without trailing zeros', {trim: true}, () => {}],
    ['three at a time', {slots: 3}, () => {}],
    ['one at a time, and resets', {slots: 1}, (lab) => strike(lab, 20, (n) => ({kind: 'reset', afterBytes: 5000 + 991 * n}))],
    ['resets in mid line', {}, (lab) => strike(lab, 30, (n) => ({kind: 'reset', afterBytes: 3000 + 797 * n}))],
    ['resets over HTTP/1.1', {protocols: ['http/1.1']}, (lab) => strike(lab, 60, (n) => ({kind: 'reset', afterBytes: 3000 + 797 * n}))],
    ['ends in order, in mid line', {}, (lab) => strike(lab, 60, (n) => ({kind: 'end', afterBytes: 3000 + 797 * n}))],
    ['ends before the first byte', {}, (lab) => strike(lab, 41, () => ({kind: 'end', afterBytes: 0}))],
    ['delays', {}, (lab) => strike(lab, 20, (n) => ({kind: 'delay', milliseconds: 10 * n}))],
    ['500', {}, (lab) => strike(lab, 30, () => ({kind: 'answer', status: 500}))],
    ['503', {}, (lab) => strike(lab, 30, () => ({kind: 'answer', status: 503}))],
    ['429', {}, (lab) => strike(lab, 30, () => ({kind: 'answer', status: 429, retryAfter: 1}))],
  ])('%s', async (_, options, fault) => {
    const lab = await openLab(certificates, options)
    const written = fill(lab, 41, 500)
    fault(lab)
    await readAll(lab, 41)
    expect(count(lab.lines, written)).toEqual(NONE)
    expect(lab.notices).toEqual([])
  })

  test('no more streams at once than asked for', async () => {
    const lab = await openLab(certificates, {slots: 3})
    const written = fill(lab, 12, 4000)
    await readAll(lab, 12)
    expect(count(lab.lines, written)).toEqual(NONE)
    // One that is closed may be counted still while the next is opened.
    expect(lab.logs.mostOpen()).toBeLessThanOrEqual(6)
  })
})

test('a slow reader slows the streams down: no more is in memory than the queues hold', async () => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const lab = await openLab(certificates, {slow: () => gate})
  const written = fill(lab, 4, 40_000)
  const sources = [0, 1, 2, 3].map((container) => lab.add(`pod-${container}`))
  await expect.poll(() => lab.logs.isQuiet(), {timeout: 20_000}).toBe(true)
  // 4 MB each wait in windows, sockets and the server.
  expect(Math.max(...sources.map(({queue}) => queue.size))).toBeLessThan(200_000)
  release()
  await lab.finish()
  expect(count(lab.lines, written)).toEqual(NONE)
})

describe('which lines', () => {
  const LINES = ['a', 'b', 'c', 'd', 'e']

  test.each<[string, LabOptions, readonly string[]]>([
    ['all', {}, LINES],
    ['the last two', {tail: 2}, ['d', 'e']],
    ['more than there are', {tail: 9}, LINES],
    ['none', {tail: 0}, []],
    ['since a time', {from: START + 2000n * MILLISECOND}, ['c', 'd', 'e']],
    ['since a time inside a second', {from: START + 2300n * MILLISECOND}, ['d', 'e']],
    ['the last two since', {tail: 2, from: START + 2000n * MILLISECOND}, ['d', 'e']],
    ['since later than all', {from: START + 9000n * MILLISECOND}, []],
  ])('%s', async (_, options, expected) => {
    expect((await readOne(LINES, options)).lines).toEqual(expected)
  })

  test('none of an empty log', async () => {
    expect((await readOne([])).lines).toEqual([])
  })

  test('the tail keeps its beginning, also where the stream breaks inside its second', async () => {
    const lab = await openLab(certificates, {tail: 10})
    for (let n = 0; n < 40; n += 1) lab.logs.log('pod', 'app').current.write(START + BigInt(n) * MILLISECOND, `line ${n}`)
    lab.proxy.fail({kind: 'reset', afterBytes: 200}, {times: 1})
    lab.add('pod')
    await lab.finish()
    expect(lab.lines).toEqual(Array.from({length: 10}, (_, n) => `line ${30 + n}`))
  })

  test('of the run before', async () => {
    const lab = await openLab(certificates, {previous: true})
    const log = lab.logs.log('pod', 'app')
    log.previous = new (log.current.constructor as new () => typeof log.current)()
    log.previous.write(START, 'the end')
    log.current.write(START, 'another beginning')
    lab.add('pod')
    await lab.finish()
    expect(lab.lines).toEqual(['the end'])
  })

  test('a last line that has no line feed', async () => {
    const lab = await openLab(certificates)
    const {current} = lab.logs.log('pod', 'app')
    current.write(START, 'a')
    current.writeUnfinished(START + MILLISECOND, 'b without an end')
    lab.add('pod')
    await lab.finish()
    expect(lab.lines).toEqual(['a', 'b without an end'])
  })

  test('records by a filter, before the merge', async () => {
    const rules = {grep: [/failed/], exclude: [], level: null, before: 1, after: 0}
    const lab = await readOne(['a', 'b', 'failed', '#0 x', 'c'], {rules}, 10n * MILLISECOND)
    expect(lab.lines).toEqual(['b', 'failed', '#0 x'])
  })
})

describe('what can not be read is told, and the others are read', () => {
  async function readBeside(refusal: {code: number; reason: string; message: string} | null): Promise<Lab> {
    const lab = await openLab(certificates, {random: () => 0})
    lab.logs.log('well', 'app').current.write(START, 'a')
    if (refusal !== null) lab.logs.log('ill', 'app').refusal = refusal
    lab.add('ill')
    lab.add('well')
    await lab.finish()
    expect(lab.lines).toEqual(['a'])
    return lab
  }

  test.each([
    [400, 'BadRequest', 'container "app" in pod "ill" is waiting to start: ContainerCreating'],
    [403, 'Forbidden', 'pods "ill" is forbidden: User "ci" cannot get resource "pods/log" in API group "" in the namespace "sapoche"'],
    [500, 'InternalError', 'an error on the server'],
  ])('%i', async (code, reason, message) => {
    const lab = await readBeside({code, reason, message})
    expect(lab.notices.map(({kind, pod}) => [kind, pod])).toEqual([['unreadable', 'ill']])
    expect(lab.logs.asked.filter(({pod}) => pod === 'ill')).toHaveLength(code === 500 ? 8 : 1)
  })

  test('404', async () => {
    expect((await readBeside(null)).notices.map(({kind, pod}) => [kind, pod])).toEqual([['unreadable', 'ill']])
  })
})

test('Ctrl-C while much is still to come ends it', async () => {
  const lab = await openLab(certificates)
  fill(lab, 3, 5000)
  lab.proxy.fail({kind: 'hang'}, {times: 1})
  for (let container = 0; container < 3; container += 1) lab.add(`pod-${container}`, 'app', RUNNING)
  await expect.poll(() => lab.logs.asked.length).toBeGreaterThan(1)
  await lab.stop()
  expect(lab.lines).toEqual([])
})
