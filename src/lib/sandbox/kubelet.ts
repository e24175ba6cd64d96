/** Scheduler and kubelets in one: pods get a node, start, crash, and end. */
import type {Cluster} from './cluster.ts'
import {isUp} from './nodes.ts'
import {
  type State,
  type Trouble,
  backOff,
  completedStatus,
  isCrashing,
  labelledTrouble,
  podCondition,
  startFailure,
  startedStatus,
  timesOf,
  troubleOf,
} from './pod-status.ts'
import {NODES, PODS} from './resources.ts'
import {type Node, type Pod, rfc3339} from './types.ts'

/** A fault of a scenario: containers of a workload that get into a state, all of them or those of one image. */
export interface WorkloadFault {
  readonly workload: string
  readonly image: string | null
  readonly state: State
}

/** How often a fault that does not restart is reported again. */
const REPORT_MS = 300_000

export class Kubelet {
  readonly #cluster: Cluster
  readonly #paceMs: number
  readonly #faults: WorkloadFault[] = []
  #addresses = 0

  constructor(cluster: Cluster, paceMs: number) {
    this.#cluster = cluster
    this.#paceMs = paceMs
  }

  /** Binds a pod to the node with the fewest pods, and starts it there. */
  schedule(created: Pod): void {
    const {store, clock} = this.#cluster
    const pod = this.#current(created)
    if (pod === undefined) return
    const nodes = store.list(NODES)
    const asked = pod.spec.nodeName
    const fit = nodes.filter((node) => (asked === undefined ? objection(node, pod) === null : node.metadata.name === asked))
    const load = Map.groupBy(store.list(PODS), ({spec}) => spec.nodeName)
    const [node] = fit.toSorted((a, b) => (load.get(a.metadata.name)?.length ?? 0) - (load.get(b.metadata.name)?.length ?? 0))
    const objections = Map.groupBy(nodes, (candidate) => objection(candidate, pod))
    const counted = [...objections].map(([why, refusing]) => `${refusing.length} node(s) ${why}`).join(', ')
    const unfit = `0/${nodes.length} nodes are available: ${counted}. preemption: not helpful for scheduling.`
    const why = node === undefined ? (['Unschedulable', unfit] as const) : []
    const scheduled = podCondition(pod.status.conditions, 'PodScheduled', node !== undefined, this.#cluster.now(), ...why)
    // Binding is no change of the spec: the generation stays.
    store.put(PODS, {
      ...pod,
      spec: {...pod.spec, ...(node !== undefined && {nodeName: node.metadata.name})},
      status: {...pod.status, conditions: [scheduled]},
    })
    if (node === undefined) return this.#cluster.record(pod, 'Warning', 'FailedScheduling', unfit, 'default-scheduler')
    const {name, namespace} = pod.metadata
    const message = `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`
    this.#cluster.record(pod, 'Normal', 'Scheduled', message, 'default-scheduler')
    clock.after(this.#paceMs, () => this.#start(pod))
  }

  schedulePending(): void {
    for (const pod of this.#cluster.store.list(PODS)) if (pod.spec.nodeName === undefined) this.schedule(pod)
  }

  /** Ends a pod gracefully: at once where nothing runs, never while its node is lost. Returns what it became. */
  end(pod: Pod, graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30): Pod {
    const {store, clock} = this.#cluster
    const finished = pod.spec.nodeName === undefined || ['Succeeded', 'Failed'].includes(pod.status.phase)
    if (graceSeconds === 0 || finished) return store.remove(PODS, pod) as Pod
    if (pod.metadata.deletionTimestamp !== undefined) return pod
    for (const {name} of pod.spec.containers) this.#report(pod, 'Normal', 'Killing', `Stopping container ${name}`, name)
    clock.after(timesOf(pod, this.#paceMs).stop, () => this.stopped(pod))
    return store.update(PODS, pod, (draft) => {
      draft.metadata.deletionTimestamp = rfc3339(clock.now() + graceSeconds * 1000)
      draft.metadata.deletionGracePeriodSeconds = graceSeconds
    })
  }

  /** A pod that was to end has ended, unless its node can't say so. */
  stopped(pod: Pod): void {
    const current = this.#current(pod)
    const node = current && this.#cluster.store.get(NODES, undefined, current.spec.nodeName ?? '')
    if (current !== undefined && (node === undefined || isUp(node))) this.#cluster.store.remove(PODS, current)
  }

  /** From now on pods of the workload are in that state, those that run already too. */
  afflict(fault: WorkloadFault): void {
    this.#faults.push(fault)
    for (const pod of this.#cluster.store.list(PODS)) if (this.#faultOf(pod) === fault) this.#start(pod)
  }

  /** The same pod as it is now; undefined when it is gone or was replaced by one of the same name. */
  #current({metadata}: Pod): Pod | undefined {
    const pod = this.#cluster.store.get(PODS, metadata.namespace, metadata.name)
    return pod?.metadata.uid === metadata.uid ? pod : undefined
  }

  /** A pod that is to run, on a node that is up. */
  #running(pod: Pod): {current: Pod; node: Node} | null {
    const current = this.#current(pod)
    const node = current && this.#cluster.store.get(NODES, undefined, current.spec.nodeName ?? '')
    if (current === undefined || current.metadata.deletionTimestamp !== undefined || node === undefined || !isUp(node)) return null
    return {current, node}
  }

  #faultOf({metadata, spec}: Pod): WorkloadFault | undefined {
    const images = spec.containers.map(({image}) => image)
    return this.#faults.findLast(({workload, image}) => workload === metadata.labels?.['app'] && (image === null || images.includes(image)))
  }

  /** A label tells all at once; a fault of a scenario begins with the first crash, and goes on. */
  #troubleOf(pod: Pod): Trouble | null {
    const labelled = labelledTrouble(pod.metadata.labels)
    if (labelled !== null) return labelled
    const fault = this.#faultOf(pod)
    if (fault === undefined) return null
    return troubleOf(fault.state, isCrashing(fault.state) ? (pod.status.containerStatuses?.[0]?.restartCount ?? 0) + 1 : 0)
  }

  /** Runs the containers of a pod, as far as they run. */
  #start(pod: Pod): void {
    const found = this.#running(pod)
    if (found === null) return
    const {current} = found
    const {clock} = this.#cluster
    const {delay} = timesOf(current, this.#paceMs)
    const trouble = this.#troubleOf(current)
    this.#write(current, found.node, trouble, delay !== null)
    const {containerStatuses = []} = this.#current(current)?.status ?? {}
    for (const {name, image, containerID} of containerStatuses) {
      if (containerID === undefined) continue
      this.#report(current, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, name)
      this.#report(current, 'Normal', 'Created', 'Container created', name)
      this.#report(current, 'Normal', 'Started', 'Container started', name)
    }
    if (current.metadata.ownerReferences?.[0]?.kind === 'Job' && trouble === null) clock.after(this.#paceMs, () => this.#complete(current))
    if (trouble !== null) this.#complain(current, trouble)
    else if (delay !== null) clock.after(delay, () => this.#warm(current))
  }

  /** A slow container is through its start-up. */
  #warm(pod: Pod): void {
    const found = this.#running(pod)
    if (found !== null) this.#write(found.current, found.node, this.#troubleOf(found.current), false)
  }

  /** A pod of a Job has done its work. */
  #complete(pod: Pod): void {
    const found = this.#running(pod)
    if (found === null) return
    this.#cluster.store.update(PODS, found.current, (draft) => {
      draft.status = completedStatus(found.current, this.#cluster.clock.now())
    })
  }

  #write(pod: Pod, node: Node, trouble: Trouble | null, warming: boolean): void {
    const ip = pod.status.podIP ?? this.#address()
    const hostIP = node.status.addresses[0]?.address ?? ''
    const {age} = timesOf(pod, this.#paceMs)
    this.#cluster.store.update(PODS, pod, (draft) => {
      draft.status = {
        ...draft.status,
        ...startedStatus(pod, trouble, {warming, age, now: this.#cluster.clock.now()}),
        hostIP,
        hostIPs: [{ip: hostIP}],
        podIP: ip,
        podIPs: [{ip}],
        startTime: draft.status.startTime ?? this.#cluster.now(),
      }
    })
  }

  /** Reports what is wrong, and again for as long as it is; a container that crashes is started again with Kubernetes' back-off. */
  #complain(pod: Pod, trouble: Trouble): void {
    const {name, namespace, uid, labels} = pod.metadata
    const {state, restarts} = trouble
    const crashing = isCrashing(state)
    for (const container of pod.spec.containers.filter((candidate) => trouble.container === null || trouble.container === candidate.name)) {
      const of = container.name
      if (crashing) {
        this.#report(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${of} in pod ${name}_${namespace}(${uid})`, of)
      } else if (state === 'unready') {
        this.#report(pod, 'Warning', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', of)
      } else if (startFailure(state, container.image) !== '') {
        this.#report(pod, 'Warning', 'Failed', `Error: ${startFailure(state, container.image)}`, of)
      }
    }
    // What a label tells stays as it is told.
    if (labelledTrouble(labels) !== null) return
    this.#cluster.clock.after(crashing ? backOff(restarts) * 1000 : REPORT_MS, () => {
      const found = this.#running(pod)
      const still = found && this.#troubleOf(found.current)
      if (found === null || still?.state !== state) return
      if (crashing) this.#write(found.current, found.node, still, false)
      this.#complain(found.current, still)
    })
  }

  #report(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container: string): void {
    this.#cluster.record(pod, type, reason, message, 'kubelet', `spec.containers{${container}}`)
  }

  #address(): string {
    this.#addresses += 1
    return `10.40.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`
  }
}

/** Why a pod can't be scheduled on a node, in the scheduler's words; null where it can. */
function objection(node: Node, pod: Pod): string | null {
  if (node.spec.unschedulable === true) return 'were unschedulable'
  if (!isUp(node)) return 'had untolerated taint(s)'
  const wanted = Object.entries(pod.spec.nodeSelector ?? {})
  return wanted.every(([label, value]) => node.metadata.labels?.[label] === value) ? null : "didn't match Pod's node affinity/selector"
}
