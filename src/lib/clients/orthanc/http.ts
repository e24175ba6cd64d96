import {Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage, request} from 'node:http'
import type {Duplex} from 'node:stream'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {fromConnection, nameOf} from '../reach/errors.ts'
import {openConnection, orAbort} from '../reach/open.ts'
import type {Access} from '../reach/types.ts'
import type {Failure} from './types.ts'

export interface HttpOptions {
  /** Milliseconds for the connection, and for the whole of each answer. */
  readonly timeoutMs: number
  /** Milliseconds on any clock that goes evenly. */
  readonly clock: () => number
}

export interface GetOptions {
  readonly signal: AbortSignal
  /** Of the `Authorization` header; null for none. */
  readonly authorization: string | null
  /** Bytes of the body that are read; the rest is cut off, and the connection with it. */
  readonly limit: number
}

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  /** False where there was more than the limit. */
  readonly isWhole: boolean
}

/** `ms` counts from the open connection. */
export type Exchange =
  | {readonly reply: Reply; readonly failure: null; readonly ms: number}
  | {readonly reply: null; readonly failure: Failure; readonly ms: number}

/** HTTP/1.1 over connections of any kind, one at a time and kept for the next request. Follows nothing, unpacks nothing. */
export class HttpClient {
  readonly what: string
  readonly #access: Access
  readonly #options: HttpOptions
  readonly #agent: ConnectionAgent

  constructor(access: Access, options: HttpOptions) {
    this.what = nameOf(access)
    this.#access = access
    this.#options = options
    this.#agent = new ConnectionAgent(access, options.timeoutMs)
  }

  /** GET of a path. Rejects with a SapocheError where no connection comes about, or the way is lost (`fromConnection`). */
  async get(path: string, options: GetOptions): Promise<Exchange> {
    const first = await this.#once(path, options)
    // A connection that was kept may have been closed by the other side meanwhile: that says nothing about it.
    return first.wasKept && first.failure?.kind === 'broken' ? await this.#once(path, options) : first
  }

  close(): void {
    this.#agent.destroy()
  }

  async #once(path: string, {signal, authorization, limit}: GetOptions): Promise<Exchange & {readonly wasKept: boolean}> {
    const {timeoutMs, clock} = this.#options
    const {host, port} = this.#access.addresses[0]
    const call = request({
      agent: this.#agent,
      signal,
      host,
      port,
      path,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'sapoche',
        ...(authorization === null ? {} : {authorization}),
      },
    })
    let start = clock()
    let timer: NodeJS.Timeout | undefined
    // Once an answer has begun, what ends it is an error of the request; reading it only finds that it was cut off.
    let cause: unknown = null
    call.on('error', (error) => (cause ??= error))
    call.once('socket', () => {
      start = clock()
      timer = setTimeout(() => {
        cause ??= new TooLate()
        call.destroy()
      }, timeoutMs)
    })
    try {
      const reply = await orAbort(receive(call, limit), signal)
      return {reply, failure: null, ms: clock() - start, wasKept: call.reusedSocket}
    } catch (error) {
      if (signal.aborted) throw error
      return {reply: null, failure: failureOf(cause ?? error, this.what, timeoutMs), ms: clock() - start, wasKept: call.reusedSocket}
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The answer took longer than it may. */
class TooLate extends Error {}

/** The answer, as far as it is wanted. */
async function receive(call: ClientRequest, limit: number): Promise<Reply> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).once('error', reject).end()
  })
  const {statusCode = 0, headers} = response
  const chunks: Buffer[] = []
  let size = 0
  let isWhole = true
  if (limit === 0) isWhole = false
  else {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > limit) {
        isWhole = false
        break
      }
    }
  }
  if (!isWhole) response.destroy()
  return {status: statusCode, contentType: headers['content-type'] ?? '', body: Buffer.concat(chunks).subarray(0, limit), isWhole}
}

const NOTHING = {status: null, orthancStatus: null}

/** What a connection that was open came to. Throws a SapocheError where the way was lost, or there never was one. */
function failureOf(error: unknown, what: string, timeoutMs: number): Failure {
  if (error instanceof TooLate) return {...NOTHING, kind: 'silent', words: `no whole answer within ${timeoutMs / 1000} s`}
  if (error instanceof SapocheError) throw fromConnection(error, what)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code.startsWith('HPE_')) return {...NOTHING, kind: 'foreign', words: 'answers, and not in HTTP'}
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return {...NOTHING, kind: 'broken', words: 'the connection was closed before the answer was whole'}
  throw fromConnection(error, what)
}

/** Opens connections as the access says, one at a time. Node's own forgets those that are still being opened when it is destroyed. */
class ConnectionAgent extends Agent {
  readonly #access: Access
  readonly #withinMs: number
  readonly #end = new AbortController()

  constructor(access: Access, withinMs: number) {
    super({keepAlive: true, maxSockets: 1})
    this.#access = access
    this.#withinMs = withinMs
  }

  override createConnection(_: ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    void this.#open(callback as (error: unknown, stream?: Duplex) => void)
  }

  override destroy(): void {
    this.#end.abort(new InterruptedError())
    super.destroy()
  }

  async #open(callback: (error: unknown, stream?: Duplex) => void): Promise<void> {
    const {signal} = this.#end
    try {
      const connection = await openConnection(this.#access, this.#access.addresses[0], {signal, withinMs: this.#withinMs})
      if (signal.aborted) connection.destroy(signal.reason as InterruptedError)
      if (connection.errored !== null) throw connection.errored
      callback(null, connection)
    } catch (error) {
      callback(error)
    }
  }
}
