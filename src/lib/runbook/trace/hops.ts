import type {Catalogue, CatalogueService, Flow, Hop} from '../../catalogue/index.ts'
import {worst} from '../../workload/index.ts'
import type {ServerState} from '../data-plane/index.ts'
import type {Severity} from '../schema.ts'
import {waitsOf, weightOf} from '../status/index.ts'
import type {StatusItem, StatusReport, StatusService} from '../status/schema.ts'
import type {TraceHop, TraceService, TraceWorkload} from './schema.ts'

/** What the hops are made of. */
export interface Scene {
  readonly status: StatusReport
  readonly catalogue: Catalogue
}

type Health = TraceWorkload['health']
const DEAD: readonly Health[] = ['down', 'stopped', 'missing']

/** The hops of one flow, each with what lies before and behind it. Pure. */
export function hopsOf({name: flow, hops}: Flow, scene: Scene): TraceHop[] {
  const hasBrokers = hops.some((hop) => isBrokers(hop, scene.catalogue))
  const found = hops.map((hop, at) => seen(hop, {before: hops[at - 1], after: hops[at + 1], hasBrokers}, scene))
  const names = hops.map(({name}) => name)
  return hops.map(({name, kind, note}, at) => ({
    flow,
    name,
    kind,
    note,
    ...found[at]!,
    cutOffBy: names.slice(0, at).filter((_, before) => found[before]!.broken),
    upstream: names.slice(0, at),
    downstream: names.slice(at + 1),
  }))
}

/** The catalogue's services as they are, in its order. Pure. */
export function servicesOf({status, catalogue}: Scene): TraceService[] {
  return catalogue.services.flatMap((listed) => serviceOf(listed, status) ?? [])
}

type Seen = Omit<TraceHop, 'flow' | 'name' | 'kind' | 'note' | 'cutOffBy' | 'upstream' | 'downstream'>

interface Neighbours {
  readonly before: Hop | undefined
  readonly after: Hop | undefined
  /** Whether a hop of the flow stands for the brokers. */
  readonly hasBrokers: boolean
}

function seen(hop: Hop, neighbours: Neighbours, scene: Scene): Seen {
  switch (hop.kind) {
    case 'external':
      return externalHop(hop, scene)
    case 'service':
      return serviceHop(hop, neighbours, scene)
    case 'workload':
      return workloadHop(hop, neighbours, scene)
    case 'category':
      return categoryHop(hop, neighbours, scene)
  }
}

/** What lies outside is not looked at, but for the brokers that the consumers' lag was asked of. */
function externalHop(hop: Hop, {status, catalogue}: Scene): Seen {
  const servers = isBrokers(hop, catalogue) ? status.servers.filter(({name}) => name === 'kafka') : []
  if (servers.length > 0) return judged({target: null, servers})
  return {...judged({target: null}), checked: false, severity: 'info', reason: 'outside of the namespace'}
}

function isBrokers({dependencies}: Hop, catalogue: Catalogue): boolean {
  return catalogue.dependencies.some(({name, kind}) => kind === 'queue' && dependencies.includes(name))
}

function serviceHop({name}: Hop, {after}: Neighbours, {status, catalogue}: Scene): Seen {
  const listed = catalogue.services.find((service) => service.name === name)
  const isRedis = catalogue.servers.redis.address?.split(/[.:]/)[0] === name
  return judged({
    target: `service/${name}`,
    service: listed === undefined ? null : serviceOf(listed, status),
    workloads: workloadsNamed(listed === undefined || after?.name === listed.workload ? [] : [listed.workload], status),
    servers: isRedis ? status.servers.filter((server) => server.name === 'redis') : [],
  })
}

function workloadHop({name}: Hop, {before}: Neighbours, {status, catalogue}: Scene): Seen {
  const listed = catalogue.services.find((service) => service.workload === name)
  const isOwnHop = listed === undefined || before?.name === listed.name
  return judged({
    target: `deployment/${name}`,
    service: isOwnHop ? null : serviceOf(listed, status),
    workloads: workloadsNamed([name], status),
  })
}

