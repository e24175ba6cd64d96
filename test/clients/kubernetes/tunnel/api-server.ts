import {once} from 'node:events'
import {mkdtempSync, writeFileSync} from 'node:fs'
import {createServer, type IncomingMessage, type Server} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {WebSocketServer, type WebSocket} from 'ws'
import {connectCluster} from '../../../../src/lib/clients/kubernetes/index.ts'
import type {ClusterClient} from '../../../../src/lib/clients/kubernetes/types.ts'

export type OnSocket = (socket: WebSocket, request: IncomingMessage) => void
/** Answers the handshake in HTTP instead: what is wrong, as an API server would say it. */
export interface Refusal {
  readonly status: number
  readonly body: string
  readonly contentType?: string
}

export interface ApiServer {
  readonly client: ClusterClient
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

/** An API server as far as WebSockets go, and the real client for it. */
export async function startApiServer(
  onSocket: OnSocket,
  options: {refusal?: Refusal; protocols?: readonly string[]} = {},
): Promise<ApiServer> {
  const {refusal, protocols} = options
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((_, answer) => answer.writeHead(404).end())
  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((name) => protocols === undefined || protocols.includes(name)) ?? false,
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('upgrade', (request, socket: Socket, head) => {
    requests.push(request)
    if (refusal === undefined) webSockets.handleUpgrade(request, socket, head, (webSocket) => onSocket(webSocket, request))
    else {
      const {status, body, contentType = 'application/json'} = refusal
      socket.end(`HTTP/1.1 ${status} X\r\ncontent-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const {port} = server.address() as AddressInfo
  const client = await connectTo(`http://127.0.0.1:${port}`)
  return {
    client,
    requests,
    async close() {
      client.close()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The real client, for a server without TLS. */
export async function connectTo(server: string): Promise<ClusterClient> {
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'sapoche-test-')), 'config')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{name: 'test', context: {cluster: 'test', user: 'test'}}],
    clusters: [{name: 'test', cluster: {server}}],
    users: [{name: 'test', user: {}}],
  }
  writeFileSync(kubeconfig, JSON.stringify(config))
  return connectCluster({
    kubeconfig,
    namespace: 'sapoche',
    requestTimeoutMs: 5000,
    command: 'forward',
    env: {},
    homeDir: '/nonexistent',
    interactive: false,
    onMessage: () => {},
    now: () => Date.now(),
    random: () => 0.5,
    signal: new AbortController().signal,
  })
}

/** A message of a channel. */
export function frame(channel: number, data: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.of(channel), Buffer.from(data)])
}

/** What a node says first: the number of the port, on the data and on the error channel. */
export function sendPort(socket: WebSocket, port: number): void {
  const number = Buffer.of(port & 0xff, port >> 8)
  socket.send(frame(0, number))
  socket.send(frame(1, number))
}
