import {parseQuantity, type Quantity, quantityNumber} from '../../text/quantity.ts'
import {isoTime, isoTimeOrNull} from '../../text/time.ts'
import {type Container, type Pod, standing} from '../../workload/index.ts'
import type {Inventory, PodWithSpec} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import type {Metrics, Use} from './metrics.ts'
import type {Resources, TopItem, TopReport} from './schema.ts'

export interface TopReportOptions {
  readonly by: TopReport['by']
  readonly sortBy: TopReport['sortBy']
  readonly context: string | null
  readonly namespace: string
  readonly now: number
  readonly warnings: readonly Warning[]
}

type Kind = 'cpu' | 'memory'

/** One container that should run, with its use where that is known. */
interface Part {
  readonly container: Container
  readonly pod: string
  readonly workload: string | null
  readonly category: string | null
  readonly use: Use | null
}

/** The report on what was read. Pure. */
export function topReport(inventory: Inventory<PodWithSpec>, metrics: Metrics, options: TopReportOptions): TopReport {
  const {by, sortBy} = options
  const parts = [
    ...inventory.groups.flatMap(({name, category, pods}) => pods.flatMap((pod) => partsOf(pod, name, category, metrics))),
    ...inventory.strays.flatMap((pod) => partsOf(pod, null, null, metrics)),
  ]
  const units = new Map<string, Part[]>()
  for (const part of parts) {
    const key = keyOf(part, by)
    units.set(key, [...(units.get(key) ?? []), part])
  }
  const items = [...units.values()].map((unit) => itemOf(unit, by))
  return {
    apiVersion: 'sapoche/v1',
    kind: 'TopReport',
    generatedAt: isoTime(options.now),
    context: options.context,
    namespace: options.namespace,
    by,
    sortBy,
    items: items.toSorted((a, b) => (b[sortBy] ?? -1) - (a[sortBy] ?? -1) || (a.name < b.name ? -1 : 1)),
    total: sumOf(parts),
    warnings: [...options.warnings],
  }
}

/** The containers of a pod that run beside each other; a pod that has come to its end uses nothing. */
function partsOf(pod: PodWithSpec, workload: string | null, category: string | null, metrics: Metrics): Part[] {
  if (isOver(pod)) return []
  const uses = metrics.get(pod.name)
  return pod.template.containers
    .filter(({role}) => role !== 'init')
    .map((container) => ({container, pod: pod.name, workload, category, use: uses?.get(container.name) ?? null}))
}

function isOver(pod: Pod): boolean {
  const state = standing(pod)
  return state === 'succeeded' || state === 'leftover'
}

/** What no workload or category owns is a unit of its own name. */
function keyOf({container, pod, workload, category}: Part, by: TopReport['by']): string {
  if (by === 'pod') return pod
  if (by === 'container') return `${pod}/${container.name}`
  return (by === 'workload' ? workload : category) ?? ''
}

function itemOf(unit: readonly Part[], by: TopReport['by']): TopItem {
  const [first] = unit
  const {pod = '', workload = null, category = null, container} = first ?? {}
  const isInPod = by === 'pod' || by === 'container'
  const names = {pod, container: container?.name ?? '', workload: workload ?? 'no workload', category: category ?? 'no category'}
  return {
    name: names[by],
    pod: isInPod ? pod : null,
    workload: by === 'category' ? null : workload,
    category,
    ...sumOf(unit),
  }
}

function sumOf(parts: readonly Part[]): TopReport['total'] {
  const known = parts.filter(({use}) => use !== null)
  const used = both((kind) => total(known.map(({use}) => use?.[kind] ?? null).filter((value) => value !== null)))
  const requests = both((kind) => total(known.flatMap(({container}) => quantityAt(container.requests, kind) ?? [])))
  const limits = both((kind) => {
    const each = known.map(({container}) => quantityAt(container.limits, kind))
    return each.includes(null) ? null : total(each.filter((value) => value !== null))
  })
  const times = known.flatMap(({use}) => use?.measuredAt ?? [])
  return {
    ...used,
    requests,
    limits,
    percents: {
      cpuOfRequests: percent(used.cpu, requests.cpu),
      cpuOfLimits: percent(used.cpu, limits.cpu),
      memoryOfRequests: percent(used.memory, requests.memory),
      memoryOfLimits: percent(used.memory, limits.memory),
    },
    containers: {total: parts.length, absent: parts.length - known.length},
    measuredAt: isoTimeOrNull(times.length === 0 ? null : Math.min(...times)),
  }
}

function both(of: (kind: Kind) => number | null): Resources {
  return {cpu: of('cpu'), memory: of('memory')}
}

/** Null for none at all: nothing known is not zero. */
function total(quantities: readonly Quantity[]): number | null {
  return quantities.length === 0 ? null : quantityNumber(quantities.reduce((sum, each) => sum + each, 0n))
}

function quantityAt(map: Container['requests'], kind: Kind): Quantity | null {
  const text = map[kind]
  return text === undefined ? null : parseQuantity(text)
}

/** To a hundredth. */
function percent(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : Math.round((part / whole) * 10_000) / 100
}
