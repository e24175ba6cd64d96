import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {UsageError} from '../../errors/index.ts'
import {decodeAutoscaler, decodeScaledObject} from '../../workload/index.ts'
import {readOptional, RESOURCES, warningOf} from '../cluster/index.ts'
import {readInventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {decodeSeenEvent} from './decode.ts'
import {followEvents} from './follow.ts'
import {ownerFinder} from './owners.ts'
import {eventsReport, type EventScene} from './report.ts'
import type {EventsReport} from './schema.ts'
import {followView} from './view.ts'
import {toJson} from '../../text/json.ts'

export {decodeSeenEvent, type SeenEvent} from './decode.ts'
export {type OwnerOf, ownerFinder} from './owners.ts'

export {eventsNotice, eventsViews} from './view.ts'

export interface EventsOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Rows; 0 for all. */
  readonly limit: number
  /** Warnings alone. */
  readonly warnings: boolean
}

export interface EventsSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** The newest events of the targets. Errors as `readInventory`; 77 where events may not be read. */
export async function readEvents(options: EventsOptions, sources: EventsSources, signal: AbortSignal): Promise<EventsReport> {
  const {cluster} = sources
  const [scene, events] = await Promise.all([
    readScene(options, sources, signal),
    cluster.list(RESOURCES.events, decodeSeenEvent, {signal, ...selection(options)}),
  ])
  return eventsReport(events.items, scene, {
    limit: options.limit,
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: scene.warnings,
  })
}

/** Where a stream of events goes. */
export interface EventsOutlet {
  readonly format: string
  readonly colour: boolean
  /** A line of data. */
  readonly write: (line: string) => void
  /** Called when it is known whose events are wanted, and nothing is left but to wait for them. */
  readonly begun: () => void
  /** A word about the connection. */
  readonly say: (text: string) => void
}

/**
 * Writes the newest events of the targets, then each further one as it comes, until `signal` aborts: lines of text or of JSON.
 * Survives dropped connections. Errors as `readEvents`, where the credentials are refused later, and 64 for a format that is no stream.
 */
export async function streamEvents(
  options: EventsOptions,
  sources: EventsSources,
  outlet: EventsOutlet,
  signal: AbortSignal,
): Promise<void> {
  const {format, colour, begun, write, say} = outlet
  if (format === 'yaml' || format === 'name') throw new UsageError(`--follow has no format ${format}; it has table and json`)
  const {cluster} = sources
  const scene = await readScene(options, sources, signal)
  begun()
  for (const {message} of scene.warnings) say(message)
  const events = cluster.watch(RESOURCES.events, decodeSeenEvent, {signal, ...selection(options)})
  for await (const followed of followEvents(events, scene, {
    limit: options.limit,
    context: cluster.context,
    namespace: cluster.namespace,
  })) {
    if (followed.type === 'notice') say(followed.text)
    else write(format === 'json' ? `${toJson(followed.record)}\n` : followView(followed.record, {colour}))
  }
}

async function readScene(
  options: EventsOptions,
  sources: EventsSources,
  signal: AbortSignal,
): Promise<EventScene & {readonly warnings: readonly Warning[]}> {
  const {cluster, catalogue} = sources
  const [inventory, autoscalers, scaledObjects] = await Promise.all([
    readInventory(options, sources, signal),
    readOptional(cluster, RESOURCES.autoscalers, decodeAutoscaler, {signal}),
    readOptional(cluster, RESOURCES.scaledObjects, decodeScaledObject, {signal}),
  ])
  const scalers = [...(autoscalers.items ?? []), ...(scaledObjects.items ?? [])]
  const warnings = [...inventory.warnings, ...warningOf(autoscalers), ...warningOf(scaledObjects)]
  return {inventory, catalogue, ownerOf: ownerFinder(inventory, catalogue, scalers), warnings}
}

function selection({warnings}: EventsOptions): {fieldSelector?: string} {
  return warnings ? {fieldSelector: 'type=Warning'} : {}
}
