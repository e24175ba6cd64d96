import {once} from 'node:events'
import {type ClientHttp2Session, connect as connectHttp2} from 'node:http2'
import {createServer, get as httpsGet, type Server} from 'node:https'
import {type AddressInfo, connect, createServer as createTcpServer} from 'node:net'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {WebSocket, WebSocketServer} from 'ws'
import {createAuthority, type Pem, serverCertificate} from './certificates.ts'
import {type Proxy, startProxy} from './proxy.ts'
import {startTcpProxy, type TcpFault, type TcpProxy} from './tcp-proxy.ts'

// How a client got on: the status of the answer, how much of its body came, and how that ended.
interface Outcome {
  readonly status: number | null
  readonly bytes: number
  readonly end: 'ended' | 'broken' | 'silent'
}

const SILENCE = 300
const BODY = 5000

let authority: Pem
let upstream: Server
let server: string
let proxy: Proxy

beforeAll(async () => {
  authority = await createAuthority('sapoche-test')
  upstream = createServer(await serverCertificate(authority), (request, response) => {
    const {headers, method} = request
    if (request.url === '/echo')
      return void request.pipe(response.writeHead(200, {'x-method': method, 'x-authorization': headers.authorization}))
    response.write('x'.repeat(BODY / 2), () => response.end('y'.repeat(BODY / 2)))
  })
  new WebSocketServer({server: upstream, path: '/socket'}).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, {binary: isBinary}))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  server = `https://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => upstream.close().closeAllConnections())
afterEach(() => proxy.close())

function overHttp1(path: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let [status, bytes]: [number | null, number] = [null, 0]
    const done = (end: Outcome['end']): void => resolve({status, bytes, end})
    const request = httpsGet(new URL(path, proxy.server), {ca: proxy.ca, timeout: SILENCE}, (answer) => {
      status = answer.statusCode ?? null
      answer
        .on('data', (chunk: Buffer) => (bytes += chunk.length))
        .on('end', () => done('ended'))
        .on('error', () => done('broken'))
    })
    request.on('error', () => done('broken'))
    request.on('timeout', () => {
      done('silent')
      request.destroy()
    })
  })
}

function overHttp2(path: string, session: ClientHttp2Session = connectHttp2(proxy.server, {ca: proxy.ca})): Promise<Outcome> {
  return new Promise((resolve) => {
    let [status, bytes]: [number | null, number] = [null, 0]
    const done = (end: Outcome['end']): void => {
      resolve({status, bytes, end})
      session.close()
    }
    session.on('error', () => done('broken'))
    const stream = session.request({':path': path})
    stream.on('response', (headers) => (status = headers[':status'] ?? null))
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
    stream
      .on('end', () => !stream.aborted && done('ended'))
      .on('aborted', () => done('broken'))
      .on('error', () => done('broken'))
    stream.setTimeout(SILENCE, () => {
      done('silent')
      session.destroy()
    })
  })
}

describe.each([
  ['HTTP/1.1', ['http/1.1'], overHttp1],
  ['HTTP/1.1 where both are offered', ['h2', 'http/1.1'], overHttp1],
  ['HTTP/2', ['h2', 'http/1.1'], overHttp2],
] as const)('%s', (_, protocols, ask) => {
  test.each([
    ['no fault', null, {status: 200, bytes: BODY, end: 'ended'}],
    ['an answer of its own', {kind: 'answer', status: 503}, {status: 503, bytes: 0, end: 'ended'}],
    ['a delay', {kind: 'delay', milliseconds: 20}, {status: 200, bytes: BODY, end: 'ended'}],
    ['a delay longer than patience', {kind: 'delay', milliseconds: 60_000}, {status: null, bytes: 0, end: 'silent'}],
    ['silence', {kind: 'hang'}, {status: null, bytes: 0, end: 'silent'}],
    ['a reset in the first part', {kind: 'reset', afterBytes: 7}, {status: 200, bytes: 7, end: 'broken'}],
    ['a reset between the parts', {kind: 'reset', afterBytes: BODY / 2}, {status: 200, bytes: BODY / 2, end: 'broken'}],
    ['an early end', {kind: 'end', afterBytes: BODY / 2 + 1}, {status: 200, bytes: BODY / 2 + 1, end: 'ended'}],
    ['an end that never comes so far', {kind: 'end', afterBytes: BODY + 1}, {status: 200, bytes: BODY, end: 'ended'}],
  ] as const)('%s', async (__, fault, expected) => {
    proxy = await startProxy({server, ca: authority.cert, protocols})
    if (fault !== null) proxy.fail(fault)
    expect(await ask('/')).toEqual(expected)
  })
})

test('a fault has its paths and its number, can be taken back, and every request is noted', async () => {
  proxy = await startProxy({server, ca: authority.cert})
  proxy.fail({kind: 'answer', status: 429}, {path: /^\/pods/, times: 2})
  const takeBack = proxy.fail({kind: 'answer', status: 500}, {path: /events/})
  const statuses: (number | null)[] = []
  for (const path of ['/nodes', '/pods?limit=1', '/pods', '/pods', '/events']) statuses.push((await overHttp1(path)).status)
  takeBack()
  statuses.push((await overHttp2('/events')).status)
  expect(statuses).toEqual([200, 429, 429, 200, 500, 200])
  expect(proxy.requests.slice(-2)).toEqual([
    {method: 'GET', path: '/events', httpVersion: '1.1'},
    {method: 'GET', path: '/events', httpVersion: '2.0'},
  ])
})

test('Retry-After is sent', async () => {
  proxy = await startProxy({server, ca: authority.cert})
  proxy.fail({kind: 'answer', status: 429, retryAfter: 7})
  const {promise, resolve, reject} = Promise.withResolvers<string | undefined>()
  httpsGet(proxy.server, {ca: proxy.ca}, (answer) => resolve(answer.resume().headers['retry-after'])).on('error', reject)
  expect(await promise).toBe('7')
})

test('method, headers and body go through; a stream that is taken back leaves the connection to the others', async () => {
  proxy = await startProxy({server, ca: authority.cert})
  const session = connectHttp2(proxy.server, {ca: proxy.ca})
  const cancelled = session.request({':path': '/'})
  cancelled.close(8)
  const stream = session.request({':path': '/echo', ':method': 'PATCH', authorization: 'Bearer x'})
  stream.end('body')
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  expect(headers).toMatchObject({':status': 200, 'x-method': 'PATCH', 'x-authorization': 'Bearer x'})
  expect((await stream.setEncoding('utf8').toArray()).join('')).toBe('body')
  session.close()
})

test.each([[['http/1.1']], [['h2', 'http/1.1']]] as const)(
  'a WebSocket goes through, and breaks off with the connections: %s',
  async (protocols) => {
    proxy = await startProxy({server, ca: authority.cert, protocols})
    const socket = new WebSocket(`${proxy.server}/socket`, {ca: proxy.ca})
    await once(socket, 'open')
    socket.send('hello')
    const [data] = (await once(socket, 'message')) as [Buffer]
    expect(data.toString()).toBe('hello')
    proxy.resetConnections()
    socket.on('error', () => undefined)
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1006)
  },
)

describe('TCP', () => {
  const greeting = 'hello\r\n'
  let tcp: TcpProxy
  const target = createTcpServer((socket) => socket.on('error', () => undefined).write(greeting))
  beforeAll(async () => {
    target.listen(0, '127.0.0.1')
    await once(target, 'listening')
  })
  afterAll(() => target.close())
  afterEach(() => tcp.close())

  test.each<[string, TcpFault | null, string, string]>([
    ['no fault', null, greeting, 'silent'],
    ['a reset in mid line', {kind: 'reset', afterBytes: 3}, 'hel', 'broken'],
    ['an early end', {kind: 'end', afterBytes: 3}, 'hel', 'ended'],
    ['reset at once', {kind: 'reset', afterBytes: 0}, '', 'broken'],
    ['closed at once', {kind: 'end', afterBytes: 0}, '', 'ended'],
    ['silence', {kind: 'hang'}, '', 'silent'],
  ])('%s', async (_, fault, text, end) => {
    tcp = await startTcpProxy({host: '127.0.0.1', port: (target.address() as AddressInfo).port})
    tcp.fail(fault)
    let received = ''
    const outcome = await new Promise((resolve) => {
      const client = connect(tcp.port, tcp.host)
      client
        .on('data', (chunk) => (received += chunk.toString()))
        .on('end', () => resolve('ended'))
        .on('error', () => resolve('broken'))
      client.setTimeout(SILENCE, () => resolve('silent'))
    })
    expect([received, outcome]).toEqual([text, end])
  })
})
