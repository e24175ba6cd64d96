/** Scheduler, kubelets and node controller in one: pods get a node, start, crash, and end; a node can be lost. */
import type {Cluster} from './cluster.ts'
import {NODES, PODS} from './resources.ts'
import {type Condition, type Container, type ContainerStatus, type Node, type Pod, conditionOf, rfc3339} from './types.ts'

/** What can be wrong with a container. The same names as the pod label, and as the stages of the real servers' simulated kubelet. */
export const STATES = ['crashloop', 'oom', 'imagepull', 'config', 'unready'] as const
export type State = (typeof STATES)[number]

/** A pod with this label in its template is in that state from its start, in every container. */
export const STATE_LABEL = 'sapoche.test/state'

/** A fault of a scenario: containers of a workload that get into a state, all of them or those of one image. */
export interface WorkloadFault {
  readonly workload: string
  readonly image: string | null
  readonly state: State
}

/** What a pod with the label shows at once; a fault of a scenario begins with one restart instead. */
const CRASHES = {
  crashloop: {restarts: 7, exitCode: 255, reason: 'Error'},
  oom: {restarts: 3, exitCode: 137, reason: 'OOMKilled'},
} as const
const WAITING = {
  imagepull: {reason: 'ImagePullBackOff', message: 'Back-off pulling image: not found'},
  config: {reason: 'CreateContainerConfigError', message: 'secret "queue-credentials" not found'},
} as const

/** A kubelet that is up writes its node's status this often; a fault is reported again this often, too. */
const HEARTBEAT = 300_000
/** How long pods stay on a lost node (the tolerationSeconds of every pod). */
const EVICTION = 300_000
const UNREACHABLE = 'node.kubernetes.io/unreachable'

export class Kubelet {
  readonly faults: WorkloadFault[] = []
  readonly #cluster: Cluster
  readonly #paceMs: number
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
    const fit =
      pod.spec.nodeName === undefined
        ? nodes.filter((node) => suits(node, pod))
        : nodes.filter(({metadata}) => metadata.name === pod.spec.nodeName)
    const load = Map.groupBy(store.list(PODS), ({spec}) => spec.nodeName)
    const [node] = fit.toSorted((a, b) => (load.get(a.metadata.name)?.length ?? 0) - (load.get(b.metadata.name)?.length ?? 0))
    if (node === undefined) return this.#unschedulable(pod, nodes.length)
    const {name, namespace} = pod.metadata
    store.update(PODS, pod, (draft) => {
      draft.spec.nodeName = node.metadata.name
      draft.status = {...draft.status, phase: 'Pending', conditions: [this.#condition(pod, 'PodScheduled', true)]}
    })
    this.#cluster.record(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`,
      'default-scheduler',
    )
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
    clock.after(this.#paceMs, () => this.#gone(pod))
    return store.update(PODS, pod, (draft) => {
      draft.metadata.deletionTimestamp = rfc3339(clock.now() + graceSeconds * 1000)
      draft.metadata.deletionGracePeriodSeconds = graceSeconds
    })
  }

  /** From now on pods of the workload are in that state, those that run already too. */
  afflict(fault: WorkloadFault): void {
    this.faults.push(fault)
    for (const pod of this.#cluster.store.list(PODS)) if (this.#stateOf(pod)?.state === fault.state) this.#start(pod)
  }

  /** Keeps a node's heartbeat going for as long as the node is up. */
  beat(name: string): void {
    const node = this.#cluster.store.get(NODES, undefined, name)
    if (node !== undefined && isUp(node)) {
      this.#cluster.store.update(NODES, node, (draft) => {
        for (const condition of draft.status.conditions) condition.lastHeartbeatTime = this.#cluster.now()
      })
    }
    this.#cluster.clock.after(HEARTBEAT, () => this.beat(name))
  }

