import {setTimeout as sleep} from 'node:timers/promises'
import {beforeAll, describe, expect, test} from 'vitest'
import {type Certificates, makeCertificates} from '../../clients/kubernetes/support.ts'
import type {Fault} from '../../real/fault-plan.ts'
import {count, type Lab, numbered, openLab, RUNNING} from './lab.ts'
import {Run} from './log-server.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

const NONE = {lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0}
const CONTAINERS = 41
const ROUNDS = 260
/** Long, because these faults keep streams away for seconds on a busy machine: strict order is promised for eight times as long. */
const WINDOW = 3000
/** `expect.poll` gives up after a second. */
const PATIENT = {timeout: 10_000}

const began = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(performance.now() * 1e6))
/** Nanoseconds since the epoch. */
const now = (): bigint => began + BigInt(Math.round(performance.now() * 1e6))

function follow(lab: Lab, containers: number): void {
  for (let container = 0; container < containers; container += 1) {
    lab.logs.log(`pod-${container}`, 'app')
    lab.add(`pod-${container}`)
  }
}

/** Writes a line to each container in each round, with the time of its writing; a round takes some five milliseconds. */
async function write(lab: Lab, containers: number, rounds: number, onRound: (round: number) => void): Promise<Map<number, number>> {
  const written = new Map<number, number>()
  for (let round = 0; round < rounds; round += 1) {
    onRound(round)
    for (let container = 0; container < containers; container += 1) {
      const at = now()
      lab.logs.log(`pod-${container}`, 'app').current.write(at, numbered(container, round, at))
      written.set(container, round + 1)
    }
    await sleep(5)
  }
  return written
}

describe(`${CONTAINERS} logs that are followed, ${CONTAINERS * ROUNDS} lines: each once, in strict order`, () => {
  const strike = (lab: Lab, times: number, fault: (n: number) => Fault): void => {
    for (let n = 0; n < times; n += 1) lab.proxy.fail(fault(n), {times: 1})
    lab.proxy.resetConnections()
  }

  test.each<[string, (lab: Lab) => void]>([
    ['no fault', () => {}],
    ['all connections are reset', (lab) => lab.proxy.resetConnections()],
    ['every stream ends in order, in mid line', (lab) => strike(lab, 41, (n) => ({kind: 'end', afterBytes: 3000 + 97 * n}))],
    ['streams are reset in mid line', (lab) => strike(lab, 4, (n) => ({kind: 'reset', afterBytes: 3000 + 97 * n}))],
    ['streams end before the first byte', (lab) => strike(lab, 41, () => ({kind: 'end', afterBytes: 0}))],
    ['opening takes long', (lab) => strike(lab, 41, (n) => ({kind: 'delay', milliseconds: 5 * n}))],
    ['500', (lab) => strike(lab, 30, () => ({kind: 'answer', status: 500}))],
    ['503', (lab) => strike(lab, 60, () => ({kind: 'answer', status: 503}))],
    ['503 with Retry-After', (lab) => strike(lab, 20, () => ({kind: 'answer', status: 503, retryAfter: 1}))],
    ['429', (lab) => strike(lab, 20, () => ({kind: 'answer', status: 429}))],
  ])('%s', async (_, fault) => {
    const lab = await openLab(certificates, {follow: true, windowMs: WINDOW})
    follow(lab, CONTAINERS)
    const written = await write(lab, CONTAINERS, ROUNDS, (round) => round % 100 === 40 && fault(lab))
    await lab.until(CONTAINERS * ROUNDS)
    await lab.stop()
    expect(count(lab.lines, written)).toEqual(NONE)
  })

  test('over HTTP/1.1, streams reset one by one', async () => {
    const lab = await openLab(certificates, {follow: true, windowMs: WINDOW, protocols: ['http/1.1']})
    for (let n = 0; n < 80; n += 1) lab.proxy.fail({kind: 'reset', afterBytes: 500 + 197 * n}, {times: 1})
    follow(lab, CONTAINERS)
    const written = await write(lab, CONTAINERS, ROUNDS, () => {})
    await lab.until(CONTAINERS * ROUNDS)
    await lab.stop()
    expect(count(lab.lines, written)).toEqual(NONE)
  })
})

