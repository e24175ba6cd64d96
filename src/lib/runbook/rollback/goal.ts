import type {ClusterReader, JsonObject} from '../../clients/kubernetes/types.ts'
import {RESOURCES} from '../cluster/index.ts'
import {decodeRevision, findRevision, revisionsOf, type Revision} from '../history/index.ts'
import type {LiveDeployment} from '../operation/index.ts'

/** A revision with its pod template as the API server has it, without the label that tells replica sets apart. */
export interface Goal extends Revision {
  readonly rawTemplate: JsonObject
}

const HASH = 'pod-template-hash'
const CAUSE = 'kubernetes.io/change-cause'

/** The revision to go back to. Rejects with a UsageError (64) where there is no such one. */
export async function readGoal(
  deployment: LiveDeployment,
  wanted: number | undefined,
  cluster: ClusterReader,
  signal: AbortSignal,
): Promise<Goal> {
  const {items} = await cluster.list(RESOURCES.replicaSets, decodeGoal, {signal})
  return findRevision(deployment, revisionsOf(deployment, items), wanted)
}

function decodeGoal(object: JsonObject): Goal | null {
  const revision = decodeRevision(object)
  return revision === null ? null : {...revision, rawTemplate: withoutHash(at(at(object, 'spec'), 'template'))}
}

function withoutHash(template: JsonObject): JsonObject {
  const metadata = at(template, 'metadata')
  const {[HASH]: _hash, ...labels} = at(metadata, 'labels')
  return {...template, metadata: {...metadata, labels}}
}

/** Whether a deployment has the template already. */
export function hasTemplate({templateText}: LiveDeployment, {rawTemplate}: Goal): boolean {
  return templateText === JSON.stringify(rawTemplate)
}

/**
 * The JSON patch that takes a template up again, guarded by the version that was read; `replicas` where the count has to be set again.
 * The change cause goes with the template, for the controller writes the deployment's on the replica set.
 */
export function rollbackPatch(
  fresh: LiveDeployment,
  goal: Goal,
  replicas: number | null,
  annotations: Readonly<Record<string, string | null>>,
): JsonObject[] {
  const notes = {...annotations, [CAUSE]: goal.cause}
  return [
    {op: 'replace', path: '/metadata/resourceVersion', value: fresh.resourceVersion},
    {op: 'replace', path: '/spec/template', value: goal.rawTemplate},
    ...(replicas === null ? [] : [{op: 'replace', path: '/spec/replicas', value: replicas}]),
    ...Object.entries(notes).flatMap(([name, value]) => {
      const path = `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (value !== null) return [{op: 'add', path, value}]
      return fresh.annotations[name] === undefined ? [] : [{op: 'remove', path}]
    }),
  ]
}

function at(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
