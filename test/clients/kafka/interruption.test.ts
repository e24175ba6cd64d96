import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {openLagReader} from '../../../src/lib/clients/kafka/index.ts'
import {directNetwork} from '../../../src/lib/clients/reach/index.ts'
import {InterruptedError, TimedOutError} from '../../../src/lib/errors/index.ts'

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

test('a broker that says nothing is waited for as long as a request may take', async () => {
  await expect(survey(200, new AbortController().signal)).rejects.toThrow(TimedOutError)
})
