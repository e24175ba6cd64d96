/** HTTPS on loopback in front of the simulated API server: HTTP/2 and HTTP/1.1, a bearer token, Status objects for errors. */
import {randomBytes} from 'node:crypto'
import {type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse, createSecureServer} from 'node:http2'
import type {ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {Readable} from 'node:stream'

import {type Answer, Api} from './api.ts'
import {selfSigned} from './certificate.ts'
import type {Cluster} from './cluster.ts'
import {ApiFailure, badRequest, notImplemented} from './failure.ts'
import type {Resource} from './resources.ts'
import type {User} from './rights.ts'
import {type Identify, type Insides, upgrader} from './upgrade.ts'

export interface Listening {
  readonly url: string
  readonly caPem: string
  readonly token: string
  readonly close: () => Promise<void>
}

const LARGEST_BODY = 3 * 1024 * 1024
/** A watch whose reader is this far behind is cut off, as a real API server does it. */
const LARGEST_BACKLOG = 64 * 1024 * 1024

export async function listen(
  cluster: Cluster,
  insides: Insides,
  resources: readonly Resource[],
  users: readonly User[],
): Promise<Listening> {
  const {key, cert} = selfSigned()
  const token = randomBytes(24).toString('hex')
  const api = new Api(cluster, resources)
  const identify: Identify = (bearer) => (bearer === token ? null : users.find((user) => user.token === bearer))
  const server = createSecureServer({key, cert, allowHTTP1: true}, (request, response) => {
    void serve(request, response, cluster, api, identify)
  })
  server.on('upgrade', upgrader(cluster, insides, identify))
  const close = closer(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const {port} = server.address() as AddressInfo
  return {url: `https://127.0.0.1:${port}`, caPem: cert, token, close}
}

async function serve(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  cluster: Cluster,
  api: Api,
  identify: Identify,
): Promise<void> {
  response.on('error', () => undefined)
  // A conversion of the cluster's clock, not a look at this machine's.
  // oxlint-disable-next-line no-restricted-globals
  response.setHeader('date', new Date(cluster.clock.now()).toUTCString())
  try {
    const user = identify(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (user === undefined) throw new ApiFailure(401, 'Unauthorized', 'Unauthorized')
    const url = new URL(request.url, 'https://sandbox')
    const {accept = '', 'content-type': contentType = '', 'user-agent': agent = 'unknown'} = request.headers
    const answer = api.answer({
      user,
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      accept,
      contentType: contentType.split(';')[0] ?? '',
      manager: url.searchParams.get('fieldManager') ?? agent.split('/')[0] ?? 'unknown',
      body: parser(request.method === 'GET' ? Buffer.alloc(0) : await readBody(request), contentType),
    })
    deliver(answer, request, response)
  } catch (error) {
    // Anything else is a bug of ours; its text must not reach a client.
    const {status} = error instanceof ApiFailure ? error : new ApiFailure(500, 'InternalError', 'the sandbox failed')
    sendJson(response, status.code, status)
  }
}

function deliver(answer: Answer, request: Http2ServerRequest, response: Http2ServerResponse): void {
  if (answer.kind === 'json') return sendJson(response, answer.code, answer.body)
  if (answer.kind === 'text') {
    response.writeHead(answer.code, {'content-type': 'text/plain; charset=utf-8'})
    response.end(answer.body)
    return
  }
  if (answer.kind === 'bytes') {
    const over = new AbortController()
    response.once('close', () => over.abort())
    // Headers go with the first bytes, as a kubelet's do.
    Readable.from(answer.read(over.signal)).pipe(response)
    return
  }
  response.writeHead(200, {'content-type': 'application/json'})
  // HTTP/1.1 would hold them back until the first event; the types of HTTP/2's answer only lack the method.
  ;(response as unknown as ServerResponse).flushHeaders()
  const end = () => {
    response.end()
  }
  const stop = answer.start((line) => {
    if (response.writableEnded || response.destroyed) return
    response.write(`${JSON.stringify(line)}\n`)
    if (response.writableLength > LARGEST_BACKLOG) request.destroy()
  }, end)
  response.once('close', stop)
}

function sendJson(response: Http2ServerResponse, code: number, body: object): void {
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(code, {'content-type': 'application/json', 'content-length': text.length})
  response.end(text)
}

async function readBody(request: Http2ServerRequest): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > LARGEST_BODY) throw new ApiFailure(413, 'RequestEntityTooLarge', `the body is larger than ${LARGEST_BODY} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Parsed when it is asked for: what is not there or not allowed is said first. */
function parser(body: Buffer, contentType: string): () => unknown {
  return () => {
    if (body.length === 0) return undefined
    if (/protobuf|cbor/.test(contentType)) {
      throw new ApiFailure(415, 'UnsupportedMediaType', `the sandbox reads JSON alone, not ${contentType}`)
    }
    if (contentType.includes('apply-patch')) throw notImplemented('server-side apply')
    try {
      return JSON.parse(body.toString()) as unknown
    } catch {
      throw badRequest('the body is not JSON')
    }
  }
}

/** Ends the server and every connection to it at once: a watch would keep it open for ever. */
function closer(server: Http2SecureServer): () => Promise<void> {
  const open = new Set<{destroy(): void; once(event: 'close', gone: () => void): unknown}>()
  const keep = (connection: typeof open extends Set<infer T> ? T : never) => {
    open.add(connection)
    connection.once('close', () => open.delete(connection))
  }
  server.on('session', keep)
  server.on('secureConnection', keep)
  server.on('sessionError', () => undefined)
  return async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    for (const connection of open) connection.destroy()
    await closed
  }
}
