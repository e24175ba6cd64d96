import type {Autoscaler, ScaleTarget, ScaledObject} from '../objects.ts'
import {type JsonObject, countAt, nameAt, numberAt, objectAt, stringAt, timeAt} from './json.ts'
import {decodeConditions, decodeMetadata, findCondition} from './metadata.ts'

const KEDA_LABEL = 'scaledobject.keda.sh/name'
const KEDA_PREFIX = 'keda-hpa-'
const PAUSED = 'autoscaling.keda.sh/paused'
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas'
/** What Go's ParseBool takes for false; any other value of the annotation pauses (facts/kubernetes.md, section 4). */
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** autoscaling/v2 HorizontalPodAutoscaler. */
export function decodeAutoscaler(object: JsonObject): Autoscaler {
  const metadata = decodeMetadata(object)
  const spec = objectAt(object, 'spec')
  return {
    ...metadata,
    target: decodeTarget(spec),
    min: numberAt(spec, 'minReplicas') ?? 1,
    max: countAt(spec, 'maxReplicas'),
    byKeda:
      metadata.owner?.kind === 'ScaledObject' ||
      nameAt(objectAt(objectAt(object, 'metadata'), 'labels'), KEDA_LABEL) !== null ||
      metadata.name.startsWith(KEDA_PREFIX),
    lastScaleAt: timeAt(objectAt(object, 'status'), 'lastScaleTime'),
    conditions: decodeConditions(object),
  }
}

/** keda.sh/v1alpha1 ScaledObject. */
export function decodeScaledObject(object: JsonObject): ScaledObject {
  const spec = objectAt(object, 'spec')
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations')
  const conditions = decodeConditions(object)
  const paused = annotations[PAUSED]
  return {
    ...decodeMetadata(object),
    target: decodeTarget(spec),
    min: numberAt(spec, 'idleReplicaCount') ?? countAt(spec, 'minReplicaCount'),
    max: numberAt(spec, 'maxReplicaCount') ?? 100,
    paused:
      (typeof paused === 'string' && !FALSE.has(paused)) ||
      annotations[PAUSED_REPLICAS] !== undefined ||
      findCondition(conditions, 'Paused')?.status === 'True',
    conditions,
  }
}

/** A ScaledObject may leave the kind out: it is a Deployment then. */
function decodeTarget(spec: JsonObject): ScaleTarget {
  const target = objectAt(spec, 'scaleTargetRef')
  return {kind: nameAt(target, 'kind') ?? 'Deployment', name: stringAt(target, 'name')}
}
