/** The eviction subresource (pkg/registry/core/pod/storage/eviction.go): a pod goes, where no disruption budget forbids it. */
import type {Cluster} from './cluster.ts'
import {ApiFailure, badRequest, detailsOf, notFound} from './failure.ts'
import {pick} from './json.ts'
import {BUDGETS, DEPLOYMENTS, PODS, REPLICA_SETS} from './resources.ts'
import {matches} from './selectors.ts'
import {type Budget, type Pod, conditionOf} from './types.ts'
import {type Write, remove} from './write.ts'

export function evict(write: Write): object {
  const {cluster, namespace, name, body} = write
  if (pick(body, 'kind') !== 'Eviction') throw badRequest('the body is no Eviction')
  const pod = cluster.store.get(PODS, namespace ?? undefined, name ?? '')
  if (pod === undefined) throw notFound(PODS, name ?? '')
  if (pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined) askBudgets(cluster, pod)
  remove({...write, subresource: null, body: pick(body, 'deleteOptions')})
  return {kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201}
}

/** Throws 429 where a budget would be broken. A pod that is not ready may go while the others suffice (IfHealthyBudget). */
function askBudgets(cluster: Cluster, pod: Pod): void {
  const budgets = cluster.store
    .list(BUDGETS, pod.metadata.namespace)
    .filter(({spec}) => spec.selector !== undefined && matches(spec.selector, pod.metadata.labels))
  if (budgets.length > 1) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    throw new ApiFailure(500, 'InternalError', message)
  }
  for (const {metadata, spec} of budgets) {
    const covered = cluster.store
      .list(PODS, metadata.namespace)
      .filter((other) => other.metadata.deletionTimestamp === undefined && matches(spec.selector ?? {}, other.metadata.labels))
    const healthy = covered.filter(isReady).length
    const needed = neededBy(spec, expectedOf(cluster, covered))
    if (isReady(pod) ? healthy > needed : healthy >= needed) continue
    const message = `The disruption budget ${metadata.name} needs ${needed} healthy pods and has ${healthy} currently`
    throw new ApiFailure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      ...detailsOf(PODS, pod.metadata.name),
      causes: [{reason: 'DisruptionBudget', message}],
    })
  }
}

function isReady({status}: Pod): boolean {
  return conditionOf(status.conditions, 'Ready')?.status === 'True'
}

function neededBy({minAvailable, maxUnavailable}: Budget['spec'], expected: number): number {
  const part = (value: number | string): number =>
    typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) / 100) * expected)
  if (maxUnavailable !== undefined) return Math.max(0, expected - part(maxUnavailable))
  return part(minAvailable ?? 1)
}

/** How many pods the workloads of these pods want. */
function expectedOf(cluster: Cluster, pods: readonly Pod[]): number {
  const wanted = new Map<string, number>()
  for (const pod of pods) {
    const set = cluster.ownerOf(REPLICA_SETS, pod)
    const deployment = set && cluster.ownerOf(DEPLOYMENTS, set)
    if (deployment !== undefined) wanted.set(deployment.metadata.uid, deployment.spec.replicas)
  }
  return [...wanted.values()].reduce((sum, count) => sum + count, 0)
}
