import {resolveTargets, type Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {assignPods, type Health} from '../../workload/index.ts'
import {clockWarning} from '../cluster/index.ts'
import {takeSnapshot} from './collect.ts'
import {statusReport} from './report.ts'
import type {StatusReport} from './schema.ts'

export {exitCodeOf, HEALTHS} from '../../workload/index.ts'
export type {StatusReport} from './schema.ts'
export {statusViews} from './view.ts'

export interface StatusOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  readonly allow?: readonly Health[] | undefined
  readonly strict: boolean
}

export interface StatusSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  now(): number
}

/**
 * The verdict of the namespace. Rejects with a UsageError (64) for a target that matches nothing, with a RefusedError (77) where deployments or
 * pods may not be read, with a ConfigurationError (78) where the namespace does not exist.
 */
export async function readStatus(options: StatusOptions, sources: StatusSources, signal: AbortSignal): Promise<StatusReport> {
  const {cluster, catalogue} = sources
  const {except = []} = options
  const snapshot = await takeSnapshot(cluster, signal)
  const ownership = assignPods(snapshot.deployments, snapshot.replicaSets.items ?? 'unreadable', snapshot.pods)
  const names = new Map(snapshot.deployments.map((deployment) => [deployment.uid, deployment.name]))
  const pods = [...ownership.byDeployment].flatMap(([uid, owned]) => owned.pods.map(({name}) => ({name, workload: names.get(uid) ?? null})))
  const resolution = resolveTargets(options.targets, except, catalogue, {workloads: [...names.values()], pods})
  return statusReport(snapshot, {
    catalogue,
    context: cluster.context,
    namespace: cluster.namespace,
    ownership,
    resolution,
    narrowed: options.targets.length > 0 || except.length > 0,
    allow: options.allow ?? [],
    strict: options.strict,
    now: sources.now(),
    warnings: clockWarning(cluster),
  })
}
