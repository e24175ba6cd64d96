import {Agent, request, type AgentOptions} from 'node:http'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {callbackify} from 'node:util'
import {interruption} from './errors.ts'
import type {Connection, Dial, Exchange, Outgoing} from './connection.ts'

/** Keeps connections and opens further ones as requests need them; the first is there already. */
class DialAgent extends Agent {
  #spare: Socket | null
  readonly #dial: Dial

  constructor(first: Socket, dial: Dial, options: AgentOptions) {
    super(options)
    this.#spare = first
    this.#dial = dial
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, socket: Duplex) => void): undefined {
    callbackify(() => this.#connect())((error, socket) => callback?.(error, socket))
  }

  async #connect(): Promise<Socket> {
    const spare = this.#spare
    this.#spare = null
    const socket = spare === null || spare.destroyed ? await this.#dial(['http/1.1']) : spare
    return socket.ref()
  }

  override destroy(): void {
    this.#spare?.destroy()
    super.destroy()
  }
}

/** HTTP/1.1, which many proxies speak alone: a connection for each request in flight, kept for the next. */
export class Http1Connection implements Connection {
  readonly #agent: DialAgent
  readonly #host: string
  #closed = false

  constructor(first: Socket, dial: Dial, server: URL) {
    this.#agent = new DialAgent(first, dial, {keepAlive: true})
    this.#host = server.host
  }

  isOpen(): boolean {
    return !this.#closed
  }

  isFree(): boolean {
    return true
  }

  send({method, path, headers, body}: Outgoing, signal: AbortSignal): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      const outgoing = request({agent: this.#agent, method, path, headers: {...headers, host: this.#host}})
      const onAbort = () => outgoing.destroy(interruption(signal))
      signal.addEventListener('abort', onAbort, {once: true})
      outgoing.once('response', (answer) => {
        resolve({status: answer.statusCode ?? 0, headers: answer.headers, body: answer, isComplete: () => answer.complete})
      })
      outgoing.on('error', reject)
      outgoing.once('close', () => {
        signal.removeEventListener('abort', onAbort)
        reject(new Error('closed before the answer'))
      })
      outgoing.end(body)
    })
  }

  close(): void {
    this.#closed = true
    this.#agent.destroy()
  }
}
