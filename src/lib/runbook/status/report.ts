import type {Catalogue, CatalogueWorkload, KnownWorkload, Resolution} from '../../catalogue/index.ts'
import {isoTime} from '../../text/time.ts'
import {
  autoscalerOf,
  type Deployment,
  eventsByObject,
  type EventsByObject,
  type Health,
  judgeOthers,
  judgeService,
  judgeWorkload,
  type Judgement,
  mostlyMissing,
  type Node,
  type Ownership,
  sharedCause,
  type Unreadable,
  verdictOf,
  type WorkloadFacts,
} from '../../workload/index.ts'
import {warningOf, type Read} from '../cluster/index.ts'
import type {DataPlane} from '../data-plane/index.ts'
import type {Warning} from '../schema.ts'
import {waitsOf} from './backlog.ts'
import type {Snapshot} from './collect.ts'
import {nextCommands} from './next.ts'
import type {StatusItem, StatusReport, StatusService} from './schema.ts'

export interface ReportOptions {
  readonly catalogue: Catalogue
  readonly context: string | null
  readonly namespace: string
  readonly ownership: Ownership
  /** What the targets name. */
  readonly resolution: Resolution
  /** True where there were targets: services and other kinds that are not theirs are left out. */
  readonly narrowed: boolean
  readonly allow: readonly Health[]
  readonly strict: boolean
  /** The API server's clock, epoch milliseconds. */
  readonly now: number
  readonly warnings: readonly Warning[]
  /** What waits behind the workloads; null where nobody looked. */
  readonly data: DataPlane | null
}

/** What is looked at with `--deep` alone (rules.md, section 8). */
const DEEP = ['queues', 'lag', 'DICOM']

interface Judged {
  readonly workload: KnownWorkload
  readonly judgement: Judgement
}

/** The report on one look at the namespace. Pure. */
export function statusReport(snapshot: Snapshot, options: ReportOptions): StatusReport {
  const {allow, now, data} = options
  const servers = data === null ? [] : [...data.servers]
  const scene = sceneOf(snapshot, options)
  const judge = (workload: KnownWorkload): Judged => ({workload, judgement: judgeWorkload(factsOf(workload, scene), now)})
  const everything = knownWorkloads(options, scene).map(judge)
  const wanted = wantedNames(options)
  const judged = everything.filter(({workload}) => wanted === null || wanted.has(workload.name))
  const items = judged.map((each) => itemOf(each, options))
  const services = servicesOf(everything, judged, scene)
  const others = options.narrowed ? [] : judgeOthers({...scene, ...scene.others}, now)
  const listed = judged.filter(({workload}) => workload.listed !== null).map(({judgement}) => judgement)
  const named = judged.map(({workload, judgement}) => ({name: workload.name, ...judgement}))
  const findings = [(options.narrowed ? null : mostlyMissing(listed)) ?? sharedCause(named, scene.nodes, now)].filter(
    (sentence) => sentence !== null,
  )
  return {
    apiVersion: 'sapoche/v1',
    kind: 'StatusReport',
    generatedAt: isoTime(now),
    context: options.context,
    namespace: options.namespace,
    verdict: verdictOf([...items, ...items.flatMap(waitsOf), ...servers, ...services, ...others], new Set(allow)),
    allow: [...allow],
    summary: summaryOf(items, options),
    items,
    services,
    others: others.map((other) => ({...other, listed: false as const})),
    servers,
    findings,
    notChecked: [...(data?.notChecked ?? DEEP)],
    warnings: distinct([...options.warnings, ...readWarnings(snapshot), ...(data?.warnings ?? [])]),
  }
}

/** Everything that was read, in the form in which the rules want it; made once. */
interface Scene {
  readonly options: ReportOptions
  readonly snapshot: Snapshot
  readonly deployments: ReadonlyMap<string, Deployment>
  readonly ownership: Ownership
  readonly nodes: ReadonlyMap<string, Node> | Unreadable
  readonly events: EventsByObject
  readonly others: {
    readonly statefulSets: ReturnType<typeof readable<Snapshot['statefulSets']>>
    readonly daemonSets: ReturnType<typeof readable<Snapshot['daemonSets']>>
    readonly jobs: ReturnType<typeof readable<Snapshot['jobs']>>
    readonly cronJobs: ReturnType<typeof readable<Snapshot['cronJobs']>>
  }
  /** Kinds by name of what is no deployment. */
  readonly kinds: ReadonlyMap<string, string>
}