  /** The node's kubelet falls silent: the node is Unknown, its pods are not ready, and after five minutes they are moved. */
  lose(node: Node): void {
    const {store, clock} = this.#cluster
    const at = this.#cluster.now()
    const {name} = node.metadata
    store.update(NODES, node, (draft) => {
      draft.spec.taints = ['NoSchedule', 'NoExecute'].map((effect) => ({key: UNREACHABLE, effect, timeAdded: at}))
      draft.status.conditions = draft.status.conditions.map((condition) => ({
        ...condition,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: at,
      }))
    })
    this.#cluster.record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, 'node-controller')
    for (const pod of this.#podsOn(name)) {
      this.#cluster.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready', 'node-controller')
      store.update(PODS, pod, (draft) => {
        draft.status.conditions =
          draft.status.conditions?.map((condition) => (condition.type === 'Ready' ? this.#condition(pod, 'Ready', false) : condition)) ?? []
      })
    }
    clock.after(EVICTION, () => {
      const still = store.get(NODES, undefined, name)
      if (still === undefined || isUp(still)) return
      for (const pod of this.#podsOn(name)) {
        this.#cluster.record(
          pod,
          'Normal',
          'TaintManagerEviction',
          `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`,
          'taint-eviction-controller',
        )
        this.end(pod)
      }
    })
  }

  #podsOn(node: string): Pod[] {
    return this.#cluster.store.list(PODS).filter(({spec}) => spec.nodeName === node)
  }

