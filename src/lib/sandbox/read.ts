/** Lists and watches. */
import type {Answer, Target} from './api.ts'
import type {Cluster} from './cluster.ts'
import {rowObject, tableOf} from './columns.ts'
import {ApiFailure, badRequest, notImplemented} from './failure.ts'
import {type Resource, SCALED_OBJECTS, apiVersionOf} from './resources.ts'
import {fieldFilter, labelFilter} from './selectors.ts'
import type {KubeObject} from './types.ts'

export interface Form {
  readonly asTable: boolean
  /** The query's `includeObject`, for tables. */
  readonly include: string
}

/** How often an idle watch is told the newest version. */
const BOOKMARK_MS = 60_000
/** How many paged lists may be under way at a time; the oldest is forgotten (410) when there are more. */
const SNAPSHOTS = 50

interface Snapshot {
  readonly version: string
  readonly objects: readonly KubeObject[]
}

const snapshots = new WeakMap<Cluster, Map<string, Snapshot>>()

function filterOf({resource, namespace, name}: Target, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = labelFilter(query.get('labelSelector') ?? '')
  const fields = fieldFilter(resource, query.get('fieldSelector') ?? '')
  return (object) =>
    (namespace === null || object.metadata.namespace === namespace) &&
    (name === null || object.metadata.name === name) &&
    labels(object) &&
    fields(object)
}

/** A list, or one page of it: all pages show the state at the first. */
export function list(cluster: Cluster, target: Target, query: URLSearchParams, {asTable, include}: Form): object {
  const {resource} = target
  const {store, clock} = cluster
  if (query.get('resourceVersionMatch') === 'Exact') throw notImplemented('lists at an exact resource version')
  if (Number(query.get('resourceVersion') ?? 0) > store.version) {
    const details = {causes: [{reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: ''}], retryAfterSeconds: 1}
    throw new ApiFailure(
      504,
      'Timeout',
      `Timeout: Too large resource version: ${query.get('resourceVersion')}, current: ${store.version}`,
      details,
    )
  }
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`limit: not a number of objects: ${query.get('limit')}`)
  const open = snapshots.get(cluster) ?? new Map<string, Snapshot>()
  snapshots.set(cluster, open)
  const token = query.get('continue') ?? ''
  const [id = '', start = ''] = Buffer.from(token, 'base64url').toString().split(':')
  const snapshot =
    token === '' ? {version: String(store.version), objects: sorted(store.list(resource), filterOf(target, query))} : open.get(id)
  if (token !== '' && !/^\w+:\d+$/.test(`${id}:${start}`)) throw badRequest('invalid continue token')
  if (snapshot === undefined)
    throw new ApiFailure(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.')
  const from = Number(start)
  const page = snapshot.objects.slice(from, limit === 0 ? undefined : from + limit)
  const left = snapshot.objects.length - from - page.length
  const metadata: Record<string, unknown> = {resourceVersion: snapshot.version}
  if (left > 0) {
    const next = token === '' ? cluster.suffix(10) : id
    open.set(next, snapshot)
    for (const oldest of [...open.keys()].slice(0, -SNAPSHOTS)) open.delete(oldest)
    metadata['continue'] = Buffer.from(`${next}:${from + page.length}`).toString('base64url')
    if (!query.get('labelSelector') && !query.get('fieldSelector')) metadata['remainingItemCount'] = left
  }
  if (asTable) {
    const table = tableOf(resource, page, {now: clock.now(), include, resourceVersion: snapshot.version, headers: true})
    return {...table, metadata}
  }
  return {kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items: page.map((object) => item(resource, object))}
}

function sorted(objects: readonly KubeObject[], filter: (object: KubeObject) => boolean): KubeObject[] {
  const key = ({metadata}: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`
  return objects.filter(filter).toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** The items of a list say neither kind nor version, save those of custom resources. */
function item(resource: Resource, object: KubeObject): object {
  const {apiVersion: _version, kind: _kind, ...rest} = object
  return resource === SCALED_OBJECTS ? object : rest
}

/** A watch from a version, or, without one and with `sendInitialEvents`, from the state as it is. */
export function follow(cluster: Cluster, target: Target, query: URLSearchParams, {asTable, include}: Form): Answer {
  const {resource} = target
  const {store, clock} = cluster
  const filter = filterOf(target, query)
  const flag = (name: string) => ['1', 'true'].includes(query.get(name) ?? '')
  const version = query.get('resourceVersion') ?? ''
  const initial = flag('sendInitialEvents')
  if (initial && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const why = 'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    throw new ApiFailure(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${why}`, {group: 'meta.k8s.io', kind: 'ListOptions'})
  }
  const listFirst = initial || version === '' || version === '0'
  const missed = listFirst ? [] : store.since(Number(version))
  return {
    kind: 'watch',
    start(send, end) {
      let headers = true
      const event = (type: string, object: KubeObject) => {
        const options = {now: clock.now(), include, resourceVersion: object.metadata.resourceVersion, headers}
        send({type, object: asTable ? tableOf(resource, [object], options) : object})
        headers = false
      }
      const bookmark = (annotations?: Record<string, string>) => {
        const metadata = {resourceVersion: String(store.version), creationTimestamp: null, ...(annotations && {annotations})}
        const object = {kind: resource.kind, apiVersion: apiVersionOf(resource), metadata} as unknown as KubeObject
        const row = {
          kind: 'Table',
          apiVersion: 'meta.k8s.io/v1',
          metadata,
          columnDefinitions: null,
          rows: [{cells: [], object: rowObject(object, include)}],
        }
        send({type: 'BOOKMARK', object: asTable ? row : object})
      }
      if (missed === null) {
        send({type: 'ERROR', object: new ApiFailure(410, 'Expired', `too old resource version: ${version} (${store.version})`).status})
        end()
        return () => undefined
      }
      if (listFirst) for (const object of sorted(store.list(resource), filter)) event('ADDED', object)
      if (initial && flag('allowWatchBookmarks')) bookmark({'k8s.io/initial-events-end': 'true'})
      const forward = (change: (typeof missed)[number]) => {
        if (change.resource !== resource) return
        const [is, was] = [change.type !== 'DELETED' && filter(change.object), change.previous !== null && filter(change.previous)]
        if (is || was) event(is && was ? 'MODIFIED' : is ? 'ADDED' : 'DELETED', change.object)
      }
      for (const change of missed) forward(change)
      const unsubscribe = store.subscribe(forward)
      const ticking = flag('allowWatchBookmarks') ? setInterval(() => bookmark(), BOOKMARK_MS) : undefined
      const seconds = Number(query.get('timeoutSeconds') ?? 0)
      const ending = seconds > 0 ? setTimeout(end, seconds * 1000) : undefined
      return () => {
        unsubscribe()
        clearInterval(ticking)
        clearTimeout(ending)
      }
    },
  }
}
