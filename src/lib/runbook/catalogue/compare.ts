import type {Catalogue, CatalogueService, CatalogueWorkload} from '../../catalogue/types.ts'
import {count} from '../../text/view.ts'
import {autoscalerSummary, explainsCount, explainsZero, hiddenExplanation} from '../../workload/autoscaling.ts'
import {
  type Autoscaler,
  autoscalerOf,
  type DaemonSet,
  type Deployment,
  type ScaledObject,
  type Service,
  type StatefulSet,
  type StringMap,
} from '../../workload/index.ts'
import {scaleRecord, temporaryOf, temporaryWords} from '../../workload/temporary.ts'
import type {Read} from '../cluster/index.ts'
import type {DiffItem} from './schema.ts'

/** What was read of the namespace. */
export interface Seen {
  readonly deployments: readonly Deployment[]
  readonly statefulSets: Read<StatefulSet>
  readonly daemonSets: Read<DaemonSet>
  readonly services: Read<Service>
  readonly autoscalers: Read<Autoscaler>
  readonly scaledObjects: Read<ScaledObject>
}

/** A workload of the cluster. */
interface Live {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly name: string
  /** Null for a DaemonSet: the nodes decide. */
  readonly replicas: number | null
  readonly annotations: StringMap
}

type Judged = Pick<DiffItem, 'severity' | 'reason'>

/** The workloads of the cluster against the catalogue's (severities as rules.md, section 3). `now` in milliseconds since the epoch. */
export function compareWorkloads(catalogue: Catalogue, seen: Seen, now: number): DiffItem[] {
  const live = liveWorkloads(seen)
  const listed = new Set(catalogue.workloads.map(({name}) => name))
  const differences = catalogue.workloads.flatMap((workload) => compareWorkload(workload, live, seen, now))
  const unlisted = live.filter(({name}) => !listed.has(name))
  return [...differences, ...unlisted.map(({kind, name}) => presence(kind, name, 'absent', 'present', 'info', 'not in the catalogue'))]
}

/** The services of the cluster against the catalogue's (rules.md, section 4). */
export function compareServices(catalogue: Catalogue, {services}: Seen): DiffItem[] {
  if (services.error !== null) {
    const reason = `services can't be read: ${services.error.message}`
    return catalogue.services.map(({name}) => presence('Service', name, 'present', null, 'unknown', reason))
  }
  const live = new Map(services.items.map((service) => [service.name, service]))
  const listed = new Set(catalogue.services.map(({name}) => name))
  const unlisted = services.items.filter(({name}) => !listed.has(name))
  return [
    ...catalogue.services.flatMap((service) => compareService(service, live.get(service.name), catalogue)),
    ...unlisted.map(({name}) => presence('Service', name, 'absent', 'present', 'info', 'not in the catalogue')),
  ]
}

export function liveWorkloads({deployments, statefulSets, daemonSets}: Seen): Live[] {
  return [
    ...deployments.map(({name, replicas, annotations}): Live => ({kind: 'Deployment', name, replicas, annotations})),
    ...(statefulSets.items ?? []).map(({name, replicas}): Live => ({kind: 'StatefulSet', name, replicas, annotations: {}})),
    ...(daemonSets.items ?? []).map(({name}): Live => ({kind: 'DaemonSet', name, replicas: null, annotations: {}})),
  ]
}

function compareWorkload(workload: CatalogueWorkload, live: readonly Live[], seen: Seen, now: number): DiffItem[] {
  const {kind, name, baseline} = workload
  const namesakes = live.filter((known) => known.name === name)
  const found = namesakes.find((known) => known.kind === kind)
  if (found !== undefined) {
    if (found.replicas === null || found.replicas === baseline) return []
    const judged = judgeCount(baseline, {...found, replicas: found.replicas}, seen, now)
    return [{kind, name, field: 'replicas', expected: baseline, actual: found.replicas, ...judged}]
  }
  const [other] = namesakes
  if (other !== undefined) {
    return [{kind, name, field: 'kind', expected: kind, actual: other.kind, severity: 'critical', reason: `found as ${other.kind}`}]
  }
  return [presence(kind, name, 'present', 'absent', 'critical', 'not in the cluster')]
}

