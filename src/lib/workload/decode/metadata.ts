import type {Condition, FieldManager, Metadata, Owner} from '../objects.ts'
import {type JsonObject, listAt, nameAt, objectAt, objectOrNull, stringAt, timeAt} from './json.ts'

const REVISION = 'deployment.kubernetes.io/revision'

/** Name, UID, creation and controlling owner of any object. */
export function decodeMetadata(object: JsonObject): Metadata {
  const metadata = objectAt(object, 'metadata')
  return {
    name: stringAt(metadata, 'name'),
    uid: stringAt(metadata, 'uid'),
    createdAt: timeAt(metadata, 'creationTimestamp'),
    owner: controllerOf(metadata),
  }
}

function controllerOf(metadata: JsonObject): Owner | null {
  const owners = metadata['ownerReferences']
  if (!Array.isArray(owners)) return null
  for (const item of owners) {
    const owner = objectOrNull(item)
    if (owner === null || owner['controller'] !== true) continue
    return {kind: stringAt(owner, 'kind'), name: stringAt(owner, 'name'), uid: stringAt(owner, 'uid')}
  }
  return null
}

/** `status.conditions`. */
export function decodeConditions(object: JsonObject): Condition[] {
  return listAt(objectAt(object, 'status'), 'conditions', (condition) => ({
    type: stringAt(condition, 'type'),
    status: stringAt(condition, 'status'),
    reason: stringAt(condition, 'reason'),
    message: stringAt(condition, 'message'),
    lastTransitionAt: timeAt(condition, 'lastTransitionTime'),
    lastUpdateAt: timeAt(condition, 'lastUpdateTime'),
  }))
}

/** The condition of that type; null where the controller has not written it. */
export function findCondition(conditions: readonly Condition[], type: string): Condition | null {
  for (const condition of conditions) if (condition.type === type) return condition
  return null
}

/** `metadata.managedFields`, without the fields but one: `spec.replicas`. */
export function decodeManagers(object: JsonObject): FieldManager[] {
  return listAt(objectAt(object, 'metadata'), 'managedFields', (entry) => ({
    manager: stringAt(entry, 'manager'),
    operation: stringAt(entry, 'operation'),
    subresource: stringAt(entry, 'subresource'),
    at: timeAt(entry, 'time'),
    ownsReplicas: objectOrNull(objectAt(objectAt(entry, 'fieldsV1'), 'f:spec')['f:replicas']) !== null,
  }))
}

/** The revision that the deployment controller wrote on a deployment or replica set; null before it has. */
export function decodeRevision(object: JsonObject): number | null {
  const text = nameAt(objectAt(objectAt(object, 'metadata'), 'annotations'), REVISION)
  const revision = text === null ? Number.NaN : Number(text)
  return Number.isInteger(revision) ? revision : null
}
