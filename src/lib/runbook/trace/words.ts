import {strip} from '../../text/strip.ts'
import {backlogOf, waitingOf} from '../backlog.ts'
import type {TraceHop, TraceService, TraceWorkload} from './schema.ts'

/** What a hop is called: `service st-redis-sp (cache)`. */
export function titleOf({kind, name, note}: TraceHop): string {
  return strip(`${kind === 'service' ? 'service ' : ''}${name}${note === null ? '' : ` (${note})`}`)
}

/** `ok`, a severity, or that nobody looked. */
export function stateOf({checked, severity}: TraceHop): string {
  if (!checked) return 'not checked'
  return severity === 'info' ? 'ok' : severity
}

/** Its live health in a few words: `1 endpoint, 10.27.62.167:6379, redis-master-st-sp 1/1`; `16/16 ready, 12 queued`. */
export function detailsOf(hop: TraceHop): string {
  const {kind, service, workloads, servers} = hop
  if (kind === 'external') return servers.some(({severity}) => severity !== 'unknown' && severity !== 'critical') ? 'Kafka answers' : ''
  const queues = workloads.flatMap((workload) => workload.queues ?? [])
  const groups = workloads.flatMap((workload) => workload.groups ?? [])
  const endpoints = endpointsOf(hop)
  if (kind === 'service') {
    const behind = workloads.map((workload) => `${workload.name} ${ratio(workload)}`)
    return [endpoints, service === null ? '' : addressOf(service), ...behind].filter(Boolean).join(', ')
  }
  const ready = `${ratio({ready: sumOf(workloads, 'ready'), desired: sumOf(workloads, 'desired')})} ready`
  const queued = queues.length === 0 ? '' : `${backlogOf({queues, groups: []}).amount} queued`.replace(/^- queued$/, 'nothing queued')
  const lag = groups.length === 0 ? '' : `lag ${backlogOf({queues: [], groups}).amount}`
  return [ready, endpoints, queued, lag].filter(Boolean).join(', ')
}

/** `3 endpoints`, `?` where they can't be read; else why there are none to count: `not in the cluster`. */
function endpointsOf({kind, service}: TraceHop): string {
  if (service === null) return ''
  const {name, readyEndpoints, severity, reason} = service
  const owner = kind === 'service' ? '' : ` of service ${name}`
  if (readyEndpoints !== null) return `${readyEndpoints} ${readyEndpoints === 1 ? 'endpoint' : 'endpoints'}${owner}`
  if (severity === 'unknown') return `? endpoints${owner}`
  return owner === '' || reason === '' ? strip(reason) : `service ${name}: ${strip(reason)}`
}

/** Of those of whom it is known; null where it is of none. */
function sumOf(workloads: readonly TraceWorkload[], of: 'ready' | 'desired'): number | null {
  const known = workloads.flatMap((workload) => workload[of] ?? [])
  return known.length === 0 ? null : known.reduce((total, amount) => total + amount, 0)
}

/** `1/3`, ready of desired; `-` where it is not known. */
export function ratio({ready, desired}: {readonly ready: number | null; readonly desired: number | null}): string {
  return `${ready ?? '-'}/${desired ?? '-'}`
}

/** `10.27.41.39:80`; without a cluster IP the ports alone. */
function addressOf({clusterIP, ports}: TraceService): string {
  const numbers = ports.map(({port}) => port).join(',')
  return clusterIP === null || clusterIP === 'None' ? numbers : `${clusterIP}:${numbers}`
}

/** `80:30635`, as kubectl has it; `-` of a service that is not there. */
export function portsOf({ports}: TraceService): string {
  return ports.map(({port, nodePort}) => (nodePort === null ? String(port) : `${port}:${nodePort}`)).join(', ') || '-'
}

/** Of the hops of all flows. */
export function hopKey({flow, name}: TraceHop): string {
  return `${flow}/${name}`
}

/** What a watch draws of a hop: jobs and events that wait for a category, else how many of it are ready; null where it is not known. */
export function numberOf({kind, service, workloads}: TraceHop): number | null {
  if (kind === 'category') return waitingOf(workloads)
  return (kind === 'service' ? service?.readyEndpoints : workloads[0]?.ready) ?? null
}
