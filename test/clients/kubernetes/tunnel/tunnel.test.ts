import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {createServer, request} from 'node:http'
import {connect, createServer as createTcpServer, type AddressInfo} from 'node:net'
import {buffer} from 'node:stream/consumers'
import {afterEach, describe, expect, test, vi} from 'vitest'
import type {WebSocket} from 'ws'
import {ForbiddenError, NotFoundError} from '../../../../src/lib/clients/kubernetes/errors.ts'
import {openTunnel, PortBrokenError, PortRefusedError, type TunnelOptions} from '../../../../src/lib/clients/kubernetes/tunnel/index.ts'
import {InterruptedError, RefusedError, SapocheError, TimedOutError, UnreachableError} from '../../../../src/lib/errors/index.ts'
import {type ApiServer, connectTo, frame, type OnSocket, sendPort, startApiServer} from './api-server.ts'

const PORT = 6379
const MIB = 1024 * 1024

const servers: {close(): Promise<void> | void}[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const server of servers.splice(0)) await server.close()
})

async function serve(onSocket: OnSocket, options?: Parameters<typeof startApiServer>[1]): Promise<ApiServer> {
  const server = await startApiServer(onSocket, options)
  servers.push(server)
  return server
}

/** A tunnel, opened, to a server that has said its port and then does as told. */
async function tunnelTo(onSocket: (socket: WebSocket) => void, options?: TunnelOptions) {
  const {client} = await serve((socket) => {
    sendPort(socket, PORT)
    onSocket(socket)
  })
  const stream = openTunnel(client, {pod: 'redis-0', port: PORT}, options)
  await once(stream, 'connect')
  return stream
}

async function errorOf(stream: NodeJS.EventEmitter): Promise<SapocheError> {
  const [error] = (await once(stream, 'error')) as [SapocheError]
  expect(error).toBeInstanceOf(SapocheError)
  return error
}

