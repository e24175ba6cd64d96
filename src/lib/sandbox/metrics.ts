/** The metrics API of the sandbox: what its pods and nodes use, the same for the same pod, and in the range of its requests. */
import type {Target} from './api.ts'
import type {Cluster} from './cluster.ts'
import {notFound} from './failure.ts'
import {pick, scalar} from './json.ts'
import {NODE_METRICS, NODES, POD_METRICS, PODS, type Resource} from './resources.ts'
import {labelFilter} from './selectors.ts'
import {type Container, type Node, type Pod, rfc3339} from './types.ts'
import {parseTime} from '../text/time.ts'

/** metrics-server scrapes every 15 s; of a younger container it has no figures. */
const WINDOW_MS = 15_000
/** As with the simulated kubelet of the real servers (test/real/kwok.yaml): a pod says what it uses. */
const USAGE = 'kwok.x-k8s.io/usage-'
const MILLION = 1_000_000
const MIB = 1024 * 1024

export function isMetrics(of: Resource): boolean {
  return of === POD_METRICS || of === NODE_METRICS
}

/** One object, or a list; there are no pages. Throws 404. */
export function metrics(cluster: Cluster, {resource: of, namespace, name}: Target, query: URLSearchParams): object {
  const now = cluster.clock.now()
  const wanted = labelFilter(query.get('labelSelector') ?? '')
  const items =
    of === POD_METRICS
      ? cluster.store
          .list(PODS, namespace)
          .filter(wanted)
          .flatMap((pod) => ofPod(pod, now))
      : cluster.store
          .list(NODES)
          .filter(wanted)
          .map((node) => ofNode(cluster, node, now))
  if (name === null)
    return {
      kind: `${of.kind}List`,
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {},
      items: items.map(({kind: _kind, apiVersion: _version, ...item}) => item),
    }
  const found = items.find(({metadata}) => metadata.name === name)
  if (found === undefined) throw notFound(of, name)
  return found
}

interface Figures {
  kind: string
  apiVersion: string
  metadata: {name: string; [field: string]: unknown}
  [field: string]: unknown
}

function ofPod({metadata, spec, status}: Pod, now: number): Figures[] {
  const containers = spec.containers.flatMap((container) => {
    const running = status.containerStatuses?.find(({name}) => name === container.name)?.state.running
    if (running === undefined || now - (parseTime(running.startedAt) ?? now) < WINDOW_MS) return []
    const {cpu, memory} = useOf(container, metadata.name)
    const given = (kind: string) => metadata.annotations?.[`${USAGE}${kind}`]
    return [{name: container.name, usage: {cpu: given('cpu') ?? `${cpu}n`, memory: given('memory') ?? `${memory}Ki`}}]
  })
  if (containers.length === 0 || containers.length < spec.containers.length) return []
  const {name, namespace, labels} = metadata
  return [{...figures('PodMetrics', now), metadata: {name, namespace, creationTimestamp: rfc3339(now), labels}, containers}]
}

function ofNode(cluster: Cluster, {metadata}: Node, now: number): Figures {
  const pods = cluster.store.list(PODS).filter(({spec}) => spec.nodeName === metadata.name)
  const uses = pods.flatMap((pod) => pod.spec.containers.map((container) => useOf(container, pod.metadata.name)))
  const sum = (kind: 'cpu' | 'memory') => uses.reduce((total, use) => total + use[kind], 0)
  const {name, labels} = metadata
  return {
    ...figures('NodeMetrics', now),
    metadata: {name, creationTimestamp: rfc3339(now), labels},
    usage: {cpu: `${sum('cpu')}n`, memory: `${sum('memory')}Ki`},
  }
}

function figures(kind: string, now: number): Pick<Figures, 'kind' | 'apiVersion'> & {timestamp: string; window: string} {
  return {kind, apiVersion: 'metrics.k8s.io/v1beta1', timestamp: rfc3339(now - (now % WINDOW_MS)), window: '15s'}
}

/** Between a fifth and nine tenths of what it asks for, by its name: nanocores, and KiB. */
function useOf(container: Container, pod: string): {cpu: number; memory: number} {
  const part = 0.2 + (hash(`${pod}/${container.name}`) % 700) / 1000
  const milli = /^(\d+)m$/.exec(scalar(pick(container, 'resources.requests.cpu')) ?? '')?.[1] ?? '50'
  const mebi = /^(\d+)Mi$/.exec(scalar(pick(container, 'resources.requests.memory')) ?? '')?.[1] ?? '64'
  return {cpu: Math.round(Number(milli) * MILLION * part), memory: Math.round((Number(mebi) * MIB * part) / 1024)}
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0
  return value
}