/** A count that is not the baseline: explained by a record or an autoscaler, or a fault. */
function judgeCount(baseline: number, live: Live & {readonly replicas: number}, seen: Seen, now: number): Judged {
  const {kind, name, replicas, annotations} = live
  const fault = replicas === 0 ? 'critical' : 'warning'
  const difference = `${count(replicas, 'replica')} where the catalogue expects ${baseline}`
  const temporary = temporaryOf(scaleRecord(annotations, replicas), now)
  if (temporary !== null) return {severity: temporary.overdue ? fault : 'info', reason: temporaryWords(temporary, replicas, now)}
  const facts = {
    autoscaler: seen.autoscalers.error === null ? autoscalerOf(seen.autoscalers.items, kind, name) : 'unreadable',
    scaledObject: seen.scaledObjects.error === null ? autoscalerOf(seen.scaledObjects.items, kind, name) : 'unreadable',
  } as const
  const explained = replicas === 0 ? explainsZero(facts) : rangeWords(facts, replicas)
  if (explained !== null) return {severity: 'info', reason: `${difference}: ${explained}`}
  const hidden = hiddenExplanation(facts, replicas)
  if (hidden !== null) return {severity: 'unknown', reason: `${difference}; ${hidden}, which might explain it, can't be read`}
  return {severity: fault, reason: difference}
}

function rangeWords(facts: Parameters<typeof explainsCount>[0], replicas: number): string | null {
  const summary = autoscalerSummary(facts, null)
  if (summary === null || !explainsCount(facts, replicas)) return null
  return `${summary.kind} ${summary.name} scales from ${summary.min} to ${summary.max}`
}

function compareService(expected: CatalogueService, actual: Service | undefined, catalogue: Catalogue): DiffItem[] {
  const {name} = expected
  if (actual === undefined) {
    // Nothing asks for a service whose workload is meant to be at zero.
    const idle = catalogue.workloads.some((workload) => workload.name === expected.workload && workload.baseline === 0)
    return [presence('Service', name, 'present', 'absent', idle ? 'warning' : 'critical', 'not in the cluster')]
  }
  const differs = (field: DiffItem['field'], wanted: string, found: string | null, severity: DiffItem['severity']): DiffItem => ({
    kind: 'Service',
    name,
    field,
    expected: wanted,
    actual: found,
    severity,
    reason: `${FIELD_WORDS[field]} ${found ?? 'none'} where the catalogue expects ${wanted}`,
  })
  const {type, clusterIP} = expected
  const items: DiffItem[] = []
  if (actual.type !== type) items.push(differs('type', type, actual.type, 'warning'))
  if (!samePorts(expected, actual)) items.push(differs('ports', portsText(expected.ports), portsText(actual.ports), 'warning'))
  if (clusterIP !== null && actual.clusterIP !== clusterIP) items.push(differs('clusterIP', clusterIP, actual.clusterIP, 'info'))
  return items
}

const FIELD_WORDS: Readonly<Record<DiffItem['field'], string>> = {
  presence: 'presence',
  kind: 'kind',
  replicas: 'replicas',
  type: 'type',
  ports: 'ports',
  clusterIP: 'cluster IP',
}

/** The same port numbers, and the same node port wherever the catalogue names one. Order and protocols don't count. */
function samePorts(expected: CatalogueService, actual: Service): boolean {
  const live = new Map(actual.ports.map(({port, nodePort}) => [port, nodePort]))
  return (
    live.size === expected.ports.length &&
    expected.ports.every(({port, nodePort}) => live.has(port) && (nodePort === null || live.get(port) === nodePort))
  )
}

function portsText(ports: readonly {readonly port: number; readonly nodePort: number | null}[]): string {
  return ports.length === 0 ? 'none' : ports.map(({port, nodePort}) => (nodePort === null ? `${port}` : `${port}:${nodePort}`)).join(', ')
}

function presence(
  kind: DiffItem['kind'],
  name: string,
  expected: 'present' | 'absent',
  actual: 'present' | 'absent' | null,
  severity: DiffItem['severity'],
  reason: string,
): DiffItem {
  return {kind, name, field: 'presence', expected, actual, severity, reason}
}