const data = (message: unknown): Buffer => (message as Buffer).subarray(1)
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('opening', () => {
  test('asks the API server for the port of the pod, in the protocol of channels', async () => {
    const server = await serve((socket) => sendPort(socket, PORT))
    const stream = openTunnel(server.client, {pod: 'redis-0', port: PORT})
    expect(stream.connecting).toBe(true)
    await once(stream, 'connect')
    expect(stream.connecting).toBe(false)
    const [asked] = server.requests
    expect(asked?.url).toBe('/api/v1/namespaces/sapoche/pods/redis-0/portforward?ports=6379')
    expect(asked?.headers['sec-websocket-protocol']).toBe('v4.channel.k8s.io')
    stream.destroy()
  })

  test('frames that come in one packet with the answer to the handshake are not lost', async () => {
    const raw = createTcpServer((socket) => {
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (.*)\r/i.exec(head.toString())?.[1] ?? ''
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
        const answer = `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: v4.channel.k8s.io\r\n\r\n`
        const message = (payload: Buffer) => Buffer.concat([Buffer.of(0x82, payload.length), payload])
        const frames = [frame(0, Buffer.of(0xeb, 0x18)), frame(1, Buffer.of(0xeb, 0x18)), frame(0, 'hello')].map(message)
        socket.write(Buffer.concat([Buffer.from(answer), ...frames, Buffer.of(0x88, 2, 0x03, 0xe8)]))
      })
    })
    await once(raw.listen(0, '127.0.0.1'), 'listening')
    const client = await connectTo(`http://127.0.0.1:${(raw.address() as AddressInfo).port}`)
    servers.push({close: () => client.close()}, raw as unknown as {close(): void})
    expect(String(await buffer(openTunnel(client, {pod: 'redis-0', port: PORT})))).toBe('hello')
  })

  test.each<[string, Buffer[]]>([
    ['in one message with data', [frame(0, '\xeb\x18'), frame(0, 'ab')]],
    ['split over two messages', [frame(0, Buffer.of(0xeb)), frame(0, Buffer.concat([Buffer.of(0x18), Buffer.from('ab')]))]],
    ['with empty messages before and between', [frame(0), frame(0, Buffer.of(0xeb)), frame(0), frame(0, Buffer.from([0x18, 0x61, 0x62]))]],
  ])('the number of the port is taken off %s', async (_, frames) => {
    const messages = frames.map((message, index) => (index === 0 && message.length > 3 ? frame(0, Buffer.of(0xeb, 0x18)) : message))
    const {client} = await serve((socket) => {
      for (const message of messages) socket.send(message)
      socket.close(1000)
    })
    expect(String(await buffer(openTunnel(client, {pod: 'redis-0', port: PORT})))).toBe('ab')
  })

  test('it is taken off once: data that looks like it stays', async () => {
    const stream = await tunnelTo((socket) => {
      socket.send(frame(0, Buffer.of(0xeb, 0x18)))
      socket.close(1000)
    })
    expect(await buffer(stream)).toEqual(Buffer.of(0xeb, 0x18))
  })

  test('an answer for another port is an error', async () => {
    const {client} = await serve((socket) => sendPort(socket, 80))
    expect((await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}))).message).toBe(
      'port 6379 of pod redis-0 is answered for by another port',
    )
  })

  test('what is written before it is open arrives, in order', async () => {
    const received: Buffer[] = []
    const {client} = await serve((socket) => {
      sendPort(socket, PORT)
      socket.on('message', (message) => received.push(data(message)))
    })
    const stream = openTunnel(client, {pod: 'redis-0', port: PORT})
    for (const part of ['a', 'b', 'c']) stream.write(part)
    stream.end('d')
    stream.resume()
    await once(stream, 'close')
    expect(Buffer.concat(received).toString()).toBe('abcd')
  })

  test('a node that never takes the port up ends in a time limit', async () => {
    const {client} = await serve(() => {})
    const error = await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}, {openWithinMs: 20}))
    expect(error).toBeInstanceOf(TimedOutError)
    expect(error.message).toBe('no answer from port 6379 of pod redis-0 within 0.02 s')
  })

  test('a WebSocket that is closed at once is an error, not an empty stream', async () => {
    const {client} = await serve((socket) => socket.close(1000))
    expect((await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}))).message).toContain('was closed before it was open')
  })

  test('the signal gives up, in whichever state it is', async () => {
    for (const abortAt of ['before', 'handshake', 'prefix']) {
      const controller = new AbortController()
      if (abortAt === 'before') controller.abort()
      const {client} = await serve(() => abortAt === 'prefix' && controller.abort())
      const stream = openTunnel(client, {pod: 'redis-0', port: PORT}, {signal: controller.signal})
      if (abortAt === 'handshake') setImmediate(() => controller.abort())
      expect(await errorOf(stream)).toBeInstanceOf(InterruptedError)
    }
  })

  test('destroyed while it opens, it is gone at once', async () => {
    const {client} = await serve(() => {})
    const stream = openTunnel(client, {pod: 'redis-0', port: PORT})
    setImmediate(() => stream.destroy())
    await once(stream, 'close')
    expect(stream.destroyed).toBe(true)
  })
})

