import {categoryOf, resolveTargets, type Catalogue, type CatalogueWorkload} from '../../catalogue/index.ts'
import type {ClusterReader, Decode} from '../../clients/kubernetes/types.ts'
import {
  assignPods,
  decodeDeployment,
  decodePod,
  decodeReplicaSet,
  decodeTemplate,
  type Deployment,
  objectAt,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
} from '../../workload/index.ts'
import {clockWarning, readOptional, requireNamespace, RESOURCES, warningOf} from '../cluster/index.ts'
import type {Warning} from '../schema.ts'
import {referencesOf, type References} from './references.ts'

export {factsOf} from './facts.ts'
export {referencesOf, type References} from './references.ts'

export interface InventoryOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
}

export interface InventorySources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
}

/** A deployment, with what its template refers to. */
export interface DeploymentInUse extends Deployment {
  readonly references: References
}

/** A workload that the targets name, and what of it they name. */
export interface Group<P extends Pod = Pod> {
  readonly name: string
  readonly category: string | null
  /** What the catalogue says; null where it lacks it. */
  readonly listed: CatalogueWorkload | null
  /** False where only pods of it were named. */
  readonly isWhole: boolean
  /** Null where the cluster lacks it. */
  readonly deployment: DeploymentInUse | null
  /** Empty where there are none, and where they can't be read. */
  readonly replicaSets: readonly ReplicaSet[]
  /** Pods of every state. */
  readonly pods: readonly P[]
}

/** Deployments, replica sets and pods of the namespace, sorted by owner, and what of them the targets name. */
export interface Inventory<P extends Pod = Pod> {
  readonly deployments: readonly DeploymentInUse[]
  readonly replicaSets: readonly ReplicaSet[] | 'unreadable'
  readonly pods: readonly P[]
  /** True where there were targets: what is nobody's is left out unless it was named. */
  readonly narrowed: boolean
  /** The catalogue's in its order, then the cluster's others by name. */
  readonly groups: readonly Group<P>[]
  /** Pods that no deployment owns, of those that were named, or all without targets. */
  readonly strays: readonly P[]
  /** Names of pods that `except` took out. */
  readonly exceptPods: ReadonlySet<string>
  readonly warnings: readonly Warning[]
  /** Of these, what could not be read: for commands in which time plays no part. */
  readonly unread: readonly Warning[]
  /** The deployment that owns a pod; null for a stray. */
  workloadOf(pod: {readonly uid: string}): string | null
}

/**
 * Reads three lists side by side and resolves the targets against them. `decode` reads more of each pod than the rules need.
 * Rejects where deployments or pods can't be read, with 78 where the namespace does not exist, with 64 for a target that nothing matches.
 */
export async function readInventory<P extends Pod = Pod>(
  {targets, except = []}: InventoryOptions,
  {cluster, catalogue}: InventorySources,
  signal: AbortSignal,
  decode: Decode<P> = decodePod as Decode<P>,
): Promise<Inventory<P>> {
  const [deployments, pods, sets] = await Promise.all([
    cluster.list(RESOURCES.deployments, decodeDeploymentInUse, {signal}),
    cluster.list(RESOURCES.pods, decode, {signal}),
    readOptional(cluster, RESOURCES.replicaSets, decodeReplicaSet, {signal}),
  ])
  if (deployments.items.length === 0 && pods.items.length === 0) await requireNamespace(cluster, signal)
  const replicaSets = sets.items ?? 'unreadable'
  const {byDeployment} = assignPods(deployments.items, replicaSets, pods.items)
  const byName = new Map(deployments.items.map((deployment) => [deployment.name, deployment]))
  const owners = new Map<string, string>()
  for (const [name, {uid}] of byName) for (const pod of byDeployment.get(uid)?.pods ?? []) owners.set(pod.uid, name)

  const names = pods.items.map(({name, uid}) => ({name, workload: owners.get(uid) ?? null}))
  const resolution = resolveTargets(targets, except, catalogue, {workloads: [...byName.keys()], pods: names})
  const named = new Set(resolution.pods.map(({name}) => name))
  const gone = new Set(resolution.exceptPods)
  const narrowed = targets.length > 0 || except.length > 0
  const whole = new Map(resolution.workloads.map((workload) => [workload.name, workload]))
  const partly = resolution.pods.flatMap(({workload}) => workload ?? []).filter((name) => !whole.has(name))

  const groupOf = (name: string, category: string | null, listed: CatalogueWorkload | null): Group<P> => {
    const deployment = byName.get(name) ?? null
    const owned = deployment === null ? undefined : byDeployment.get(deployment.uid)
    const own = pods.items.filter((pod) => owners.get(pod.uid) === name && !gone.has(pod.name) && (whole.has(name) || named.has(pod.name)))
    return {name, category, listed, isWhole: whole.has(name), deployment, replicaSets: owned?.replicaSets ?? [], pods: own}
  }
  return {
    deployments: deployments.items,
    replicaSets,
    pods: pods.items,
    narrowed,
    groups: [
      ...[...whole.values()].map(({name, category, listed}) => groupOf(name, category, listed)),
      ...[...new Set(partly)].map((name) =>
        groupOf(name, categoryOf(name, catalogue), catalogue.workloads.find((workload) => workload.name === name) ?? null),
      ),
    ],
    strays: pods.items.filter((pod) => !owners.has(pod.uid) && !gone.has(pod.name) && (narrowed ? named.has(pod.name) : true)),
    exceptPods: gone,
    warnings: [...clockWarning(cluster), ...warningOf(sets)],
    unread: warningOf(sets),
    workloadOf: ({uid}) => owners.get(uid) ?? null,
  }
}

function decodeDeploymentInUse(object: Parameters<Decode<DeploymentInUse>>[0]): DeploymentInUse {
  const template = objectAt(objectAt(object, 'spec'), 'template')
  return {...decodeDeployment(object), references: referencesOf(objectAt(template, 'spec'))}
}

/** A pod with its labels, annotations and containers as they are, admission's changes included. */
export interface PodWithSpec extends Pod {
  readonly template: PodTemplate
}

export function decodePodWithSpec(object: Parameters<Decode<PodWithSpec>>[0]): PodWithSpec {
  return {...decodePod(object), template: decodeTemplate({template: object})}
}
