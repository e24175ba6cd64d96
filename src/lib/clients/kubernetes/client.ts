import type {WebSocket} from 'ws'
import {ExpiredError, NotFoundError, noList, type Origin} from './errors.ts'
import {object, string} from './json.ts'
import type {Call, Transport} from './transport.ts'
import type {
  ByteStream,
  ClusterClient,
  Decode,
  JsonObject,
  ListOptions,
  Listed,
  PatchOptions,
  Query,
  Resource,
  ServerFacts,
  StreamOptions,
  WatchEvent,
  WriteOptions,
} from './types.ts'
import {watch, WATCH_SECONDS} from './watch.ts'

/** As kubectl's: large enough to be fast, small enough for a server with many objects. */
const PAGE_SIZE = '500'

const PATCH_TYPES: Readonly<Record<PatchOptions['type'], string>> = {
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
}

/** No resource: for messages alone. */
const VERSION: Resource = {group: '', version: 'v1', name: 'version', kind: 'Version', namespaced: false}

export interface ClientOptions {
  readonly context: string | null
  readonly namespace: string
  readonly origin: Origin
  readonly now: () => number
  readonly random: () => number
}

/** The verbs of the API over a transport. */
export class KubernetesClient implements ClusterClient, ServerFacts {
  readonly context: string | null
  readonly namespace: string
  readonly server: string
  readonly #transport: Transport
  readonly #options: ClientOptions

  constructor(transport: Transport, options: ClientOptions) {
    this.context = options.context
    this.namespace = options.namespace
    this.server = options.origin.server
    this.#transport = transport
    this.#options = options
  }

  async list<T>(resource: Resource, decode: Decode<T>, options: ListOptions = {}): Promise<Listed<T>> {
    try {
      return await this.#listOnce(resource, decode, options)
    } catch (error) {
      // Only a continue token can be too old here: so slow a list starts over, once.
      if (!(error instanceof ExpiredError)) throw error
      return this.#listOnce(resource, decode, options)
    }
  }

  async get<T>(resource: Resource, name: string, decode: Decode<T>, {signal}: {readonly signal?: AbortSignal} = {}): Promise<T | null> {
    try {
      return decode(await this.#transport.json({method: 'GET', path: this.#path(resource, name), resource, signal}))
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }

  watch<T>(resource: Resource, decode: Decode<T>, options: Omit<ListOptions, 'metadataOnly'> = {}): AsyncIterable<WatchEvent<T>> {
    const {now, random} = this.#options
    const {signal = new AbortController().signal, ...selection} = options
    const open = (resourceVersion: string, life: AbortSignal) => {
      const query = {...selection, watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(WATCH_SECONDS), resourceVersion}
      return this.#transport.stream({method: 'GET', path: this.#path(resource, undefined, undefined, query), resource, signal: life})
    }
    return watch({list: (life) => this.list(resource, decode, {...selection, signal: life}), open, decode, now, random}, signal)
  }

  serverClock(): {now: number; skew: number} | null {
    return this.#transport.clock()
  }

  patch<T>(
    resource: Resource,
    name: string,
    body: JsonObject | readonly JsonObject[],
    decode: Decode<T>,
    options: PatchOptions,
  ): Promise<T> {
    return this.#write('PATCH', resource, name, body, decode, options, PATCH_TYPES[options.type])
  }

  post<T>(resource: Resource, body: JsonObject, decode: Decode<T>, options: WriteOptions & {readonly name?: string} = {}): Promise<T> {
    return this.#write('POST', resource, options.name, body, decode, options)
  }

  put<T>(resource: Resource, name: string, body: JsonObject, decode: Decode<T>, options: WriteOptions = {}): Promise<T> {
    return this.#write('PUT', resource, name, body, decode, options)
  }

  stream(resource: Resource, name: string, subresource: string, options: StreamOptions = {}): Promise<ByteStream> {
    const {query, openWithinMs, signal} = options
    return this.#transport.stream({method: 'GET', path: this.#path(resource, name, subresource, query), resource, signal}, openWithinMs)
  }

  upgrade(
    resource: Resource,
    name: string,
    subresource: string,
    protocols: readonly string[],
    {query, signal}: {readonly query?: Query; readonly signal?: AbortSignal} = {},
  ): Promise<WebSocket> {
    const {group: apiGroup, name: plural} = resource
    // A WebSocket is opened by a GET, and from Kubernetes 1.35 on takes `create` besides (KEP-4006).
    const second = {apiGroup, resource: `${plural}/${subresource}`, verb: 'create', namespace: this.namespace}
    return this.#transport.upgrade(
      {method: 'GET', path: this.#path(resource, name, subresource, query), resource, signal},
      protocols,
      second,
    )
  }

  within(namespace: string): ClusterClient {
    return new KubernetesClient(this.#transport, {...this.#options, namespace})
  }

  async version({signal}: {readonly signal?: AbortSignal} = {}): Promise<string> {
    const {gitVersion} = await this.#transport.json({method: 'GET', path: '/version', resource: VERSION, signal})
    return string(gitVersion) ?? 'unknown'
  }

  close(): void {
    this.#transport.close()
  }

  async #listOnce<T>(resource: Resource, decode: Decode<T>, options: ListOptions): Promise<Listed<T>> {
    const {signal, metadataOnly = false, ...selection} = options
    const items: T[] = []
    let next: string | undefined
    for (;;) {
      const path = this.#path(resource, undefined, undefined, {...selection, limit: PAGE_SIZE, continue: next})
      const page = await this.#transport.json({method: 'GET', path, resource, signal, metadataOnly})
      for (const item of this.#itemsOf(page)) items.push(decode(item))
      const metadata = object(page.metadata)
      const token = string(metadata?.continue)
      if (token !== undefined && token === next) throw noList(this.#options.origin)
      next = token
      if (next === undefined) return {items, resourceVersion: string(metadata?.resourceVersion) ?? ''}
    }
  }

  /** Go's nil is null. Anything else that is no list must not pass for an empty one. */
  #itemsOf({items}: JsonObject): readonly JsonObject[] {
    const all = items === null ? [] : items
    if (!Array.isArray(all) || !all.every((item) => object(item) !== null)) throw noList(this.#options.origin)
    return all
  }

  async #write<T>(
    method: Call['method'],
    resource: Resource,
    name: string | undefined,
    json: JsonObject | readonly JsonObject[],
    decode: Decode<T>,
    {subresource, dryRun, fieldManager = 'sapoche', signal}: WriteOptions,
    contentType = 'application/json',
  ): Promise<T> {
    const path = this.#path(resource, name, subresource, {fieldManager, dryRun: dryRun === true ? 'All' : undefined})
    return decode(await this.#transport.json({method, path, resource, body: {contentType, json}, signal}))
  }

  #path(resource: Resource, name?: string, subresource?: string, query: Query = {}): string {
    const group = resource.group === '' ? '/api' : `/apis/${resource.group}`
    const namespace = resource.namespaced ? `/namespaces/${encodeURIComponent(this.namespace)}` : ''
    const parts = [resource.name, name, subresource].filter((part) => part !== undefined).map(encodeURIComponent)
    const parameters = new URLSearchParams()
    for (const [key, value] of Object.entries(query)) {
      for (const one of value === undefined ? [] : [value].flat()) parameters.append(key, one)
    }
    return `${group}/${resource.version}${namespace}/${parts.join('/')}${parameters.size === 0 ? '' : `?${parameters.toString()}`}`
  }
}
