/**
 * What a started pod looks like, as it is told by labels of the pod or by a fault of a scenario.
 * The labels and the statuses are those of the simulated kubelet of the real servers (test/real/kwok.yaml).
 */
import {scalar} from './json.ts'
import {
  type Condition,
  type Container,
  type ContainerStatus,
  type Labels,
  type Pod,
  type Terminated,
  conditionOf,
  rfc3339,
} from './types.ts'

/** Why a container was never started, in Kubernetes' words. */
const NEVER_STARTED = {
  imagepull: 'ImagePullBackOff',
  errimagepull: 'ErrImagePull',
  imagename: 'InvalidImageName',
  imagenever: 'ErrImageNeverPull',
  config: 'CreateContainerConfigError',
  create: 'CreateContainerError',
  run: 'RunContainerError',
  creating: 'ContainerCreating',
} as const

/** What can be the matter with a container, or with a pod (gate, failed). */
export const STATES = [
  'crashloop',
  'oom',
  'crashed',
  'restarted',
  'unready',
  'gate',
  'failed',
  ...(Object.keys(NEVER_STARTED) as (keyof typeof NEVER_STARTED)[]),
] as const
export type State = (typeof STATES)[number]

export interface Trouble {
  readonly state: State
  /** The one container that has it; null: every one. A plain init container fails the whole start. */
  readonly container: string | null
  /** Restarts so far, the last exit code, and how many milliseconds ago that was. */
  readonly restarts: number
  readonly exitCode: number
  readonly endedMs: number
}

const PREFIX = 'sapoche.test/'

/** Go's durations in whole units, as the labels have them (`5s`, `2m`, `300ms`), in milliseconds. */
function milliseconds(text: string | undefined, otherwise: number): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(text ?? '') ?? []
  return unit === undefined ? otherwise : Number(count) * {ms: 1, s: 1000, m: 60_000, h: 3_600_000}[unit as 'ms' | 's' | 'm' | 'h']
}

/** How a pod behaves in time, by its labels: until it is ready, until it is gone, and how old its containers say they are. */
export function timesOf({metadata}: Pod, paceMs: number): {delay: number | null; stop: number; age: number} {
  const {[`${PREFIX}delay`]: delay, [`${PREFIX}stop-delay`]: stop, [`${PREFIX}age`]: age} = metadata.labels ?? {}
  return {delay: delay === undefined ? null : milliseconds(delay, paceMs), stop: milliseconds(stop, paceMs), age: milliseconds(age, 0)}
}

/** What the labels say is the matter; null for a pod that is well. */
export function labelledTrouble(labels: Labels = {}): Trouble | null {
  const state = STATES.find((known) => known === labels[`${PREFIX}state`])
  if (state === undefined) return null
  const standard = troubleOf(state, {crashloop: 7, crashed: 7, oom: 3, restarted: 3}[state as string] ?? 0)
  return {
    ...standard,
    container: labels[`${PREFIX}container`] ?? null,
    restarts: Number(labels[`${PREFIX}restarts`] ?? standard.restarts),
    exitCode: Number(labels[`${PREFIX}exit`] ?? standard.exitCode),
    endedMs: milliseconds(labels[`${PREFIX}ended`], 10_000),
  }
}

export function troubleOf(state: State, restarts: number): Trouble {
  const exitCode = {oom: 137, failed: 1}[state as string] ?? 255
  return {state, container: null, restarts, exitCode, endedMs: 0}
}

/** A container that is started again and again. */
export function isCrashing(state: State): boolean {
  return state === 'crashloop' || state === 'oom'
}

/** The message of a container that never started; empty where Kubernetes says nothing more. */
export function startFailure(state: State, image: string): string {
  const messages: Partial<Record<State, string>> = {
    imagepull: `Back-off pulling image "${image}": not found`,
    errimagepull: `failed to pull image "${image}": not found`,
    config: 'secret "queue-credentials" not found',
    run: 'exec: "php": executable file not found in $PATH',
  }
  return messages[state] ?? ''
}

/** Seconds before the next start: doubled from 10 s up to 5 min. */
export function backOff(restarts: number): number {
  return Math.min(300, 10 * 2 ** (restarts - 1))
}

type ContainerState = State | 'well' | 'starting' | 'initializing'

