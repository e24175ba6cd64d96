/** A WebSocket of the API server from its own end: numbered channels, the first byte of each message, written and read no faster than the other end can. */
import {Readable, Writable} from 'node:stream'
import type {RawData, WebSocket} from 'ws'

const NORMAL = 1000
/** Names a channel whose writer has no more to say (v5.channel.k8s.io). */
const CLOSE = 255
const PIECE = 32 * 1024

export class Channels {
  readonly #socket: WebSocket
  readonly #inputs = new Map<number, Readable>()
  /** Inputs that are not read at the moment: the client waits while there is one. */
  readonly #full = new Set<number>()

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('error', () => socket.terminate())
    socket.on('message', (data: RawData) => this.#receive(data as Buffer))
    socket.on('close', () => {
      for (const input of this.#inputs.values()) input.push(null)
    })
  }

  /** Aborts when the client has gone. */
  get gone(): AbortSignal {
    const controller = new AbortController()
    if (this.#socket.readyState !== this.#socket.OPEN) controller.abort()
    this.#socket.once('close', () => controller.abort())
    return controller.signal
  }

  input(channel: number): Readable {
    const stream = new Readable({
      read: () => {
        this.#full.delete(channel)
        if (this.#full.size === 0) this.#socket.resume()
      },
    })
    this.#inputs.set(channel, stream)
    return stream
  }

  output(channel: number): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        for (let start = 0; start < chunk.length; start += PIECE) {
          const isLast = start + PIECE >= chunk.length
          // What can't be delivered any more is nobody's loss.
          this.send(channel, chunk.subarray(start, start + PIECE), isLast ? () => done() : undefined)
        }
        if (chunk.length === 0) done()
      },
    })
  }

  send(channel: number, data: Buffer, done?: () => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(channel), data]), () => done?.())
  }

  /** In order; what has been sent goes before. */
  close(): void {
    this.#socket.close(NORMAL)
  }

  /** As a node that is lost: without a word. */
  cut(): void {
    this.#socket.terminate()
  }

  #receive(message: Buffer): void {
    const [channel = 0, closed] = message
    if (channel === CLOSE) {
      this.#inputs.get(closed ?? 0)?.push(null)
      return
    }
    const input = this.#inputs.get(channel)
    if (input === undefined || input.readableEnded || message.length === 1 || input.push(message.subarray(1))) return
    this.#full.add(channel)
    this.#socket.pause()
  }
}
