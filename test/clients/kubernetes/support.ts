/** Real servers on loopback, their certificates, and kubeconfigs that lead to them. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer as createHttpServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {createSecureServer} from 'node:http2'
import {createServer as createHttpsServer} from 'node:https'
import {createServer as createTcpServer, type AddressInfo, type Server, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {generate} from 'selfsigned'
import {onTestFinished} from 'vitest'
import {connectCluster, type ClusterClient, type ConnectOptions, type Resource} from '../../../src/lib/clients/kubernetes/index.ts'
import type {SapocheError} from '../../../src/lib/errors/index.ts'

export const DEPLOYMENTS: Resource = {group: 'apps', version: 'v1', name: 'deployments', kind: 'Deployment', namespaced: true}
export const PODS: Resource = {group: '', version: 'v1', name: 'pods', kind: 'Pod', namespaced: true}
export const NODES: Resource = {group: '', version: 'v1', name: 'nodes', kind: 'Node', namespaced: false}
export const SCALED_OBJECTS: Resource = {
  group: 'keda.sh',
  version: 'v1alpha1',
  name: 'scaledobjects',
  kind: 'ScaledObject',
  namespaced: true,
}

/** The time of the fixed clock that every client here is given. */
export const NOW = Date.parse('2026-11-22T03:12:07Z')

export const nameOf = (object: {readonly [key: string]: unknown}): string => String((object.metadata as {name: unknown}).name)

interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly ca: string
  /** For localhost and 127.0.0.1. */
  readonly server: Pair
  readonly expired: Pair
  /** For cluster.example alone. */
  readonly other: Pair
  /** CN ci-bot, for client authentication. */
  readonly client: Pair
}

export async function makeCertificates(): Promise<Certificates> {
  const options = {keyType: 'ec', algorithm: 'sha256'} as const
  const authority = await generate([{name: 'commonName', value: 'test CA'}], {
    ...options,
    extensions: [
      {name: 'basicConstraints', cA: true, critical: true},
      {name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true},
    ],
  })
  const issue = async (name: string, altNames: {type: 2 | 7; value?: string; ip?: string}[], notAfterDate?: Date): Promise<Pair> => {
    const issued = await generate([{name: 'commonName', value: name}], {
      ...options,
      ca: {key: authority.private, cert: authority.cert},
      ...(notAfterDate === undefined ? {} : {notBeforeDate: new Date(notAfterDate.getTime() - 86_400_000), notAfterDate}),
      extensions: [{name: 'subjectAltName', altNames}],
    })
    return {cert: issued.cert, key: issued.private}
  }
  const local: {type: 2 | 7; value?: string; ip?: string}[] = [
    {type: 2, value: 'localhost'},
    {type: 7, ip: '127.0.0.1'},
  ]
  return {
    ca: authority.cert,
    server: await issue('server', local),
    expired: await issue('expired', local, new Date('2020-01-01T00:00:00Z')),
    other: await issue('other', [{type: 2, value: 'cluster.example'}]),
    client: await issue('ci-bot', [{type: 2, value: 'ci-bot'}]),
  }
}

/** One request as a server saw it, and its answer to be written. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Breaks the connection that it came over. */
  readonly breakOff: () => void
  /** Answers with JSON. */
  json(body: unknown, status?: number, headers?: Record<string, string>): void
  /** Answers with a Status, as an API server refuses. */
  status(code: number, status: {message?: string; reason?: string; details?: unknown}, headers?: Record<string, string>): void
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly asked: Asked[]
  /** Connections taken so far, and those open now. */
  readonly connections: Socket[]
  open(): Socket[]
  /** Breaks every connection. */
  drop(): void
  close(): Promise<void>
}

interface ServerOptions {
  readonly protocol?: 'h2' | 'http/1.1' | 'plain'
  readonly pair?: Pair
  readonly clientCa?: string
  readonly port?: number
  readonly settings?: {readonly maxConcurrentStreams?: number}
}

