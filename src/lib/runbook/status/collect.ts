import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {
  type Autoscaler,
  type ClusterEvent,
  type CronJob,
  type DaemonSet,
  decodeAutoscaler,
  decodeCronJob,
  decodeDaemonSet,
  decodeDeployment,
  decodeEndpointSlice,
  decodeEvent,
  decodeJob,
  decodeNode,
  decodePod,
  decodeReplicaSet,
  decodeScaledObject,
  decodeService,
  decodeStatefulSet,
  type Deployment,
  type EndpointSlice,
  type Job,
  type Node,
  type Pod,
  type ReplicaSet,
  type ScaledObject,
  type Service,
  type StatefulSet,
} from '../../workload/index.ts'
import {readOptional, requireNamespace, RESOURCES, type Read} from '../cluster/index.ts'

/** One look at a namespace: all that `status` judges. Deployments and pods are there, or the look failed. */
export interface Snapshot {
  readonly deployments: readonly Deployment[]
  readonly pods: readonly Pod[]
  readonly replicaSets: Read<ReplicaSet>
  readonly services: Read<Service>
  readonly endpointSlices: Read<EndpointSlice>
  readonly nodes: Read<Node>
  readonly autoscalers: Read<Autoscaler>
  readonly scaledObjects: Read<ScaledObject>
  readonly events: Read<ClusterEvent>
  readonly statefulSets: Read<StatefulSet>
  readonly daemonSets: Read<DaemonSet>
  readonly jobs: Read<Job>
  readonly cronJobs: Read<CronJob>
}

// Every pod that is well leaves four of these; what the rules use of Normal events (ScalingReplicaSet, TriggeredScaleUp) stays.
const CHATTER = ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started', 'Killing', 'SuccessfulCreate', 'SuccessfulDelete']
const TELLING_EVENTS = CHATTER.map((reason) => `reason!=${reason}`).join(',')

/**
 * Reads everything side by side: thirteen lists, and one GET of the namespace where nothing was found in it.
 * Rejects where deployments or pods can't be read, and where the namespace doesn't exist (78).
 */
export async function takeSnapshot(cluster: ClusterReader, signal: AbortSignal): Promise<Snapshot> {
  const optional = <T>(
    resource: Parameters<typeof readOptional>[1],
    decode: (object: {readonly [key: string]: unknown}) => T,
    fieldSelector?: string,
  ) => readOptional(cluster, resource, decode, fieldSelector === undefined ? {signal} : {signal, fieldSelector})
  const [deployments, pods, ...others] = await Promise.all([
    cluster.list(RESOURCES.deployments, decodeDeployment, {signal}),
    cluster.list(RESOURCES.pods, decodePod, {signal}),
    optional(RESOURCES.replicaSets, decodeReplicaSet),
    optional(RESOURCES.services, decodeService),
    optional(RESOURCES.endpointSlices, decodeEndpointSlice),
    optional(RESOURCES.nodes, decodeNode),
    optional(RESOURCES.autoscalers, decodeAutoscaler),
    optional(RESOURCES.scaledObjects, decodeScaledObject),
    optional(RESOURCES.events, decodeEvent, TELLING_EVENTS),
    optional(RESOURCES.statefulSets, decodeStatefulSet),
    optional(RESOURCES.daemonSets, decodeDaemonSet),
    optional(RESOURCES.jobs, decodeJob),
    optional(RESOURCES.cronJobs, decodeCronJob),
  ])
  if (deployments.items.length === 0 && pods.items.length === 0) await requireNamespace(cluster, signal)
  const [replicaSets, services, endpointSlices, nodes, autoscalers, scaledObjects, events, statefulSets, daemonSets, jobs, cronJobs] =
    others
  return {
    deployments: deployments.items,
    pods: pods.items,
    replicaSets,
    services,
    endpointSlices,
    nodes,
    autoscalers,
    scaledObjects,
    events,
    statefulSets,
    daemonSets,
    jobs,
    cronJobs,
  }
}
