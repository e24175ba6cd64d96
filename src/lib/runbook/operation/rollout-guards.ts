import type {ClusterReader, JsonObject, Resource} from '../../clients/kubernetes/types.ts'
import {ForbiddenError} from '../../clients/kubernetes/errors.ts'
import type {Refusal} from './changes.ts'
import type {LiveDeployment} from './live.ts'
import type {Chosen} from './selection.ts'

const CLAIMS: Resource = {group: '', version: 'v1', name: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true}
const SHARED_MODES: ReadonlySet<string> = new Set(['ReadWriteMany', 'ReadOnlyMany'])

/** The deployment controller rolls nothing out while it is paused. */
export function pausedRefusal({paused, name}: LiveDeployment): Refusal | null {
  return paused ? {outcome: 'refused', reason: `its rollouts are paused; kubectl rollout resume deployment/${name} first`} : null
}

/** How many pods more than its count a rolling update runs: `maxSurge` rounded up, 25 % where none is set. A Recreate rollout runs none. */
export function surgeOf({strategy, replicas}: LiveDeployment): number {
  if (strategy.type === 'Recreate') return 0
  const surge = strategy.maxSurge ?? '25%'
  return typeof surge === 'number' ? surge : Math.ceil((Number.parseFloat(surge) / 100) * replicas)
}

/** Why a rollout may not begin; null where it may. With `viaZero` the workload is stopped first. */
export async function rolloutRefusal(
  chosen: Chosen,
  viaZero: boolean,
  cluster: ClusterReader,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const paused = pausedRefusal(chosen.deployment)
  if (paused !== null || viaZero) return paused
  const why = await sideBySide(chosen, cluster, signal)
  return why === null ? null : {outcome: 'refused', reason: `${why}; --via-zero stops it first`}
}

/**
 * Why a rollout would run two instances side by side where that may never be: the catalogue's `maxReplicas`, or a volume that only one pod
 * (or one node) may have. Null where it may, or there is no surge. A claim that can't be read counts as such a volume.
 */
async function sideBySide({workload, deployment}: Chosen, cluster: ClusterReader, signal: AbortSignal): Promise<string | null> {
  const surge = surgeOf(deployment)
  if (surge === 0) return null
  const limit = workload.listed?.maxReplicas ?? null
  const most = deployment.replicas + surge
  if (limit !== null && most > limit.count) return `its rolling update would run ${most} side by side: ${limit.reason}`
  if (deployment.replicas !== 1) return null
  for (const claim of deployment.claims) {
    const modes = await accessModes(claim, cluster, signal)
    if (modes === 'unreadable')
      return `its rolling update would run ${most} on volume ${claim}, which may be for one only (persistentvolumeclaims can't be read)`
    if (!modes.some((mode) => SHARED_MODES.has(mode)))
      return `its rolling update would run ${most} on volume ${claim}, which is ${modes.join(', ')}`
  }
  return null
}

async function accessModes(claim: string, cluster: ClusterReader, signal: AbortSignal): Promise<readonly string[] | 'unreadable'> {
  try {
    return (await cluster.get(CLAIMS, claim, decodeModes, {signal})) ?? 'unreadable'
  } catch (error) {
    if (error instanceof ForbiddenError) return 'unreadable'
    throw error
  }
}

function decodeModes({spec}: JsonObject): string[] {
  const modes = typeof spec === 'object' && spec !== null && 'accessModes' in spec ? spec.accessModes : []
  return Array.isArray(modes) ? modes.filter((mode) => typeof mode === 'string') : []
}
