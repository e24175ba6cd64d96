import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {decodeService} from '../../workload/index.ts'
import {RESOURCES} from '../cluster/index.ts'
import {decodeEndpointPod} from './decode.ts'
import type {Neighbourhood} from './find.ts'

/** Services and pods of the reader's namespace, read side by side. Rejects with a SapocheError. */
export async function readNeighbourhood(cluster: ClusterReader, signal: AbortSignal): Promise<Neighbourhood> {
  const [services, pods] = await Promise.all([
    cluster.list(RESOURCES.services, decodeService, {signal}),
    cluster.list(RESOURCES.pods, decodeEndpointPod, {signal}),
  ])
  return {namespace: cluster.namespace, services: services.items, pods: pods.items}
}
