import {Duplex} from 'node:stream'
import {InterruptedError, type SapocheError, TimedOutError, UnreachableError} from '../../../errors/index.ts'
import type {Heartbeat} from '../connection.ts'
import {fromNode, interruption} from '../errors.ts'
import type {ClusterStreams, PodPort} from '../types.ts'
import {ChannelSocket, openChannels} from './channels.ts'

export interface TunnelOptions {
  /** Gives up opening; an open stream is ended by `destroy`. */
  readonly signal?: AbortSignal
  /** Milliseconds from the WebSocket's opening until the pod's node has taken the port up; 10 s when not given. */
  readonly openWithinMs?: number
  readonly heartbeat?: Heartbeat
}

const PROTOCOL = 'v4.channel.k8s.io'
const DATA = 0
const OPEN_WITHIN_MS = 10_000

/**
 * A stream to a port of a pod, through the API server's port-forward. It opens by itself; what is written meanwhile waits.
 * Emits `connect`. Every end but the remote program's own is an `error` (a SapocheError), so that a lost connection never looks like
 * the end of the data. The protocol can't close one direction alone: `end` closes both once all is sent, and the remote's end both as well.
 * It has what client libraries expect of a socket besides: `connecting`, `setTimeout`, `setNoDelay`, `setKeepAlive`, `ref`, `unref`.
 */
export class TunnelStream extends Duplex {
  connecting = true
  readonly #what: string
  readonly #options: TunnelOptions
  readonly #openWebSocket: (signal: AbortSignal) => ReturnType<typeof openChannels>
  /** Of the data and of the error channel. */
  readonly #prefixes: readonly [PortPrefix, PortPrefix]
  readonly #opened = Promise.withResolvers<void>()
  readonly #giveUp = new AbortController()
  #channels: ChannelSocket | null = null
  #idleTimer: NodeJS.Timeout | undefined
  #idleMs = 0
  #hasAnswered = false

  constructor(cluster: ClusterStreams, {pod, port}: PodPort, options: TunnelOptions = {}) {
    super({allowHalfOpen: false})
    this.#what = `port ${port} of pod ${pod}`
    this.#options = options
    this.#prefixes = [new PortPrefix(port), new PortPrefix(port)]
    this.#openWebSocket = (signal) => openChannels(cluster, pod, 'portforward', [PROTOCOL], {query: {ports: String(port)}, signal})
  }

  override _construct(callback: (error?: Error | null) => void): void {
    void this.#construct(callback)
  }

  override _read(): void {
    this.#channels?.release()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send(chunk, callback)
  }

  override _writev(chunks: readonly {chunk: Buffer}[], callback: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({chunk}) => chunk)), callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#channels?.close()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer)
    this.#channels?.terminate()
    callback(error)
  }

  /** Node waits with `_destroy` until a stream is open or has failed to. */
  override destroy(error?: Error): this {
    this.#giveUp.abort(new InterruptedError(`the connection to ${this.#what} was given up`))
    return super.destroy(error)
  }

  /** As a socket's: emits `timeout` after so many milliseconds without a byte (0: never), and does nothing else. */
  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    this.#idleMs = milliseconds
    if (onTimeout !== undefined) this.once('timeout', onTimeout)
    this.#stir()
    return this
  }

  /** Nothing waits for more to be sent with it. */
  setNoDelay(): this {
    return this
  }

  /** Pings do that. */
  setKeepAlive(): this {
    return this
  }

  /** The tunnel keeps the process alive as long as it is open. */
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  async #construct(done: (error?: Error | null) => void): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      this.connecting = false
      this.#channels?.terminate()
      // Who destroys a stream that is not open yet wants no error.
      return done(this.destroyed ? null : (error as SapocheError))
    }
    done()
    if (!this.destroyed) this.emit('connect')
  }

  async #open(): Promise<void> {
    const {signal: caller, heartbeat, openWithinMs = OPEN_WITHIN_MS} = this.#options
    const signal = caller === undefined ? this.#giveUp.signal : AbortSignal.any([caller, this.#giveUp.signal])
    const socket = await this.#openWebSocket(signal)
    const {promise, reject} = this.#opened
    const onAbort = () => reject(interruption(signal))
    const timer = setTimeout(() => reject(new TimedOutError(`no answer from ${this.#what} within ${openWithinMs / 1000} s`)), openWithinMs)
    signal.addEventListener('abort', onAbort)
    const listener = {
      onData: (channel: number, data: Buffer) => this.#receive(channel, data),
      onClose: (fault: SapocheError | null) => this.#close(fault),
    }
    this.#channels = new ChannelSocket(socket, listener, {what: this.#what, ...(heartbeat === undefined ? {} : {heartbeat})})
    try {
      if (signal.aborted) onAbort()
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #send(data: Buffer, done: (error?: Error | null) => void): void {
    this.#stir()
    this.#channels?.send(DATA, data, done)
  }

  #receive(channel: number, data: Buffer): void {
    if (this.destroyed) return
    const prefix = this.#prefixes[channel]
    const rest = prefix?.strip(data)
    if (rest === undefined) return this.#fail(new UnreachableError(`${this.#what} is answered for by another port`))
    if (channel !== DATA) {
      if (rest.length > 0) this.#fail(fromNode(rest.toString('utf8'), this.#what, this.#hasAnswered))
      return
    }
    if (prefix?.isDone === true && this.connecting) {
      this.connecting = false
      this.#opened.resolve()
    }
    if (rest.length === 0) return
    this.#hasAnswered = true
    this.#stir()
    if (!this.push(rest)) this.#channels?.hold()
  }

  #close(fault: SapocheError | null): void {
    if (this.connecting) this.#fail(fault ?? new UnreachableError(`the connection to ${this.#what} was closed before it was open`))
    else if (fault !== null) this.#fail(fault)
    else if (!this.destroyed) this.push(null)
  }

  #fail(error: SapocheError): void {
    if (this.connecting) this.#opened.reject(error)
    else this.destroy(error)
  }

  #stir(): void {
    clearTimeout(this.#idleTimer)
    if (this.#idleMs > 0 && !this.destroyed) this.#idleTimer = setTimeout(() => this.emit('timeout'), this.#idleMs).unref()
  }
}

/** Each channel begins with the number of its port, once: two bytes, the lower first, not always in one message. */
class PortPrefix {
  readonly #expected: readonly number[]
  #seen = 0

  constructor(port: number) {
    this.#expected = [port & 0xff, port >> 8]
  }

  get isDone(): boolean {
    return this.#seen === this.#expected.length
  }

  /** What follows the number; undefined where it is another number. */
  strip(data: Buffer): Buffer | undefined {
    let start = 0
    for (; !this.isDone && start < data.length; start++) if (data[start] !== this.#expected[this.#seen++]) return undefined
    return data.subarray(start)
  }
}
