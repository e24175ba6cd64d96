import type {OutgoingHttpHeaders} from 'node:http'
import type {Socket} from 'node:net'
import type {WebSocket} from 'ws'
import {SapocheError, TimedOutError} from '../../errors/index.ts'
import {parseTime} from '../../text/time.ts'
import {bytesOf, readText} from './body.ts'
import type {Exchange, Outgoing} from './connection.ts'
import type {Connections} from './connections.ts'
import type {Credentials} from './credentials.ts'
import {orAbort, pause, startDeadline, type Deadline} from './deadline.ts'
import {
  fromAnswer,
  fromNetwork,
  interruption,
  isDisruptionBudget,
  notKubernetes,
  timedOut,
  tooBusy,
  UnauthorizedError,
  type Origin,
  type RbacRule,
  withSecond,
} from './errors.ts'
import type {Certificate} from './entries.ts'
import {parseObject} from './json.ts'
import type {ByteStream, JsonObject, Resource} from './types.ts'

/** One question to the API server. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** Path below the server's URL, with its query. */
  readonly path: string
  /** For messages. */
  readonly resource: Resource
  readonly body?: {readonly contentType: string; readonly json: unknown}
  /** Asks for `metadata` alone, of a list. */
  readonly metadataOnly?: boolean
  readonly signal?: AbortSignal
}

export interface TransportOptions {
  readonly server: URL
  readonly connections: Connections
  readonly credentials: Credentials
  readonly impersonate: Readonly<Record<string, string | readonly string[]>>
  readonly compress: boolean
  /** For one request with its retries; 0 for none. */
  readonly timeoutMs: number
  readonly origin: Origin
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Of an answer that is an error only its beginning is read. */
const ERROR_BODY_LIMIT = 64 * 1024
/** Without plain JSON beside it, so that a server that can't do it refuses, and sends no data. */
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
/** Where a busy server does not say in seconds how long to wait; and at least. */
const BUSY_PAUSE_MS = 1000
const SHORTEST_PAUSE_MS = 100

/** Asks one API server: credentials, connections, time limits and retries are its secret. Rejects with SapocheErrors alone. */
export class Transport {
  readonly #options: TransportOptions
  readonly #basePath: string
  #skew: number | null = null
  /** The client certificate of the newest connection; undefined before the first. */
  #certificate: Certificate | null | undefined

  constructor(options: TransportOptions) {
    this.#options = options
    this.#basePath = options.server.pathname.replace(/\/$/, '')
  }

  /** Starts to log in and to connect, so that both go on while the caller does something else. Failures show at the first request. */
  warmUp(): void {
    const {connections, credentials} = this.#options
    credentials
      .authorization()
      .then(() => connections.warmUp())
      .catch(() => {})
  }

  /** The JSON object that the server answers. */
  json(call: Call): Promise<JsonObject> {
    const accept = {
      accept: call.metadataOnly === true ? METADATA : 'application/json',
      ...(this.#options.compress ? {'accept-encoding': 'gzip'} : {}),
    }
    return this.#authorized(call.signal, this.#options.timeoutMs, async (headers, deadline) => {
      try {
        return await this.#send(call, {...headers, ...accept}, deadline.signal, (exchange) => this.#readJson(exchange))
      } finally {
        deadline.end()
      }
    })
  }

