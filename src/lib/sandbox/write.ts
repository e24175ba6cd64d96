/** Creating, changing and removing objects through the API: identity, versions, status and scale apart, dry runs. */
import {admit} from './admission.ts'
import type {Target} from './api.ts'
import type {Cluster} from './cluster.ts'
import {ApiFailure, type Fault, badRequest, conflict, detailsOf, invalid, notFound, notImplemented, qualified} from './failure.ts'
import {clone, isRecord, pick, same} from './json.ts'
import {recordWrite} from './managed-fields.ts'
import {patched} from './patch.ts'
import {newPod} from './pods.ts'
import {DEPLOYMENTS, NAMESPACES, PODS, type Resource, apiVersionOf} from './resources.ts'
import {fieldFilter, format, labelFilter} from './selectors.ts'
import type {KubeObject, LabelSelector, Pod} from './types.ts'

export interface Write extends Target {
  readonly cluster: Cluster
  readonly body: unknown
  readonly manager: string
  readonly query: URLSearchParams
  readonly dryRun: boolean
}

export function create(write: Write): KubeObject {
  const {cluster, resource, body, dryRun} = write
  const namespace = write.namespace ?? undefined
  if (write.name !== null) throw new ApiFailure(405, 'MethodNotAllowed', 'POST is for a collection')
  const given = checked(resource, body)
  if (namespace !== undefined && cluster.store.get(NAMESPACES, undefined, namespace) === undefined) throw notFound(NAMESPACES, namespace)
  const {metadata} = given
  const generated = pick(metadata, 'generateName')
  const name = metadata.name ?? (typeof generated === 'string' ? generated + cluster.suffix(5) : undefined)
  if (typeof name !== 'string')
    throw invalid(resource, '', [
      {field: 'metadata.name', reason: 'FieldValueRequired', why: 'Required value: name or generateName is required'},
    ])
  if (cluster.store.get(resource, namespace, name) !== undefined) {
    throw new ApiFailure(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name))
  }
  const object: KubeObject = {
    ...clone(given),
    metadata: {
      ...metadata,
      name,
      ...(namespace !== undefined && {namespace}),
      uid: cluster.uid(),
      resourceVersion: '',
      creationTimestamp: cluster.now(),
      ...(resource.generation && {generation: 1}),
    },
  }
  delete object.metadata.managedFields
  if (resource.subresources.includes('status')) object.status = resource === NAMESPACES ? {phase: 'Active'} : {}
  admit(cluster, resource, object, null)
  if (resource === PODS) Object.assign(object, newPod((object as Pod).spec))
  recordWrite(null, object, {manager: write.manager, subresource: null, time: cluster.now()})
  return dryRun ? object : cluster.store.put(resource, object)
}

export function replace(write: Write): object {
  const old = existing(write)
  if (write.subresource === 'scale') return commitScale(write, old, write.body)
  return commit(write, old, checked(write.resource, write.body))
}

export function patch(write: Write, contentType: string): object {
  const old = existing(write)
  if (write.subresource === 'scale') return commitScale(write, old, patched(contentType, readScale(old), write.body))
  return commit(write, old, checked(write.resource, patched(contentType, old, write.body)))
}

export function remove(write: Write): object {
  const {cluster, resource, dryRun} = write
  const old = existing(write)
  const option = (name: string) => pick(write.body, name) ?? write.query.get(name) ?? undefined
  const {uid, resourceVersion} = old.metadata
  const wanted = {
    uid: pick(write.body, 'preconditions.uid') ?? uid,
    resourceVersion: pick(write.body, 'preconditions.resourceVersion') ?? resourceVersion,
  }
  if (!same(wanted, {uid, resourceVersion})) throw conflict(resource, old.metadata.name)
  if (option('propagationPolicy') === 'Orphan') throw notImplemented('leaving the dependants of a deleted object')
  const grace = option('gracePeriodSeconds')
  if (!dryRun) cluster.remove(resource, old, grace === undefined ? undefined : Number(grace))
  const left = cluster.store.get(resource, old.metadata.namespace, old.metadata.name)
  if (left !== undefined && !dryRun) return left
  return {kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: {...detailsOf(resource, old.metadata.name), uid}}
}

/** DELETE of a collection. */
export function removeAll({cluster, resource, namespace, query, dryRun}: Write): object {
  const [labels, fields] = [labelFilter(query.get('labelSelector') ?? ''), fieldFilter(resource, query.get('fieldSelector') ?? '')]
  const doomed = cluster.store.list(resource, namespace).filter((object) => labels(object) && fields(object))
  if (!dryRun) for (const object of doomed) cluster.remove(resource, object)
  return {kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata: {}, items: doomed}
}

