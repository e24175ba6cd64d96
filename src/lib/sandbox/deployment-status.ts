/** The status of a deployment: its counts and conditions (syncRolloutStatus, progress.go). */
import type {Cluster} from './cluster.ts'
import {same} from './json.ts'
import {recordWrite} from './managed-fields.ts'
import {DEPLOYMENTS, REPLICA_SETS} from './resources.ts'
import {type Condition, type Deployment, type ReplicaSet, conditionOf, millis, withCondition} from './types.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
/** As progressDeadlineSeconds: no deadline. */
const NO_DEADLINE = 2 ** 31 - 1

/** One look at a deployment: its replica sets, and the conditions as they are going to be. */
export interface Rollout {
  readonly cluster: Cluster
  readonly deployment: Deployment
  readonly old: ReplicaSet[]
  current: ReplicaSet | null
  conditions: Condition[]
}

export function sum(sets: readonly (ReplicaSet | null)[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((total, set) => total + ((set && count(set)) ?? 0), 0)
}

export const wanted = (set: ReplicaSet): number => set.spec.replicas
export const available = (set: ReplicaSet): number | undefined => set.status.availableReplicas

/** Surge rounds up, unavailable rounds down; both zero would never move, so one may be missing then. */
export function bounds({spec}: Deployment): {surge: number; unavailable: number} {
  const {rollingUpdate} = spec.strategy
  if (rollingUpdate === undefined) return {surge: 0, unavailable: 0}
  const of = (value: number | string, round: (n: number) => number) =>
    typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * spec.replicas)
  const surge = of(rollingUpdate.maxSurge, Math.ceil)
  const unavailable = of(rollingUpdate.maxUnavailable, Math.floor)
  return {surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, spec.replicas)}
}

/** Sets the Progressing condition, where the deployment has a deadline. */
export function progress(rollout: Rollout, status: Condition['status'], reason: string, message: string): void {
  if (rollout.deployment.spec.progressDeadlineSeconds >= NO_DEADLINE) return
  const at = rollout.cluster.now()
  const condition = {type: 'Progressing', status, reason, message, lastUpdateTime: at, lastTransitionTime: at}
  rollout.conditions = withCondition(rollout.conditions, condition)
}

export function markPaused(rollout: Rollout): void {
  const reason = conditionOf(rollout.conditions, 'Progressing')?.reason
  const paused = rollout.deployment.spec.paused === true
  if (paused && reason !== 'ProgressDeadlineExceeded') progress(rollout, 'Unknown', 'DeploymentPaused', 'Deployment is paused')
  if (!paused && reason === 'DeploymentPaused') progress(rollout, 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
}

/** `estimate`: whether this look was about a rollout, and not about a change of the count. */
export function updateStatus(rollout: Rollout, estimate: boolean): void {
  const {cluster, deployment, current} = rollout
  const {spec, status} = deployment
  const at = cluster.now()
  const all = cluster.ownedBy(REPLICA_SETS, deployment)
  const updated = all.find((set) => set.metadata.uid === current?.metadata.uid)?.status.replicas ?? 0
  const counts = {
    replicas: sum(all, (set) => set.status.replicas),
    updatedReplicas: updated,
    readyReplicas: sum(all, (set) => set.status.readyReplicas),
    availableReplicas: sum(all, available),
    unavailableReplicas: Math.max(0, sum(all, wanted) - sum(all, available)),
  }
  const enough = counts.availableReplicas >= spec.replicas - bounds(deployment).unavailable
  rollout.conditions = withCondition(rollout.conditions, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
    lastUpdateTime: at,
    lastTransitionTime: at,
  })
  if (estimate) estimateProgress(rollout, counts)
  const failure = [current, ...all].map((set) => conditionOf(set?.status.conditions, 'ReplicaFailure')).find((condition) => condition)
  rollout.conditions = failure
    ? withCondition(rollout.conditions, {...failure, lastUpdateTime: failure.lastTransitionTime})
    : rollout.conditions.filter(({type}) => type !== 'ReplicaFailure')
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  const next = {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...present,
    terminatingReplicas: sum(all, (set) => set.status.terminatingReplicas),
    conditions: rollout.conditions,
  }
  const revision = current?.metadata.annotations?.[REVISION]
  if (same(next, status) && (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision)) return
  cluster.store.update(DEPLOYMENTS, deployment, (draft) => {
    draft.status = next
    if (revision !== undefined) draft.metadata.annotations = {...draft.metadata.annotations, [REVISION]: revision}
    recordWrite(deployment, draft, {manager: 'kube-controller-manager', subresource: 'status', time: at})
  })
}

/** The Progressing condition, until the rollout is complete; after that it stays as it is (syncRolloutStatus). */
function estimateProgress(
  rollout: Rollout,
  next: Record<'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas', number>,
): void {
  const {cluster, deployment, current} = rollout
  const {spec, status} = deployment
  const now = conditionOf(rollout.conditions, 'Progressing')
  const name = `ReplicaSet "${current?.metadata.name}"`
  const {replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0} = status
  if (next.replicas === next.updatedReplicas && now?.reason === 'NewReplicaSetAvailable') return
  const done = [next.updatedReplicas, next.replicas, next.availableReplicas].every((count) => count === spec.replicas)
  const moved =
    next.updatedReplicas > updatedReplicas ||
    next.replicas - next.updatedReplicas < replicas - updatedReplicas ||
    next.readyReplicas > readyReplicas ||
    next.availableReplicas > availableReplicas
  if (done) return progress(rollout, 'True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`)
  if (moved) {
    // Progress renews lastUpdateTime even where the reason stays.
    const since = now?.status === 'True' ? now.lastTransitionTime : cluster.now()
    rollout.conditions = rollout.conditions.filter((condition) => condition !== now)
    progress(rollout, 'True', 'ReplicaSetUpdated', `${name} is progressing.`)
    rollout.conditions = rollout.conditions.map((condition) =>
      condition.type === 'Progressing' ? {...condition, lastTransitionTime: since} : condition,
    )
    return
  }
  if (now?.lastUpdateTime === undefined || ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded'].includes(now.reason ?? '')) return
  const left = millis(now.lastUpdateTime) + spec.progressDeadlineSeconds * 1000 - cluster.clock.now()
  if (left < 0) progress(rollout, 'False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`)
  else cluster.clock.after(left + 1000, () => cluster.enqueue(DEPLOYMENTS, deployment))
}
