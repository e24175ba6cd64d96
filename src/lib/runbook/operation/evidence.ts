import type {ClusterClient} from '../../clients/kubernetes/types.ts'
import {SapocheError} from '../../errors/index.ts'
import {decodeEvent, type Pod} from '../../workload/index.ts'
import {readOptional, RESOURCES} from '../cluster/index.ts'
import type {Evidence} from './schema.ts'

const LAST_EVENTS = 5
const LAST_LINES = 20
/** Log lines may be very long: of these twenty no more is read. */
const LARGEST_LOG = 64 * 1024

/**
 * What the cluster shows of the pod that stopped a rollout: its last events and, where `withLogs`, the last log lines of the container at fault
 * (design.md, Safety: log lines may hold patients' data). What can't be read is left out and told to `warn`; the reason stands without it.
 */
export async function gatherEvidence(
  cluster: ClusterClient,
  pod: Pod,
  container: string | null,
  withLogs: boolean,
  warn: (error: SapocheError) => void,
): Promise<Evidence> {
  const [events, logs] = await Promise.all([
    readOptional(cluster, RESOURCES.events, decodeEvent, {fieldSelector: `involvedObject.uid=${pod.uid}`}),
    withLogs && container !== null ? lastLines(cluster, pod, container, warn) : null,
  ])
  if (events.error !== null) warn(events.error)
  const ordered = [...(events.items ?? [])].sort((a, b) => (a.at ?? 0) - (b.at ?? 0)).slice(-LAST_EVENTS)
  const told = ordered.map(({type, reason, message, count}) => `${type} ${reason}${count > 1 ? ` (x${count})` : ''}: ${message}`)
  return {pod: pod.name, container, events: told, logs}
}

/** Of the run that failed: the one before, where the container waits to be started again (facts/kubernetes.md, section 7). */
async function lastLines(
  cluster: ClusterClient,
  pod: Pod,
  container: string,
  warn: (error: SapocheError) => void,
): Promise<string[] | null> {
  const status = pod.containers.find(({name}) => name === container)?.status ?? null
  if (status === null || (status.state.kind === 'waiting' && status.lastTermination === null)) return null
  const previous = status.state.kind === 'waiting' ? {previous: 'true'} : {}
  try {
    const query = {container, tailLines: String(LAST_LINES), limitBytes: String(LARGEST_LOG), ...previous}
    const pieces: Buffer[] = []
    for await (const piece of await cluster.stream(RESOURCES.pods, pod.name, 'log', {query})) pieces.push(piece)
    const text = Buffer.concat(pieces).toString('utf8').trimEnd()
    return text === '' ? [] : text.split('\n')
  } catch (error) {
    if (!(error instanceof SapocheError)) throw error
    warn(error)
    return null
  }
}