function existing({cluster, resource, namespace, name}: Write): KubeObject {
  if (name === null) throw new ApiFailure(405, 'MethodNotAllowed', 'this method is for one object')
  const object = cluster.store.get(resource, namespace ?? undefined, name)
  if (object === undefined) throw notFound(resource, name)
  return object
}

/** The body as an object of the resource. Throws 400 on anything else. */
function checked(resource: Resource, body: unknown): KubeObject {
  const {kind} = resource
  if (!isRecord(body) || !isRecord(body['metadata'])) throw badRequest(`the body is no ${kind}`)
  const says = {kind: body['kind'] ?? kind, apiVersion: body['apiVersion'] ?? apiVersionOf(resource)}
  if (says.kind !== kind || says.apiVersion !== apiVersionOf(resource)) {
    throw badRequest(`${JSON.stringify(says)} cannot be handled as a ${kind}`)
  }
  return {...body, ...says} as KubeObject
}

function immutable(field: string, value: string): Fault {
  return {field, reason: 'FieldValueInvalid', why: `Invalid value: "${value}": field is immutable`}
}

/** Puts what a client sent in place of `old`. What is the server's (identity, status, generation) is not taken from it. */
function commit(write: Write, old: KubeObject, sent: KubeObject): KubeObject {
  const {cluster, resource, subresource, manager, dryRun} = write
  const {name, namespace, uid, creationTimestamp, generation, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds} = old.metadata
  if ((sent.metadata.resourceVersion || resourceVersion) !== resourceVersion) throw conflict(resource, name)
  if ((sent.metadata.uid || uid) !== uid) throw invalid(resource, name, [immutable('metadata.uid', sent.metadata.uid)])
  if ((sent.metadata.name || name) !== name)
    throw badRequest(`the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`)
  const {managedFields: _fields, ...metadata} = sent.metadata
  const identity = {
    name,
    ...(namespace !== undefined && {namespace}),
    uid,
    resourceVersion,
    creationTimestamp,
    ...(generation !== undefined && {generation}),
    ...(deletionTimestamp !== undefined && {
      deletionTimestamp,
      ...(deletionGracePeriodSeconds !== undefined && {deletionGracePeriodSeconds}),
    }),
  }
  const hasStatus = resource.subresources.includes('status')
  const draft: KubeObject =
    subresource === 'status'
      ? {...clone(old), ...(sent.status === undefined ? {} : {status: clone(sent.status)})}
      : {...clone(sent), metadata: {...clone(metadata), ...identity}, ...(hasStatus && {status: old.status})}
  admit(cluster, resource, draft, old)
  const respecified = !same(draft.spec, old.spec)
  const annotated = resource === DEPLOYMENTS && !same(draft.metadata.annotations, old.metadata.annotations)
  if (generation !== undefined && (respecified || annotated)) draft.metadata.generation = generation + 1
  recordWrite(old, draft, {manager, subresource, time: cluster.now()})
  if (same(draft, old)) return old
  return dryRun ? draft : cluster.store.put(resource, draft)
}

/** The scale subresource. A count of zero is left out of `spec`, as the API type says (omitempty). */
export function readScale({metadata, spec, status}: KubeObject): object {
  const {name, namespace, uid, resourceVersion, creationTimestamp} = metadata
  const replicas = Number(pick(spec, 'replicas') ?? 0)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {name, namespace, uid, resourceVersion, creationTimestamp},
    spec: replicas === 0 ? {} : {replicas},
    status: {replicas: Number(pick(status, 'replicas') ?? 0), selector: format(pick(spec, 'selector') as LabelSelector)},
  }
}

function commitScale(write: Write, old: KubeObject, sent: unknown): object {
  if (!isRecord(sent) || !isRecord(sent['metadata'])) throw badRequest('the body is no Scale')
  const replicas = pick(sent, 'spec.replicas') ?? 0
  if (!Number.isInteger(replicas) || Number(replicas) < 0) {
    const why = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`
    throw invalid({group: 'autoscaling', kind: 'Scale'}, old.metadata.name, [{field: 'spec.replicas', reason: 'FieldValueInvalid', why}])
  }
  const {resourceVersion = ''} = sent['metadata'] as {resourceVersion?: string}
  const scaled = {...old, metadata: {...old.metadata, resourceVersion}, spec: {...(old.spec as object), replicas}}
  return readScale(commit(write, old, scaled))
}
