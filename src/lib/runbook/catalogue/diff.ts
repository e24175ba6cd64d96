import {isMeantFor} from '../../catalogue/index.ts'
import type {Catalogue} from '../../catalogue/types.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {isoTime} from '../../text/time.ts'
import {
  decodeAutoscaler,
  decodeDaemonSet,
  decodeDeployment,
  decodeScaledObject,
  decodeService,
  decodeStatefulSet,
  mostlyMissing,
  verdictOf,
} from '../../workload/index.ts'
import {clockWarning, readOptional, requireNamespace, RESOURCES, warningOf} from '../cluster/index.ts'
import type {Warning} from '../schema.ts'
import {compareServices, compareWorkloads, liveWorkloads, type Seen} from './compare.ts'
import type {CatalogueDiff, DiffItem} from './schema.ts'

/** What the step works on. `now` in milliseconds since the epoch, by the API server's clock once it has answered. */
export interface DiffContext {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  now(): number
}

/**
 * The catalogue against the cluster: six lists side by side, and one GET of the namespace where no deployment is in it.
 * Rejects where deployments can't be read, and where the namespace doesn't exist (78).
 */
export async function diffCatalogue(context: DiffContext, signal: AbortSignal): Promise<CatalogueDiff> {
  const {cluster, catalogue} = context
  const seen = await look(cluster, signal)
  const now = context.now()
  const items = [...compareWorkloads(catalogue, seen, now), ...compareServices(catalogue, seen)]
  const listed = new Set(catalogue.workloads.map(({name}) => name))
  const live = liveWorkloads(seen)
  const listedServices = new Set(catalogue.services.map(({name}) => name))
  const services = seen.services.items
  return {
    apiVersion: 'sapoche/v1',
    kind: 'CatalogueDiff',
    generatedAt: isoTime(now),
    context: cluster.context,
    namespace: cluster.namespace,
    verdict: verdictOf(items, new Set()),
    source: catalogue.source,
    summary: {
      workloads: {
        listed: listed.size,
        found: live.filter(({name}) => listed.has(name)).length,
        unlisted: live.filter(({name}) => !listed.has(name)).length,
      },
      services: {
        listed: listedServices.size,
        found: services && services.filter(({name}) => listedServices.has(name)).length,
        unlisted: services && services.filter(({name}) => !listedServices.has(name)).length,
      },
      differences: items.length,
    },
    items,
    findings: wrongPlace(items, catalogue),
    notChecked: ['pods', 'queues', 'lag', 'DICOM'],
    warnings: [
      ...otherCluster(catalogue, cluster),
      ...[seen.services, seen.autoscalers, seen.scaledObjects, seen.statefulSets, seen.daemonSets].flatMap(warningOf),
      ...clockWarning(cluster),
    ],
  }
}

async function look(cluster: ClusterReader, signal: AbortSignal): Promise<Seen> {
  const [deployments, services, autoscalers, scaledObjects, statefulSets, daemonSets] = await Promise.all([
    cluster.list(RESOURCES.deployments, decodeDeployment, {signal}),
    readOptional(cluster, RESOURCES.services, decodeService, {signal}),
    readOptional(cluster, RESOURCES.autoscalers, decodeAutoscaler, {signal}),
    readOptional(cluster, RESOURCES.scaledObjects, decodeScaledObject, {signal}),
    readOptional(cluster, RESOURCES.statefulSets, decodeStatefulSet, {signal}),
    readOptional(cluster, RESOURCES.daemonSets, decodeDaemonSet, {signal}),
  ])
  if (deployments.items.length === 0) await requireNamespace(cluster, signal)
  return {deployments: deployments.items, services, autoscalers, scaledObjects, statefulSets, daemonSets}
}

/** More than half of the catalogue missing is one fault, not many. */
function wrongPlace(items: readonly DiffItem[], {workloads}: Catalogue): string[] {
  const missing = new Set(
    items.filter(({kind, field, actual}) => kind !== 'Service' && field === 'presence' && actual === 'absent').map(({name}) => name),
  )
  const finding = mostlyMissing(workloads.map(({name}) => ({health: missing.has(name) ? 'missing' : 'ok'})))
  return finding === null ? [] : [finding]
}

function otherCluster(catalogue: Catalogue, cluster: ClusterReader): Warning[] {
  if (isMeantFor(catalogue, cluster)) return []
  const here = cluster.context === null ? cluster.server : `context ${cluster.context} (${cluster.server})`
  return [{code: 'other-cluster', message: `the catalogue is meant for ${catalogue.clusters.join(', ')}, not for ${here}`}]
}
