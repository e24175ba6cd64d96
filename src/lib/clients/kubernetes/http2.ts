import {connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders} from 'node:http2'
import type {Socket} from 'node:net'
import {interruption} from './errors.ts'
import type {Connection, Exchange, Heartbeat, Outgoing} from './connection.ts'

/** How much the server may send ahead: of one answer (Node's 64 KiB make a distant server wait), and in sum. */
const STREAM_WINDOW = 512 * 1024
const SESSION_WINDOW = 16 * 1024 * 1024
/** In MB: Node refuses new requests above it, and slowly read logs count in. */
const MAX_SESSION_MEMORY = 256

/** One connection on which requests go side by side. */
export class Http2Connection implements Connection {
  readonly #session: ClientHttp2Session
  readonly #origin: OutgoingHttpHeaders
  readonly #heartbeat: Heartbeat
  #inFlight = 0
  #pulse: NodeJS.Timeout | undefined

  constructor(socket: Socket, server: URL, heartbeat: Heartbeat) {
    this.#origin = {':scheme': server.protocol.slice(0, -1), ':authority': server.host}
    this.#heartbeat = heartbeat
    this.#session = connect(server, {
      createConnection: () => socket,
      settings: {initialWindowSize: STREAM_WINDOW, enablePush: false},
      maxSessionMemory: MAX_SESSION_MEMORY,
    })
    this.#session.once('connect', () => this.#session.setLocalWindowSize(SESSION_WINDOW))
    // Its streams tell their own errors.
    this.#session.on('error', () => {})
    this.#session.unref()
  }

  isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed
  }

  isFree(): boolean {
    return this.#inFlight < (this.#session.remoteSettings?.maxConcurrentStreams ?? Infinity)
  }

  send({method, path, headers, body}: Outgoing, signal: AbortSignal): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({...this.#origin, ':method': method, ':path': path, ...headers}, {endStream: body === undefined})
      this.#begin()
      const onAbort = () => cancel(stream, signal)
      signal.addEventListener('abort', onAbort, {once: true})
      stream.once('response', (answer) => {
        const {':status': status = 0, ...rest} = answer
        resolve({
          status,
          headers: rest,
          body: stream,
          isComplete: () => stream.readableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
        })
      })
      stream.on('error', reject)
      stream.once('close', () => {
        signal.removeEventListener('abort', onAbort)
        this.#end()
        reject(new Error('closed before the answer'))
      })
      if (body !== undefined) stream.end(body)
    })
  }

  close(): void {
    clearInterval(this.#pulse)
    this.#session.destroy()
  }

  /** Only a connection in use keeps the process alive, and is asked whether it lives. */
  #begin(): void {
    if (this.#inFlight++ > 0) return
    this.#session.ref()
    this.#pulse = setInterval(() => this.#ping(), this.#heartbeat.everyMs).unref()
  }

  #end(): void {
    if (--this.#inFlight > 0) return
    clearInterval(this.#pulse)
    this.#session.unref()
  }

  #ping(): void {
    if (this.#session.destroyed) return
    const dead = setTimeout(() => this.#session.destroy(new Error('no answer to a ping')), this.#heartbeat.deadAfterMs).unref()
    this.#session.ping(() => clearTimeout(dead))
  }
}

function cancel(stream: ClientHttp2Stream, signal: AbortSignal): void {
  stream.close(constants.NGHTTP2_CANCEL)
  stream.destroy(interruption(signal))
}
