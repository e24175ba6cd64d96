import type {RawData, WebSocket} from 'ws'
import {type SapocheError, UnreachableError} from '../../../errors/index.ts'
import type {Heartbeat} from '../connection.ts'
import {ForbiddenError} from '../errors.ts'
import type {ClusterStreams, Query, Resource} from '../types.ts'

export interface ChannelListener {
  onData(channel: number, data: Buffer): void
  /** The last call: null where the server ended the connection in order, else how it was lost. */
  onClose(fault: SapocheError | null): void
}

/** What the listener is told of, for messages: `port 6379 of pod redis-0`. */
export interface ChannelOptions {
  readonly what: string
  readonly heartbeat?: Heartbeat
}

const PODS: Resource = {group: '', version: 'v1', name: 'pods', kind: 'Pod', namespaced: true}
const HEARTBEAT: Heartbeat = {everyMs: 20_000, deadAfterMs: 10_000}
/** A longer write is cut, so that no single frame makes the server take much memory. */
const LARGEST_FRAME = 64 * 1024
/** The code of a WebSocket that was closed on purpose, with nothing wrong. */
const NORMAL = 1000
/** How long the server may take to answer our closing. */
const CLOSE_WITHIN_MS = 2000

/** Opens the WebSocket of a pod's `exec` or `portforward`. A 403 names the verb that newer servers ask for. */
export async function openChannels(
  cluster: ClusterStreams,
  pod: string,
  subresource: 'exec' | 'portforward',
  protocols: readonly string[],
  options: {readonly query: Query; readonly signal: AbortSignal},
): Promise<WebSocket> {
  try {
    return await cluster.upgrade(PODS, pod, subresource, protocols, options)
  } catch (error) {
    if (!(error instanceof ForbiddenError) || error.rule?.verb !== 'create') throw error
    // KEP-4006: a WebSocket is opened by a GET, for which `get` was enough before.
    const why = {
      label: 'why',
      text: `from Kubernetes 1.35 on ${subresource} over a WebSocket takes the verb create; get alone was enough before`,
    }
    throw new ForbiddenError(error.message, error.rule, {cause: error, hints: [...error.hints, why]})
  }
}

/**
 * A WebSocket on which numbered channels share one connection (`*.channel.k8s.io`): the first byte of each message is its channel.
 * It loses nothing and keeps little: who can't take more calls `hold`, and who sends learns when the bytes are on their way.
 */
export class ChannelSocket {
  readonly #socket: WebSocket
  readonly #listener: ChannelListener
  readonly #what: string
  readonly #deadAfterMs: number
  readonly #pulse: NodeJS.Timeout
  #dead: NodeJS.Timeout | undefined
  #isHeld = false
  /** Messages that we sent, and of them those that the server had read when it answered a ping. */
  #sent = 0
  #read = 0
  #fault: SapocheError | null = null

  /** `socket` is open and paused. */
  constructor(socket: WebSocket, listener: ChannelListener, {what, heartbeat = HEARTBEAT}: ChannelOptions) {
    this.#socket = socket
    this.#listener = listener
    this.#what = what
    this.#deadAfterMs = heartbeat.deadAfterMs
    socket.on('message', (data: RawData) => this.#receive(data as Buffer))
    socket.on('pong', (sent: Buffer) => {
      this.#read = Number(sent.toString())
      this.#forgive()
    })
    socket.on('close', (code: number) => this.#end(code))
    this.#pulse = setInterval(() => this.#beat(), heartbeat.everyMs).unref()
    socket.resume()
  }

  /** Sends in order; `done` follows when the bytes have left this process, with an error where the connection is gone. */
  send(channel: number, data: Buffer, done: (error?: Error | null) => void): void {
    this.#sent++
    this.#forgive()
    for (let start = 0; start < data.length || start === 0; start += LARGEST_FRAME) {
      const end = start + LARGEST_FRAME
      const frame = Buffer.concat([Buffer.of(channel), data.subarray(start, end)])
      if (end < data.length) this.#socket.send(frame)
      else this.#socket.send(frame, (error) => done(error == null ? null : (this.#fault ?? this.#lost())))
    }
  }

  /** Reads no more until `release`, so that the server has to wait. */
  hold(): void {
    this.#isHeld = true
    this.#forgive()
    this.#socket.pause()
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#socket.resume()
  }

  /** Ends it in order; the listener hears of it. */
  close(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.release()
    this.#socket.close(NORMAL)
    setTimeout(() => this.#socket.terminate(), CLOSE_WITHIN_MS).unref()
  }

  /** Ends it at once. */
  terminate(): void {
    this.#socket.terminate()
  }

  #receive(message: Buffer): void {
    this.#forgive()
    const channel = message[0]
    if (channel !== undefined) this.#listener.onData(channel, message.subarray(1))
  }

  #end(code: number): void {
    clearInterval(this.#pulse)
    this.#forgive()
    this.#listener.onClose(code === NORMAL ? null : (this.#fault ?? this.#lost()))
  }

  /**
   * A server that is alive answers a ping, but for two cases that say nothing: we don't listen, or it may still be busy with what
   * we sent before (the program in the pod is slow to take it). The operating system finds out about those.
   */
  #beat(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.ping(String(this.#sent))
    if (this.#isHeld || this.#read < this.#sent) return
    this.#dead ??= setTimeout(() => {
      this.#fault = new UnreachableError(`the connection to ${this.#what} is dead: no answer to a ping`)
      this.#socket.terminate()
    }, this.#deadAfterMs).unref()
  }

  #forgive(): void {
    clearTimeout(this.#dead)
    this.#dead = undefined
  }

  #lost(): SapocheError {
    return new UnreachableError(`the connection to ${this.#what} was lost`)
  }
}