test('the past comes first, in order, and what is written meanwhile follows it without a gap', async () => {
  const lab = await openLab(certificates, {follow: true})
  const past = 1000
  const written = new Map<number, number>()
  for (let container = 0; container < 10; container += 1) {
    const {current} = lab.logs.log(`pod-${container}`, 'app')
    for (let n = 0; n < past; n += 1) {
      const at = now() - BigInt(past - n) * 2_000_000n + BigInt(container)
      current.write(at, numbered(container, n, at))
    }
  }
  for (let container = 0; container < 10; container += 1) lab.add(`pod-${container}`)
  for (let n = past; n < past + 100; n += 1) {
    for (let container = 0; container < 10; container += 1) {
      const at = now()
      lab.logs.log(`pod-${container}`, 'app').current.write(at, numbered(container, n, at))
      written.set(container, n + 1)
    }
    await sleep(3)
  }
  await lab.until(10 * (past + 100))
  await lab.stop()
  expect(count(lab.lines, written)).toEqual(NONE)
})

/** One container that is followed, with lines of its own writing. */
async function one(options: Parameters<typeof openLab>[1] = {}) {
  const lab = await openLab(certificates, {follow: true, windowMs: 20, ...options})
  const log = lab.logs.log('pod', 'app')
  return {lab, log, write: (...lines: string[]) => lines.forEach((line) => log.current.write(now(), line))}
}

