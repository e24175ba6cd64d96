import {categoryOf, type Catalogue} from '../../catalogue/index.ts'
import {isoTime, isoTimeOrNull} from '../../text/time.ts'
import type {Inventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import type {SeenEvent} from './decode.ts'
import type {OwnerOf} from './owners.ts'
import type {EventItem, EventsReport} from './schema.ts'

/** From events to rows: which of them the targets mean, and what they are about. */
export interface EventScene {
  readonly inventory: Inventory
  readonly catalogue: Catalogue
  readonly ownerOf: OwnerOf
}

export interface EventsReportOptions {
  /** Rows; 0 for all. */
  readonly limit: number
  readonly context: string | null
  readonly namespace: string
  readonly now: number
  readonly warnings: readonly Warning[]
}

/** The report on what was read. Pure. */
export function eventsReport(events: readonly SeenEvent[], scene: EventScene, options: EventsReportOptions): EventsReport {
  const all = rowsOf(events, scene)
  return {
    apiVersion: 'sapoche/v1',
    kind: 'EventsReport',
    generatedAt: isoTime(options.now),
    context: options.context,
    namespace: options.namespace,
    summary: {events: all.length, warnings: all.filter(({type}) => type === 'Warning').length},
    items: options.limit === 0 ? all : all.slice(-options.limit),
    warnings: [...options.warnings],
  }
}

/** The events that the targets mean as rows, newest last; none are merged. */
export function rowsOf(events: readonly SeenEvent[], {inventory, catalogue, ownerOf}: EventScene): EventItem[] {
  const isMeant = meant(inventory)
  return events
    .map((event) => ({event, workload: ownerOf(event.involved)}))
    .filter(({event, workload}) => isMeant(event, workload))
    .toSorted((a, b) => (a.event.at ?? 0) - (b.event.at ?? 0))
    .map(({event, workload}) => ({
      at: isoTimeOrNull(event.at),
      firstAt: isoTimeOrNull(event.firstAt),
      type: event.type,
      reason: event.reason,
      message: event.message.trim(),
      count: event.count,
      object: {kind: event.involved.kind, name: event.involved.name},
      workload,
      category: workload === null ? null : categoryOf(workload, catalogue),
      source: event.source,
    }))
}

/** Of a workload that was named all events, of a pod that was named those about it. */
function meant({narrowed, groups, strays, exceptPods}: Inventory): (event: SeenEvent, workload: string | null) => boolean {
  const workloads = new Set(groups.filter(({isWhole}) => isWhole).map(({name}) => name))
  const partly = groups.filter(({isWhole}) => !isWhole).flatMap(({pods}) => pods)
  const pods = new Set([...partly, ...strays].map(({name}) => name))
  return ({involved}, workload) => {
    const isPod = involved.kind === 'Pod'
    if (isPod && exceptPods.has(involved.name)) return false
    if (!narrowed || (workload !== null && workloads.has(workload))) return true
    return isPod && pods.has(involved.name)
  }
}
