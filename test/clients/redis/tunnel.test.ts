import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'
import type {WebSocket} from 'ws'
import {tunnelNetwork} from '../../../src/lib/clients/reach/index.ts'
import type {RedisAccess} from '../../../src/lib/clients/reach/types.ts'
import {ServerDownError} from '../../../src/lib/clients/redis/errors.ts'
import {openQueueReader} from '../../../src/lib/clients/redis/index.ts'
import {type SapocheError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {serveRedis} from '../../../src/lib/sandbox/redis-server.ts'
import {RedisStore, runCommand} from '../../../src/lib/sandbox/redis-store.ts'
import {frame, sendPort, startApiServer} from '../kubernetes/tunnel/api-server.ts'

// Redis behind an API server's port-forward, and what may befall the way there.

const signal = new AbortController().signal
const HINTS = {names: ['pdf'], configured: null, prefixes: [''], database: null, horizon: false, thorough: false}

const open: {close(): unknown}[] = []
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close()
})

async function startStore(store: RedisStore): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    serveRedis(socket, {store})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push({
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

/** Carries bytes as a node does; `onData` sees what goes to Redis, and may do away with it. */
function relay(webSocket: WebSocket, port: number, onData: (data: Buffer) => boolean = () => true): void {
  sendPort(webSocket, 6379)
  const socket = connect(port, '127.0.0.1')
  webSocket.on('message', (message: Buffer) => onData(message.subarray(1)) && socket.write(message.subarray(1)))
  webSocket.on('close', () => socket.destroy())
  // In small pieces, as a slow network would.
  socket.on('data', (data) => {
    for (let at = 0; at < data.length; at += 700) webSocket.send(frame(0, data.subarray(at, at + 700)))
  })
}

async function accessBy(onSocket: (webSocket: WebSocket) => void, refusal?: {status: number; body: string}): Promise<RedisAccess> {
  const {client, close} = await startApiServer(onSocket, refusal === undefined ? {} : {refusal})
  open.push({close})
  return {
    server: 'Redis',
    addresses: [{host: 'st-redis-sp', port: 6379}],
    network: tunnelNetwork(() => ({cluster: client, pod: 'redis-0', port: 6379})),
    tls: null,
    credentials: null,
    database: null,
    sentinel: null,
  }
}

async function read(access: RedisAccess, timeoutMs = 3000) {
  const reader = await openQueueReader(access, {timeoutMs, signal})
  open.push(reader)
  const layout = await reader.find(HINTS, signal)
  return reader.read({layout, queues: ['pdf'], keys: [], asOf: 0, recentSince: null}, signal)
}

async function errorOf(promise: Promise<unknown>): Promise<SapocheError> {
  const outcome: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as SapocheError
}

describe('through a port-forward', () => {
  test('every byte of a large payload, and the pod is named', async () => {
    const store = new RedisStore()
    runCommand(store, 'RPUSH', ['queues:pdf', JSON.stringify({createdAt: 12, data: 'x'.repeat(400_000)})])
    const port = await startStore(store)
    const access = await accessBy((webSocket) => relay(webSocket, port))
    const {queues} = await read(access)
    expect(queues[0]).toMatchObject({pending: {value: 1}, head: {value: {readySince: 12}}})
    expect(access.network.describe(access.addresses[0])).toBe('st-redis-sp:6379 (pod redis-0)')
  })

  test('nothing listens in the pod: Redis is down', async () => {
    const access = await accessBy((webSocket) => {
      sendPort(webSocket, 6379)
      webSocket.send(frame(1, 'error forwarding port 6379 to pod redis-0: connection refused'))
    })
    const error = await errorOf(read(access))
    expect(error).toBeInstanceOf(ServerDownError)
    expect(error.message).toMatch(/^Redis at st-redis-sp:6379 \(pod redis-0\) is down: port 6379 of pod redis-0 can't be reached/)
  })

  test('cut in the middle of an answer: lost, and not an end', async () => {
    const store = new RedisStore()
    const port = await startStore(store)
    let requests = 0
    const access = await accessBy((webSocket) =>
      relay(webSocket, port, () => {
        if (++requests < 3) return true
        webSocket.send(frame(0, '$10\r\nhalf'))
        webSocket.terminate()
        return false
      }),
    )
    const error = await errorOf(read(access))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).not.toBeInstanceOf(ServerDownError)
    expect(error.message).toBe('the connection to port 6379 of pod redis-0 was lost')
  })

  test('broken off by Redis, as its node says: lost, and not down', async () => {
    const access = await accessBy((webSocket) => {
      sendPort(webSocket, 6379)
      webSocket.on('message', () => webSocket.send(frame(1, 'error forwarding port 6379: read: connection reset by peer')))
    })
    const error = await errorOf(read(access))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).not.toBeInstanceOf(ServerDownError)
  })

  test('broken off, which its node says only to who writes again: lost, and not silent', async () => {
    let writes = 0
    const access = await accessBy((webSocket) => {
      sendPort(webSocket, 6379)
      webSocket.on('message', () => {
        if (++writes === 2) webSocket.send(frame(1, 'error forwarding port 6379: read: connection reset by peer'))
      })
    })
    expect((await errorOf(read(access, 200))).message).toMatch(/^the connection to port 6379 of pod redis-0 was lost: /)
  })

  test('open, and without an answer: silent', async () => {
    const error = await errorOf(read(await accessBy((webSocket) => sendPort(webSocket, 6379)), 200))
    expect(error).toMatchObject({trouble: 'silent'})
  })

  test('closed in order while an answer is due: not taken for an empty one', async () => {
    const access = await accessBy((webSocket) => {
      sendPort(webSocket, 6379)
      webSocket.on('message', () => webSocket.close(1000))
    })
    expect((await errorOf(read(access))).message).toBe(
      'the connection to Redis at st-redis-sp:6379 (pod redis-0) was closed by the other side',
    )
  })

  test('without the verb create, which Kubernetes asks for from 1.35 on: 77', async () => {
    const message =
      'pods "redis-0" is forbidden: User "ops" cannot create resource "pods/portforward" in API group "" in the namespace "sapoche"'
    const body = JSON.stringify({kind: 'Status', reason: 'Forbidden', message})
    const error = await errorOf(read(await accessBy(() => {}, {status: 403, body})))
    expect(error.exitCode).toBe(77)
    expect(error.hints.map(({text}) => text).join('\n')).toMatch(/verbs: \[create\][^]*from Kubernetes 1\.35 on/)
  })
})
