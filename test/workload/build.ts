/** Builders of API objects for the tests of the rules: written as the API sends them, and decoded as the program decodes them. */
import {
  decodeAutoscaler,
  decodeDeployment,
  decodeEvent,
  decodeNode,
  decodePod,
  decodeReplicaSet,
  decodeScaledObject,
  type Autoscaler,
  type ClusterEvent,
  type Deployment,
  type Node,
  type Pod,
  type ReplicaSet,
  type ScaledObject,
  type WorkloadFacts,
} from '../../src/lib/workload/index.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** The API server's clock in every test. */
export const NOW = Date.parse('2026-11-22T03:12:07Z')

/** RFC 3339 of so long ago (negative: so far ahead). */
export function ago(milliseconds: number): string {
  return new Date(NOW - milliseconds).toISOString()
}

type Json = Record<string, unknown>

export function condition(type: string, status: string, more: Json = {}): Json {
  return {type, status, lastTransitionTime: ago(DAY), ...more}
}

// ---- containers -----------------------------------------------------------------------------------------------------

export interface ContainerOptions {
  readonly name?: string
  readonly image?: string
  readonly ready?: boolean
  readonly started?: boolean
  readonly restarts?: number
  readonly state?: Json
  readonly last?: Json
  readonly probe?: 'livenessProbe' | 'startupProbe'
  readonly sidecar?: boolean
}

export function running(since: number): Json {
  return {running: {startedAt: ago(since)}}
}

export function waiting(reason: string, message = ''): Json {
  return {waiting: {reason, message}}
}

export function ended(exitCode: number, since: number, reason = exitCode === 0 ? 'Completed' : 'Error'): Json {
  return {terminated: {exitCode, reason, finishedAt: ago(since)}}
}

/** A container in CrashLoopBackOff with its last crash. */
export function crashing(restarts = 7, since = 40 * SECOND, exitCode = 255): ContainerOptions {
  return {
    ready: false,
    restarts,
    state: waiting('CrashLoopBackOff', 'back-off 5m0s restarting failed container'),
    last: ended(exitCode, since),
  }
}

/** A container that was started and does not pass its readiness probe. */
export function unready(since = MINUTE): ContainerOptions {
  return {ready: false, state: running(since)}
}

// ---- pods -----------------------------------------------------------------------------------------------------------

export interface PodOptions {
  readonly name?: string
  readonly age?: number
  readonly replicaSet?: string
  readonly owner?: {readonly kind: string; readonly name: string; readonly uid: string} | null
  readonly node?: string | null
  readonly phase?: string
  readonly reason?: string
  readonly containers?: readonly ContainerOptions[]
  readonly inits?: readonly ContainerOptions[]
  /** Since when its Ready condition is what its containers make it. */
  readonly readySince?: number
  readonly ready?: boolean
  readonly gates?: readonly string[]
  readonly conditions?: readonly Json[]
  /** Asked to go so long ago. */
  readonly deleted?: number
  readonly graceSeconds?: number
  readonly nominated?: string
}

let serial = 0

export function rawPod(options: PodOptions = {}): Json {
  const {age = DAY, containers = [{}], inits = [], gates = [], graceSeconds = 30, node = 'node-a', replicaSet = 'worker-new'} = options
  const name = options.name ?? `pod-${++serial}`
  const ready = options.ready ?? containers.every((container) => container.ready ?? true)
  const owner = options.owner === undefined ? {kind: 'ReplicaSet', name: replicaSet, uid: `${replicaSet}-uid`} : options.owner
  const since = {lastTransitionTime: ago(options.readySince ?? age)}
  const own = options.conditions ?? []
  const given = new Set(own.map((each) => each['type']))
  const usual = [
    condition('PodScheduled', node === null ? 'False' : 'True', since),
    condition('Initialized', 'True', since),
    condition('ContainersReady', ready ? 'True' : 'False', since),
    condition('Ready', ready ? 'True' : 'False', since),
  ]
  return {
    metadata: {
      name,
      uid: `${name}-uid`,
      creationTimestamp: ago(age),
      ...(owner === null ? {} : {ownerReferences: [{...owner, controller: true}]}),
      ...(options.deleted === undefined
        ? {}
        : {deletionTimestamp: ago(options.deleted - graceSeconds * SECOND), deletionGracePeriodSeconds: graceSeconds}),
    },
    spec: {
      ...(node === null ? {} : {nodeName: node}),
      containers: containers.map((container, index) => spec(container, index)),
      initContainers: inits.map((container, index) => spec({name: `init-${index}`, ...container}, index)),
      readinessGates: gates.map((conditionType) => ({conditionType})),
    },
    status: {
      phase: options.phase ?? 'Running',
      ...(options.reason === undefined ? {} : {reason: options.reason}),
      ...(options.nominated === undefined ? {} : {nominatedNodeName: options.nominated}),
      startTime: ago(age),
      conditions: [...usual.filter((each) => !given.has(each['type'])), ...own],
      ...(node === null
        ? {}
        : {
            containerStatuses: containers.map((container, index) => status(container, index, age)),
            initContainerStatuses: inits.map((container, index) => status({name: `init-${index}`, ...container}, index, age)),
          }),
    },
  }
}

