/** The nodes: their heartbeat, and what becomes of them and their pods when a label says that one is lost. */
import type {Cluster} from './cluster.ts'
import {podCondition} from './pod-status.ts'
import {NODES, PODS} from './resources.ts'
import {type Condition, type Node, type Pod, conditionOf} from './types.ts'

/** A kubelet that is up writes its node's status this often. */
const HEARTBEAT_MS = 300_000
/** How long pods stay on a lost node (the tolerationSeconds of every pod). */
const EVICTION_MS = 300_000
/** On a node: `False` (its kubelet says that it isn't ready) or `Unknown` (its kubelet is silent). As on the real servers. */
export const READY_LABEL = 'sapoche.test/ready'

export function isUp(node: Node): boolean {
  return conditionOf(node.status.conditions, 'Ready')?.status === 'True'
}

/** Keeps a node's heartbeat going. */
export function beat(cluster: Cluster, name: string): void {
  const node = cluster.store.get(NODES, undefined, name)
  if (node !== undefined && isUp(node)) {
    cluster.store.update(NODES, node, (draft) => {
      for (const condition of draft.status.conditions) condition.lastHeartbeatTime = cluster.now()
    })
  }
  cluster.clock.after(HEARTBEAT_MS, () => beat(cluster, name))
}

/** Makes a node what its label says; without one it is well. */
export function obeyLabel(cluster: Cluster, {metadata}: Node): void {
  const node = cluster.store.get(NODES, undefined, metadata.name)
  if (node === undefined) return
  const wanted = node.metadata.labels?.[READY_LABEL]
  const status = wanted === 'False' || wanted === 'Unknown' ? wanted : 'True'
  if (conditionOf(node.status.conditions, 'Ready')?.status === status) return
  const at = cluster.now()
  const {name} = node.metadata
  cluster.store.update(NODES, node, (draft) => {
    const key = `node.kubernetes.io/${status === 'Unknown' ? 'unreachable' : 'not-ready'}`
    const others = draft.spec.taints?.filter((taint) => !taint.key.startsWith('node.kubernetes.io/')) ?? []
    const taints = status === 'True' ? [] : ['NoSchedule', 'NoExecute'].map((effect) => ({key, effect, timeAdded: at}))
    draft.spec.taints = [...others, ...taints]
    draft.status.conditions = draft.status.conditions.map((condition) => nodeCondition(condition.type, status, at))
  })
  if (status === 'True') return regain(cluster, name)
  cluster.record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, 'node-controller')
  for (const pod of podsOn(cluster, name)) {
    cluster.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready', 'node-controller')
    setReady(cluster, pod, false)
  }
  cluster.clock.after(EVICTION_MS, () => evict(cluster, name))
}

/** The five conditions of a node, in the kubelet's words; a silent one knows nothing of any. */
export function nodeCondition(type: string, ready: 'True' | 'False' | 'Unknown', at: string): Condition {
  const times = {lastHeartbeatTime: at, lastTransitionTime: at}
  if (ready === 'Unknown')
    return {type, status: ready, ...times, reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.'}
  if (type === 'Ready' && ready === 'False')
    return {type, status: ready, ...times, reason: 'KubeletNotReady', message: 'container runtime is down'}
  if (type === 'Ready') return {type, status: 'True', ...times, reason: 'KubeletReady', message: 'kubelet is posting ready status'}
  return {type, status: 'False', ...times, ...RELIEF[type as keyof typeof RELIEF]}
}

export const NODE_CONDITIONS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'] as const
const RELIEF = {
  MemoryPressure: {reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available'},
  DiskPressure: {reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure'},
  PIDPressure: {reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available'},
} as const

function evict(cluster: Cluster, name: string): void {
  const node = cluster.store.get(NODES, undefined, name)
  if (node === undefined || isUp(node)) return
  for (const pod of podsOn(cluster, name)) {
    const message = `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`
    cluster.record(pod, 'Normal', 'TaintManagerEviction', message, 'taint-eviction-controller')
    cluster.kubelet.end(pod)
  }
}

/** The kubelet is back: its containers ran on all the time, and what was to end has ended. */
function regain(cluster: Cluster, name: string): void {
  for (const pod of podsOn(cluster, name)) {
    if (pod.metadata.deletionTimestamp !== undefined) cluster.kubelet.stopped(pod)
    else if (pod.status.containerStatuses?.every(({ready}) => ready)) setReady(cluster, pod, true)
  }
}

function podsOn(cluster: Cluster, node: string): Pod[] {
  return cluster.store.list(PODS).filter(({spec}) => spec.nodeName === node)
}

function setReady(cluster: Cluster, pod: Pod, holds: boolean): void {
  cluster.store.update(PODS, pod, ({status}) => {
    const ready = podCondition(status.conditions, 'Ready', holds, cluster.now())
    status.conditions = status.conditions?.map((condition) => (condition.type === 'Ready' ? ready : condition)) ?? []
  })
}