function categoryHop({name}: Hop, {hasBrokers}: Neighbours, {status}: Scene): Seen {
  const members = status.items.filter(({category}) => category === name)
  const workloads = members.map(workloadOf)
  // What can't be asked is behind all of its workloads; the brokers stand before them, where the flow has them.
  const holders: Readonly<Partial<Record<ServerState['name'], boolean>>> = {
    redis: workloads.some(({queues}) => (queues ?? []).length > 0),
    kafka: !hasBrokers && workloads.some(({groups}) => (groups ?? []).length > 0),
  }
  const servers = status.servers.filter((server) => holders[server.name] === true)
  const working = workloads.filter(({health}) => health !== 'inactive')
  const isStuck = working.length > 0 && working.every(({broken}) => broken)
  return {...judged({target: name, workloads, servers}), broken: isStuck || servers.some(({severity}) => severity === 'critical')}
}

interface Parts {
  readonly target: string | null
  readonly service?: TraceService | null
  readonly workloads?: TraceWorkload[]
  readonly servers?: ServerState[]
}

/** A hop is as bad as the worst of its parts, and broken where one of them is. */
function judged({target, service = null, workloads = [], servers = []}: Parts): Seen {
  const faults: {readonly severity: Severity; readonly words: string; readonly next: readonly string[]}[] = [
    ...(service === null
      ? []
      : [{severity: service.severity, words: named(`service ${service.name}`, service.reason), next: service.next}]),
    ...servers.map(({name, severity, reason, next}) => ({severity, words: named(name, reason), next})),
    ...workloads.map((workload) => ({severity: weightOf(workload), words: workloadWords(workload), next: nextOf(workload)})),
  ]
  const severity = worst(faults.map((fault) => fault.severity))
  const told = faults.filter((fault) => fault.severity === severity || isFault(fault.severity))
  return {
    target,
    checked: true,
    severity,
    reason: severity === 'ok' ? '' : told.flatMap(({words}) => (words === '' ? [] : [words])).join('; '),
    broken:
      service?.severity === 'critical' || servers.some((each) => each.severity === 'critical') || workloads.some(({broken}) => broken),
    service,
    workloads,
    servers,
    next: [...new Set(told.flatMap(({next}) => next))],
  }
}

function isFault(severity: Severity): boolean {
  return severity !== 'ok' && severity !== 'info'
}

function named(name: string, reason: string): string {
  return reason === '' ? '' : `${name}: ${reason}`
}

/** Its health where that is a fault, and what is wrong with what waits for it. */
function workloadWords(workload: TraceWorkload): string {
  const {name, health, severity, reason} = workload
  const own = isFault(severity) ? [reason === '' ? health : `${health}, ${reason}`] : []
  const waits = waitsOf(workload)
    .filter((wait) => isFault(wait.severity))
    .map((wait) => wait.reason)
  return named(name, [...own, ...waits].join('; '))
}

function nextOf(workload: TraceWorkload): string[] {
  return [...workload.next, ...waitsOf(workload).flatMap(({next}) => next)]
}

function serviceOf(listed: CatalogueService, {namespace, services, items}: StatusReport): TraceService | null {
  const found = services.find(({name}) => name === listed.name)
  if (found === undefined) return null
  const {type, clusterIP, ports} = listed
  return {
    ...found,
    dns: `${listed.name}.${namespace}.svc`,
    expected: {type, clusterIP, ports: ports.map((port) => ({...port}))},
    next: isFault(found.severity) ? serviceCommands(found, listed, items) : [],
  }
}

/** What differs from the catalogue, or is not there, is the service itself; else the workload behind it may be the cause, where it is known. */
function serviceCommands({severity, ports}: StatusService, {workload}: CatalogueService, items: readonly StatusItem[]): string[] {
  if (severity === 'unknown') return []
  if (severity === 'warning' || ports.length === 0) return ['sapoche catalogue diff']
  const {next = []} = items.find(({name}) => name === workload) ?? {}
  return next.length > 0 ? [...next] : [`sapoche status ${workload}`]
}

function workloadsNamed(names: readonly string[], {items}: StatusReport): TraceWorkload[] {
  return items.filter(({name}) => names.includes(name)).map(workloadOf)
}

function workloadOf(item: StatusItem): TraceWorkload {
  const {name, health, severity, reason, since, desired, ready, changed, queues, groups, next} = item
  const broken = DEAD.includes(health) || waitsOf(item).some((wait) => wait.severity === 'critical')
  return {name, health, severity, reason, since, desired, ready, changed, queues, groups, next, broken}
}