describe('refused', () => {
  const status = (code: number, message: string, details: object = {}) => ({
    status: code,
    body: JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code, details}),
  })
  const denied = (verb: string) =>
    status(
      403,
      `pods "redis-0" is forbidden: User "bob" cannot ${verb} resource "pods/portforward" in API group "" in the namespace "sapoche"`,
    )

  test('403 for the verb create names it, and why it is needed', async () => {
    const {client} = await serve(() => {}, {refusal: denied('create')})
    const error = await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}))
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error.message).toBe('not allowed to create pods/portforward in namespace sapoche (as user bob)')
    expect(error.hints).toEqual([
      {label: 'needs', text: 'apiGroups: [""], resources: [pods/portforward], verbs: [create]'},
      {label: 'next', text: expect.stringContaining('sapoche rbac forward')},
      {label: 'why', text: expect.stringContaining('1.35')},
    ])
  })

  // What Kubernetes 1.36 answers where `create` alone is missing.
  test('403 that names nothing is about the verb create', async () => {
    const {client} = await serve(() => {}, {refusal: status(403, 'pods "redis-0" is forbidden: ', {name: 'redis-0', kind: 'pods'})})
    const error = await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}))
    expect(error).toMatchObject({rule: {apiGroup: '', resource: 'pods/portforward', verb: 'create', namespace: 'sapoche'}})
    expect(error.message).toBe('not allowed to create pods/portforward in namespace sapoche')
    expect(error.hints.map(({label}) => label)).toEqual(['needs', 'next', 'why'])
  })

  test.each<[string, ReturnType<typeof status> & {contentType?: string}, abstract new (...a: never[]) => SapocheError, string]>([
    [
      '403 of an admission plugin',
      status(403, 'pods "redis-0" is forbidden: not on Fridays'),
      ForbiddenError,
      'is forbidden: not on Fridays',
    ],
    ['403 for get', denied('get'), ForbiddenError, 'not allowed to get pods/portforward'],
    ['401', status(401, 'Unauthorized'), RefusedError, 'does not accept'],
    ['404', status(404, 'pods "redis-0" not found', {name: 'redis-0', kind: 'pods'}), NotFoundError, 'pods "redis-0" not found'],
    ['400', status(400, 'pod redis-0 does not have a host assigned'), RefusedError, 'does not have a host assigned'],
    ['500', status(500, 'no preferred addresses found'), UnreachableError, 'answers 500: no preferred addresses found'],
    ['502 of a proxy', {status: 502, body: '<html>', contentType: 'text/html'}, UnreachableError, 'answers 502'],
  ])('%s becomes its error', async (_, refusal, kind, text) => {
    const {client} = await serve(() => {}, {refusal})
    const error = await errorOf(openTunnel(client, {pod: 'redis-0', port: PORT}))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toContain(text)
  })

  test('what the node says of the port is the error, whether it comes at once or later', async () => {
    for (const when of ['at once', 'later']) {
      const {client} = await serve((socket) => {
        sendPort(socket, PORT)
        const complain = () => {
          socket.send(frame(1, 'error forwarding port 6379:\u001b[31m connection refused'))
          socket.close(1000)
        }
        if (when === 'later') socket.once('message', complain)
        else complain()
      })
      const stream = openTunnel(client, {pod: 'redis-0', port: PORT})
      stream.write('PING')
      const error = await errorOf(stream)
      expect(error).toBeInstanceOf(PortRefusedError)
      expect(error.message).toBe("port 6379 of pod redis-0 can't be reached: error forwarding port 6379: connection refused")
    }
  })
})

describe('broken off', () => {
  const READ =
    'failed to execute portforward in network namespace "/run/netns/x": read tcp4 127.0.0.1:4->127.0.0.1:6379: read: connection reset by peer'
  test.each<[string, string, boolean, abstract new (...a: never[]) => SapocheError]>([
    ['a reset, as containerd words it', READ, false, PortBrokenError],
    [
      'a reset, as socat words it',
      'exit status 1, stderr: "socat[9] E read(5, 0x1, 8192): Connection reset by peer"',
      false,
      PortBrokenError,
    ],
    ['a write after it', 'write tcp 127.0.0.1:4->127.0.0.1:6379: write: broken pipe', false, PortBrokenError],
    ['whatever, once the port has answered', 'exit status 1', true, PortBrokenError],
    [
      'nothing listens',
      'failed to connect to localhost:6379: dial tcp4 127.0.0.1:6379: connect: connection refused',
      false,
      PortRefusedError,
    ],
    ['the pod is gone', 'failed to find sandbox "x" in store: not found', false, PortRefusedError],
  ])('%s', async (_, said, hasAnswered, kind) => {
    const stream = await tunnelTo((socket) =>
      socket.once('message', () => {
        if (hasAnswered) socket.send(frame(0, 'half an ans'))
        socket.send(frame(1, said))
        socket.close(1000)
      }),
    )
    stream.resume().write('PING')
    const error = await errorOf(stream)
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(
      kind === PortBrokenError ? /^the connection to port 6379 of pod redis-0 was lost: / : /can't be reached: /,
    )
  })
})

