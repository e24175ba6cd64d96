import type {Deployment, Pod, ReplicaSet} from './objects.ts'

/** What belongs to one deployment. Pods of every state are in it: `countedPods` and its kin tell which are judged. */
export interface Owned {
  readonly replicaSets: readonly ReplicaSet[]
  readonly pods: readonly Pod[]
}

export interface Ownership {
  /** By the deployment's UID; every deployment has an entry. */
  readonly byDeployment: ReadonlyMap<string, Owned>
  /** Pods that no deployment owns, by the UID of their controller. */
  readonly byController: ReadonlyMap<string, readonly Pod[]>
  /** Pods without any controller. */
  readonly ownerless: readonly Pod[]
}

/**
 * Who owns which pods: pod -> replica set -> deployment by owner UID; labels decide nothing (rules.md, section 1).
 * Without the right to read replica sets the name of a pod's replica set decides: it is the deployment's, a dash and a hash.
 */
export function assignPods(
  deployments: readonly Deployment[],
  replicaSets: readonly ReplicaSet[] | 'unreadable',
  pods: readonly Pod[],
): Ownership {
  const byDeployment = new Map<string, {replicaSets: ReplicaSet[]; pods: Pod[]}>()
  for (const deployment of deployments) byDeployment.set(deployment.uid, {replicaSets: [], pods: []})

  const deploymentOf = deploymentFinder(deployments, replicaSets)
  if (replicaSets !== 'unreadable') {
    for (const replicaSet of replicaSets)
      if (replicaSet.owner !== null) byDeployment.get(replicaSet.owner.uid)?.replicaSets.push(replicaSet)
  }

  const byController = new Map<string, Pod[]>()
  const ownerless: Pod[] = []
  for (const pod of pods) {
    const owned = byDeployment.get(deploymentOf(pod) ?? '')
    if (owned !== undefined) owned.pods.push(pod)
    else if (pod.owner === null) ownerless.push(pod)
    else {
      const siblings = byController.get(pod.owner.uid)
      if (siblings === undefined) byController.set(pod.owner.uid, [pod])
      else siblings.push(pod)
    }
  }
  return {byDeployment, byController, ownerless}
}

function deploymentFinder(
  deployments: readonly Deployment[],
  replicaSets: readonly ReplicaSet[] | 'unreadable',
): (pod: Pod) => string | undefined {
  const found = new Map<string, string>()
  if (replicaSets === 'unreadable') {
    for (const deployment of deployments) found.set(deployment.name, deployment.uid)
    return ({owner}) =>
      owner?.kind === 'ReplicaSet' ? found.get(owner.name.slice(0, Math.max(0, owner.name.lastIndexOf('-')))) : undefined
  }
  for (const replicaSet of replicaSets) if (replicaSet.owner?.kind === 'Deployment') found.set(replicaSet.uid, replicaSet.owner.uid)
  return ({owner}) => (owner === null ? undefined : found.get(owner.uid))
}

/** Whether a pod counts, and if not, why: finished well, left over from a failure, or on its way out (rules.md, section 1). */
export function standing(pod: Pod): 'counted' | 'succeeded' | 'leftover' | 'terminating' {
  if (pod.phase === 'Succeeded') return 'succeeded'
  if (pod.phase === 'Failed') return 'leftover'
  return pod.deletionAt === null ? 'counted' : 'terminating'
}

/**
 * The replica set of the deployment's present template: the one with its revision, else the highest, else the youngest.
 * Null where there is none yet.
 */
export function currentReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | null {
  let current: ReplicaSet | null = null
  for (const each of replicaSets) {
    if (each.revision !== null && each.revision === deployment.revision) return each
    if (current === null || isNewer(each, current)) current = each
  }
  return current
}

/** The replica set that was current before `current`; null where there was none, or it was cleaned up. */
export function previousReplicaSet(current: ReplicaSet, replicaSets: readonly ReplicaSet[]): ReplicaSet | null {
  let previous: ReplicaSet | null = null
  for (const each of replicaSets) {
    if (each.uid === current.uid || isNewer(each, current)) continue
    if (previous === null || isNewer(each, previous)) previous = each
  }
  return previous
}

function isNewer(one: ReplicaSet, other: ReplicaSet): boolean {
  if (one.revision !== other.revision) return (one.revision ?? 0) > (other.revision ?? 0)
  return (one.createdAt ?? 0) > (other.createdAt ?? 0)
}

/** Whether a pod is of the deployment's present template. Where replica sets can't be read, the youngest pod's replica set is. */
export function isCurrent(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[] | 'unreadable',
  pods: readonly Pod[],
): (pod: Pod) => boolean {
  if (replicaSets !== 'unreadable') {
    const current = currentReplicaSet(deployment, replicaSets)
    return (pod) => current === null || pod.owner?.uid === current.uid
  }
  let youngest: Pod | null = null
  for (const pod of pods) if (youngest === null || (pod.createdAt ?? 0) > (youngest.createdAt ?? 0)) youngest = pod
  return (pod) => pod.owner?.uid === youngest?.owner?.uid
}
