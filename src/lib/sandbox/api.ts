/** The simulated API server without its HTTP: a call comes in, an answer goes out. */
import type {Cluster} from './cluster.ts'
import {discovery} from './discovery.ts'
import {isMetrics, metrics} from './metrics.ts'
import {ApiFailure, badRequest, detailsOf, notFound, notImplemented, qualified} from './failure.ts'
import {follow, list} from './read.ts'
import {review} from './reviews.ts'
import {isAllowed, type User} from './rights.ts'
import {evict} from './eviction.ts'
import {type Resource, apiVersionOf} from './resources.ts'
import {tableOf} from './columns.ts'
import {type Write, create, remove, removeAll, replace, patch, readScale} from './write.ts'

export interface Call {
  /** Null: may do everything. */
  readonly user: User | null
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly accept: string
  readonly contentType: string
  /** Who writes, for managedFields. */
  readonly manager: string
  /** The parsed JSON of the body, undefined without one. Throws ApiFailure for anything else. */
  readonly body: () => unknown
}

export type Answer =
  | {readonly kind: 'json'; readonly code: number; readonly body: object}
  | {readonly kind: 'text'; readonly code: number; readonly body: string}
  /** Text that is read as slowly as the caller reads, until it ends or `signal` aborts. */
  | {readonly kind: 'bytes'; readonly read: (signal: AbortSignal) => AsyncIterable<Buffer>}
  /** Lines of JSON until the caller stops it, or `end` is called. Returns how to stop. */
  | {readonly kind: 'watch'; readonly start: (send: (line: object) => void, end: () => void) => () => void}

/** What a path names. */
export interface Target {
  readonly resource: Resource
  readonly namespace: string | null
  readonly name: string | null
  readonly subresource: string | null
}

/** For API groups that are not there, as a real API server answers. */
const PAGE_NOT_FOUND: Answer = {kind: 'text', code: 404, body: '404 page not found\n'}
/** kubectl shows the words of an answer to this path where they are plain text alone. */
const NO_OPENAPI: Answer = {kind: 'text', code: 501, body: "the sandbox can't do this: OpenAPI\n"}
const NO_RESOURCE = new ApiFailure(404, 'NotFound', 'the server could not find the requested resource', {})
/** By WebSocket alone (upgrade.ts). */
const UPGRADED = ['exec', 'portforward']
/** Parts of Kubernetes that exist in a cluster and not here. */
const ELSEWHERE = ['attach', 'proxy', 'binding', 'ephemeralcontainers', 'token', 'approval', 'resize']

export class Api {
  readonly #cluster: Cluster
  readonly #resources: readonly Resource[]

  constructor(cluster: Cluster, resources: readonly Resource[]) {
    this.#cluster = cluster
    this.#resources = resources
  }

