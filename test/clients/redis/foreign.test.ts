import {createServer, type AddressInfo} from 'node:net'
import {expect, onTestFinished, test} from 'vitest'
import {directNetwork} from '../../../src/lib/clients/reach/index.ts'
import {openQueueReader} from '../../../src/lib/clients/redis/index.ts'

const LAYOUT = {database: 0, prefix: '', isFound: true, isComplete: true, names: [], otherPrefixes: [], horizonPrefix: ''}

/** Speaks the protocol of Redis, and gives `answer` to every command. */
async function openForeign(answer: string, sentinel: string | null = null) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => socket.write(answer.repeat(bytes.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 0)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const {port} = server.address() as AddressInfo
  const addresses = [{host: '127.0.0.1', port}] as const
  const access = {server: 'Redis', addresses, network: directNetwork, tls: null, credentials: null, database: null, sentinel}
  const {signal} = new AbortController()
  const reader = await openQueueReader(access, {timeoutMs: 5000, signal})
  onTestFinished(() => reader.close())
  return {reader, signal}
}

test.each([
  ['a word', '+OK\r\n'],
  ['a list', '*2\r\n$1\r\n0\r\n*1\r\n:5\r\n'],
  ['nothing', '$-1\r\n'],
  ['a number below 0', ':-5\r\n'],
  ['a text that is no number', '$3\r\nabc\r\n'],
])('%s where a length should be is unknown, and never a number', async (_, answer) => {
  const {reader, signal} = await openForeign(answer)
  const request = {layout: LAYOUT, queues: ['pdf'], keys: [], asOf: 1_790_000_000, recentSince: 0}
  const {info, queues, failed} = await reader.read(request, signal)
  const [queue] = queues
  const counts = [queue?.pending, queue?.delayed, queue?.reserved, queue?.dueDelayed, queue?.expiredReserved, failed?.total, failed?.recent]
  for (const count of counts) {
    expect(count).toEqual({value: null, failure: {kind: 'other', message: 'answers with something that is no count'}})
  }
  expect(info).toEqual({value: null, failure: {kind: 'other', message: 'answers INFO with something else'}})
})

test('a search whose cursor stands still ends, and is not complete', async () => {
  const {reader, signal} = await openForeign('*2\r\n$1\r\n7\r\n*1\r\n$10\r\nqueues:pdf\r\n')
  const hints = {names: ['pdf'], configured: null, prefixes: [''], database: null, horizon: false, thorough: true}
  expect(await reader.find(hints, signal)).toMatchObject({names: ['pdf'], isComplete: false})
})

test.each([
  ['a port that is none', '*2\r\n$9\r\n127.0.0.1\r\n$3\r\nabc\r\n', 'it answers with no address'],
  ['a port beyond all', '*2\r\n$9\r\n127.0.0.1\r\n$6\r\n700000\r\n', 'it answers with no address'],
  ['nothing', '*-1\r\n', 'it knows no master "m"'],
])('a Sentinel that answers %s is unreachable (69)', async (_, answer, why) => {
  const error: unknown = await openForeign(answer, 'm').catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({exitCode: 69, message: expect.stringContaining(`does not say where Redis is: ${why}`) as string})
})
