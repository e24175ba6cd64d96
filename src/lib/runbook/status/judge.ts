import {resolveTargets, type Catalogue, type Resolution} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {assignPods, type Health, type Ownership} from '../../workload/index.ts'
import {clockWarning} from '../cluster/index.ts'
import type {DataPlane, DataSources} from '../data-plane/index.ts'
import {takeSnapshot, type OptionalKind, type Snapshot} from './collect.ts'
import {statusReport} from './report.ts'
import type {StatusReport} from './schema.ts'

export interface StatusOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  readonly allow?: readonly Health[] | undefined
  readonly strict: boolean
  /** Milliseconds between two looks at queues and lag; none, or 0, for one look. */
  readonly window?: number | undefined
  /** Whether Orthanc is asked with Redis and Kafka; it is where nothing is said. */
  readonly orthanc?: boolean | undefined
  /** Kinds that are left out, as if there were none. */
  readonly without?: readonly OptionalKind[] | undefined
}

export interface StatusSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** For one look with Redis and Kafka; null where they are not to be asked. */
  readonly look: (() => DataSources) | null
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/**
 * The verdict of the namespace. Rejects with a UsageError (64) for a target that matches nothing, with a RefusedError (77) where deployments or
 * pods may not be read, with a ConfigurationError (78) where the namespace does not exist.
 */
export async function readStatus(options: StatusOptions, sources: StatusSources, signal: AbortSignal): Promise<StatusReport> {
  const deep = sources.look?.() ?? null
  const {window = 0, without = [], orthanc = true} = options
  const [snapshot, data] = await Promise.all([
    takeSnapshot((deep ?? sources).cluster, signal, without),
    deep === null ? null : readData(deep, {...options, window, orthanc}, signal),
  ])
  return judgeSnapshot(snapshot, options, sources, resolver(options, sources.catalogue), data)
}

/** Loaded where it is asked for: `status` alone shall not wait for the code of queues and groups. */
async function readData(
  sources: DataSources,
  options: StatusOptions & {readonly window: number; readonly orthanc: boolean},
  signal: AbortSignal,
): Promise<DataPlane> {
  const {readDataPlane} = await import('../data-plane/index.ts')
  return await readDataPlane(options, sources, signal)
}

/** Which workloads and pods the targets name in this snapshot. Throws a UsageError (64) for one that matches nothing. */
export type Resolve = (snapshot: Snapshot, ownership: Ownership) => Resolution

/** The report on one look at the namespace, for the targets that were asked for. Throws as `resolve`. */
export function judgeSnapshot(
  snapshot: Snapshot,
  options: StatusOptions,
  sources: StatusSources,
  resolve: Resolve,
  data: DataPlane | null = null,
): StatusReport {
  const {cluster, catalogue} = sources
  const {targets, except = [], allow = [], strict} = options
  const ownership = assignPods(snapshot.deployments, snapshot.replicaSets.items ?? 'unreadable', snapshot.pods)
  return statusReport(snapshot, {
    catalogue,
    context: cluster.context,
    namespace: cluster.namespace,
    ownership,
    resolution: resolve(snapshot, ownership),
    narrowed: targets.length > 0 || except.length > 0,
    allow,
    strict,
    now: sources.now(),
    warnings: clockWarning(cluster),
    data,
  })
}

export function resolver({targets, except = []}: StatusOptions, catalogue: Catalogue): Resolve {
  return (snapshot, ownership) => {
    const names = new Map(snapshot.deployments.map((deployment) => [deployment.uid, deployment.name]))
    const pods = [...ownership.byDeployment].flatMap(([uid, owned]) =>
      owned.pods.map(({name}) => ({name, workload: names.get(uid) ?? null})),
    )
    return resolveTargets(targets, except, catalogue, {workloads: [...names.values()], pods})
  }
}
