import {strip} from '../../text/strip.ts'
import {backlogOf} from '../backlog.ts'
import type {TraceHop, TraceService} from './schema.ts'

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
  const endpoints = service === null ? '' : `${service.readyEndpoints ?? '?'} ${service.readyEndpoints === 1 ? 'endpoint' : 'endpoints'}`
  if (kind === 'service') {
    const behind = workloads.map((workload) => `${workload.name} ${ratio(workload)}`)
    return [endpoints, service === null ? '' : addressOf(service), ...behind].filter(Boolean).join(', ')
  }
  const sum = (of: 'ready' | 'desired'): number => workloads.reduce((total, workload) => total + (workload[of] ?? 0), 0)
  const ready = `${sum('ready')}/${sum('desired')} ready`
  const queued = queues.length === 0 ? '' : `${backlogOf({queues, groups: []}).amount} queued`.replace(/^- queued$/, 'nothing queued')
  const lag = groups.length === 0 ? '' : `lag ${backlogOf({queues: [], groups}).amount}`
  return [ready, service === null ? '' : `${endpoints} of service ${service.name}`, queued, lag].filter(Boolean).join(', ')
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

/** `80:30635`, as kubectl has it. */
export function portsOf({ports}: TraceService): string {
  return ports.map(({port, nodePort}) => (nodePort === null ? String(port) : `${port}:${nodePort}`)).join(', ')
}

/** Of the hops of all flows. */
export function hopKey({flow, name}: TraceHop): string {
  return `${flow}/${name}`
}

/** Jobs and events that wait at a hop; null where nothing can, or not all of it is known. Events beyond 2^53 lose their last digits. */
export function waitingOf({workloads}: TraceHop): number | null {
  const amounts = workloads.flatMap(({queues, groups}) => [
    ...(queues ?? []).map(({state, pending}) => (state === 'absent' ? 0 : pending)),
    ...(groups ?? []).map(({state, lag}) => (state === 'absent' ? 0 : lag)),
  ])
  if (amounts.length === 0 || amounts.includes(null)) return null
  return amounts.reduce<number>((sum, amount) => sum + Number(amount), 0)
}
