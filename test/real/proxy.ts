import {once} from 'node:events'
import type {IncomingHttpHeaders, OutgoingHttpHeaders} from 'node:http'
import {createSecureServer, type Http2SecureServer} from 'node:http2'
import {Agent, createServer as createHttpsServer, request as httpsRequest, type Server as HttpsServer} from 'node:https'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import type {Duplex, Readable, Writable} from 'node:stream'
import {connect as tlsConnect} from 'node:tls'
import {createAuthority, serverCertificate} from './certificates.ts'
import {resetWhenRead} from './reset.ts'
import {type Fault, FaultPlan, type FaultScope, pump} from './fault-plan.ts'

export interface ProxyOptions {
  /** The API server behind it. */
  readonly server: string
  /** Its authority, PEM. */
  readonly ca: string
  /** What it offers; `['http/1.1']` is what many a company's proxy speaks. Both unless told. */
  readonly protocols?: readonly ('h2' | 'http/1.1')[]
}

/** A proxy between a program and an API server, which ends TLS, sees every request, and can be told to fail. */
export interface Proxy {
  readonly server: string
  /** Of its own authority, PEM. */
  readonly ca: string
  /** All requests so far. */
  readonly requests: readonly {readonly method: string; readonly path: string; readonly httpVersion: string}[]
  /** From now on requests fail so: all, or those of the scope. The first fault that fits a request counts. The result takes it back. */
  fail(fault: Fault, scope?: FaultScope): () => void
  /** Takes all faults back. */
  heal(): void
  /** Breaks off all connections. */
  resetConnections(): void
  close(): Promise<void>
}

/** What a request is under both protocols. */
interface Incoming extends Readable {
  readonly method?: string
  readonly url?: string
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
  readonly socket: {readonly remotePort?: number}
}

interface Outgoing extends Writable {
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown
}

// Of one connection, not of the message: HTTP/2 knows none of them.
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'http2-settings'])

export async function startProxy({server: target, ca: targetCa, protocols = ['h2', 'http/1.1']}: ProxyOptions): Promise<Proxy> {
  const authority = await createAuthority('sapoche-test-proxy')
  const pem = await serverCertificate(authority)
  const agent = new Agent({ca: targetCa, keepAlive: true})
  const faults = new FaultPlan()
  const requests: {method: string; path: string; httpVersion: string}[] = []
  const sockets = new Map<number, Socket>()

  const server: HttpsServer | Http2SecureServer = protocols.includes('h2')
    ? createSecureServer({...pem, allowHTTP1: protocols.includes('http/1.1')})
    : createHttpsServer({...pem, ALPNProtocols: ['http/1.1']})

  function note(request: Incoming): {method: string; path: string; fault: Fault | null; reset: () => void} {
    const {method = 'GET', url: path = '/', httpVersion} = request
    requests.push({method, path, httpVersion})
    const {remotePort = 0} = request.socket
    return {method, path, fault: faults.take(path), reset: () => resetSocket(sockets.get(remotePort))}
  }

  function forward(request: Incoming, response: Outgoing): void {
    const {method, path, fault, reset} = note(request)
    response.on('error', () => undefined)
    request.on('error', () => undefined)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, fault.retryAfter === undefined ? {} : {'retry-after': String(fault.retryAfter)})
      response.end()
      return
    }
    // A request that the client has taken back must not cost it the connection.
    let over = false
    const breakOff = (): void => {
      if (!over) reset()
    }
    const upstream = httpsRequest(new URL(path, target), {method, agent, headers: forwarded(request.headers)}, (answer) => {
      const headers = forwarded(answer.headers)
      if (fault?.kind === 'end') delete headers['content-length']
      response.writeHead(answer.statusCode ?? 502, headers)
      pump(answer, response, fault, breakOff)
    })
    upstream.on('error', breakOff)
    response.on('close', () => {
      over = true
      clearTimeout(timer)
      upstream.destroy()
    })
    const timer = setTimeout(() => request.pipe(upstream), fault?.kind === 'delay' ? fault.milliseconds : 0)
  }

  // A WebSocket: the bytes behind the request are passed on as they are.
  function upgrade(request: Incoming, client: Duplex, head: Buffer): void {
    const {method, path, fault, reset} = note(request)
    client.on('error', () => undefined)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'answer') return void client.end(`HTTP/1.1 ${fault.status} Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    const {hostname, port, host} = new URL(target)
    const upstream = tlsConnect({host: hostname, port: Number(port), ca: targetCa, ALPNProtocols: ['http/1.1']}, () => {
      const lines = Object.entries({...request.headers, host}).map(([name, value]) => `${name}: ${String(value)}`)
      upstream.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      client.pipe(upstream)
      pump(upstream, client, fault, reset)
    })
    upstream.on('error', reset)
    client.on('close', () => upstream.destroy())
  }

  server.on('request', forward as never)
  server.on('upgrade', upgrade as never)

  // Connections are taken in here, so that they can be reset, which a TLS socket can't.
  const listener = createServer((socket) => {
    const {remotePort = 0} = socket
    sockets.set(remotePort, socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(remotePort))
    server.emit('connection', socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  function resetSocket(socket: Socket | undefined): void {
    if (socket !== undefined) void resetWhenRead(socket)
  }

  const resetConnections = (): void => {
    for (const socket of sockets.values()) socket.resetAndDestroy()
  }
  return {
    server: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    ca: authority.cert,
    requests,
    fail: (fault, scope) => faults.add(fault, scope),
    heal: () => faults.clear(),
    resetConnections,
    async close() {
      resetConnections()
      agent.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.has(name) && name !== 'host')
  return Object.fromEntries(kept)
}