function spec({name, image = 'registry.example/team/worker:1.5', probe, sidecar}: ContainerOptions, index: number): Json {
  return {
    name: name ?? (index === 0 ? 'app' : `app-${index}`),
    image,
    ...(probe === undefined ? {} : {[probe]: {}}),
    ...(sidecar === true ? {restartPolicy: 'Always'} : {}),
  }
}

function status({name, ready = true, started, restarts = 0, state, last}: ContainerOptions, index: number, age: number): Json {
  return {
    name: name ?? (index === 0 ? 'app' : `app-${index}`),
    ready,
    restartCount: restarts,
    state: state ?? running(age),
    ...(last === undefined ? {} : {lastState: last}),
    started: started ?? true,
  }
}

export function pod(options: PodOptions = {}): Pod {
  return decodePod(rawPod(options))
}

/** A pod that no node takes. */
export function unscheduled(since: number, options: PodOptions = {}): Pod {
  const conditions = [
    condition('PodScheduled', 'False', {
      reason: 'Unschedulable',
      message: '0/3 nodes are available: 3 Insufficient cpu.',
      lastTransitionTime: ago(since),
    }),
  ]
  return pod({node: null, phase: 'Pending', ready: false, age: since, conditions, ...options})
}

// ---- deployments and replica sets -----------------------------------------------------------------------------------

export interface DeploymentOptions {
  readonly name?: string
  readonly replicas?: number | undefined
  readonly generation?: number
  readonly observed?: number | null
  readonly strategy?: string
  readonly deadlineSeconds?: number
  readonly minReadySeconds?: number
  readonly paused?: boolean
  readonly revision?: number
  readonly status?: Json
  readonly conditions?: readonly Json[]
  readonly annotations?: Json
  readonly managers?: readonly Json[]
  readonly startupProbe?: Json
  readonly age?: number
}

/** A deployment that is as it should be, but for what is said. */
export function rawDeployment(options: DeploymentOptions = {}): Json {
  const {name = 'worker', replicas = 1, generation = 3, revision = 12} = options
  const own = options.conditions ?? []
  const given = new Set(own.map((each) => each['type']))
  const usual = [
    condition('Available', 'True'),
    condition('Progressing', 'True', {reason: 'NewReplicaSetAvailable', lastUpdateTime: ago(DAY)}),
  ]
  const observed = options.observed === undefined ? generation : options.observed
  return {
    metadata: {
      name,
      uid: `${name}-uid`,
      generation,
      creationTimestamp: ago(options.age ?? 30 * DAY),
      annotations: {'deployment.kubernetes.io/revision': String(revision), ...options.annotations},
      managedFields: options.managers ?? [{manager: 'kube-controller-manager', operation: 'Update', subresource: 'status', time: ago(DAY)}],
    },
    spec: {
      replicas,
      paused: options.paused ?? false,
      strategy: {type: options.strategy ?? 'RollingUpdate'},
      ...(options.deadlineSeconds === undefined ? {} : {progressDeadlineSeconds: options.deadlineSeconds}),
      ...(options.minReadySeconds === undefined ? {} : {minReadySeconds: options.minReadySeconds}),
      template: {spec: {containers: [{name: 'app', image: 'worker:1.5', startupProbe: options.startupProbe}]}},
    },
    status: {
      ...(observed === null ? {} : {observedGeneration: observed}),
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: [...usual.filter((each) => !given.has(each['type'])), ...own],
      ...options.status,
    },
  }
}

export function deployment(options: DeploymentOptions = {}): Deployment {
  return decodeDeployment(rawDeployment(options))
}

