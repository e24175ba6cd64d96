import {categoryOf, type Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {isoTime} from '../../text/time.ts'
import {decodeAutoscaler, decodeScaledObject} from '../../workload/index.ts'
import {readOptional, RESOURCES, warningOf} from '../cluster/index.ts'
import {decodeSeenEvent, ownerFinder} from '../events/index.ts'
import {decodePodWithSpec, type Inventory, type PodWithSpec, readInventory} from '../inventory/index.ts'
import {type Change, merged} from './change.ts'
import {changesOfConfiguration, decodeWritten} from './configuration.ts'
import {changesOfEvents} from './events.ts'
import {changesOfJournal, readOwnJournal} from './journal.ts'
import type {ChangeItem, ChangesReport} from './schema.ts'
import {changesOfWorkloads} from './workloads.ts'

export {readOwnJournal} from './journal.ts'
export {changesNotice, changesViews} from './view.ts'

export interface ChangesOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Milliseconds back from now. */
  readonly since: number
  /** The journal's file; null for none. */
  readonly journal: string | null
}

export interface ChangesSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** How long an API server keeps events, unless it is told otherwise. */
const EVENTS_KEPT = 3_600_000

/**
 * What changed in the namespace since then, as one timeline. Everything but deployments and pods is optional: what can't be read is a
 * warning. Of ConfigMaps and Secrets the metadata alone are asked for. Errors as `readInventory`.
 */
export async function readChanges(options: ChangesOptions, sources: ChangesSources, signal: AbortSignal): Promise<ChangesReport> {
  const {cluster, catalogue} = sources
  const metadata = {signal, metadataOnly: true}
  const [inventory, events, autoscalers, scaledObjects, configMaps, secrets, journal] = await Promise.all([
    readInventory(options, sources, signal, decodePodWithSpec),
    readOptional(cluster, RESOURCES.events, decodeSeenEvent, {signal}),
    readOptional(cluster, RESOURCES.autoscalers, decodeAutoscaler, {signal}),
    readOptional(cluster, RESOURCES.scaledObjects, decodeScaledObject, {signal}),
    readOptional(cluster, RESOURCES.configMaps, decodeWritten, metadata),
    readOptional(cluster, RESOURCES.secrets, decodeWritten, metadata),
    readOwnJournal(options.journal, cluster),
  ])
  const now = sources.now()
  const from = now - options.since
  const ownerOf = ownerFinder(inventory, catalogue, [...(autoscalers.items ?? []), ...(scaledObjects.items ?? [])])
  const workloadOfPod = (name: string): string | null => ownerOf({kind: 'Pod', name, uid: ''})
  const changes = merged([
    ...changesOfWorkloads(inventory),
    ...changesOfEvents(events.items ?? [], ownerOf, inventory),
    ...changesOfConfiguration('ConfigMap', configMaps.items ?? [], inventory),
    ...changesOfConfiguration('Secret', secrets.items ?? [], inventory),
    ...changesOfJournal(journal.entries, workloadOfPod),
  ])
  const isMeant = meant(inventory)
  return {
    apiVersion: 'sapoche/v1',
    kind: 'ChangesReport',
    generatedAt: isoTime(now),
    context: cluster.context,
    namespace: cluster.namespace,
    since: isoTime(from),
    items: changes.filter((change) => change.at >= from && isMeant(change)).map((change) => itemOf(change, catalogue)),
    notChecked:
      options.since > EVENTS_KEPT
        ? ['scalings, evictions and moves of autoscalers that are over an hour old: events are kept no longer']
        : [],
    warnings: [...inventory.warnings, ...[events, autoscalers, scaledObjects, configMaps, secrets].flatMap(warningOf), ...journal.warnings],
  }
}

function itemOf({at, kind, workload, object, what, by, reason, usedBy, sources}: Change, catalogue: Catalogue): ChangeItem {
  const category = workload === null ? null : categoryOf(workload, catalogue)
  return {at: isoTime(at), kind, workload, category, object, what, by, reason, usedBy, sources}
}

/** Of a workload that was named all its changes, of a pod those about it; what is nobody's only where nothing was named. */
function meant({narrowed, groups, strays}: Inventory<PodWithSpec>): (change: Change) => boolean {
  const whole = new Set(groups.filter(({isWhole}) => isWhole).map(({name}) => name))
  const pods = new Set([...groups.flatMap((group) => group.pods), ...strays].map(({name}) => name))
  return ({workload, usedBy, object}) =>
    !narrowed ||
    (workload !== null && whole.has(workload)) ||
    usedBy.some((name) => whole.has(name)) ||
    (object.kind === 'Pod' && pods.has(object.name))
}
