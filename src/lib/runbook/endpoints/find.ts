import {isIPv4} from 'node:net'
import type {Address} from '../../clients/reach/types.ts'
import type {Service} from '../../workload/index.ts'
import type {EndpointPod} from './decode.ts'

/** The services and pods of one namespace. */
export interface Neighbourhood {
  readonly namespace: string
  readonly services: readonly Service[]
  readonly pods: readonly EndpointPod[]
}

/** A port of a pod that stands behind an address; `service` is null for a pod's own address. */
export interface Endpoint {
  readonly namespace: string
  readonly service: string | null
  readonly pod: string
  readonly port: number
}

/** What an address means inside a cluster: a service, or one pod of a headless service. */
export interface ClusterName {
  readonly namespace: string
  readonly service: string
  readonly pod: string | null
}

/** Whether a host is an address, of either family. Only those of IPv6 have a colon, and Node takes 3 ms to compile what it tells them by. */
export function isIpAddress(host: string): boolean {
  return isIPv4(host) || host.includes(':')
}

/**
 * What a host name may mean to a workload of `namespace`, by the cluster's DNS (the search domains included), the likeliest first;
 * nothing for an IP address. `redpanda-0.redpanda` is a pod of a service here, `st-redis-sp.sapoche` a service elsewhere.
 */
export function clusterNames(host: string, namespace: string): ClusterName[] {
  if (isIpAddress(host)) return []
  const [name = '', domain] = host.replace(/\.$/, '').split(/\.svc(?:\.|$)/, 2)
  const [first = '', second, third, ...more] = name.split('.')
  if (first === '' || more.length > 0) return []
  if (third !== undefined && second !== undefined) return [{namespace: third, service: second, pod: first}]
  if (second === undefined) return domain === undefined ? [{namespace, service: first, pod: null}] : []
  const elsewhere = {namespace: second, service: first, pod: null}
  return domain === undefined ? [elsewhere, {namespace, service: second, pod: first}] : [elsewhere]
}

export type Found =
  | {readonly endpoint: Endpoint}
  /** The service is there, and no pod of it runs. */
  | {readonly endpoint: null; readonly service: string; readonly namespace: string}

/**
 * The pod behind an address, as seen from `namespace`: a ready one first, else one that runs. Null where none of the namespaces that were
 * read has such a service or pod.
 */
export function findEndpoint(address: Address, namespace: string, neighbourhoods: readonly Neighbourhood[]): Found | null {
  if (isIpAddress(address.host)) return byAddress(address, neighbourhoods)
  let dead: Found | null = null
  for (const meant of clusterNames(address.host, namespace)) {
    const around = neighbourhoods.find((each) => each.namespace === meant.namespace)
    const service = around?.services.find(({name}) => name === meant.service)
    if (around === undefined || service === undefined) continue
    if (meant.pod !== null) {
      const pod = around.pods.find(({name}) => name === meant.pod)
      if (pod !== undefined && pod.state !== 'off') return found(around, service.name, pod, address.port)
      dead ??= {endpoint: null, service: service.name, namespace: around.namespace}
    } else return foundBehind(around, service, address.port)
  }
  return dead
}

/** A pod behind a port of a service; null where none runs, or the service has no such port or no selector. */
export function behind(around: Neighbourhood, service: Service, port: number): Endpoint | null {
  for (const pod of membersOf(around, service)) {
    const number = pod.state === 'off' ? null : targetPort(service, port, pod)
    if (number !== null) return {namespace: around.namespace, service: service.name, pod: pod.name, port: number}
  }
  return null
}

/** The pods that a service selects, of every state, ready ones first; none without a selector. */
export function membersOf<P extends EndpointPod>({pods}: {readonly pods: readonly P[]}, {selector}: Service): P[] {
  if (selector === null) return []
  const members = pods.filter(({labels}) => Object.entries(selector).every(([key, value]) => labels[key] === value))
  return members.toSorted((a, b) => Number(b.state === 'ready') - Number(a.state === 'ready') || (a.name < b.name ? -1 : 1))
}

/** Where a port of a service leads in a pod; null where the service has no such port, or the pod none of the name that it leads to. */
export function targetPort({ports, clusterIP}: Service, port: number, pod: EndpointPod): number | null {
  const target = ports.find((each) => each.port === port)?.targetPort
  // A headless service has no ports of its own: its name leads to the pods as they are.
  if (target === undefined) return clusterIP === 'None' ? port : null
  return typeof target === 'number' ? target : (pod.ports.get(target) ?? null)
}

/** A cluster IP, or a pod's own. */
function byAddress({host, port}: Address, neighbourhoods: readonly Neighbourhood[]): Found | null {
  for (const around of neighbourhoods) {
    const service = around.services.find(({clusterIP}) => clusterIP === host)
    if (service !== undefined) return foundBehind(around, service, port)
    const pod = around.pods.find(({ips, state}) => state !== 'off' && ips.includes(host))
    if (pod !== undefined) return found(around, null, pod, port)
  }
  return null
}

function foundBehind(around: Neighbourhood, service: Service, port: number): Found {
  const endpoint = behind(around, service, port)
  return endpoint === null ? {endpoint, service: service.name, namespace: around.namespace} : {endpoint}
}

function found({namespace}: Neighbourhood, service: string | null, {name}: EndpointPod, port: number): Found {
  return {endpoint: {namespace, service, pod: name, port}}
}