  /** The bytes that the server answers; `openWithinMs` (0: none) limits the time until they begin. */
  stream(call: Call, openWithinMs = this.#options.timeoutMs): Promise<ByteStream> {
    return this.#authorized(call.signal, openWithinMs, async (headers, deadline) => {
      try {
        const exchange = await this.#send(call, {...headers, accept: '*/*'}, deadline.signal, (answer) => Promise.resolve(answer))
        deadline.lift()
        return bytesOf(exchange, deadline, (error) => this.#explain(error, deadline.signal))
      } catch (error) {
        deadline.end()
        throw error
      }
    })
  }

  /** An open WebSocket, on a connection of its own. `second`: what it takes besides the permission to get. */
  upgrade(call: Call, protocols: readonly string[], second: RbacRule): Promise<WebSocket> {
    const {origin, server, timeoutMs} = this.#options
    return this.#authorized(call.signal, timeoutMs, async (headers, deadline) => {
      try {
        const {openWebSocket} = await import('./websocket.ts')
        const socket = await this.#socket(deadline.signal)
        const url = `ws://${server.host}${this.#basePath}${call.path}`
        const refused = (status: number, contentType: string, text: string) =>
          withSecond(second, fromAnswer(status, contentType, text, origin, call.resource), origin)
        return await openWebSocket(socket, url, protocols, headers, refused, deadline.signal)
      } catch (error) {
        throw this.#explain(error, deadline.signal)
      } finally {
        deadline.end()
      }
    })
  }

  /** The server's clock by its newest answer, and how far ours is ahead, in milliseconds. */
  clock(): {now: number; skew: number} | null {
    return this.#skew === null ? null : {now: this.#options.now() - this.#skew, skew: this.#skew}
  }

  close(): void {
    this.#options.connections.close()
  }

  /**
   * Runs `attempt` with the headers that identify us, and once more with fresh ones where these are refused.
   * Logging in has no time limit of ours, so that of `attempt` starts after it.
   */
  async #authorized<T>(
    signal: AbortSignal | undefined,
    ms: number,
    attempt: (headers: OutgoingHttpHeaders, deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    const {connections, credentials, impersonate, origin} = this.#options
    for (let isRetry = false; ; isRetry = true) {
      const authorization = await (signal === undefined ? credentials.authorization() : orAbort(credentials.authorization(), signal))
      const certificate = credentials.certificate()
      if (this.#certificate !== undefined && this.#certificate !== certificate) connections.renew()
      this.#certificate = certificate
      const headers = {
        'user-agent': 'sapoche',
        ...(impersonate as OutgoingHttpHeaders),
        ...(authorization === null ? {} : {authorization}),
      }
      try {
        return await attempt(
          headers,
          startDeadline(signal, ms, () => timedOut(origin, ms / 1000)),
        )
      } catch (error) {
        if (isRetry || !(error instanceof UnauthorizedError) || !credentials.refresh(authorization)) throw error
      }
    }
  }

  /** Sends and reads, again while the server is busy, and once more where the connection broke before anything happened. */
  async #send<T>(call: Call, headers: OutgoingHttpHeaders, signal: AbortSignal, read: (exchange: Exchange) => Promise<T>): Promise<T> {
    const {origin} = this.#options
    const outgoing = this.#outgoing(call, headers)
    let busy = 0
    try {
      for (let broken = 0; ;) {
        try {
          const exchange = await this.#options.connections.send(outgoing, signal)
          this.#setClock(exchange)
          if (exchange.status < 300) return await read(exchange)
          const text = await readText(exchange, ERROR_BODY_LIMIT)
          if (!isBusy(exchange) || isDisruptionBudget(text))
            throw fromAnswer(exchange.status, contentType(exchange), text, origin, call.resource)
          busy = exchange.status
          await pause(busyPause(exchange), signal)
        } catch (error) {
          const isSafe = call.method === 'GET' || wasNotSent(error)
          if (error instanceof SapocheError || signal.aborted || broken++ > 0 || !isSafe) throw error
        }
      }
    } catch (error) {
      if (busy !== 0 && signal.reason instanceof TimedOutError) throw tooBusy(origin, busy)
      throw this.#explain(error, signal)
    }
  }

  #outgoing({method, path, body}: Call, headers: OutgoingHttpHeaders): Outgoing {
    const request = {method, path: this.#basePath + path}
    if (body === undefined) return {...request, headers}
    return {...request, headers: {...headers, 'content-type': body.contentType}, body: Buffer.from(JSON.stringify(body.json))}
  }

  async #readJson(exchange: Exchange): Promise<JsonObject> {
    const text = await readText(exchange, Infinity)
    if (!/^application\/json\b/.test(contentType(exchange)))
      throw notKubernetes(exchange.status, contentType(exchange), this.#options.origin)
    const body = parseObject(text)
    if (body === null) throw new Error('closed within the answer')
    return body
  }

  async #socket(signal: AbortSignal): Promise<Socket> {
    const dialled = this.#options.connections.dial(['http/1.1'])
    try {
      return await orAbort(dialled, signal)
    } catch (error) {
      dialled.then(
        (late) => late.destroy(),
        () => {},
      )
      throw error
    }
  }

  #explain(error: unknown, signal: AbortSignal): SapocheError {
    return signal.aborted ? interruption(signal) : fromNetwork(error, this.#options.origin.server)
  }

  #setClock({headers}: Exchange): void {
    const date = parseTime(headers.date)
    if (date !== null) this.#skew = this.#options.now() - date
  }
}

function contentType({headers}: Exchange): string {
  return headers['content-type'] ?? ''
}

/** 429 always, 503 where it says when to come back: then it is not broken. */
function isBusy({status, headers}: Exchange): boolean {
  return status === 429 || (status === 503 && headers['retry-after'] !== undefined)
}

function busyPause({headers}: Exchange): number {
  const asked = Number(headers['retry-after']) * 1000
  return Number.isNaN(asked) ? BUSY_PAUSE_MS : Math.max(asked, SHORTEST_PAUSE_MS)
}

/** true where the server can't have seen the request, so that even a change may be sent again. */
function wasNotSent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ERR_HTTP2_INVALID_SESSION' || code === 'ERR_HTTP2_GOAWAY_SESSION') return true
  return error instanceof Error && error.message.includes('NGHTTP2_REFUSED_STREAM')
}