describe('ending', () => {
  test("the remote's end is the end, after all of its data", async () => {
    const sent = randomBytes(3 * MIB)
    const stream = await tunnelTo((socket) => {
      for (let at = 0; at < sent.length; at += 50_000) socket.send(frame(0, sent.subarray(at, at + 50_000)))
      socket.close(1000)
    })
    expect(sha(await buffer(stream))).toBe(sha(sent))
  })

  test.each<[string, (socket: WebSocket) => void]>([
    ['dropped', (socket) => socket.terminate()],
    ['closed without a code', (socket) => socket.close()],
    ['going away', (socket) => socket.close(1001)],
    ['an internal error', (socket) => socket.close(1011)],
  ])('a WebSocket that is %s is an error and never an end', async (_, end) => {
    const stream = await tunnelTo((socket) => {
      socket.send(frame(0, 'half an ans'))
      socket.once('message', () => end(socket))
    })
    let ended = false
    stream.on('end', () => (ended = true)).resume()
    stream.write('x')
    const error = await errorOf(stream)
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error.message).toBe('the connection to port 6379 of pod redis-0 was lost')
    expect(ended).toBe(false)
  })

  test('a write after the loss fails', async () => {
    let server: WebSocket | undefined
    const stream = await tunnelTo((socket) => (server = socket))
    setImmediate(() => server?.terminate())
    await errorOf(stream)
    const failed = await new Promise((resolve) => stream.write('x', resolve))
    expect(failed).toBeInstanceOf(Error)
  })

  test('end closes both directions, after everything is sent', async () => {
    const sent = randomBytes(2 * MIB)
    const received: Buffer[] = []
    const closed = Promise.withResolvers<number>()
    const stream = await tunnelTo((socket) => {
      socket.on('message', (message) => received.push(data(message)))
      socket.on('close', (code) => closed.resolve(code))
    })
    stream.resume().end(sent)
    expect(await closed.promise).toBe(1000)
    expect(sha(Buffer.concat(received))).toBe(sha(sent))
    if (!stream.closed) await once(stream, 'close')
    expect(stream.errored).toBe(null)
  })
})

