import type {ClusterReader, Decode, Resource} from '../../clients/kubernetes/types.ts'
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

/** What is read of a namespace, each kind by its name. */
export interface Kinds {
  readonly deployments: Deployment
  readonly pods: Pod
  readonly replicaSets: ReplicaSet
  readonly services: Service
  readonly endpointSlices: EndpointSlice
  readonly nodes: Node
  readonly autoscalers: Autoscaler
  readonly scaledObjects: ScaledObject
  readonly events: ClusterEvent
  readonly statefulSets: StatefulSet
  readonly daemonSets: DaemonSet
  readonly jobs: Job
  readonly cronJobs: CronJob
}

/** Without these there is no verdict (rules.md, section 5). */
export type RequiredKind = 'deployments' | 'pods'
export type OptionalKind = Exclude<keyof Kinds, RequiredKind>

/** One look at a namespace: all that `status` judges. Deployments and pods are there, or the look failed. */
export type Snapshot = {readonly [K in RequiredKind]: readonly Kinds[K][]} & {readonly [K in OptionalKind]: Read<Kinds[K]>}

/** Where the objects of one kind come from. */
export interface Source<T> {
  readonly resource: Resource
  readonly decode: Decode<T>
  readonly fieldSelector?: string
}

// Every pod that is well leaves four of these; what the rules use of Normal events (ScalingReplicaSet, TriggeredScaleUp) stays.
const CHATTER = ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started', 'Killing', 'SuccessfulCreate', 'SuccessfulDelete']
const TELLING_EVENTS = CHATTER.map((reason) => `reason!=${reason}`).join(',')

export const SOURCES: {readonly [K in keyof Kinds]: Source<Kinds[K]>} = {
  deployments: {resource: RESOURCES.deployments, decode: decodeDeployment},
  pods: {resource: RESOURCES.pods, decode: decodePod},
  replicaSets: {resource: RESOURCES.replicaSets, decode: decodeReplicaSet},
  services: {resource: RESOURCES.services, decode: decodeService},
  endpointSlices: {resource: RESOURCES.endpointSlices, decode: decodeEndpointSlice},
  nodes: {resource: RESOURCES.nodes, decode: decodeNode},
  autoscalers: {resource: RESOURCES.autoscalers, decode: decodeAutoscaler},
  scaledObjects: {resource: RESOURCES.scaledObjects, decode: decodeScaledObject},
  events: {resource: RESOURCES.events, decode: decodeEvent, fieldSelector: TELLING_EVENTS},
  statefulSets: {resource: RESOURCES.statefulSets, decode: decodeStatefulSet},
  daemonSets: {resource: RESOURCES.daemonSets, decode: decodeDaemonSet},
  jobs: {resource: RESOURCES.jobs, decode: decodeJob},
  cronJobs: {resource: RESOURCES.cronJobs, decode: decodeCronJob},
}

/**
 * Reads everything side by side: thirteen lists less those of `without`, and one GET of the namespace where nothing was found in it.
 * Rejects where deployments or pods can't be read, and where the namespace doesn't exist (78).
 */
export async function takeSnapshot(cluster: ClusterReader, signal: AbortSignal, without: readonly OptionalKind[] = []): Promise<Snapshot> {
  const list = async <K extends RequiredKind>(kind: K): Promise<readonly Kinds[K][]> => {
    const {resource, decode}: Source<Kinds[K]> = SOURCES[kind]
    return (await cluster.list(resource, decode, {signal})).items
  }
  const read = async <K extends OptionalKind>(kind: K): Promise<Read<Kinds[K]>> => {
    if (without.includes(kind)) return {items: [], error: null}
    const {resource, decode, ...selection}: Source<Kinds[K]> = SOURCES[kind]
    return await readOptional(cluster, resource, decode, {...selection, signal})
  }
  const [deployments, pods, ...others] = await Promise.all([
    list('deployments'),
    list('pods'),
    read('replicaSets'),
    read('services'),
    read('endpointSlices'),
    read('nodes'),
    read('autoscalers'),
    read('scaledObjects'),
    read('events'),
    read('statefulSets'),
    read('daemonSets'),
    read('jobs'),
    read('cronJobs'),
  ])
  if (deployments.length === 0 && pods.length === 0) await requireNamespace(cluster, signal)
  const [replicaSets, services, endpointSlices, nodes, autoscalers, scaledObjects, events, statefulSets, daemonSets, jobs, cronJobs] =
    others
  return {
    deployments,
    pods,
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