function readable<R extends Read<unknown>>(read: R): NonNullable<R['items']> | Unreadable {
  return (read.items as NonNullable<R['items']> | null) ?? 'unreadable'
}

function sceneOf(snapshot: Snapshot, options: ReportOptions): Scene {
  const nodes = readable(snapshot.nodes)
  const kinds = new Map<string, string>()
  for (const {name} of snapshot.daemonSets.items ?? []) kinds.set(name, 'DaemonSet')
  for (const {name} of snapshot.statefulSets.items ?? []) kinds.set(name, 'StatefulSet')
  return {
    options,
    snapshot,
    deployments: new Map(snapshot.deployments.map((deployment) => [deployment.name, deployment])),
    ownership: options.ownership,
    nodes: nodes === 'unreadable' ? nodes : new Map(nodes.map((node) => [node.name, node])),
    events: eventsByObject(snapshot.events.items ?? []),
    others: {
      statefulSets: readable(snapshot.statefulSets),
      daemonSets: readable(snapshot.daemonSets),
      jobs: readable(snapshot.jobs),
      cronJobs: readable(snapshot.cronJobs),
    },
    kinds,
  }
}

/** The catalogue's workloads that the report is about, and those that services stand before. */
function knownWorkloads({resolution, catalogue}: ReportOptions, {deployments}: Scene): KnownWorkload[] {
  const known = new Map<string, KnownWorkload>(resolution.workloads.map((workload) => [workload.name, workload]))
  const owners = resolution.pods.flatMap(({workload}) => workload ?? [])
  const behind = catalogue.services.map(({workload}) => workload)
  for (const name of [...owners, ...behind]) {
    if (known.has(name)) continue
    const listed = catalogue.workloads.find((workload) => workload.name === name) ?? null
    if (listed !== null || deployments.has(name)) known.set(name, {name, category: listed?.category ?? null, listed})
  }
  return [...known.values()]
}

/** The workloads that were asked for, those of the pods that were named with them; null where nothing was named. */
function wantedNames({resolution}: ReportOptions): ReadonlySet<string> | null {
  return new Set([...resolution.workloads.map(({name}) => name), ...resolution.pods.flatMap(({workload}) => workload ?? [])])
}

function factsOf(workload: KnownWorkload, scene: Scene): WorkloadFacts {
  const {snapshot, options} = scene
  const deployment = scene.deployments.get(workload.name) ?? null
  const owned = deployment === null ? undefined : scene.ownership.byDeployment.get(deployment.uid)
  const autoscalers = readable(snapshot.autoscalers)
  const scaledObjects = readable(snapshot.scaledObjects)
  return {
    expectation: workload.listed === null ? null : expectationOf(workload.listed, options.catalogue),
    strict: options.strict,
    deployment,
    foundAs: deployment === null ? (scene.kinds.get(workload.name) ?? null) : null,
    replicaSets: snapshot.replicaSets.items === null ? 'unreadable' : (owned?.replicaSets ?? []),
    pods: owned?.pods ?? [],
    nodes: scene.nodes,
    autoscaler: autoscalers === 'unreadable' ? autoscalers : autoscalerOf(autoscalers, 'Deployment', workload.name),
    scaledObject: scaledObjects === 'unreadable' ? scaledObjects : autoscalerOf(scaledObjects, 'Deployment', workload.name),
    events: scene.events,
  }
}

function expectationOf({baseline, startupGrace, inactive}: CatalogueWorkload, catalogue: Catalogue): WorkloadFacts['expectation'] {
  return {baseline, startupGrace: startupGrace ?? catalogue.startupGrace, inactive}
}