/** `Available` False since so long. */
export function unavailable(since: number): Json {
  return condition('Available', 'False', {reason: 'MinimumReplicasUnavailable', lastTransitionTime: ago(since)})
}

/** `Progressing` in the midst of a rollout, with the last progress so long ago. */
export function rolling(since: number, reason = 'ReplicaSetUpdated', conditionStatus = 'True'): Json {
  return condition('Progressing', conditionStatus, {reason, lastUpdateTime: ago(since), lastTransitionTime: ago(since)})
}

export interface ReplicaSetOptions {
  readonly name?: string
  readonly deployment?: string
  readonly revision?: number
  readonly age?: number
  readonly image?: string
  readonly env?: readonly Json[]
  readonly reused?: boolean
  readonly restartedAt?: string
}

export function replicaSet(options: ReplicaSetOptions = {}): ReplicaSet {
  const {
    name = 'worker-new',
    deployment: owner = 'worker',
    revision = 12,
    age = DAY,
    image = 'registry.example/team/worker:1.5',
    env = [],
  } = options
  return decodeReplicaSet({
    metadata: {
      name,
      uid: `${name}-uid`,
      creationTimestamp: ago(age),
      annotations: {
        'deployment.kubernetes.io/revision': String(revision),
        ...(options.reused === true ? {'deployment.kubernetes.io/revision-history': '10'} : {}),
      },
      ownerReferences: [{kind: 'Deployment', name: owner, uid: `${owner}-uid`, controller: true}],
    },
    spec: {
      replicas: 1,
      template: {
        metadata: {annotations: options.restartedAt === undefined ? {} : {'kubectl.kubernetes.io/restartedAt': options.restartedAt}},
        spec: {containers: [{name: 'app', image, env}]},
      },
    },
  })
}

/** The replica set before the current one. */
export function oldReplicaSet(options: ReplicaSetOptions = {}): ReplicaSet {
  return replicaSet({name: 'worker-old', revision: 11, age: 10 * DAY, image: 'registry.example/team/worker:1.4', ...options})
}

// ---- the rest -------------------------------------------------------------------------------------------------------

export function node(name: string, ready = 'True', since = 30 * DAY, unschedulable = false): Node {
  return decodeNode({
    metadata: {name, uid: `${name}-uid`},
    spec: {unschedulable},
    status: {conditions: [condition('Ready', ready, {lastTransitionTime: ago(since)})]},
  })
}

export function nodes(...list: readonly Node[]): ReadonlyMap<string, Node> {
  return new Map(list.map((each) => [each.name, each]))
}

export function hpa(min: number | undefined, max: number, conditions: readonly Json[] = [], more: Json = {}): Autoscaler {
  return decodeAutoscaler({
    metadata: {name: 'worker-hpa', uid: 'hpa-uid', ...more},
    spec: {scaleTargetRef: {kind: 'Deployment', name: 'worker'}, ...(min === undefined ? {} : {minReplicas: min}), maxReplicas: max},
    status: {conditions},
  })
}

export function scaledObject(conditions: readonly Json[], more: {spec?: Json; annotations?: Json} = {}): ScaledObject {
  return decodeScaledObject({
    metadata: {name: 'worker-keda', uid: 'so-uid', annotations: more.annotations ?? {}},
    spec: {scaleTargetRef: {name: 'worker'}, ...more.spec},
    status: {conditions},
  })
}

export function event(uid: string, reason: string, message: string, since: number, type = 'Warning', count = 1): ClusterEvent {
  return decodeEvent({type, reason, message, count, lastTimestamp: ago(since), involvedObject: {kind: 'Pod', name: uid, uid}})
}

/** A workload whose baseline is its count, with its pods ready, but for what is said. */
export function workload(more: Partial<WorkloadFacts> = {}): WorkloadFacts {
  const object = more.deployment === undefined ? deployment() : more.deployment
  const replicas = object === null || object === 'unreadable' ? 1 : object.replicas
  return {
    expectation: {baseline: replicas, startupGrace: 180, inactive: null},
    strict: false,
    deployment: object,
    foundAs: null,
    replicaSets: [replicaSet(), oldReplicaSet()],
    pods: Array.from({length: replicas}, () => pod()),
    nodes: nodes(node('node-a'), node('node-b')),
    autoscaler: null,
    scaledObject: null,
    events: new Map(),
    ...more,
  }
}
