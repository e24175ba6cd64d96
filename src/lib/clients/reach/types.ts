import type {Duplex} from 'node:stream'

/**
 * How Redis, Kafka and Orthanc are reached: directly, or through the API server to the pods behind their names.
 * A client of one of them is handed an `Access` and knows nothing of the way.
 */

/** A server as the workloads, or the server itself, name it. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** TLS inside the connection. The certificate is always checked. */
export interface TlsOptions {
  /** PEM of the authority to trust; null for those of the system. */
  readonly ca: string | null
  /** The name that the certificate has to be for; null for the host that is connected to. */
  readonly servername: string | null
}

/** Who we are to a server. Only `username` and `source` may be shown. */
export interface Credentials {
  readonly username: string | null
  readonly password: string | null
  /** Where they come from, for messages: `SAPOCHE_REDIS_PASSWORD`, `Secret sapoche-secrets (key redis-password)`. */
  readonly source: string
}

/** A stream with what client libraries expect of a socket of node:net besides. Emits `connect`, or `error`. */
export interface Connection extends Duplex {
  readonly connecting: boolean
  setTimeout(milliseconds: number, onTimeout?: () => void): this
  setNoDelay(noDelay?: boolean): this
  setKeepAlive(enable?: boolean, initialDelay?: number): this
  ref(): this
  unref(): this
}

export interface Network {
  readonly kind: 'direct' | 'tunnel'
  /** Where a connection ends, for messages: `st-redis-sp:6379`, `st-redis-sp:6379 (pod redis-0)`. */
  describe(address: Address): string
  /** A connection, returned at once. Its errors are raw, or SapocheErrors: `fromConnection` makes the latter of either. */
  connect(address: Address): Connection
}

/** Everything that it takes to talk to one server, or to the brokers of one cluster. */
export interface Access {
  /** `Redis`, `Kafka`, `Orthanc`, for messages. */
  readonly server: string
  /** Where to begin: one address, or several of which each will do. */
  readonly addresses: readonly [Address, ...Address[]]
  readonly network: Network
  readonly tls: TlsOptions | null
  /** Null where nobody gave any: to be tried without. */
  readonly credentials: Credentials | null
}

export interface RedisAccess extends Access {
  /** Of the URL; null where it says none. */
  readonly database: number | null
  /** Name of the master that the addresses, which are Sentinels then, are asked for; null for a plain server. */
  readonly sentinel: string | null
}

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

export interface KafkaAccess extends Access {
  /** Null without credentials. */
  readonly mechanism: SaslMechanism | null
}

export interface OrthancAccess extends Access {
  /** Path of the URL before Orthanc's own, without a slash at its end; '' mostly. */
  readonly path: string
}
