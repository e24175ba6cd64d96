import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {RefusedError, UnreachableError} from '../../../src/lib/errors/index.ts'
import type {ContainerState} from '../../../src/lib/runbook/logs/containers.ts'
import {Notices} from '../../../src/lib/runbook/logs/notices.ts'
import type {Container} from '../../../src/lib/runbook/logs/source.ts'

const container = (pod: string): Container => ({
  pod: `consumer-ecg-7c9f-${pod}`,
  name: 'app',
  workload: 'consumer-ecg',
  category: 'consumers',
  node: 'node-a',
  isOnly: true,
})
const [A, B] = [container('7hx2w'), container('4ph9k')]
const STATE: ContainerState = {
  run: 'containerd://2',
  isRunning: true,
  reason: '',
  restarts: 2,
  previous: {exitCode: 137, signal: 0, reason: 'OOMKilled', finishedAt: null},
}
const BROKEN = new UnreachableError('connection reset')

function open(isWatched = false): {notices: Notices; said: string[]; pass: (ms: number) => Promise<unknown>} {
  const said: string[] = []
  const notices = new Notices({say: (text) => said.push(text), isWatched, now: () => Date.now()})
  return {notices, said, pass: (ms) => vi.advanceTimersByTimeAsync(ms)}
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a restart, with how the run before ended', () => {
  const {notices, said} = open()
  notices.restarted(A, STATE)
  notices.restarted(A, {...STATE, previous: null})
  expect(said).toEqual([
    '+ consumer-ecg/7hx2w container app restarted: exit 137 (SIGKILL, OOMKilled)',
    '+ consumer-ecg/7hx2w container app restarted',
  ])
})

test('a crash loop names --previous', () => {
  const {notices, said} = open()
  notices.crashLooping(A, STATE)
  expect(said).toEqual([
    '! consumer-ecg/7hx2w is crash-looping (exit 137 (SIGKILL, OOMKilled), 2 restarts): --previous shows the run before',
  ])
})

test('what goes well is told where somebody looks on, and only there', () => {
  for (const isWatched of [true, false]) {
    const {notices, said} = open(isWatched)
    notices.born(A)
    notices.gone(B)
    notices.unlevelled(3)
    expect(said).toHaveLength(isWatched ? 3 : 0)
  }
})

test('logs that can not be read for the same reason are one notice', async () => {
  const {notices, said, pass} = open()
  notices.unreadable(A, new RefusedError('not allowed'))
  notices.unreadable(B, new RefusedError('not allowed'))
  expect(said).toEqual([])
  await pass(1000)
  notices.unreadable(A, new RefusedError('gone'))
  notices.tellUnreadable()
  expect(said).toEqual(["! 2 logs can't be read: not allowed", "! consumer-ecg/7hx2w can't be read: gone"])
})

test('a short trouble is not worth a word', async () => {
  const {notices, said, pass} = open()
  notices.down(A, BROKEN)
  await pass(900)
  notices.up(A)
  await pass(20_000)
  expect(said).toEqual([])
})

test('a trouble that lasts is told, and its end', async () => {
  const {notices, said, pass} = open()
  notices.down(A, BROKEN)
  notices.down(B, BROKEN)
  await pass(3000)
  notices.up(A)
  await pass(3000)
  notices.up(B)
  expect(said).toEqual(["! 2 logs can't be read for now, trying again: connection reset", '+ read again from where it stopped, after 6 s'])
})

test('a log that never says it is well is taken for well after a while', async () => {
  const {notices, said, pass} = open()
  notices.down(A, BROKEN)
  await pass(30_000)
  expect(said).toEqual([
    "! consumer-ecg/7hx2w can't be read for now, trying again: connection reset",
    '+ read again from where it stopped, after 16 s',
  ])
})

test('new pods that can not be seen', async () => {
  const {notices, said, pass} = open()
  notices.blind('connection reset')
  await pass(5000)
  notices.sighted()
  notices.sighted()
  expect(said).toEqual(["! new pods can't be seen for now: connection reset", '+ new pods are seen again, after 5 s'])
})

test('what has no log', () => {
  const {notices, said} = open()
  notices.notStarted(A, {...STATE, reason: 'ContainerCreating'})
  notices.noPods('consumer-revenue', null, false)
  notices.noPods('consumer-revenue', {replicas: 0} as never, true)
  notices.noPods('consumer-revenue', {replicas: 0} as never, false)
  notices.nothing('no lines in 3 logs')
  expect(said).toEqual([
    '! consumer-ecg/7hx2w has not started (ContainerCreating): no log yet',
    '! consumer-revenue is not in the cluster',
    '! consumer-revenue has no pods (0 replicas)',
    '! nothing found: no lines in 3 logs',
  ])
})

test('a reason that a server sent commands no terminal', () => {
  const {notices, said} = open()
  notices.incomplete(A, 'a\u001b[2J\nb')
  expect(said).toEqual(['! consumer-ecg/7hx2w: lines may be missing, a b'])
})
