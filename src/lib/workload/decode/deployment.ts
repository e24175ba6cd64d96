import type {Deployment, ReplicaSet} from '../objects.ts'
import {type JsonObject, countAt, nameAt, numberAt, numberOrStringAt, objectAt, stringMapAt} from './json.ts'
import {decodeConditions, decodeManagers, decodeMetadata, decodeRevision} from './metadata.ts'
import {decodeTemplate} from './template.ts'

/** MaxInt32 is how a deployment says that it has no progress deadline (`HasProgressDeadline` of its controller). */
const NO_DEADLINE = 2_147_483_647
/** Written on a replica set when a rollback takes it up again. */
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'

/** apps/v1 Deployment. */
export function decodeDeployment(object: JsonObject): Deployment {
  const metadata = objectAt(object, 'metadata')
  const spec = objectAt(object, 'spec')
  const status = objectAt(object, 'status')
  const strategy = objectAt(spec, 'strategy')
  const rolling = objectAt(strategy, 'rollingUpdate')
  const deadline = numberAt(spec, 'progressDeadlineSeconds')
  return {
    ...decodeMetadata(object),
    labels: stringMapAt(metadata, 'labels'),
    annotations: stringMapAt(metadata, 'annotations'),
    generation: countAt(metadata, 'generation'),
    observedGeneration: numberAt(status, 'observedGeneration'),
    replicas: numberAt(spec, 'replicas') ?? 1,
    paused: spec['paused'] === true,
    strategy: {
      type: nameAt(strategy, 'type') ?? 'RollingUpdate',
      maxSurge: numberOrStringAt(rolling, 'maxSurge'),
      maxUnavailable: numberOrStringAt(rolling, 'maxUnavailable'),
    },
    progressDeadlineSeconds: deadline === NO_DEADLINE ? null : deadline,
    minReadySeconds: countAt(spec, 'minReadySeconds'),
    template: decodeTemplate(spec),
    revision: decodeRevision(object),
    status: {
      replicas: countAt(status, 'replicas'),
      updated: countAt(status, 'updatedReplicas'),
      ready: countAt(status, 'readyReplicas'),
      available: countAt(status, 'availableReplicas'),
    },
    conditions: decodeConditions(object),
    managers: decodeManagers(object),
  }
}

/** apps/v1 ReplicaSet. */
export function decodeReplicaSet(object: JsonObject): ReplicaSet {
  const spec = objectAt(object, 'spec')
  return {
    ...decodeMetadata(object),
    replicas: numberAt(spec, 'replicas') ?? 1,
    revision: decodeRevision(object),
    reused: nameAt(objectAt(objectAt(object, 'metadata'), 'annotations'), REVISION_HISTORY) !== null,
    template: decodeTemplate(spec),
  }
}
