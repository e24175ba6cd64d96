import type {Catalogue} from '../../catalogue/index.ts'
import {environmentOf, orthancLoginOf, type ServerHint} from '../bindings/index.ts'
import {readOptional, RESOURCES, warningOf} from '../cluster/index.ts'
import {clusterNames, decodeEndpointPod, membersOf, type Neighbourhood, targetPort} from '../endpoints/index.ts'
import {factsOf, readInventory, type Inventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {ConfigurationError} from '../../errors/index.ts'
import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {
  decodeEndpointSlice,
  decodePod,
  decodeService,
  type EndpointSlice,
  type Judgement,
  judgeService,
  judgeWorkload,
  listAt,
  numberAt,
  objectAt,
  type Service,
  serviceDifferences,
  type Severity,
  type Unreadable,
  worst,
} from '../../workload/index.ts'
import type {Finding, MemberPod, Place, ProbeSources} from './types.ts'

type ServerName = 'orthanc' | 'viewer' | 'designSystem'

/** The namespace around Orthanc at one moment. */
export interface Scene {
  readonly orthanc: Place | null
  readonly viewer: Place | null
  readonly designSystem: Place | null
  /** For the addresses that the viewer's configuration names. */
  readonly around: Neighbourhood
  /** How Orthanc's own workload logs in; null where it does not say. */
  readonly login: ServerHint | null
  readonly warnings: readonly Warning[]
}

/** Reads five lists side by side. Rejects where deployments, pods or services can't be read, with 78 where an address is no service's. */
export async function readScene(sources: ProbeSources, signal: AbortSignal): Promise<Scene> {
  const {cluster, catalogue} = sources
  const [inventory, services, slices] = await Promise.all([
    readInventory({targets: []}, sources, signal, decodeMember),
    cluster.list(RESOURCES.services, decodeService, {signal}),
    readOptional(cluster, RESOURCES.endpointSlices, decodeEndpointSlice, {signal}),
  ])
  const lists = {inventory, services: services.items, slices: slices.items ?? ('unreadable' as const)}
  const place = (server: ServerName): Place | null => {
    const {address, url} = catalogue.servers[server]
    return address === null || (server !== 'orthanc' && url !== null) ? null : placeOf(server, address, lists, sources)
  }
  const orthanc = place('orthanc')
  return {
    orthanc,
    viewer: place('viewer'),
    designSystem: place('designSystem'),
    around: {namespace: cluster.namespace, services: services.items, pods: inventory.pods.map(({endpoint}) => endpoint)},
    login: loginOf(orthanc?.workload ?? null, inventory),
    warnings: [...inventory.warnings, ...warningOf(slices)],
  }
}

function decodeMember(object: JsonObject): MemberPod {
  const declaredPorts = listAt(objectAt(object, 'spec'), 'containers', (container) =>
    listAt(container, 'ports', (port) => numberAt(port, 'containerPort') ?? []).flat(),
  ).flat()
  return {...decodePod(object), endpoint: decodeEndpointPod(object), declaredPorts}
}

interface Lists {
  readonly inventory: Inventory<MemberPod>
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[] | Unreadable
}

function placeOf(
  server: ServerName,
  address: string,
  {inventory, services, slices}: Lists,
  {cluster, catalogue, now}: ProbeSources,
): Place {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  const meant = clusterNames(host, cluster.namespace).find(({namespace, pod}) => namespace === cluster.namespace && pod === null)
  if (meant === undefined) {
    throw new ConfigurationError(`servers.${server}.address of the catalogue (${address}) is no service of namespace ${cluster.namespace}`)
  }
  const {service} = meant
  const found = services.find(({name}) => name === service) ?? null
  const members = found === null ? [] : membersOf({pods: inventory.pods.map((pod) => ({...pod.endpoint, pod}))}, found)
  const listed = catalogue.services.find(({name}) => name === service) ?? null
  const workload = listed?.workload ?? members.map(({pod}) => inventory.workloadOf(pod)).find((name) => name !== null) ?? null
  const judgement = workload === null ? null : judge(workload, inventory, catalogue, now())
  const differences = found === null || listed === null ? [] : serviceDifferences(found, listed)
  const judged = judgeService({expectation: null, strict: true, service: found, slices, workload: judgement})
  return {
    service,
    port: Number(port),
    tls: catalogue.servers[server].tls,
    found,
    workload,
    judgement,
    pods: members.map((member) => ({pod: member.pod, port: found === null ? null : targetPort(found, Number(port), member)})),
    findings: {
      service:
        found === null
          ? finding(judged.severity, judged.reason)
          : finding(worst(differences.map(({severity}) => severity)), [shapeOf(found), ...differences.map(({words}) => words)].join('; ')),
      endpoints: finding(judged.severity, judged.reason === '' ? `${judged.readyEndpoints ?? 0} ready` : judged.reason),
    },
  }
}

function finding(severity: Severity, reason: string): Finding {
  return {status: severity === 'info' ? 'ok' : severity, reason}
}

/** `NodePort, 80 on node port 30635` */
function shapeOf({type, ports}: Service): string {
  return [type, ...ports.map(({port, nodePort}) => (nodePort === null ? String(port) : `${port} on node port ${nodePort}`))].join(', ')
}

function judge(name: string, inventory: Inventory<MemberPod>, catalogue: Catalogue, now: number): Judgement | null {
  const group = inventory.groups.find((each) => each.name === name)
  return group === undefined ? null : judgeWorkload(factsOf(group, inventory, catalogue), now)
}

/** Secrets are not read here, and ConfigMaps hold no passwords. */
function loginOf(workload: string | null, {groups}: Inventory<MemberPod>): ServerHint | null {
  const group = groups.find(({name}) => name === workload)
  const containers = group?.deployment?.template.containers.filter(({role}) => role !== 'init') ?? []
  if (group === undefined || containers.length === 0) return null
  const {name, category, listed} = group
  return orthancLoginOf({name, category, listed, environments: containers.map((container) => environmentOf(container, new Map()))})
}
