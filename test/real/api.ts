import type {IncomingMessage, OutgoingHttpHeaders} from 'node:http'
import {Agent, request as httpsRequest} from 'node:https'
import {createInterface} from 'node:readline'

/** An object of the API, as much as is known of all of them. */
export interface KubernetesObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly resourceVersion?: string
  }
}

export interface Answer {
  readonly status: number
  readonly text: string
}

export interface RequestOptions {
  readonly body?: unknown
  readonly contentType?: string
  /** Milliseconds; 10 s unless told. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number

  constructor(method: string, path: string, answer: Answer) {
    super(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`)
    this.status = answer.status
  }
}

/**
 * A plain client of an API server, for setting scenes and as a witness beside the client under test (with which it shares nothing).
 * Paths are whole, such as `/api/v1/namespaces/sapoche/pods`.
 */
export interface Api {
  /** Whatever the status. Rejects only where there is no answer. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  get<T = KubernetesObject>(path: string): Promise<T>
  create<T = KubernetesObject>(path: string, object: unknown): Promise<T>
  patch<T = KubernetesObject>(path: string, patch: unknown, type?: 'merge' | 'strategic-merge' | 'json'): Promise<T>
  /** An object that is already gone is fine. */
  delete(path: string, options?: unknown): Promise<void>
  /**
   * The events of a collection: each object that there is as ADDED, one BOOKMARK, then what changes; until left, aborted, or the server
   * ends it.
   */
  watch<T = KubernetesObject>(path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent<T>>
  close(): void
}

export interface ApiOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  readonly ca: string
  /** Without one the client is anonymous. */
  readonly token?: string
}

// A bookmark tells where the present state ends and news begin.
const WATCH = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'

export function connectApi({server, ca, token}: ApiOptions): Api {
  const agent = new Agent({keepAlive: true, maxSockets: 16, ca})
  const watches = new Agent({ca})
  const authorization: OutgoingHttpHeaders = token === undefined ? {} : {authorization: `Bearer ${token}`}

  function send(method: string, path: string, options: RequestOptions, via: Agent): Promise<IncomingMessage> {
    const {body, contentType = 'application/json', timeout = 10_000, signal} = options
    return new Promise<IncomingMessage>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      // Node sends the body of a DELETE without saying where it ends, unless told its length.
      const entity = text === undefined ? {} : {'content-type': contentType, 'content-length': Buffer.byteLength(text)}
      const headers = {accept: 'application/json', ...entity, ...authorization}
      const sent = httpsRequest(new URL(path, server), {method, agent: via, headers, timeout, signal}, resolve)
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)))
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed an idle connection just as it was taken again.
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(method, path, options, via))
        else reject(error)
      })
      sent.end(text)
    })
  }

  async function request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await send(method, path, options, agent)
    let text = ''
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk)
    return {status: answer.statusCode ?? 0, text}
  }

  async function succeed<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    const answer = await request(method, path, options)
    if (answer.status >= 300) throw new ApiError(method, path, answer)
    return JSON.parse(answer.text) as T
  }

  return {
    request,
    get: (path) => succeed('GET', path),
    create: (path, object) => succeed('POST', path, {body: object}),
    patch: (path, patch, type = 'merge') =>
      succeed('PATCH', path, {body: patch, contentType: `application/${type === 'json' ? 'json-patch' : `${type}-patch`}+json`}),
    async delete(path, options) {
      await succeed('DELETE', path, {body: options}).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 404)) throw error
      })
    },
    async *watch<T>(path: string, signal?: AbortSignal) {
      const url = `${path}${path.includes('?') ? '&' : '?'}${WATCH}`
      const answer = await send('GET', url, {timeout: 600_000, signal}, watches)
      try {
        if (answer.statusCode !== 200) throw new ApiError('GET', url, {status: answer.statusCode ?? 0, text: ''})
        for await (const line of createInterface({input: answer})) yield JSON.parse(line) as WatchEvent<T>
      } finally {
        answer.destroy()
      }
    },
    close() {
      agent.destroy()
      watches.destroy()
    },
  }
}

/** Follows a collection until `enough` says so of the objects that there are; throws when time is up. */
export async function watchUntil<T extends KubernetesObject>(
  api: Api,
  path: string,
  what: string,
  enough: (objects: readonly T[]) => boolean,
  timeout = 60_000,
): Promise<readonly T[]> {
  const known = new Map<string, T>()
  const signal = AbortSignal.timeout(timeout)
  let complete = false
  try {
    for await (const {type, object} of api.watch<T>(path, signal)) {
      const name = object.metadata?.name ?? ''
      if (type === 'BOOKMARK') complete = true
      else if (type === 'DELETED') known.delete(name)
      else known.set(name, object)
      const objects = [...known.values()]
      if (complete && enough(objects)) return objects
    }
  } catch (error) {
    throw signal.aborted ? new Error(`${what}: not within ${timeout / 1000} s`) : error
  }
  throw new Error(`${what}: the watch ended`)
}
