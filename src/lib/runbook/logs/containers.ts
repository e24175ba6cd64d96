import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {decodePod, listAt, numberAt, objectAt, objectOrNull, type Pod, stringAt, type Termination, timeAt} from '../../workload/index.ts'

/** A pod with what the rules of verdicts leave out: ephemeral containers, and which run of a container the API has the log of. */
export interface LogPod extends Pod {
  readonly logs: readonly LogContainer[]
}

export interface LogContainer {
  readonly name: string
  readonly isInit: boolean
  readonly state: ContainerState
}

/** What the cluster says of a container now. */
export interface ContainerState {
  /** The run whose log the API gives: of the running container, else of the one that ended last; null before the first start. */
  readonly run: string | null
  readonly isRunning: boolean
  /** Why it waits (`CrashLoopBackOff`); '' where it doesn't. */
  readonly reason: string
  readonly restarts: number
  /** How the run before ended; null where there was none. */
  readonly previous: Termination | null
}

export function decodeLogPod(object: JsonObject): LogPod {
  return {
    ...decodePod(object),
    logs: [
      ...containersOf(object, 'initContainers', 'initContainerStatuses'),
      ...containersOf(object, 'containers', 'containerStatuses'),
      ...containersOf(object, 'ephemeralContainers', 'ephemeralContainerStatuses'),
    ],
  }
}

function containersOf(pod: JsonObject, key: string, statusKey: string): LogContainer[] {
  const states = new Map(listAt(objectAt(pod, 'status'), statusKey, (status) => [stringAt(status, 'name'), stateOf(status)]))
  return listAt(objectAt(pod, 'spec'), key, (container) => {
    const name = stringAt(container, 'name')
    return {name, isInit: key === 'initContainers' && container['restartPolicy'] !== 'Always', state: states.get(name) ?? NOT_STARTED}
  })
}

const NOT_STARTED: ContainerState = {run: null, isRunning: false, reason: '', restarts: 0, previous: null}

/** Which run the API reads is the kubelet's choice (validateContainerLogStatus): running, else terminated, else the last termination. */
function stateOf(status: JsonObject): ContainerState {
  const restarts = numberAt(status, 'restartCount') ?? 0
  const state = objectAt(status, 'state')
  const last = objectOrNull(objectAt(status, 'lastState')['terminated'])
  const terminated = objectOrNull(state['terminated'])
  // Where a runtime gives no container id, the count of restarts tells runs apart.
  const runOf = (of: JsonObject): string => stringAt(of, 'containerID') || `run ${restarts}`
  const shared = {restarts, previous: last && terminationOf(last)}
  if (objectOrNull(state['running']) !== null) return {run: runOf(status), isRunning: true, reason: '', ...shared}
  if (terminated !== null) return {run: runOf(terminated), isRunning: false, reason: '', ...shared}
  return {run: last && runOf(last), isRunning: false, reason: stringAt(objectAt(state, 'waiting'), 'reason'), ...shared}
}

function terminationOf(terminated: JsonObject): Termination {
  return {
    exitCode: numberAt(terminated, 'exitCode') ?? 0,
    signal: numberAt(terminated, 'signal') ?? 0,
    reason: stringAt(terminated, 'reason'),
    finishedAt: timeAt(terminated, 'finishedAt'),
  }
}
