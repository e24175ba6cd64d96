import {getEventListeners, once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {queryObjects} from 'node:v8'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {BrokerConnection} from '../../../src/lib/clients/kafka/connection.ts'
import {openLagReader} from '../../../src/lib/clients/kafka/index.ts'
import type {LagReader} from '../../../src/lib/clients/kafka/types.ts'
import {directNetwork} from '../../../src/lib/clients/reach/index.ts'
import {KafkaLog} from '../../../src/lib/sandbox/kafka-log.ts'
import {answerFrame} from '../../../src/lib/sandbox/kafka-requests.ts'
import {Frames} from '../../../src/lib/sandbox/kafka-wire.ts'

/** What a watch does for hours: it loses its connections and opens others. */
const TIMES = 20

const sockets = new Set<Socket>()
let accepted = 0
const log = new KafkaLog()
for (const id of [1, 2]) log.lost.add(id)
const server = createServer((socket) => {
  sockets.add(socket)
  accepted += 1
  socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  const frames = new Frames()
  socket.on('data', (piece: Buffer) => {
    for (const frame of frames.add(piece)) {
      const answer = answerFrame(frame, {id: 0, log, addressOf: () => ({host: '127.0.0.1', port: portOf()})})
      if (answer !== null) socket.write(answer)
    }
  })
})

function portOf(): number {
  return (server.address() as AddressInfo).port
}

function openReader(signal: AbortSignal): LagReader {
  const addresses = [{host: '127.0.0.1', port: portOf()}] as const
  const access = {server: 'Kafka', addresses, network: directNetwork, tls: null, credentials: null, mechanism: null}
  return openLagReader(access, {requestTimeoutMs: 5000, signal})
}

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('nothing is kept of connections that were lost', async () => {
  const reader = openReader(new AbortController().signal)
  // A loss that is not noticed yet shows in the next survey: at least every other one opens a connection.
  for (let time = 0; time < 2 * TIMES; time++) {
    await reader.survey().catch(() => undefined)
    for (const socket of sockets) socket.resetAndDestroy()
  }
  expect(accepted).toBeGreaterThanOrEqual(TIMES)
  expect(queryObjects(BrokerConnection, {format: 'count'})).toBeLessThanOrEqual(2)
  reader.close()
})

test('a reader that is closed lets go of the signal, which goes on', async () => {
  const {signal} = new AbortController()
  for (let time = 0; time < TIMES; time++) {
    const reader = openReader(signal)
    await reader.survey()
    reader.close()
  }
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a reader that is closed while it connects leaves no connection', async () => {
  const reader = openReader(new AbortController().signal)
  const surveyed = reader.survey()
  reader.close()
  await expect(surveyed).rejects.toMatchObject({code: 'interrupted'})
  await expect.poll(() => sockets.size).toBe(0)
})