  /** The same pod as it is now; undefined when it is gone or was replaced by one of the same name. */
  #current({metadata}: Pod): Pod | undefined {
    const pod = this.#cluster.store.get(PODS, metadata.namespace, metadata.name)
    return pod?.metadata.uid === metadata.uid ? pod : undefined
  }

  #unschedulable(pod: Pod, nodes: number): void {
    const message = `0/${nodes} nodes are available: ${nodes} node(s) were unschedulable, not ready or didn't match the pod's node affinity/selector.`
    this.#cluster.store.update(PODS, pod, (draft) => {
      draft.status.conditions = [{...this.#condition(pod, 'PodScheduled', false), reason: 'Unschedulable', message}]
    })
    this.#cluster.record(pod, 'Warning', 'FailedScheduling', message, 'default-scheduler')
  }

  #gone(pod: Pod): void {
    const current = this.#current(pod)
    const node = current && this.#cluster.store.get(NODES, undefined, current.spec.nodeName ?? '')
    if (current !== undefined && (node === undefined || isUp(node))) this.#cluster.store.remove(PODS, current)
  }

  #stateOf(pod: Pod): {state: State; labelled: boolean} | null {
    const label = STATES.find((state) => state === pod.metadata.labels?.[STATE_LABEL])
    if (label !== undefined) return {state: label, labelled: true}
    const images = pod.spec.containers.map(({image}) => image)
    const fault = this.faults.findLast(
      ({workload, image}) => workload === pod.metadata.labels?.['app'] && (image === null || images.includes(image)),
    )
    return fault === undefined ? null : {state: fault.state, labelled: false}
  }

  /** Runs the containers of a pod, as far as they run. */
  #start(pod: Pod): void {
    const {store} = this.#cluster
    const current = this.#current(pod)
    const node = current && store.get(NODES, undefined, current.spec.nodeName ?? '')
    if (current === undefined || current.metadata.deletionTimestamp !== undefined || node === undefined || !isUp(node)) return
    const found = this.#stateOf(current)
    const at = this.#cluster.now()
    const blocked = found?.state === 'imagepull' || found?.state === 'config'
    const ip = current.status.podIP ?? this.#address()
    const hostIP = node.status.addresses[0]?.address ?? ''
    const uid = current.metadata.uid
    store.update(PODS, current, (draft) => {
      const old = draft.status.containerStatuses
      const ready = found === null
      const restarts = found?.labelled === true && isCrash(found.state) ? CRASHES[found.state].restarts : 1
      draft.status = {
        ...draft.status,
        phase: blocked ? 'Pending' : 'Running',
        conditions: [
          this.#condition(current, 'PodReadyToStartContainers', true),
          this.#condition(current, 'Initialized', true),
          this.#condition(current, 'Ready', ready),
          this.#condition(current, 'ContainersReady', ready),
          this.#condition(current, 'PodScheduled', true),
        ],
        ...(draft.spec.initContainers && {
          initContainerStatuses: draft.spec.initContainers.map((container) => initialized(uid, container, at)),
        }),
        containerStatuses: draft.spec.containers.map((container, index) =>
          containerStatus(uid, container, found?.state ?? null, restarts, at, old?.[index]),
        ),
        hostIP,
        hostIPs: [{ip: hostIP}],
        podIP: ip,
        podIPs: [{ip}],
        startTime: draft.status.startTime ?? at,
      }
    })
    for (const {name, image} of current.spec.containers) {
      if (found?.state !== 'imagepull')
        this.#report(current, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, name)
      if (blocked) continue
      this.#report(current, 'Normal', 'Created', `Container created`, name)
      this.#report(current, 'Normal', 'Started', `Container started`, name)
    }
    if (found !== null) this.#complain(current, found.state)
  }

  /** Reports what is wrong, and again for as long as it is; a crashing container is restarted with Kubernetes' back-off. */
  #complain(pod: Pod, state: State): void {
    const {name, namespace, uid} = pod.metadata
    for (const container of pod.spec.containers) {
      const {image, name: of} = container
      if (state === 'imagepull') {
        this.#report(
          pod,
          'Warning',
          'Failed',
          `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image "${image}": not found`,
          of,
        )
        this.#report(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, of)
        this.#report(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', of)
      } else if (state === 'config') {
        this.#report(pod, 'Warning', 'Failed', `Error: ${WAITING.config.message}`, of)
      } else if (state === 'unready') {
        this.#report(pod, 'Warning', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', of)
      } else {
        this.#report(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${of} in pod ${name}_${namespace}(${uid})`, of)
      }
    }
    const restarts = this.#current(pod)?.status.containerStatuses?.[0]?.restartCount ?? 1
    this.#cluster.clock.after(isCrash(state) ? backOff(restarts) * 1000 : HEARTBEAT, () => {
      const current = this.#current(pod)
      if (current === undefined || current.metadata.deletionTimestamp !== undefined || this.#stateOf(current)?.state !== state) return
      if (isCrash(state)) {
        const at = this.#cluster.now()
        this.#cluster.store.update(PODS, current, ({spec, status}) => {
          status.containerStatuses = spec.containers.map((container) => containerStatus(uid, container, state, restarts + 1, at))
        })
      }
      this.#complain(current, state)
    })
  }

  #report(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container: string): void {
    this.#cluster.record(pod, type, reason, message, 'kubelet', `spec.containers{${container}}`)
  }

  /** A pod condition; the time of its last transition stays while its status does. */
  #condition(pod: Pod, type: string, holds: boolean): Condition {
    const status = holds ? 'True' : 'False'
    const old = conditionOf(this.#current(pod)?.status.conditions, type)
    const unready = type === 'Ready' || type === 'ContainersReady'
    return {
      type,
      status,
      ...(unready &&
        !holds && {
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${pod.spec.containers.map(({name}) => name).join(' ')}]`,
        }),
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : this.#cluster.now(),
    }
  }

  #address(): string {
    this.#addresses += 1
    return `10.40.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`
  }
}

export function isUp(node: Node): boolean {
  return conditionOf(node.status.conditions, 'Ready')?.status === 'True'
}

function suits(node: Node, pod: Pod): boolean {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {})
  return isUp(node) && node.spec.unschedulable !== true && wanted.every(([label, value]) => node.metadata.labels?.[label] === value)
}

function isCrash(state: State): state is keyof typeof CRASHES {
  return state === 'crashloop' || state === 'oom'
}

/** Seconds before the next try: doubled from 10 s up to 5 min. */
function backOff(restarts: number): number {
  return Math.min(300, 10 * 2 ** (restarts - 1))
}

function containerStatus(
  uid: string,
  {name, image}: Container,
  state: State | null,
  restarts: number,
  at: string,
  old?: ContainerStatus,
): ContainerStatus {
  const id = `containerd://${uid}-${name}`
  const base = {name, image, imageID: '', ready: false, started: false, restartCount: 0, lastState: {}}
  if (state === 'imagepull' || state === 'config') return {...base, state: {waiting: WAITING[state]}}
  if (state === null || state === 'unready') {
    const running = old?.state.running ?? {startedAt: at}
    return {...base, imageID: image, containerID: id, ready: state === null, started: true, state: {running}}
  }
  const {exitCode, reason} = CRASHES[state]
  const seconds = backOff(restarts)
  const message = `back-off ${seconds < 60 ? '' : `${Math.floor(seconds / 60)}m`}${seconds % 60}s restarting failed container`
  const last = {exitCode, reason, startedAt: at, finishedAt: at, containerID: `${id}-${restarts - 1}`}
  const waiting = {reason: 'CrashLoopBackOff', message}
  return {
    ...base,
    imageID: image,
    containerID: `${id}-${restarts}`,
    restartCount: restarts,
    state: {waiting},
    lastState: {terminated: last},
  }
}

/** Init containers have done their work; native sidecars go on running. */
function initialized(uid: string, container: Container, at: string): ContainerStatus {
  const running = containerStatus(uid, container, null, 0, at)
  if (container.restartPolicy === 'Always') return running
  const containerID = running.containerID ?? ''
  const terminated = {exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, containerID}
  return {...running, started: false, state: {terminated}}
}
