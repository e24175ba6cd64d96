/** Connections that become WebSockets: exec and port-forward. Everything else that wants to be upgraded is refused. */
import type {IncomingMessage} from 'node:http'
import type {Duplex} from 'node:stream'
import {WebSocketServer} from 'ws'
import {askedFor, authorize} from './api.ts'
import {Channels} from './channels.ts'
import type {Cluster} from './cluster.ts'
import {containerFor, EXEC_PROTOCOLS, execute, type OwnPrograms} from './exec.ts'
import {ApiFailure, notFound, notImplemented} from './failure.ts'
import {forwardPort, PORT_FORWARD_PROTOCOLS, portOf, type Ports} from './port-forward.ts'
import {NODES, PODS} from './resources.ts'
import {isAllowed, type User} from './rights.ts'
import {conditionOf, type Pod} from './types.ts'

/** What there is inside of pods. */
export interface Insides {
  readonly ports: Ports
  /** Programs of a workload's own. */
  programs(workload: string): OwnPrograms
}

/** What the client will be given when the handshake is done. */
interface Promised {
  readonly protocols: readonly string[]
  readonly begin: (channels: Channels) => void
}

export type Identify = (bearer: string) => User | null | undefined

/** Handles `upgrade` of a server. */
export function upgrader(
  cluster: Cluster,
  insides: Insides,
  identify: Identify,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const webSockets = new WebSocketServer({noServer: true, handleProtocols: (offered) => protocolOf(offered)})
  // Of the handshake that is under way: it is done in one go.
  let supported: readonly string[] = []
  const protocolOf = (offered: ReadonlySet<string>): string | false => [...offered].find((name) => supported.includes(name)) ?? false
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    try {
      const promised = promise(request, cluster, insides, identify)
      supported = promised.protocols
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
      if (protocolOf(new Set(offered)) === false) {
        throw new ApiFailure(
          403,
          'Forbidden',
          `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${supported.join(' ')}]`,
        )
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => promised.begin(new Channels(webSocket)))
    } catch (error) {
      const {status} = error instanceof ApiFailure ? error : new ApiFailure(500, 'InternalError', 'the sandbox failed')
      refuse(socket, status.code, status)
    }
  }
}

/** Checks everything before the handshake, in the API server's order. Throws ApiFailure. */
function promise(request: IncomingMessage, cluster: Cluster, insides: Insides, identify: Identify): Promised {
  const user = identify(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
  if (user === undefined) throw new ApiFailure(401, 'Unauthorized', 'Unauthorized')
  const url = new URL(request.url ?? '', 'https://sandbox')
  const asked = askedFor(url.pathname)
  const {plural, subresource, namespace, name} = asked ?? {plural: '', subresource: null, namespace: null, name: null}
  if (asked === null || plural !== 'pods' || name === null || (subresource !== 'exec' && subresource !== 'portforward')) {
    throw notImplemented(`upgrading ${url.pathname}`)
  }
  authorize(user, 'get', asked)
  // From Kubernetes 1.35 on a WebSocket takes `create` besides the `get` that it is; who lacks it is not told so.
  if (!isAllowed(user, 'create', asked)) throw new ApiFailure(403, 'Forbidden', `pods "${name}" is forbidden: `, {name, kind: 'pods'})
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    throw notImplemented(`${subresource} by ${request.headers.upgrade}, only by WebSocket`)
  const pod = cluster.store.get(PODS, namespace ?? undefined, name)
  if (pod === undefined) throw notFound(PODS, name)
  reachNode(cluster, pod)
  const {searchParams: query} = url
  if (subresource === 'portforward') {
    const port = portOf(query)
    return {protocols: PORT_FORWARD_PROTOCOLS, begin: (channels) => forwardPort(pod, port, insides.ports.find(pod, port), channels)}
  }
  const container = containerFor(pod, query)
  const own = insides.programs(pod.metadata.labels?.['app'] ?? '')
  return {
    protocols: EXEC_PROTOCOLS,
    begin: (channels) => void execute(cluster, {pod, container, own}, query, channels).catch(() => channels.cut()),
  }
}

function reachNode(cluster: Cluster, {metadata, spec}: Pod): void {
  if (spec.nodeName === undefined) throw new ApiFailure(400, 'BadRequest', `pod ${metadata.name} does not have a host assigned`)
  const node = cluster.store.get(NODES, undefined, spec.nodeName)
  if (conditionOf(node?.status.conditions, 'Ready')?.status === 'True') return
  throw new ApiFailure(500, 'InternalError', `error dialing backend: dial tcp: connect to node ${spec.nodeName}: no route to host`)
}

function refuse(socket: Duplex, code: number, status: object): void {
  const body = JSON.stringify(status)
  socket.end(
    `HTTP/1.1 ${code} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