  /** Throws ApiFailure for everything that is refused. */
  answer(call: Call): Answer {
    const {path, method} = call
    if (['/healthz', '/livez', '/readyz'].includes(path)) return {kind: 'text', code: 200, body: 'ok'}
    if (path.startsWith('/openapi/')) return NO_OPENAPI
    const document = discovery(path, this.#resources)
    if (document !== undefined && method === 'GET') return {kind: 'json', code: 200, body: document}
    const reviewed = method === 'POST' ? review(path, call.user, call.body) : null
    if (reviewed !== null) return {kind: 'json', code: 201, body: reviewed}
    const asked = askedFor(path)
    if (asked === null) return PAGE_NOT_FOUND
    const verb = verbOf(call, asked)
    // Before it is looked for: who may not see a thing is not told whether there is such a thing.
    authorize(call.user, verb, asked)
    const {plural, groupVersion, namespace, name, subresource} = asked
    const served = this.#resources.filter((candidate) => apiVersionOf(candidate) === groupVersion)
    if (served.length === 0) return PAGE_NOT_FOUND
    const resource = served.find((candidate) => candidate.plural === plural)
    if (resource === undefined || (namespace !== null && !resource.namespaced)) throw NO_RESOURCE
    if (namespace === null && name !== null && resource.namespaced) throw NO_RESOURCE
    const target = {resource, namespace, name, subresource}
    if (subresource !== null && !resource.subresources.includes(subresource)) {
      if (UPGRADED.includes(subresource)) throw badRequest('Upgrade request required')
      if (ELSEWHERE.includes(subresource)) throw notImplemented(`${resource.plural}/${subresource}`)
      throw NO_RESOURCE
    }
    if (verb === 'create' && !resource.verbs.includes(verb)) {
      throw notImplemented(`creating a ${resource.kind}: it has no controller for ${resource.plural}, only a scenario can hold them`)
    }
    return method === 'GET' ? this.#read(call, target) : this.#write(call, target, verb)
  }

  #read({query, accept}: Call, target: Target): Answer {
    const {resource, name, subresource, namespace} = target
    if (subresource === 'log') return {kind: 'bytes', read: this.#cluster.logs.read(target, query)}
    if (isMetrics(resource)) return {kind: 'json', code: 200, body: metrics(this.#cluster, target, query)}
    const form = formOf(accept)
    const asTable = form === 'Table'
    const now = this.#cluster.clock.now()
    const include = query.get('includeObject') ?? 'Metadata'
    if (isWatch(query)) return follow(this.#cluster, target, query, {asTable, include})
    if (name === null) {
      const body = list(this.#cluster, target, query, {asTable, include})
      return {kind: 'json', code: 200, body: form === 'PartialObjectMetadataList' ? metadataOf(body) : body}
    }
    const object = this.#cluster.store.get(resource, namespace ?? undefined, name)
    if (object === undefined) throw notFound(resource, name)
    if (subresource === 'scale') return {kind: 'json', code: 200, body: readScale(object)}
    const resourceVersion = object.metadata.resourceVersion
    const body = asTable ? tableOf(resource, [object], {now, include, resourceVersion, headers: true}) : object
    return {kind: 'json', code: 200, body}
  }

  #write({query, body, manager, contentType}: Call, target: Target, verb: string): Answer {
    const write: Write = {cluster: this.#cluster, ...target, body: body(), manager, query, dryRun: query.getAll('dryRun').includes('All')}
    if (verb === 'create') return {kind: 'json', code: 201, body: target.subresource === 'eviction' ? evict(write) : create(write)}
    if (verb === 'update') return {kind: 'json', code: 200, body: replace(write)}
    if (verb === 'patch') return {kind: 'json', code: 200, body: patch(write, contentType)}
    return {kind: 'json', code: 200, body: verb === 'delete' ? remove(write) : removeAll(write)}
  }
}

/** What a path asks for, whether or not it is served. */
export interface Asked {
  readonly group: string
  readonly groupVersion: string
  readonly plural: string
  readonly namespace: string | null
  readonly name: string | null
  readonly subresource: string | null
}

/** `/api/v1/...` or `/apis/GROUP/VERSION/...`, then `[namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]]`; null for every other path. */
export function askedFor(path: string): Asked | null {
  const [, root, ...parts] = path.split('/').map((part) => decodeURIComponent(part))
  const groupVersion = root === 'api' ? parts.splice(0, 1).join('') : root === 'apis' ? parts.splice(0, 2).join('/') : ''
  const within = parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '')
  const [namespace = null] = within ? parts.splice(0, 2).slice(1) : []
  const [plural = '', name = null, subresource = null, more] = parts
  if (groupVersion === '' || plural === '' || more !== undefined) return null
  return {group: groupVersion.includes('/') ? (groupVersion.split('/')[0] ?? '') : '', groupVersion, plural, namespace, name, subresource}
}

function isWatch(query: URLSearchParams): boolean {
  return ['1', 'true'].includes(query.get('watch') ?? '')
}

function verbOf({method, query}: Call, {name}: Asked): string {
  switch (method) {
    case 'GET':
      return isWatch(query) ? 'watch' : name === null ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === null ? 'deletecollection' : 'delete'
    default:
      throw new ApiFailure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
}

/** Throws 403 for what a user may not do. */
export function authorize(user: User | null, verb: string, asked: Asked): void {
  if (user === null || isAllowed(user, verb, asked)) return
  const {group, plural, namespace, name, subresource} = asked
  const kind = subresource === null ? plural : `${plural}/${subresource}`
  const object = name === null ? '' : ` "${name}"`
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const what = `${qualified({group, plural})}${object} is forbidden: User "${user.name}" cannot ${verb} resource "${kind}"`
  throw new ApiFailure(403, 'Forbidden', `${what} in API group "${group}" ${where}`, detailsOf({group, plural}, name))
}

/** Forms of an object besides its own. */
type Form = 'Table' | 'PartialObjectMetadataList' | 'object'

/** The first media type that can be answered decides. Throws 406 where none can (protobuf and CBOR alone). */
function formOf(accept: string): Form {
  for (const type of accept === '' ? ['*/*'] : accept.split(',').map((part) => part.trim())) {
    const [media = '', ...parameters] = type.split(';').map((part) => part.trim())
    if (!['*/*', 'application/*', 'application/json'].includes(media)) continue
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3)
    if (as === undefined) return 'object'
    if (as === 'Table' || as === 'PartialObjectMetadataList') return as
  }
  throw new ApiFailure(406, 'NotAcceptable', 'only the following media types are accepted: application/json')
}

/** A list of which nothing is left but the metadata. */
function metadataOf(body: object): object {
  const {metadata, items = []} = body as {metadata?: object; items?: readonly {metadata: object}[]}
  const apiVersion = 'meta.k8s.io/v1'
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata,
    items: items.map((item) => ({kind: 'PartialObjectMetadata', apiVersion, metadata: item.metadata})),
  }
}