describe('what becomes of a container', () => {
  const RESTARTED = {...RUNNING, run: 'containerd://2', restarts: 1}

  test('one that has written nothing is followed', async () => {
    const {lab, write} = await one()
    lab.add('pod')
    await expect.poll(() => lab.logs.open(), PATIENT).toBe(1)
    write('a')
    await lab.until(1)
    expect(lab.lines).toEqual(['a'])
  })

  test('one that is born later is read from its first line', async () => {
    const {lab, write} = await one({tail: 1})
    write('a', 'b')
    lab.add('pod', 'app', RUNNING, true)
    write('c')
    await lab.until(3)
    expect(lab.lines).toEqual(['a', 'b', 'c'])
  })

  test('one that has not started is waited for', async () => {
    const {lab, log, write} = await one()
    log.refusal = {code: 400, reason: 'BadRequest', message: 'container "app" in pod "pod" is waiting to start: ContainerCreating'}
    const source = lab.add('pod', 'app', {...RUNNING, run: null, isRunning: false}, true)
    await sleep(100)
    expect(lab.logs.asked).toHaveLength(0)
    log.refusal = null
    source.update(RUNNING)
    write('a')
    await lab.until(1)
    expect(lab.lines).toEqual(['a'])
  })

  test('a restart: the last lines of the run before, then those of the next', async () => {
    const {lab, log, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    // The stream breaks, and while it is away the container ends and begins again.
    lab.proxy.fail({kind: 'answer', status: 503}, {times: 2})
    lab.proxy.resetConnections()
    write('b', 'c')
    log.current.end()
    log.previous = log.current
    log.current = new Run()
    write('d')
    source.update(RESTARTED)
    await lab.until(4)
    expect(lab.lines).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a restart that the cluster tells late, after its log was read already', async () => {
    const {lab, log, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    lab.proxy.fail({kind: 'answer', status: 503}, {times: 1})
    lab.proxy.resetConnections()
    write('b')
    log.current.end()
    log.previous = log.current
    log.current = new Run()
    write('c')
    await lab.until(2)
    source.update(RESTARTED)
    await lab.until(3)
    write('d')
    await lab.until(4)
    // b was out of reach until then, and is late.
    expect(lab.lines).toEqual(['a', 'c', 'b', 'd'])
  })

  test('a restart without a log of the run before', async () => {
    const {lab, log, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    log.current.end()
    log.current = new Run()
    write('b')
    source.update(RESTARTED)
    await lab.until(2)
    expect([lab.lines, lab.notices]).toEqual([['a', 'b'], []])
  })

  test('its end is read to the last line, which has no line feed, and then nothing is asked any more', async () => {
    const {lab, log, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    log.current.writeUnfinished(now(), 'b')
    log.current.end()
    source.update({...RUNNING, isRunning: false})
    await lab.until(2)
    expect(lab.lines).toEqual(['a', 'b'])
    const asked = lab.logs.asked.length
    await sleep(400)
    expect(lab.logs.asked).toHaveLength(asked)
    source.gone()
    await lab.finish()
  })

  test('a pod that is replaced: its last lines come, then it is let go', async () => {
    const {lab, log, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    source.gone()
    write('b', 'c')
    log.current.end()
    lab.logs.remove('pod')
    await lab.finish()
    expect([lab.lines, lab.notices]).toEqual([['a', 'b', 'c'], []])
  })

  test('a pod that is gone while its stream is broken is told', async () => {
    const {lab, write} = await one()
    const source = lab.add('pod')
    write('a')
    await lab.until(1)
    lab.proxy.fail({kind: 'answer', status: 503})
    lab.proxy.resetConnections()
    await expect.poll(() => lab.logs.open(), PATIENT).toBe(0)
    source.gone()
    await lab.finish()
    expect(lab.notices.map(({kind}) => kind)).toContain('incomplete')
  })
})

describe('where to go on', () => {
  test('after --tail 0: with the first line that is new', async () => {
    const {lab, write} = await one({tail: 0})
    write('a', 'b', 'c')
    lab.add('pod')
    await expect.poll(() => lab.logs.asked.at(-1)?.query.get('follow'), PATIENT).toBe('true')
    lab.proxy.resetConnections()
    write('d')
    await lab.until(1)
    expect(lab.lines).toEqual(['d'])
  })

  test('after --tail 2, in the same second', async () => {
    const {lab, write} = await one({tail: 2})
    write('a', 'b', 'c')
    lab.add('pod')
    await lab.until(2)
    lab.proxy.resetConnections()
    write('d')
    await lab.until(3)
    expect(lab.lines).toEqual(['b', 'c', 'd'])
  })

  test('after a rotation, which took away what was read', async () => {
    const {lab, log, write} = await one()
    write('a', 'b')
    lab.add('pod')
    await lab.until(2)
    log.current.rotate()
    write('c')
    await lab.until(3)
    lab.proxy.resetConnections()
    write('d')
    await lab.until(4)
    expect(lab.lines).toEqual(['a', 'b', 'c', 'd'])
  })

  test('after a long silence', async () => {
    const {lab, write} = await one()
    write('a')
    lab.add('pod')
    await lab.until(1)
    for (let n = 0; n < 5; n += 1) {
      lab.proxy.resetConnections()
      await sleep(60)
    }
    write('b')
    await lab.until(2)
    expect(lab.lines).toEqual(['a', 'b'])
  })

  test('where the past can not be read, with the live stream', async () => {
    const {lab, write} = await one({tail: 2})
    write('a', 'b', 'c')
    lab.proxy.fail({kind: 'answer', status: 500}, {times: 2})
    lab.add('pod')
    await lab.until(2)
    write('d')
    await lab.until(3)
    expect(lab.lines).toEqual(['b', 'c', 'd'])
  })
})

test('a trouble that lasts is told, and no reason to end', async () => {
  const {lab, write} = await one()
  write('a')
  lab.add('pod')
  await lab.until(1)
  const heal = lab.proxy.fail({kind: 'answer', status: 500})
  lab.proxy.resetConnections()
  await expect.poll(() => lab.notices.length, PATIENT).toBeGreaterThan(1)
  heal()
  write('b')
  await lab.until(2)
  expect(lab.lines).toEqual(['a', 'b'])
  expect(lab.notices[0]?.kind).toBe('down')
})

test('who may not read is told once, and does not try again', async () => {
  const {lab, log} = await one()
  log.refusal = {code: 403, reason: 'Forbidden', message: 'pods "pod" is forbidden'}
  lab.add('pod')
  await lab.finish()
  expect([lab.notices.map(({kind}) => kind), lab.logs.asked.length]).toEqual([['unreadable'], 1])
})

test('a slow reader drops nothing', async () => {
  const lab = await openLab(certificates, {follow: true, slow: () => sleep(1)})
  follow(lab, 5)
  const written = await write(lab, 5, 100, () => {})
  await lab.until(500)
  await lab.stop()
  expect(count(lab.lines, written)).toEqual(NONE)
})

test('filters see records that come in pieces', async () => {
  const {lab, write} = await one({rules: {grep: [/failed/], exclude: [], level: null, before: 0, after: 0}})
  lab.add('pod')
  write('fine', 'failed')
  await sleep(20)
  write('#0 x', 'fine again')
  await lab.until(2)
  expect(lab.lines).toEqual(['failed', '#0 x'])
})
