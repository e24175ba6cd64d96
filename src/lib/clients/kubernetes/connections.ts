import type {Socket} from 'node:net'
import type {SecureContext} from 'node:tls'
import type {Connection, Exchange, Heartbeat, Outgoing} from './connection.ts'
import {orAbort, startDeadline} from './deadline.ts'
import {dialServer} from './dial.ts'
import {fromNetwork, interruption, timedOut, type Origin} from './errors.ts'
import type {Cluster} from './entries.ts'

const HEARTBEAT: Heartbeat = {everyMs: 20_000, deadAfterMs: 10_000}

export interface Route {
  readonly cluster: Cluster
  readonly proxy: URL | null
  /** TLS as the credentials are now; null for an http server. */
  readonly secureContext: () => SecureContext | null
  readonly origin: Origin
  /** Limit for opening a connection; 0 for none. */
  readonly timeoutMs: number
  readonly heartbeat?: Heartbeat
}

/** The open connections to one server: one, unless it allows fewer requests at once than there are. */
export class Connections {
  readonly #route: Route
  readonly #open = new Set<Connection>()
  readonly #retired = new Set<Connection>()
  readonly #closing = new AbortController()
  #opening: Promise<void> | null = null

  constructor(route: Route) {
    this.#route = route
  }

  /** Opens a connection where there is none. Rejects as `dial`. */
  async warmUp(): Promise<void> {
    if (this.#free() === null) await this.#opened()
  }

  /** Sends over a connection that is free. Rejects as `dial`, with the raw error of a connection that broke, or with the signal's reason. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Exchange> {
    for (;;) {
      // Nothing may come between finding it and using it, or two requests would count as one.
      const free = this.#free()
      if (free !== null) return free.send(outgoing, signal)
      await orAbort(this.#opened(), signal)
    }
  }

  /** A socket for a protocol that takes a connection over (WebSocket). Rejects with a SapocheError. */
  async dial(protocols: readonly string[]): Promise<Socket> {
    const {cluster, proxy, secureContext, origin, timeoutMs} = this.#route
    const deadline = startDeadline(this.#closing.signal, timeoutMs, () => timedOut(origin, timeoutMs / 1000))
    deadline.unref()
    try {
      return await dialServer(cluster, proxy, secureContext(), protocols, deadline.signal)
    } catch (error) {
      throw deadline.signal.aborted ? interruption(deadline.signal) : fromNetwork(error, origin.server)
    } finally {
      deadline.end()
    }
  }

  /** Requests in flight go on; later ones get a new connection (new client certificate). */
  renew(): void {
    for (const connection of this.#open) this.#retired.add(connection)
    this.#open.clear()
  }

  close(): void {
    this.#closing.abort()
    for (const connection of [...this.#open, ...this.#retired]) connection.close()
  }

  #free(): Connection | null {
    for (const connection of this.#open) {
      if (!connection.isOpen()) this.#open.delete(connection)
      else if (connection.isFree()) return connection
    }
    return null
  }

  #opened(): Promise<void> {
    this.#opening ??= this.#add().finally(() => (this.#opening = null))
    // Whoever waits may give up while the connection is being opened for others.
    this.#opening.catch(() => {})
    return this.#opening
  }

  async #add(): Promise<void> {
    const {cluster, heartbeat = HEARTBEAT} = this.#route
    const dialled = this.dial(['h2', 'http/1.1'])
    // Loaded while the handshake goes on.
    const [socket, {Http2Connection}] = await Promise.all([dialled, import('./http2.ts')])
    const isHttp2 = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'
    const connection = isHttp2
      ? new Http2Connection(socket, cluster.server, heartbeat)
      : new (await import('./http1.ts')).Http1Connection(socket, (protocols) => this.dial(protocols), cluster.server)
    this.#open.add(connection)
  }
}
