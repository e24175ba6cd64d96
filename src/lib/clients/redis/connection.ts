import {setTimeout as wait} from 'node:timers/promises'
import type {Redis, RedisOptions} from 'ioredis'
import {SapocheError} from '../../errors/index.ts'
import {nameOf} from '../reach/errors.ts'
import {openConnection, orAbort} from '../reach/open.ts'
import type {Access, Address, Connection} from '../reach/types.ts'
import {fromLoss, fromReply, isForeign, keyFailure, RedisTroubleError} from './errors.ts'
import type {Answer, KeyFailure} from './types.ts'

export interface ConnectionOptions {
  /** Milliseconds for the connection, and for each round of commands. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** A command with its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]]

const CLOSED = 'Connection is closed.'
/** How long a silent Redis is listened to once more, milliseconds. */
const LAST_WORD = 500

/** One connection to one Redis, over any stream. It never reconnects: whoever wants that opens another one. */
export class RedisConnection {
  /** `Redis at st-redis-sp:6379 (pod redis-0)`. */
  readonly what: string
  readonly #redis: Redis
  readonly #stream: Connection
  readonly #access: Access
  #lastError: Error | null = null
  #database = 0

  private constructor(redis: Redis, stream: Connection, access: Access, what: string) {
    this.#redis = redis
    this.#stream = stream
    this.#access = access
    this.what = what
    redis.on('error', (error: Error) => (this.#lastError ??= error))
  }

  /** Connects and logs in. Rejects with a SapocheError. */
  static async open(access: Access, address: Address, {timeoutMs, signal}: ConnectionOptions): Promise<RedisConnection> {
    const what = nameOf({...access, addresses: [address]})
    // Bundled, the package has no export but `default`.
    const [
      stream,
      {
        default: {Redis: Client},
      },
    ] = await Promise.all([openConnection(access, address, {signal, withinMs: timeoutMs}), import('ioredis')])
    const redis = new Client({
      lazyConnect: true,
      // Its own HELLO, CLIENT SETINFO and INFO would need rights that a reader has no use for.
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      commandTimeout: timeoutMs,
      connectTimeout: timeoutMs,
      Connector: connectorFor(stream),
    })
    const connection = new RedisConnection(redis, stream, access, what)
    try {
      await redis.connect()
      const {credentials} = access
      // Not by ioredis' options: it says on the console what a server without password thinks of one.
      if (credentials?.password != null) await connection.#login(credentials.username, credentials.password, signal)
      return connection
    } catch (error) {
      connection.close()
      throw error instanceof SapocheError ? error : fromLoss(connection.#lastError, what, access.credentials)
    }
  }

  /**
   * Sends commands in one go; their answers in the same order, each with its own failure. Rejects where the connection is lost, where Redis
   * refuses us as a whole, and where it answers none of them in time.
   */
  async send(commands: readonly Command[], signal: AbortSignal): Promise<Answer<unknown>[]> {
    const pipeline = this.#redis.pipeline()
    for (const [name, ...args] of commands) pipeline.call(name, ...args)
    const replies = await orAbort(pipeline.exec(), signal)
    // Null for a connection that was lost before they were sent.
    const answers = (replies ?? commands.map(() => [new Error(CLOSED), null] as const)).map(([error, value]): Answer<unknown> => {
      if (error === null) return {value, failure: null}
      if (error.message === CLOSED || isForeign(error)) throw fromLoss(this.#lastError, this.what, this.#access.credentials)
      const meant = fromReply(error.message, this.what, this.#access.credentials)
      if (meant !== null) throw meant
      return {value: null, failure: keyFailure(error)}
    })
    for (const trouble of ['silent', 'busy'] as const) {
      if (answers.length === 0 || !answers.every(({failure}) => failure?.kind === trouble)) continue
      if (trouble === 'silent') await this.#requireWay(signal)
      throw new RedisTroubleError(this.what, trouble)
    }
    return answers
  }

  /** That a connection is lost some learn only when they write again, a node in between among them. */
  async #requireWay(signal: AbortSignal): Promise<void> {
    const written = this.#redis.ping().catch((error: Error) => error.message)
    const word = await orAbort(Promise.race([written, wait(LAST_WORD, null)]), signal)
    if (word === CLOSED || this.#lastError !== null) throw fromLoss(this.#lastError, this.what, this.#access.credentials)
  }

  /** Goes into a database, unless it is there. What Redis said against it; null where it said nothing. */
  async select(database: number, signal: AbortSignal): Promise<KeyFailure | null> {
    if (database === this.#database) return null
    const [answer] = await this.send([['SELECT', database]], signal)
    const failure = answer?.failure ?? null
    if (failure === null) this.#database = database
    return failure
  }

  close(): void {
    this.#redis.disconnect()
    this.#stream.destroy()
  }

  async #login(username: string | null, password: string, signal: AbortSignal): Promise<void> {
    const [answer] = await this.send([username === null ? ['AUTH', password] : ['AUTH', username, password]], signal)
    if (answer?.failure != null) throw fromReply('NOAUTH', this.what, this.#access.credentials) ?? new Error(answer.failure.message)
  }
}

/** Hands ioredis a stream that is open; it wants a class that it can make an instance of. */
function connectorFor(stream: Connection): ConnectorClass {
  const connector = {
    check: () => true,
    connect: () => Promise.resolve(stream),
    disconnect: () => void stream.destroy(),
  }
  return function Connector() {
    return connector
  } as unknown as ConnectorClass
}

type ConnectorClass = NonNullable<RedisOptions['Connector']>