export interface Start {
  /** The containers run, and are not yet through their start-up. */
  readonly warming: boolean
  /** How many milliseconds ago the running containers were started. */
  readonly age: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The part of a pod's status that its kubelet writes once it has tried to start the containers. */
export function startedStatus(
  pod: Pod,
  trouble: Trouble | null,
  {warming, age, now}: Start,
): Pick<Pod['status'], 'phase' | 'conditions' | 'containerStatuses'> {
  const {containers, initContainers = []} = pod.spec
  const old = pod.status
  const at = {uid: pod.metadata.uid, trouble, now, since: rfc3339(now - age)}
  const failing = initContainers.findIndex(({name, restartPolicy}) => name === trouble?.container && restartPolicy !== 'Always')
  const other: ContainerState = failing >= 0 ? 'initializing' : warming ? 'starting' : 'well'
  const ill = (name: string) => failing < 0 && (trouble?.container === null || trouble?.container === name)
  const initContainerStatuses = initContainers.map((container, index) => {
    if (trouble !== null && container.name === trouble.container) return statusOf(container, trouble.state, at)
    if (failing >= 0 && index > failing) return statusOf(container, 'initializing', at)
    return container.restartPolicy === 'Always' ? statusOf(container, 'well', at) : finished(container, at)
  })
  const containerStatuses = containers.map((container, index) =>
    statusOf(container, trouble !== null && ill(container.name) ? trouble.state : other, at, old.containerStatuses?.[index]),
  )
  const gates = trouble?.state !== 'gate'
  const containersReady = other === 'well' && (trouble === null || trouble.state === 'restarted' || !gates)
  const unready = ['ContainersNotReady', `containers with unready status: [${containers.map(({name}) => name).join(' ')}]`] as const
  const why = containersReady ? (['ReadinessGatesNotReady'] as const) : unready
  const condition = (type: string, holds: boolean, reasons: readonly [string, string?] | [] = []) =>
    podCondition(old.conditions, type, holds, rfc3339(now), ...(holds ? [] : reasons))
  const neverStarted = trouble !== null && trouble.state in NEVER_STARTED
  return {
    phase: trouble?.state === 'failed' ? 'Failed' : neverStarted || failing >= 0 ? 'Pending' : 'Running',
    conditions: [
      condition('PodReadyToStartContainers', true),
      condition('Initialized', failing < 0, ['ContainersNotInitialized']),
      condition('Ready', containersReady && gates, why),
      condition('ContainersReady', containersReady, unready),
      condition('PodScheduled', true),
      ...gatesOf(pod).map((gate) => condition(gate, gates)),
    ],
    ...(initContainers.length > 0 && {initContainerStatuses}),
    containerStatuses,
  }
}

/** The status of a pod whose containers have all come to their end. */
export function completedStatus({status}: Pod, now: number): Pod['status'] {
  const at = rfc3339(now)
  const over = (type: string) => podCondition(status.conditions, type, false, at, 'PodCompleted')
  return {
    ...status,
    phase: 'Succeeded',
    conditions:
      status.conditions?.map((condition) => (['Ready', 'ContainersReady'].includes(condition.type) ? over(condition.type) : condition)) ??
      [],
    containerStatuses:
      status.containerStatuses?.map(({containerID = '', ...rest}) => ({
        ...rest,
        containerID,
        ready: false,
        started: false,
        state: {terminated: {exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, containerID}},
      })) ?? [],
  }
}

/** A pod's condition; the time of its last transition stays while its status does. */
export function podCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
  holds: boolean,
  at: string,
  reason?: string,
  message?: string,
): Condition {
  const status = holds ? 'True' : 'False'
  const old = conditionOf(conditions, type)
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : at
  return {
    type,
    status,
    ...(reason !== undefined && {reason}),
    ...(message !== undefined && {message}),
    lastProbeTime: null,
    lastTransitionTime,
  }
}

interface Moment {
  readonly uid: string
  readonly trouble: Trouble | null
  readonly now: number
  readonly since: string
}

function statusOf(
  {name, image}: Container,
  condition: ContainerState,
  {uid, trouble, now, since}: Moment,
  old?: ContainerStatus,
): ContainerStatus {
  const never = {name, image, imageID: '', ready: false, started: false, restartCount: 0, lastState: {}}
  if (condition === 'initializing') return {...never, state: {waiting: {reason: 'PodInitializing'}}}
  if (condition in NEVER_STARTED) {
    const state = condition as keyof typeof NEVER_STARTED
    const message = startFailure(state, image)
    return {...never, state: {waiting: {reason: NEVER_STARTED[state], ...(message !== '' && {message})}}}
  }
  const ill = condition === 'well' || condition === 'starting' ? null : trouble
  const restartCount = ill?.restarts ?? 0
  const exitCode = ill?.exitCode ?? 0
  const idOf = (restart: number) => `containerd://${uid}-${name}-${restart}`
  const ended = rfc3339(now - (ill?.endedMs ?? 0))
  const dead = (restart: number): Terminated => ({
    exitCode,
    reason: exitCode === 137 ? 'OOMKilled' : 'Error',
    startedAt: ended,
    finishedAt: ended,
    containerID: idOf(restart),
  })
  const lastState = restartCount > 0 ? {terminated: dead(restartCount - 1)} : {}
  const base = {...never, imageID: image, containerID: idOf(restartCount), restartCount, lastState}
  if (condition === 'failed' || condition === 'crashed') return {...base, state: {terminated: dead(restartCount)}}
  if (condition === 'crashloop' || condition === 'oom') {
    const seconds = backOff(restartCount)
    const time = `${seconds < 60 ? '' : `${Math.floor(seconds / 60)}m`}${seconds % 60}s`
    const waiting = {reason: 'CrashLoopBackOff', message: `back-off ${time} restarting failed container=${name}`}
    return {...base, containerID: idOf(restartCount - 1), state: {waiting}}
  }
  const running = old?.state.running ?? {startedAt: since}
  return {...base, ready: condition !== 'unready' && condition !== 'starting', started: condition !== 'starting', state: {running}}
}

/** An init container that has done its work. */
function finished({name, image}: Container, {uid, now}: Moment): ContainerStatus {
  const at = rfc3339(now)
  const containerID = `containerd://${uid}-${name}`
  const terminated = {exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, containerID}
  return {name, image, imageID: image, containerID, ready: true, started: false, restartCount: 0, state: {terminated}, lastState: {}}
}

/** The types of a pod's readiness gates. */
function gatesOf({spec}: Pod): string[] {
  const {readinessGates} = spec
  return Array.isArray(readinessGates) ? readinessGates.map((gate: {conditionType?: unknown}) => scalar(gate.conditionType) ?? '') : []
}
