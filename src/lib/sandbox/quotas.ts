/** Quotas on the number of pods: the only ones that are kept here. */
import type {Cluster} from './cluster.ts'
import {same} from './json.ts'
import {PODS, QUOTAS} from './resources.ts'
import {type Labels, type Quota, isLive} from './types.ts'

/** The names under which a quota limits pods. */
export const COUNTED = ['pods', 'count/pods'] as const

/** What is used of a quota. */
export function reconcileQuota(cluster: Cluster, quota: Quota): void {
  const {hard = {}} = quota.spec
  const used = livePods(cluster, quota.metadata.namespace)
  const counts: Labels = Object.fromEntries(Object.keys(hard).map((name) => [name, String(used)]))
  if (same(quota.status, {hard, used: counts})) return
  cluster.store.update(QUOTAS, quota, (draft) => void (draft.status = {hard, used: counts}))
}

/** Why a quota refuses one more pod; null where none does. */
export function overQuota(cluster: Cluster, namespace: string, pod: string): string | null {
  for (const {metadata, spec} of cluster.store.list(QUOTAS, namespace)) {
    const name = COUNTED.find((counted) => spec.hard?.[counted] !== undefined)
    const used = livePods(cluster, namespace)
    if (name === undefined || used < Number(spec.hard?.[name])) continue
    const [requested, has, limit] = [`${name}=1`, `${name}=${used}`, `${name}=${spec.hard?.[name]}`]
    return `pods "${pod}" is forbidden: exceeded quota: ${metadata.name}, requested: ${requested}, used: ${has}, limited: ${limit}`
  }
  return null
}

function livePods(cluster: Cluster, namespace: string | undefined): number {
  return cluster.store.list(PODS, namespace).filter(isLive).length
}
