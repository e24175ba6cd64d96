import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {openLagReader} from '../../../src/lib/clients/kafka/index.ts'
import {directNetwork, ServerDownError} from '../../../src/lib/clients/reach/index.ts'
import {InterruptedError} from '../../../src/lib/errors/index.ts'

/** Takes connections and never answers. */
const sockets = new Set<Socket>()
const silent = createServer((socket) => void sockets.add(socket))
beforeAll(async () => {
  await once(silent.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  silent.close()
})

function survey(requestTimeoutMs: number, signal: AbortSignal): Promise<unknown> {
  const {port} = silent.address() as AddressInfo
  const access = {
    server: 'Kafka',
    addresses: [{host: '127.0.0.1', port}],
    network: directNetwork,
    tls: null,
    credentials: null,
    mechanism: null,
  } as const
  return openLagReader(access, {requestTimeoutMs, signal}).survey()
}

test('an interruption ends the wait for a broker that says nothing', async () => {
  const controller = new AbortController()
  const reading = survey(3_600_000, controller.signal)
  await once(silent, 'connection')
  controller.abort(new InterruptedError())
  await expect(reading).rejects.toThrow(InterruptedError)
})

test('a broker that says nothing is waited for as long as a request may take: that is the answer', async () => {
  const error: unknown = await survey(200, new AbortController().signal).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ServerDownError)
  expect((error as Error).message).toMatch(/^Kafka at 127\.0\.0\.1:\d+ takes connections and does not answer$/)
})
