import {once} from 'node:events'
import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {json} from 'node:stream/consumers'

/** What it does in place of passing a request on. */
export type Instead =
  /** An answer of its own. */
  | {readonly kind: 'answer'; readonly status: number; readonly type: string; readonly body: string}
  /** The answer of the server behind it, a JSON object, with these fields; those that are undefined are taken away. */
  | {readonly kind: 'amend'; readonly fields: Readonly<Record<string, unknown>>}
  /** The answer begins, and breaks off. */
  | {readonly kind: 'truncate'}
  /** The answer comes later. */
  | {readonly kind: 'delay'; readonly milliseconds: number}
  /** Nothing comes, ever. */
  | {readonly kind: 'hang'}

/** A server on loopback in front of another one, which it can speak for. */
export interface HttpFront {
  readonly port: number
  /** From now on, for paths that match; what is said later goes before. */
  on(path: RegExp, instead: Instead): void
  /** Passes everything on again. */
  heal(): void
  /** Method and path of what has come so far. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

/** In front of a port of loopback. */
export async function startHttpFront(target: number): Promise<HttpFront> {
  const rules: {readonly path: RegExp; readonly instead: Instead}[] = []
  const seen: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((incoming, outgoing) => {
    const {method = '', url = ''} = incoming
    seen.push(`${method} ${url}`)
    const instead = rules.find(({path}) => path.test(url))?.instead ?? null
    if (instead?.kind === 'hang') return
    if (instead?.kind === 'truncate') {
      outgoing.writeHead(200, {'content-type': 'application/json', 'content-length': 1000})
      return void outgoing.write('{"Version": "1.', () => outgoing.destroy())
    }
    if (instead?.kind === 'answer') return void outgoing.writeHead(instead.status, {'content-type': instead.type}).end(instead.body)
    const wait = instead?.kind === 'delay' ? instead.milliseconds : 0
    setTimeout(() => pass(incoming, outgoing, target, instead?.kind === 'amend' ? instead.fields : null), wait)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    on: (path, instead) => void rules.unshift({path, instead}),
    heal: () => void rules.splice(0),
    seen,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** Passes a request on to a port of loopback, and its answer back, with other fields where some are given. */
export function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  fields: Readonly<Record<string, unknown>> | null = null,
): void {
  const {method, url, headers} = incoming
  const onward = request(
    {host: '127.0.0.1', port, method, path: url, headers: {...headers, connection: 'close', 'accept-encoding': 'identity'}, agent: false},
    (answer) => {
      if (fields === null || answer.statusCode !== 200) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        return void answer.pipe(outgoing)
      }
      void json(answer).then(
        (document) =>
          outgoing.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify({...(document as object), ...fields})),
        () => outgoing.destroy(),
      )
    },
  )
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}
