/** Replica set -> pods, as kube-controller-manager does it (pkg/controller/replicaset). */
import type {Cluster} from './cluster.ts'
import {createPod, deletePod, isReady} from './pods.ts'
import {PODS, REPLICA_SETS} from './resources.ts'
import {type Pod, type ReplicaSet, conditionOf, isLive, millis, withCondition} from './types.ts'

const COMPONENT = 'replicaset-controller'

export function reconcileReplicaSet(cluster: Cluster, set: ReplicaSet): void {
  const active = podsOf(cluster, set).filter(({metadata}) => metadata.deletionTimestamp === undefined)
  const missing = set.spec.replicas - active.length
  let refusal: string | null = null
  for (let i = 0; i < missing && refusal === null; i += 1) {
    refusal = createPod(cluster, set, set.spec.template, {name: `${set.metadata.name}-${cluster.suffix(5)}`}, COMPONENT)
  }
  if (missing < 0) for (const pod of firstToGo(cluster, active).slice(0, -missing)) deletePod(cluster, set, pod, COMPONENT)
  updateStatus(cluster, set, refusal)
}

function podsOf(cluster: Cluster, set: ReplicaSet): Pod[] {
  return cluster.ownedBy(PODS, set).filter(isLive)
}

/** The order of getPodsToDelete: not scheduled, pending, not ready, newest. */
function firstToGo(cluster: Cluster, pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod) => [
    pod.spec.nodeName === undefined ? 0 : 1,
    pod.status.phase === 'Pending' ? 0 : 1,
    isReady(pod) ? 1 : 0,
    cluster.clock.now() - millis(pod.metadata.creationTimestamp),
  ]
  return pods.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    return x.map((value, index) => value - (y[index] ?? 0)).find((difference) => difference !== 0) ?? 0
  })
}

function updateStatus(cluster: Cluster, set: ReplicaSet, refusal: string | null): void {
  const pods = podsOf(cluster, set)
  const active = pods.filter(({metadata}) => metadata.deletionTimestamp === undefined)
  const ready = active.filter(isReady)
  const wait = (set.spec.minReadySeconds ?? 0) * 1000
  const left = (pod: Pod) => millis(conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime) + wait - cluster.clock.now()
  const young = ready.map(left).filter((ms) => ms > 0)
  if (young.length > 0) cluster.clock.after(Math.min(...young), () => cluster.enqueue(REPLICA_SETS, set))
  const failure = {type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', lastTransitionTime: cluster.now()} as const
  cluster.store.update(REPLICA_SETS, set, (draft) => {
    const others = draft.status.conditions?.filter(({type}) => type !== 'ReplicaFailure') ?? []
    const conditions = refusal === null ? others : withCondition(draft.status.conditions, {...failure, message: refusal})
    draft.status = {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: active.length,
      ...(active.length > 0 && {fullyLabeledReplicas: active.length}),
      ...(ready.length > 0 && {readyReplicas: ready.length}),
      ...(ready.length > young.length && {availableReplicas: ready.length - young.length}),
      terminatingReplicas: pods.length - active.length,
      ...(conditions.length > 0 && {conditions}),
    }
  })
}
