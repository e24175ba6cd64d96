import type {ContainerRole, ContainerState, ContainerStatus, Pod, PodContainer, Termination} from '../objects.ts'
import {type JsonObject, countAt, listAt, nameAt, numberAt, objectAt, objectOrNull, stringAt, timeAt} from './json.ts'
import {decodeConditions, decodeMetadata} from './metadata.ts'
import {initRole} from './template.ts'

/** Where neither the pod nor its deletion says: the API's own default. */
const DEFAULT_GRACE_SECONDS = 30

/** core/v1 Pod. Ephemeral containers are left out: they are never judged (rules.md, section 1). */
export function decodePod(object: JsonObject): Pod {
  const metadata = objectAt(object, 'metadata')
  const spec = objectAt(object, 'spec')
  const status = objectAt(object, 'status')
  const containers: PodContainer[] = []
  addContainers(containers, spec['initContainers'], status['initContainerStatuses'], true)
  addContainers(containers, spec['containers'], status['containerStatuses'], false)
  return {
    ...decodeMetadata(object),
    deletionAt: timeAt(metadata, 'deletionTimestamp'),
    deletionGraceSeconds:
      numberAt(metadata, 'deletionGracePeriodSeconds') ?? numberAt(spec, 'terminationGracePeriodSeconds') ?? DEFAULT_GRACE_SECONDS,
    node: nameAt(spec, 'nodeName'),
    nominatedNode: nameAt(status, 'nominatedNodeName'),
    startedAt: timeAt(status, 'startTime'),
    phase: stringAt(status, 'phase'),
    reason: stringAt(status, 'reason'),
    containers,
    readinessGates: listAt(spec, 'readinessGates', (gate) => stringAt(gate, 'conditionType')),
    conditions: decodeConditions(object),
  }
}

function addContainers(into: PodContainer[], specs: unknown, statuses: unknown, init: boolean): void {
  if (!Array.isArray(specs)) return
  const reported: readonly unknown[] = Array.isArray(statuses) ? statuses : []
  for (const item of specs) {
    const spec = objectOrNull(item)
    if (spec === null) continue
    const role: ContainerRole = init ? initRole(spec) : 'main'
    into.push({
      name: stringAt(spec, 'name'),
      image: stringAt(spec, 'image'),
      role,
      killable: objectOrNull(spec['livenessProbe']) !== null || objectOrNull(spec['startupProbe']) !== null,
      status: findStatus(reported, spec['name']),
    })
  }
}

function findStatus(statuses: readonly unknown[], name: unknown): ContainerStatus | null {
  for (let index = 0; index < statuses.length; index++) {
    const status = objectOrNull(statuses[index])
    if (status === null || status['name'] !== name) continue
    return {
      index,
      ready: status['ready'] === true,
      started: typeof status['started'] === 'boolean' ? status['started'] : null,
      restarts: countAt(status, 'restartCount'),
      state: decodeState(objectAt(status, 'state')),
      lastTermination: decodeTermination(objectOrNull(objectAt(status, 'lastState')['terminated'])),
    }
  }
  return null
}

/** None of the three set means waiting (core/v1 ContainerState). */
function decodeState(state: JsonObject): ContainerState {
  const running = objectOrNull(state['running'])
  if (running !== null) return {kind: 'running', startedAt: timeAt(running, 'startedAt')}
  const terminated = decodeTermination(objectOrNull(state['terminated']))
  if (terminated !== null) return {kind: 'terminated', ...terminated}
  const waiting = objectAt(state, 'waiting')
  return {kind: 'waiting', reason: stringAt(waiting, 'reason'), message: stringAt(waiting, 'message')}
}

function decodeTermination(terminated: JsonObject | null): Termination | null {
  if (terminated === null) return null
  return {
    exitCode: countAt(terminated, 'exitCode'),
    signal: countAt(terminated, 'signal'),
    reason: stringAt(terminated, 'reason'),
    finishedAt: timeAt(terminated, 'finishedAt'),
  }
}
