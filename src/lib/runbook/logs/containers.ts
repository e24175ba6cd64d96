import {decodeMetadata} from '../../workload/decode/metadata.ts'
import {countAt, type JsonObject, listAt, nameAt, objectAt, objectOrNull, stringAt} from '../../workload/decode/json.ts'
import type {Owner} from '../../workload/index.ts'

/** A pod, as far as its logs go. Other than for verdicts, ephemeral containers and the runs of a container count. */
export interface LogPod {
  readonly name: string
  readonly uid: string
  readonly owner: Owner | null
  readonly node: string | null
  readonly containers: readonly LogContainer[]
}

export interface LogContainer {
  readonly name: string
  readonly state: ContainerState
}

/** What the cluster says of a container now. */
export interface ContainerState {
  /** The run whose log the API gives: of the running container, else of the one that ended last; null before the first start. */
  readonly run: string | null
  readonly isRunning: boolean
  /** Why it waits or has ended (`CrashLoopBackOff`, `Completed`); '' while it runs. */
  readonly reason: string
  readonly restarts: number
  /** How the run before ended; null where there was none. */
  readonly previous: {readonly exitCode: number; readonly signal: number; readonly reason: string} | null
}

export function decodeLogPod(object: JsonObject): LogPod {
  const spec = objectAt(object, 'spec')
  const status = objectAt(object, 'status')
  const {name, uid, owner} = decodeMetadata(object)
  return {
    name,
    uid,
    owner,
    node: nameAt(spec, 'nodeName'),
    containers: [
      ...containersOf(spec, 'initContainers', status, 'initContainerStatuses'),
      ...containersOf(spec, 'containers', status, 'containerStatuses'),
      ...containersOf(spec, 'ephemeralContainers', status, 'ephemeralContainerStatuses'),
    ],
  }
}

function containersOf(spec: JsonObject, key: string, status: JsonObject, statusKey: string): LogContainer[] {
  const states = new Map(listAt(status, statusKey, (each) => [stringAt(each, 'name'), stateOf(each)] as const))
  return listAt(spec, key, (container) => {
    const name = stringAt(container, 'name')
    return {name, state: states.get(name) ?? NOT_STARTED}
  })
}

const NOT_STARTED: ContainerState = {run: null, isRunning: false, reason: '', restarts: 0, previous: null}

/** Which run the API reads is the kubelet's choice (validateContainerLogStatus): running, else terminated, else the last termination. */
function stateOf(status: JsonObject): ContainerState {
  const restarts = countAt(status, 'restartCount')
  const running = objectOrNull(objectAt(status, 'state')['running'])
  const terminated = objectOrNull(objectAt(status, 'state')['terminated'])
  const last = objectOrNull(objectAt(status, 'lastState')['terminated'])
  // Some runtimes' simulations set no container id; the count of restarts then tells runs apart.
  const runOf = (of: JsonObject): string => nameAt(of, 'containerID') ?? `run ${restarts}`
  const previous = last && {exitCode: countAt(last, 'exitCode'), signal: countAt(last, 'signal'), reason: stringAt(last, 'reason')}
  if (running !== null) return {run: runOf(status), isRunning: true, reason: '', restarts, previous}
  if (terminated !== null) return {run: runOf(terminated), isRunning: false, reason: stringAt(terminated, 'reason'), restarts, previous}
  const reason = stringAt(objectAt(objectAt(status, 'state'), 'waiting'), 'reason')
  return {run: last && runOf(last), isRunning: false, reason, restarts, previous}
}