function itemOf({workload, judgement}: Judged, {resolution, data, namespace}: ReportOptions): StatusItem {
  const bound = data?.workloads.get(workload.name)
  const {changed, temporary, restarts} = judgement
  const hit = resolution.workloads.some(({name}) => name === workload.name)
  const named = new Set(resolution.pods.map(({name}) => name))
  const pods = judgement.pods.filter(({name}) => !resolution.exceptPods.includes(name) && (hit || named.has(name)))
  return {
    name: workload.name,
    kind: 'Deployment',
    category: workload.category,
    purpose: workload.listed?.purpose ?? null,
    listed: workload.listed !== null,
    health: judgement.health,
    severity: judgement.severity,
    reason: judgement.reason,
    since: timeOrNull(judgement.since),
    desired: judgement.desired,
    ready: judgement.ready,
    updated: judgement.updated,
    available: judgement.available,
    baseline: workload.listed?.baseline ?? null,
    restarts: {...restarts, lastAt: timeOrNull(restarts.lastAt)},
    autoscaler: judgement.autoscaler,
    temporary: temporary === null ? null : {...temporary, until: isoTime(temporary.until)},
    changed: changed === null ? null : {revision: changed.revision, at: timeOrNull(changed.at), what: changed.what},
    pods: pods.map((pod) => ({
      name: pod.name,
      ready: pod.ready,
      status: pod.state,
      node: pod.node,
      restarts: pod.restarts,
      startedAt: timeOrNull(pod.startedAt),
      reason: pod.reason,
    })),
    leftovers: [...judgement.leftovers],
    evidence: [...judgement.evidence],
    queues: data === null ? null : [...(bound?.queues ?? [])],
    groups: data === null ? null : [...(bound?.groups ?? [])],
    next: nextCommands({name: workload.name, namespace, listed: workload.listed !== null}, judgement),
  }
}

function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds)
}

/** The catalogue's services, then the cluster's others; where targets were named, those of the workloads among them. */
function servicesOf(everything: readonly Judged[], judged: readonly Judged[], scene: Scene): StatusService[] {
  const {snapshot, options} = scene
  const behind = new Map(everything.map(({workload, judgement}) => [workload.name, judgement]))
  const chosen = new Set(judged.map(({workload}) => workload.name))
  const services = readable(snapshot.services)
  const found = new Map(services === 'unreadable' ? [] : services.map((service) => [service.name, service]))
  const listed = new Map(options.catalogue.services.map((service) => [service.name, service]))
  const rows: StatusService[] = []
  for (const name of new Set([...listed.keys(), ...(options.narrowed ? [] : [...found.keys()].toSorted())])) {
    const expectation = listed.get(name) ?? null
    if (options.narrowed && !chosen.has(expectation?.workload ?? '')) continue
    const {type, ports, ...judgement} = judgeService({
      expectation,
      strict: options.strict,
      service: services === 'unreadable' ? services : (found.get(name) ?? null),
      slices: readable(snapshot.endpointSlices),
      workload: behind.get(expectation?.workload ?? '') ?? null,
    })
    rows.push({name, type, ports: ports.map((port) => ({...port, name: port.name === '' ? null : port.name})), ...judgement})
  }
  return rows
}

function summaryOf(items: readonly StatusItem[], {catalogue, allow}: ReportOptions): StatusReport['summary'] {
  const total = totals(items)
  const categories = catalogue.categories.map(({name}) => {
    const members = items.filter((item) => item.category === name)
    const {workloads, active, pods} = totals(members)
    return {
      name,
      workloads,
      active,
      desired: pods.desired,
      ready: pods.ready,
      verdict: verdictOf([...members, ...members.flatMap(waitsOf)], new Set(allow)),
    }
  })
  return {...total, categories: categories.filter(({workloads}) => workloads > 0)}
}

/** A workload is active unless it stands at zero, or is not there. */
function totals(items: readonly StatusItem[]): Pick<StatusReport['summary'], 'workloads' | 'active' | 'inactive' | 'pods'> {
  const active = items.filter(({desired}) => desired !== null && desired > 0).length
  const inactive = items.filter(({health}) => health === 'inactive').length
  const sum = (field: 'desired' | 'ready'): number => items.reduce((count, item) => count + (item[field] ?? 0), 0)
  return {workloads: items.length, active, inactive, pods: {desired: sum('desired'), ready: sum('ready')}}
}

/** Several steps that read the same say the same. */
function distinct(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [warning.message, warning])).values()]
}

function readWarnings(snapshot: Snapshot): Warning[] {
  return Object.values(snapshot).flatMap((read) => ('error' in read ? warningOf(read) : []))
}