describe('pressure', () => {
  test('a slow reader makes the server wait, and gets every byte', async () => {
    const sent = randomBytes(24 * MIB)
    const pieces = Array.from({length: 24}, (_, index) => sent.subarray(index * MIB, (index + 1) * MIB))
    let server: WebSocket | undefined
    const stream = await tunnelTo((socket) => {
      server = socket
      for (const piece of pieces) socket.send(frame(0, piece))
      socket.close(1000)
    })
    // Until the kernel's buffers are full the server can send; then what it has left stands still, while we hold little.
    let left = -1
    while (left !== server?.bufferedAmount || left === 0) {
      left = server?.bufferedAmount ?? 0
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(left).toBeGreaterThan(MIB)
    expect(stream.readableLength).toBeLessThan(4 * MIB)
    expect(sha(await buffer(stream))).toBe(sha(sent))
  })

  test('a slow server makes the writer wait, and gets every byte', async () => {
    const sent = randomBytes(24 * MIB)
    const received: Buffer[] = []
    let server: WebSocket | undefined
    const stream = await tunnelTo((socket) => {
      server = socket
      socket.pause()
      socket.on('message', (message) => received.push(data(message)))
    })
    let taken = 0
    let at = 0
    const pump = (): void => {
      for (let more = true; more && at < sent.length; at += 65_536) {
        more = stream.write(sent.subarray(at, at + 65_536), () => (taken += 65_536))
      }
      if (at >= sent.length) stream.end()
    }
    stream.on('drain', pump).resume()
    pump()
    let before = -1
    while (before !== taken) {
      before = taken
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(taken).toBeLessThan(sent.length - MIB)
    server?.resume()
    await once(stream, 'close')
    expect(sha(Buffer.concat(received))).toBe(sha(sent))
  })

  test('a large write goes out in small frames', async () => {
    const lengths: number[] = []
    const stream = await tunnelTo((socket) => socket.on('message', (message) => lengths.push(data(message).length)))
    stream.resume().end(randomBytes(200_000))
    await once(stream, 'close')
    expect(lengths).toEqual([65_536, 65_536, 65_536, 200_000 - 3 * 65_536])
  })
})

describe('a server that says nothing', () => {
  const heartbeat = {everyMs: 20_000, deadAfterMs: 10_000}

  async function silence(during: (server: WebSocket, stream: Awaited<ReturnType<typeof tunnelTo>>) => void) {
    vi.useFakeTimers({toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval']})
    let server!: WebSocket
    const stream = await tunnelTo((socket) => (server = socket), {heartbeat})
    // As a connection that was cut without a word: nothing comes back, not even a pong.
    server.pause()
    during(server, stream)
    return {server, stream}
  }

  test('is dead when it answers no ping', async () => {
    const {stream} = await silence(() => {})
    vi.advanceTimersByTime(30_000)
    expect((await errorOf(stream)).message).toBe('the connection to port 6379 of pod redis-0 is dead: no answer to a ping')
  })

  test('lives while it answers pings', async () => {
    const {server, stream} = await silence((socket) => socket.resume())
    let pongs = 0
    const seen = () => new Promise<void>((resolve) => server.once('ping', () => setImmediate(() => resolve(void pongs++))))
    for (let round = 0; round < 5; round++) {
      const pinged = seen()
      vi.advanceTimersByTime(20_000)
      await pinged
      // The pong is on its way before this frame.
      server.send(frame(0, 'y'))
      await once(stream, 'data')
    }
    expect(pongs).toBe(5)
    expect(stream.destroyed).toBe(false)
    stream.destroy()
  })

  test('is not dead while it has to digest what we sent: the program in the pod may be slow', async () => {
    const {server, stream} = await silence((_, tunnel) => tunnel.write('a long job'))
    server.send(frame(0, 'what was under way'))
    await once(stream, 'data')
    vi.advanceTimersByTime(300_000)
    expect(stream.destroyed).toBe(false)
    server.resume()
    server.send(frame(0, 'done'))
    expect(String((await once(stream, 'data'))[0])).toBe('done')
    stream.destroy()
  })

  test('is not judged while we do not listen ourselves', async () => {
    const {server, stream} = await silence((socket) => socket.send(frame(0, randomBytes(MIB))))
    while (stream.readableLength === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(300_000)
    expect(stream.destroyed).toBe(false)
    server.resume()
    stream.destroy()
  })
})

describe('as a socket for others', () => {
  test('carries HTTP, request after request', async () => {
    const web = createServer((asked, answer) => answer.end(`you asked for ${asked.url}`))
    await once(web.listen(0, '127.0.0.1'), 'listening')
    servers.push(web as unknown as {close(): void})
    const stream = await tunnelTo((socket) => {
      const upstream = connect((web.address() as AddressInfo).port, '127.0.0.1')
      socket.on('message', (message) => upstream.write(data(message)))
      upstream.on('data', (chunk) => socket.send(frame(0, chunk)))
      upstream.on('close', () => socket.close(1000))
    })
    const answer = await new Promise<string>((resolve, reject) => {
      const asked = request({path: '/system', headers: {host: 'orthanc'}, createConnection: () => stream, timeout: 5000}, (response) => {
        buffer(response).then((body) => resolve(String(body)), reject)
      })
      asked.on('error', reject).end()
    })
    expect(answer).toBe('you asked for /system')
    stream.destroy()
  })

  test('its timeout tells of silence and ends nothing', async () => {
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']})
    const stream = await tunnelTo(() => {})
    const said = vi.fn<() => void>()
    stream.setTimeout(1000, said)
    vi.advanceTimersByTime(999)
    expect(said).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(said).toHaveBeenCalledTimes(1)
    expect(stream.destroyed).toBe(false)
    stream.destroy()
  })
})
