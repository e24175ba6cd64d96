/** Replica set -> pods, as kube-controller-manager does it (pkg/controller/replicaset). */
import type {Cluster} from './cluster.ts'
import {PODS, QUOTAS, REPLICA_SETS} from './resources.ts'
import {type Pod, type ReplicaSet, conditionOf, controllerReference, withCondition, millis} from './types.ts'

const COMPONENT = 'replicaset-controller'

export function reconcileReplicaSet(cluster: Cluster, set: ReplicaSet): void {
  const owned = cluster.ownedBy(PODS, set).filter(({status}) => !['Succeeded', 'Failed'].includes(status.phase))
  const active = owned.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const missing = set.spec.replicas - active.length
  let refusal: string | null = null
  if (missing > 0) refusal = createPods(cluster, set, missing)
  else
    for (const pod of firstToGo(cluster, active).slice(0, -missing)) {
      cluster.remove(PODS, pod)
      cluster.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, COMPONENT)
    }
  updateStatus(cluster, set, refusal)
}

/** Returns why a pod was refused, null where none was. */
function createPods(cluster: Cluster, set: ReplicaSet, count: number): string | null {
  const {namespace, name} = set.metadata
  const {metadata, spec} = set.spec.template
  for (let i = 0; i < count; i += 1) {
    const pod = `${name}-${cluster.suffix(5)}`
    const refusal = overQuota(cluster, namespace, pod)
    if (refusal !== null) {
      cluster.record(set, 'Warning', 'FailedCreate', `Error creating: ${refusal}`, COMPONENT)
      return refusal
    }
    const {labels = {}, annotations} = metadata
    cluster.create(
      PODS,
      {
        name: pod,
        generateName: `${name}-`,
        ...(namespace !== undefined && {namespace}),
        labels,
        ...(annotations && {annotations}),
        ownerReferences: [controllerReference(set)],
      } as {name: string},
      {spec, status: {phase: 'Pending', qosClass: 'Burstable'}},
    )
    cluster.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod}`, COMPONENT)
  }
  return null
}

function overQuota(cluster: Cluster, namespace: string | undefined, pod: string): string | null {
  for (const {metadata, spec} of cluster.store.list(QUOTAS, namespace)) {
    const hard = spec.hard?.['pods'] ?? spec.hard?.['count/pods']
    const used = cluster.store.list(PODS, namespace).filter(({status}) => !['Succeeded', 'Failed'].includes(status.phase)).length
    if (hard !== undefined && used >= Number(hard))
      return `pods "${pod}" is forbidden: exceeded quota: ${metadata.name}, requested: pods=1, used: pods=${used}, limited: pods=${hard}`
  }
  return null
}

/** The order of getPodsToDelete: not scheduled, pending, not ready, newest. */
function firstToGo(cluster: Cluster, pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod) => [
    pod.spec.nodeName === undefined ? 0 : 1,
    pod.status.phase === 'Pending' ? 0 : 1,
    conditionOf(pod.status.conditions, 'Ready')?.status === 'True' ? 1 : 0,
    cluster.clock.now() - millis(pod.metadata.creationTimestamp),
  ]
  return pods.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    return x.map((value, index) => value - (y[index] ?? 0)).find((difference) => difference !== 0) ?? 0
  })
}

function updateStatus(cluster: Cluster, set: ReplicaSet, refusal: string | null): void {
  const pods = cluster.ownedBy(PODS, set).filter(({status}) => !['Succeeded', 'Failed'].includes(status.phase))
  const active = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const readySince = active
    .map((pod) => conditionOf(pod.status.conditions, 'Ready'))
    .filter((condition) => condition?.status === 'True')
    .map((condition) => millis(condition?.lastTransitionTime))
  const wait = (set.spec.minReadySeconds ?? 0) * 1000
  const young = readySince.map((since) => since + wait - cluster.clock.now()).filter((left) => left > 0)
  if (young.length > 0) cluster.clock.after(Math.min(...young), () => cluster.enqueue(REPLICA_SETS, set))
  const failure = {type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', lastTransitionTime: cluster.now()} as const
  cluster.store.update(REPLICA_SETS, set, (draft) => {
    const others = draft.status.conditions?.filter(({type}) => type !== 'ReplicaFailure') ?? []
    const conditions = refusal === null ? others : withCondition(draft.status.conditions, {...failure, message: refusal})
    draft.status = {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: active.length,
      ...(active.length > 0 && {fullyLabeledReplicas: active.length}),
      ...(readySince.length > 0 && {readyReplicas: readySince.length}),
      ...(readySince.length > young.length && {availableReplicas: readySince.length - young.length}),
      terminatingReplicas: pods.length - active.length,
      ...(conditions.length > 0 && {conditions}),
    }
  })
}
