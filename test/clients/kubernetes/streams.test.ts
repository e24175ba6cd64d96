import {setTimeout as wait} from 'node:timers/promises'
import {beforeAll, describe, expect, test} from 'vitest'
import {ForbiddenError} from '../../../src/lib/clients/kubernetes/index.ts'
import type {ByteStream} from '../../../src/lib/clients/kubernetes/index.ts'
import {WebSocketServer} from 'ws'
import {createServer as createHttpsServer} from 'node:https'
import {
  base64,
  connect,
  connectTo,
  failure,
  listen,
  makeCertificates,
  PODS,
  serve,
  writeKubeconfig,
  type Asked,
  type Certificates,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

async function textOf(stream: ByteStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

describe.each(['h2', 'http/1.1'] as const)('a stream over %s', (protocol) => {
  /** Begins an answer and hands it over. */
  async function opened(options: object = {}) {
    let answering: (asked: Asked) => void = () => {}
    const asked = new Promise<Asked>((resolve) => (answering = resolve))
    const server = await serve(
      certificates,
      (one) => {
        one.response.writeHead(200, {'content-type': 'text/plain'})
        one.response.flushHeaders()
        answering(one)
      },
      {protocol},
    )
    const client = await connectTo(server, certificates)
    const stream = await client.stream(PODS, 'p', 'log', {query: {follow: 'true', container: 'app'}, ...options})
    return {server, client, stream, asked: await asked}
  }

  test('opens with the headers and gives the bytes as they come', async () => {
    const {stream, asked} = await opened()
    expect(asked.path).toBe('/api/v1/namespaces/sapoche/pods/p/log')
    expect(Object.fromEntries(asked.query)).toEqual({follow: 'true', container: 'app'})
    const chunks = stream[Symbol.asyncIterator]()
    asked.response.write('one\n')
    expect(String((await chunks.next()).value)).toBe('one\n')
    asked.response.end('two\n')
    expect(String((await chunks.next()).value)).toBe('two\n')
    expect((await chunks.next()).done).toBe(true)
  })

  test('read slowly makes the server wait, and loses nothing', async () => {
    const {stream, asked} = await opened()
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const total = 64 * 1024 * 1024
    let written = 0
    const pump = () => {
      while (written < total) {
        written += chunk.length
        if (!asked.response.write(chunk)) return asked.response.once('drain', pump)
      }
      return asked.response.end()
    }
    pump()
    // It comes to rest far before the end, because nobody reads.
    let before = -1
    while (before !== written) {
      before = written
      await wait(100)
    }
    expect(written).toBeLessThan(total / 2)
    let read = 0
    for await (const bytes of stream) read += bytes.length
    expect(read).toBe(total)
  })

  test('that breaks off is an error, not an end', async () => {
    const {stream, asked, server} = await opened()
    asked.response.write('half')
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    asked.breakOff()
    const error = await failure(chunks.next() as Promise<unknown>)
    expect(error.exitCode).toBe(69)
    expect(error.message).toContain(server.url)
  })

  test('ends with an abort, with close, and when its reader leaves', async () => {
    const controller = new AbortController()
    const {stream, asked} = await opened({signal: controller.signal})
    const reading = failure(textOf(stream))
    const closed = new Promise((resolve) => asked.response.once('close', resolve))
    controller.abort()
    expect((await reading).exitCode).toBe(130)
    await closed

    const second = await opened()
    const text = textOf(second.stream)
    second.asked.response.write('some')
    await wait(20)
    second.stream.close()
    expect(await text).toBe('some')
    await new Promise((resolve) => second.asked.response.once('close', resolve))

    const third = await opened()
    third.asked.response.write('some')
    for await (const chunk of third.stream) {
      expect(String(chunk)).toBe('some')
      break
    }
    await new Promise((resolve) => third.asked.response.once('close', resolve))
  })

  test('has a limit for its beginning alone', async () => {
    const slow = await serve(certificates, ({response}) => setTimeout(() => response.end('late'), 150), {protocol})
    const client = await connectTo(slow, certificates, {requestTimeoutMs: 50})
    expect((await failure(client.stream(PODS, 'p', 'log'))).exitCode).toBe(75)
    expect(await textOf(await client.stream(PODS, 'p', 'log', {openWithinMs: 0}))).toBe('late')
    const long = await serve(
      certificates,
      ({response}) => {
        response.writeHead(200)
        response.write('a')
        setTimeout(() => response.end('z'), 120)
      },
      {protocol},
    )
    const patient = await connectTo(long, certificates, {requestTimeoutMs: 100})
    expect(await textOf(await patient.stream(PODS, 'p', 'log'))).toBe('az')
  })

  test('that is refused is the error of the answer', async () => {
    const server = await serve(certificates, (asked) => asked.status(400, {message: 'container is waiting to start'}), {protocol})
    const error = await failure((await connectTo(server, certificates)).stream(PODS, 'p', 'log'))
    expect(error.message).toBe(`${server.url} rejects the request (400): container is waiting to start`)
  })
})

test('many streams, most of them not read, stay out of each others way', async () => {
  const server = await serve(certificates, ({response, path}) => {
    response.writeHead(200)
    response.end(Buffer.alloc(2 * 1024 * 1024, path))
  })
  const client = await connectTo(server, certificates)
  const streams = await Promise.all(Array.from({length: 60}, (_, i) => client.stream(PODS, `p${i}`, 'log')))
  const lengths = await Promise.all(streams.slice(-2).map(async (stream) => (await textOf(stream)).length))
  expect(lengths).toEqual([2 * 1024 * 1024, 2 * 1024 * 1024])
  expect(server.connections).toHaveLength(1)
  streams.forEach((stream) => stream.close())
})

describe('a WebSocket', () => {
  /** Speaks v5.channel.k8s.io where the token is `good`, and greets at once; refuses as an API server does. */
  async function serveWebSocket() {
    const asked: {url: string; headers: NodeJS.Dict<string | string[]>}[] = []
    const webSockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has('v5.channel.k8s.io') ? 'v5.channel.k8s.io' : false),
    })
    const server = createHttpsServer(certificates.server)
    server.on('upgrade', (request, socket, head) => {
      asked.push({url: request.url ?? '', headers: request.headers})
      if (request.headers.authorization === 'Bearer good') {
        webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          webSocket.send('hello')
          webSocket.on('message', (data) => webSocket.send(data))
        })
        return
      }
      const body = JSON.stringify({
        kind: 'Status',
        message: 'pods "p" is forbidden: User "ci-bot" cannot create resource "pods/exec" in API group "" in the namespace "sapoche"',
      })
      socket.end(
        `HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      )
    })
    const {port, connections} = await listen(server)
    const clientWith = (token: string) =>
      connect({
        kubeconfig: writeKubeconfig(
          {server: `https://127.0.0.1:${port}/prefix`, 'certificate-authority-data': base64(certificates.ca)},
          {token},
        ),
      })
    return {asked, connections, clientWith}
  }

  test('opens, speaks the protocol, and loses nothing of what is said before its owner listens', async () => {
    const {asked, clientWith} = await serveWebSocket()
    const client = await clientWith('good')
    const webSocket = await client.upgrade(PODS, 'p', 'exec', ['v5.channel.k8s.io', 'v4.channel.k8s.io'], {
      query: {command: ['ls', '-l'], stdout: 'true'},
    })
    expect(webSocket.protocol).toBe('v5.channel.k8s.io')
    expect(asked[0]?.url).toBe('/prefix/api/v1/namespaces/sapoche/pods/p/exec?command=ls&command=-l&stdout=true')
    await wait(30)
    const messages: string[] = []
    const both = new Promise<void>((resolve) =>
      webSocket.on('message', (data: Buffer) => messages.push(data.toString()) === 2 && resolve()),
    )
    webSocket.resume()
    webSocket.send('echo')
    await both
    expect(messages).toEqual(['hello', 'echo'])
    webSocket.terminate()
  })

  test('that is refused is the error of the answer', async () => {
    const {clientWith, connections} = await serveWebSocket()
    const error = await failure((await clientWith('bad')).upgrade(PODS, 'p', 'exec', ['v5.channel.k8s.io']))
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error.message).toBe('not allowed to create pods/exec in namespace sapoche (as user ci-bot)')
    while (connections.filter((socket) => !socket.destroyed).length > 1) await wait(5)
  })

  test('of a server that does not answer is a time-out, and an interrupt ends it', async () => {
    const server = createHttpsServer(certificates.server)
    const upgrades: unknown[] = []
    server.on('upgrade', (request) => upgrades.push(request))
    const {port} = await listen(server)
    const kubeconfig = writeKubeconfig({server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(certificates.ca)})
    expect((await failure((await connect({kubeconfig, requestTimeoutMs: 80})).upgrade(PODS, 'p', 'exec', ['x']))).exitCode).toBe(75)
    const controller = new AbortController()
    const upgrade = failure((await connect({kubeconfig})).upgrade(PODS, 'p', 'exec', ['x'], {signal: controller.signal}))
    while (upgrades.length < 2) await wait(5)
    controller.abort()
    expect((await upgrade).exitCode).toBe(130)
  })
})
