import type {ClusterEvent, CronJob, DaemonSet, Job, Namespace, Node, StatefulSet} from '../objects.ts'
import {type JsonObject, countAt, nameAt, numberAt, objectAt, stringAt, timeAt} from './json.ts'
import {decodeConditions, decodeMetadata, findCondition} from './metadata.ts'

/** core/v1 Node. */
export function decodeNode(object: JsonObject): Node {
  const ready = findCondition(decodeConditions(object), 'Ready')
  return {
    ...decodeMetadata(object),
    ready: ready?.status ?? 'Unknown',
    readySince: ready?.lastTransitionAt ?? null,
    unschedulable: objectAt(object, 'spec')['unschedulable'] === true,
  }
}

/** core/v1 Event; its time and count are its series' where it has one (kubernetes/kubernetes#36304). */
export function decodeEvent(object: JsonObject): ClusterEvent {
  const series = objectAt(object, 'series')
  const involved = objectAt(object, 'involvedObject')
  return {
    type: stringAt(object, 'type'),
    reason: stringAt(object, 'reason'),
    message: stringAt(object, 'message'),
    at:
      timeAt(series, 'lastObservedTime') ??
      timeAt(object, 'lastTimestamp') ??
      timeAt(object, 'eventTime') ??
      timeAt(objectAt(object, 'metadata'), 'creationTimestamp'),
    count: numberAt(series, 'count') ?? numberAt(object, 'count') ?? 1,
    involved: {kind: stringAt(involved, 'kind'), name: stringAt(involved, 'name'), uid: stringAt(involved, 'uid')},
  }
}

/** apps/v1 StatefulSet. */
export function decodeStatefulSet(object: JsonObject): StatefulSet {
  return {
    ...decodeMetadata(object),
    replicas: numberAt(objectAt(object, 'spec'), 'replicas') ?? 1,
    ready: countAt(objectAt(object, 'status'), 'readyReplicas'),
  }
}

/** apps/v1 DaemonSet. */
export function decodeDaemonSet(object: JsonObject): DaemonSet {
  const status = objectAt(object, 'status')
  return {...decodeMetadata(object), desired: countAt(status, 'desiredNumberScheduled'), ready: countAt(status, 'numberReady')}
}

/** batch/v1 Job. */
export function decodeJob(object: JsonObject): Job {
  const status = objectAt(object, 'status')
  return {
    ...decodeMetadata(object),
    active: countAt(status, 'active'),
    suspended: objectAt(object, 'spec')['suspend'] === true,
    startedAt: timeAt(status, 'startTime'),
    conditions: decodeConditions(object),
  }
}

/** batch/v1 CronJob. */
export function decodeCronJob(object: JsonObject): CronJob {
  const spec = objectAt(object, 'spec')
  const status = objectAt(object, 'status')
  const active = status['active']
  return {
    ...decodeMetadata(object),
    schedule: stringAt(spec, 'schedule'),
    timeZone: nameAt(spec, 'timeZone'),
    suspended: spec['suspend'] === true,
    lastScheduleAt: timeAt(status, 'lastScheduleTime'),
    active: Array.isArray(active) ? active.length : 0,
  }
}

/** core/v1 Namespace. */
export function decodeNamespace(object: JsonObject): Namespace {
  return {...decodeMetadata(object), phase: stringAt(objectAt(object, 'status'), 'phase')}
}