/** An API server that answers as `handle` says: h2 or HTTP/1.1 over TLS, or plain HTTP. Ends with the test. */
export async function serve(certificates: Certificates, handle: (asked: Asked) => void, options: ServerOptions = {}): Promise<TestServer> {
  const {protocol = 'h2', pair = certificates.server, clientCa, settings} = options
  const asked: Asked[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'https://server')
    let body = ''
    request.on('error', () => {})
    response.on('error', () => {})
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.once('end', () => {
      const json: Asked['json'] = (value, status = 200, headers = {}) => {
        response.writeHead(status, {'content-type': 'application/json', ...headers})
        response.end(JSON.stringify(value))
      }
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body,
        request,
        response,
        breakOff: () => tcp.connections.find(({remotePort}) => remotePort === request.socket.remotePort)?.destroy(),
        json,
        status: (code, status, headers) => json({kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...status}, code, headers),
      }
      asked.push(one)
      handle(one)
    })
  }
  const tls = {...pair, ...(clientCa === undefined ? {} : {ca: clientCa, requestCert: true, rejectUnauthorized: false})}
  const server = {
    // The compatibility API of http2 has the same requests and answers.
    h2: () => createSecureServer({...tls, allowHTTP1: true, settings, maxSessionMemory: 256}, listener as never) as unknown as Server,
    'http/1.1': () => createHttpsServer(tls, listener),
    plain: () => createHttpServer(listener),
  }[protocol]()
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  const tcp = await listen(server, options.port)
  const scheme = protocol === 'plain' ? 'http' : 'https'
  return {...tcp, url: `${scheme}://127.0.0.1:${tcp.port}`, asked}
}

/** A TCP server with its connections; ends with the test. */
export async function listen(server: Server, port = 0): Promise<Omit<TestServer, 'url' | 'asked'>> {
  const connections: Socket[] = []
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    connections.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const drop = () => connections.forEach((socket) => socket.destroy())
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      drop()
    })
  onTestFinished(close)
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    open: () => connections.filter((socket) => !socket.destroyed),
    drop,
    close,
  }
}

/** A TCP server that does with each connection what `handle` says. */
export function listenTcp(handle: (socket: Socket) => void): Promise<Omit<TestServer, 'url' | 'asked'>> {
  return listen(createTcpServer(handle))
}

/** A folder of its own for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sapoche-'))
  onTestFinished(() => rmSync(folder, {recursive: true}))
  return folder
}

export function writeFile(folder: string, name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** A kubeconfig file (JSON is YAML) with the one context `test`. */
export function writeKubeconfig(cluster: object, user: object = {token: 'secret-token'}, folder = temporaryFolder()): string {
  return writeFile(
    folder,
    'config',
    JSON.stringify({
      'current-context': 'test',
      clusters: [{name: 'c', cluster}],
      users: [{name: 'u', user}],
      contexts: [{name: 'test', context: {cluster: 'c', user: 'u'}}],
    }),
  )
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What the program passes in, with a fixed clock; closed with the test. */
export async function connect(options: Partial<ConnectOptions>): Promise<ClusterClient> {
  const client = await connectCluster({
    namespace: 'sapoche',
    requestTimeoutMs: 5000,
    env: {},
    homeDir: '/nonexistent',
    interactive: false,
    onMessage: () => {},
    now: () => NOW,
    random: () => 0,
    signal: new AbortController().signal,
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

/** A client of `server`, whose CA it knows. */
export function connectTo(
  server: TestServer,
  {ca}: Certificates,
  options: Partial<ConnectOptions> & {cluster?: object; user?: object} = {},
) {
  const {cluster, user, ...rest} = options
  return connect({
    kubeconfig: writeKubeconfig({server: server.url, 'certificate-authority-data': base64(ca), ...cluster}, user),
    ...rest,
  })
}

/** The error of a promise that must reject. */
export async function failure(promise: Promise<unknown>): Promise<SapocheError> {
  return promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (error: SapocheError) => error,
  )
}

/** A list as the API server answers it. */
export function listOf(names: readonly string[], metadata: object = {resourceVersion: '7'}): object {
  return {kind: 'List', apiVersion: 'v1', metadata, items: names.map((name) => ({metadata: {name}}))}
}
