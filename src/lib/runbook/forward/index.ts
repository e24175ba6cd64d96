import {once} from 'node:events'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {PortError} from '../../clients/kubernetes/errors.ts'
import type {PodAccess, PodPort} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {isoTime} from '../../text/time.ts'
import {HOST, listen} from './listen.ts'
import {OPEN_TIMES, Pods, type OpenTimes} from './pods.ts'
import {localPorts, parsePorts, urlOf} from './ports.ts'
import {relay, RELAY_TIMES, type RelayTimes} from './relay.ts'
import type {ForwardReport} from './schema.ts'
import {findTarget, nothingBehind, type ForwardTarget, type TargetSources} from './target.ts'

export {forwardText} from './view.ts'

export interface ForwardOptions {
  /** `service/X`, `deployment/X`, `pod/X`, or a bare name. */
  readonly name: string
  /** `LOCAL[:REMOTE]` */
  readonly ports?: string | undefined
  readonly times?: OpenTimes & RelayTimes
}

export interface ForwardSources extends TargetSources {
  readonly access: PodAccess
  now(): number
}

/** What is told while it runs. */
export interface ForwardEvents {
  /** It listens. */
  readonly ready: (report: ForwardReport) => void
  /** Something that a person should know: a connection that broke, another pod. */
  readonly say: (text: string) => void
}

/** In which a node has tried a port of a pod and said that nothing listens. */
const PROBE_MS = 2000

/**
 * Listens on this machine and carries every connection to a pod, until `signal` aborts: that is how it ends well. A connection that is lost on the way is reset, never
 * gone on with. Rejects with 64, 69, 77 before it listens; later trouble is said.
 */
export async function forward(options: ForwardOptions, sources: ForwardSources, events: ForwardEvents, signal: AbortSignal): Promise<void> {
  try {
    await forwardUntil(signal, options, sources, events)
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
  }
}

async function forwardUntil(
  signal: AbortSignal,
  options: ForwardOptions,
  sources: ForwardSources,
  {ready, say}: ForwardEvents,
): Promise<void> {
  const {times = {...OPEN_TIMES, ...RELAY_TIMES}} = options
  const wish = parsePorts(options.ports)
  const target = await findTarget(options.name, wish, sources, signal)
  const first = await target.locate(signal)
  if (first === null) throw nothingBehind(target)
  const probed = await probe(sources.access, first, say, signal)
  const {server, port} = await listen(localPorts(wish, target.port, first.port))
  const pods = new Pods(target, sources.access, first, (pod) => say(`connections go to pod ${pod.pod} port ${pod.port} now`), times)
  const clients = new Set<Socket>()
  server.on('connection', (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    void carry(client, pods, times, signal).then((trouble) => trouble !== null && say(`a connection broke off: ${trouble.message}`))
  })
  ready(reportOf(target, first, port, sources))
  try {
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    probed.destroy()
    server.close()
    for (const client of clients) client.resetAndDestroy()
  }
}

/**
 * Whether we may, before anybody counts on it: the rights of a port-forward show at the first one. A port that is closed may open yet: that is
 * said alone, also where the pod's node finds out only when it has taken the connection. Resolves with the connection, which ends by itself.
 */
async function probe(access: PodAccess, place: PodPort, say: (text: string) => void, signal: AbortSignal): Promise<Duplex> {
  const tunnel = access.openTunnel(place, {signal})
  tunnel.on('error', (error) => {
    if (error instanceof PortError) say(error.message)
  })
  try {
    await once(tunnel, 'connect')
  } catch (error) {
    if (!(error instanceof PortError)) throw error
  }
  setTimeout(() => tunnel.destroy(), PROBE_MS).unref()
  return tunnel
}

async function carry(client: Socket, pods: Pods, times: RelayTimes, signal: AbortSignal): Promise<Error | null> {
  const gone = new AbortController()
  client.once('close', () => gone.abort())
  try {
    const tunnel = await pods.open(AbortSignal.any([signal, gone.signal]))
    if (!client.destroyed) return await relay(client, tunnel, times)
    tunnel.destroy()
    return null
  } catch (error) {
    if (!client.destroyed) client.resetAndDestroy()
    if (error instanceof InterruptedError) return null
    if (error instanceof SapocheError) return error
    throw error
  }
}

function reportOf({kind, name, port, notes}: ForwardTarget, pod: PodPort, local: number, {cluster, now}: ForwardSources): ForwardReport {
  return {
    apiVersion: 'sapoche/v1',
    kind: 'ForwardReport',
    generatedAt: isoTime(now()),
    context: cluster.context,
    namespace: cluster.namespace,
    url: urlOf(local, port, pod.port),
    local: {host: HOST, port: local},
    target: {kind, name, port},
    pod: {name: pod.pod, port: pod.port},
    notes: [...notes],
  }
}
