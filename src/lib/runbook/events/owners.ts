import type {Catalogue} from '../../catalogue/index.ts'
import type {Autoscaler, ClusterEvent, ScaledObject} from '../../workload/index.ts'
import type {Inventory} from '../inventory/index.ts'

/** The name of the workload that an event's object belongs to; null where it belongs to none. */
export type OwnerOf = (involved: ClusterEvent['involved']) => string | null

// A hash and a suffix have this alphabet, without vowels and 0, 1, 3: `web-5b998d4d6d-t988g` is a pod of `web`.
const HASH = '[bcdfghjklmnpqrstvwxz2456789]{4,10}'
const POD = new RegExp(`^(.+)-${HASH}-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
const REPLICA_SET = new RegExp(`^(.+)-${HASH}$`)

/**
 * Finds owners: by UID for what is there now, by its name for what is gone (events outlive their pods by an hour).
 * An autoscaler belongs to the workload that it scales, a service to the one that the catalogue puts behind it.
 */
export function ownerFinder(
  inventory: Inventory,
  catalogue: Catalogue,
  scalers: readonly (Pick<Autoscaler, 'uid' | 'name' | 'target'> | Pick<ScaledObject, 'uid' | 'name' | 'target'>)[],
): OwnerOf {
  const byUid = new Map<string, string>()
  const setsByName = new Map<string, string>()
  const names = new Map(inventory.deployments.map(({uid, name}) => [uid, name]))
  for (const [uid, name] of names) byUid.set(uid, name)
  for (const {uid, name, owner} of inventory.replicaSets === 'unreadable' ? [] : inventory.replicaSets) {
    const workload = names.get(owner?.uid ?? '')
    if (workload === undefined) continue
    byUid.set(uid, workload)
    setsByName.set(name, workload)
  }
  for (const pod of inventory.pods) {
    const workload = inventory.workloadOf(pod)
    if (workload !== null) byUid.set(pod.uid, workload)
  }
  for (const {uid, target} of scalers) if (target.kind === 'Deployment') byUid.set(uid, target.name)
  const services = new Map(catalogue.services.map(({name, workload}) => [name, workload]))
  return ({kind, name, uid}) => {
    const known = byUid.get(uid)
    if (known !== undefined) return known
    switch (kind) {
      case 'Deployment':
        return name
      case 'ReplicaSet':
        return setsByName.get(name) ?? REPLICA_SET.exec(name)?.[1] ?? null
      case 'Pod':
        return setsByName.get(name.slice(0, Math.max(0, name.lastIndexOf('-')))) ?? POD.exec(name)?.[1] ?? null
      case 'Service':
        return services.get(name) ?? null
      default:
        return null
    }
  }
}
