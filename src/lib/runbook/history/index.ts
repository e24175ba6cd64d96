import {resolveTargets, type Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, JsonObject} from '../../clients/kubernetes/types.ts'
import {ConfigurationError, UsageError} from '../../errors/index.ts'
import {isoTime} from '../../text/time.ts'
import {
  compareTemplates,
  decodeDeployment,
  decodeReplicaSet,
  differenceWords,
  type Deployment,
  type ReplicaSet,
} from '../../workload/index.ts'
import {clockWarning, RESOURCES} from '../cluster/index.ts'
import {onlyOne} from '../operation/index.ts'
import type {HistoryItem, HistoryReport} from './schema.ts'

export type {HistoryReport} from './schema.ts'
export {historyViews} from './view.ts'

export interface HistorySources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  now(): number
}

/** A replica set as a revision. */
export interface Revision extends ReplicaSet {
  readonly revision: number
  readonly cause: string | null
}

/** The revisions of a deployment, as its replica sets keep them. Rejects with a UsageError (64) for a target that is not one deployment. */
export async function readHistory(target: string, {cluster, catalogue, now}: HistorySources, signal: AbortSignal): Promise<HistoryReport> {
  const [deployments, replicaSets] = await Promise.all([
    cluster.list(RESOURCES.deployments, decodeDeployment, {signal}),
    cluster.list(RESOURCES.replicaSets, decodeRevision, {signal}),
  ])
  const names = {workloads: deployments.items.map(({name}) => name), pods: []}
  const {workloads} = resolveTargets([target], [], catalogue, names)
  const name = onlyOne(
    'history',
    target,
    workloads.map((workload) => workload.name),
  )
  const deployment = deployments.items.find((each) => each.name === name)
  if (deployment === undefined) throw new ConfigurationError(`there is no deployment ${name} in ${cluster.namespace}`)
  return {
    apiVersion: 'sapoche/v1',
    kind: 'HistoryReport',
    generatedAt: isoTime(now()),
    context: cluster.context,
    namespace: cluster.namespace,
    target: name,
    paused: deployment.paused,
    items: historyItems(deployment, revisionsOf(deployment, replicaSets.items)),
    warnings: clockWarning(cluster),
  }
}

/** apps/v1 ReplicaSet; null where the controller has not numbered it yet. */
export function decodeRevision(object: JsonObject): Revision | null {
  const replicaSet = decodeReplicaSet(object)
  const {annotations} = (object['metadata'] ?? {}) as {readonly annotations?: Readonly<Record<string, unknown>>}
  const cause = annotations?.['kubernetes.io/change-cause']
  return replicaSet.revision === null
    ? null
    : {...replicaSet, revision: replicaSet.revision, cause: typeof cause === 'string' ? cause : null}
}

/** Those of one deployment, by owner UID, oldest first. */
export function revisionsOf<R extends Revision>({uid}: Deployment, replicaSets: readonly (R | null)[]): R[] {
  return replicaSets
    .filter((each): each is R => each !== null && each.owner?.uid === uid)
    .sort((one, other) => one.revision - other.revision)
}

/** Each revision beside the one before it. Pure. */
export function historyItems(deployment: Deployment, revisions: readonly Revision[]): HistoryItem[] {
  return revisions.map((each, index) => {
    const before = revisions[index - 1]
    const difference = before === undefined ? null : compareTemplates(before.template, each.template)
    const isCurrent = each.revision === deployment.revision
    return {
      revision: each.revision,
      replicaSet: each.name,
      current: isCurrent,
      replicas: each.replicas,
      createdAt: each.createdAt === null ? null : isoTime(each.createdAt),
      reused: each.reused,
      cause: each.cause,
      images: each.template.containers.map(({name, image}) => ({container: name, image})),
      changes:
        difference === null
          ? null
          : {images: difference.images.map((image) => ({...image})), env: [...difference.env], what: differenceWords(difference)},
      rollback: isCurrent ? null : `sapoche rollback ${deployment.name} --to-revision ${each.revision}`,
    }
  })
}

/** The revision that is meant; without a number the one before the current. Throws a UsageError (64) with those that there are. */
export function findRevision<R extends Revision>(deployment: Deployment, revisions: readonly R[], wanted: number | undefined): R {
  const found =
    wanted === undefined
      ? revisions.findLast(({revision}) => revision < (deployment.revision ?? Infinity))
      : revisions.find(({revision}) => revision === wanted)
  if (found !== undefined) return found
  const known = revisions.map(({revision}) => revision)
  const what = wanted === undefined ? 'no revision before the present one' : `no revision ${wanted}`
  const which = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
  throw new UsageError(`${deployment.name} has ${what}: ${which}`, {hints: [{label: 'next', text: `sapoche history ${deployment.name}`}]})
}
