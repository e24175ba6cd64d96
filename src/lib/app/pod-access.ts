import type {ClusterStreams, PodAccess} from '../clients/kubernetes/types.ts'

/** Programs and ports inside pods, over this connection to the cluster. */
export async function podAccess(cluster: ClusterStreams): Promise<PodAccess> {
  const [{execute}, {openTunnel}] = await Promise.all([
    import('../clients/kubernetes/exec/index.ts'),
    import('../clients/kubernetes/tunnel/index.ts'),
  ])
  return {
    execute: (pod, options) => execute(cluster, pod, options),
    openTunnel: (target, options) => openTunnel(cluster, target, options),
  }
}
