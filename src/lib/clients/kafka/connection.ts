/** The only file that runs code of kafkajs: the protocol's encoding and the logins, over a stream that we have opened. */
import KafkaBroker, {type ApiVersions} from 'kafkajs/src/broker/index.js'
import assigner from 'kafkajs/src/consumer/assignerProtocol.js'
import ConnectionPool, {type Logger} from 'kafkajs/src/network/connectionPool.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import kafkaErrors from 'kafkajs/src/protocol/error.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import protocol, {type Definition, type Definitions} from 'kafkajs/src/protocol/requests/index.js'
import {InterruptedError, type SapocheError} from '../../errors/index.ts'
import {nameOf, openConnection, orAbort} from '../reach/index.ts'
import type {Address, Connection, KafkaAccess} from '../reach/index.ts'
import {fromBroker, fromFault} from './errors.ts'

export type {ApiVersions} from 'kafkajs/src/broker/index.js'

type Args<N extends keyof Definitions> = Definitions[N] extends Definition<infer A, unknown> ? A : never
type Decoded<N extends keyof Definitions> = Definitions[N] extends Definition<never, infer D> ? D : never

// kafkajs schedules its look at waiting requests with a negative delay where none waits, of which Node warns on the screen.
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this)
}

const SILENT: Logger = {namespace: () => SILENT, info() {}, warn() {}, error() {}, debug() {}}

export interface BrokerConnectionOptions {
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal
  /** What the brokers speak, where another connection has asked. */
  readonly versions: ApiVersions | null
}

/** A logged-in connection to one broker, on which requests go side by side. Every rejection is a SapocheError. */
export class BrokerConnection {
  readonly address: Address
  readonly what: string
  readonly #access: KafkaAccess
  readonly #stream: Connection
  readonly #pool: ConnectionPool
  readonly #broker: KafkaBroker
  #lost: Error | null = null

  private constructor(access: KafkaAccess, address: Address, stream: Connection, options: BrokerConnectionOptions) {
    const {requestTimeoutMs, versions} = options
    this.address = address
    this.what = nameOf({...access, addresses: [address]})
    this.#access = access
    this.#stream = stream
    stream.on('error', (error) => (this.#lost ??= error))
    const {credentials, mechanism} = access
    this.#pool = new ConnectionPool({
      ...address,
      clientId: 'sapoche',
      logger: SILENT,
      socketFactory({onConnect}) {
        queueMicrotask(onConnect)
        return stream
      },
      sasl:
        credentials === null || mechanism === null
          ? null
          : {mechanism, username: credentials.username ?? '', password: credentials.password ?? ''},
      connectionTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
    })
    this.#broker = new KafkaBroker({connectionPool: this.#pool, logger: SILENT, authenticationTimeout: requestTimeoutMs, versions})
  }

  static async open(access: KafkaAccess, address: Address, options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const {signal, requestTimeoutMs} = options
    const stream = await openConnection(access, address, {signal, withinMs: requestTimeoutMs})
    const connection = new BrokerConnection(access, address, stream, options)
    try {
      await orAbort(connection.#broker.connect(), signal)
    } catch (error) {
      const reason = connection.#explain(error)
      connection.close()
      throw reason
    }
    return connection
  }

  /** False once the stream has ended, however. */
  get isOpen(): boolean {
    return this.#lost === null && !this.#stream.destroyed && !this.#stream.readableEnded
  }

  get versions(): ApiVersions {
    return this.#broker.versions ?? {}
  }

  /** The answer as it was sent: error codes in it are for the caller, so that one of them does not hide the others. */
  async send<N extends keyof Definitions>(name: N, args: Args<N>): Promise<Decoded<N>> {
    const definition = protocol.requests[name] as unknown as Definition<Args<N>, Decoded<N>>
    try {
      const {request, response} = this.#broker.lookupRequest(apiKeys[name], definition)(args)
      // What is asked side by side goes out in one piece: each write by itself costs as much as its request.
      this.#stream.cork()
      setImmediate(() => this.#stream.uncork())
      const asked = name === 'Metadata' ? {...request, encode: () => encodeMetadata(args as Args<'Metadata'>)} : request
      return await this.#pool.send({request: asked, response: {decode: response.decode, parse: (decoded) => Promise.resolve(decoded)}})
    } catch (error) {
      throw this.#explain(error)
    }
  }

  /** Ends it at once; what is still under way is rejected. */
  close(): void {
    // A stream that only closes would leave requests waiting for their time limit.
    this.#stream.destroy(new InterruptedError(`the connection to ${this.what} was closed`))
  }

  #explain(error: unknown): SapocheError {
    return fromBroker(error, this.#lost, this.what, this.#access)
  }
}

/** As from version 4 on. kafkajs can't ask for no topic: it means all of them by it. */
async function encodeMetadata({topics, allowAutoTopicCreation}: Args<'Metadata'>): Promise<Encoder> {
  return new Encoder().writeArray(topics).writeBoolean(allowAutoTopicCreation)
}

/** The error behind a code, which leaves out what it is about; null for 0. */
export function faultOf(code: number): SapocheError | null {
  return code === 0 ? null : fromFault(kafkaErrors.createErrorFromCode(code))
}

/** The topics that a member subscribes to, and its partitions, of the bytes that the consumer protocol puts into a group. */
export function decodeMember(
  metadata: Buffer,
  assignment: Buffer,
): {topics: readonly string[]; assigned: Readonly<Record<string, readonly number[]>>} {
  // Members of a group that rebalances have neither yet.
  return {
    topics: metadata.length === 0 ? [] : assigner.MemberMetadata.decode(metadata).topics,
    assigned: assignment.length === 0 ? {} : (assigner.MemberAssignment.decode(assignment)?.assignment ?? {}),
  }
}
