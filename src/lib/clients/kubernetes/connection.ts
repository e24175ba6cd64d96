import type {IncomingHttpHeaders, OutgoingHttpHeaders} from 'node:http'
import type {Socket} from 'node:net'
import type {Readable} from 'node:stream'

/** A request as it goes over the wire. */
export interface Outgoing {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: Buffer
}

/** An answer whose headers are here and whose body is to be read. */
export interface Exchange {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
  /** Asked at the end of the body: Node ends it as if it were whole even when the connection broke (http2). */
  isComplete(): boolean
}

/** A connection to a server, or for HTTP/1.1 a handful of them. Rejects with the raw errors of Node, or with the signal's reason. */
export interface Connection {
  isOpen(): boolean
  /** false while it has as many requests in flight as the server allows. */
  isFree(): boolean
  send(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange>
  close(): void
}

/** Opens a socket that speaks one of `protocols` (ALPN), ready for the first byte of HTTP; it is not referenced. */
export type Dial = (protocols: readonly string[]) => Promise<Socket>

/** Timings of a connection that is in use; shorter ones are for tests. */
export interface Heartbeat {
  /** Milliseconds between two pings, and until a peer that answers none is taken for dead. */
  readonly everyMs: number
  readonly deadAfterMs: number
}
