import {Readable, Writable} from 'node:stream'
import type {WebSocket} from 'ws'
import {type SapocheError, UnreachableError} from '../../../errors/index.ts'
import {clean, interruption} from '../errors.ts'
import {list, object, parseObject, string} from '../json.ts'
import {ChannelSocket} from '../tunnel/channels.ts'
import type {Execution} from '../types.ts'
import {type ProgramOptions, V5} from './types.ts'

const [STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE] = [0, 1, 2, 3, 4, 255] as const

/** A program in a container, over a WebSocket that is open and paused. */
export class RemoteProgram implements Execution {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly canEndStdin: boolean
  readonly exit: Promise<number>
  readonly #exited = Promise.withResolvers<number>()
  readonly #channels: ChannelSocket
  readonly #what: string
  readonly #signal: AbortSignal | undefined
  /** Outputs that nobody reads at the moment: the server waits while there is one. */
  readonly #full = new Set<Readable>()
  #isFinished = false

  constructor(socket: WebSocket, pod: string, {command, signal, heartbeat}: ProgramOptions) {
    this.#what = `${command[0] ?? 'the program'} in pod ${pod}`
    this.canEndStdin = socket.protocol === V5
    this.stdout = this.#output()
    this.stderr = this.#output()
    // A write that fails is no news: the program's end, or its loss, is told by `exit`.
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.#channels.send(STDIN, chunk, () => done()),
      final: (done) => {
        if (this.canEndStdin) this.#channels.send(CLOSE, Buffer.of(STDIN), () => done())
        else done()
      },
    })
    this.exit = this.#exited.promise
    this.exit.catch(() => {})
    const listener = {
      onData: (channel: number, data: Buffer) => this.#receive(channel, data),
      onClose: (fault: SapocheError | null) =>
        this.#finish(fault ?? new UnreachableError(`the connection to ${this.#what} was closed before its end`)),
    }
    this.#channels = new ChannelSocket(socket, listener, {what: this.#what, ...(heartbeat === undefined ? {} : {heartbeat})})
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted === true) this.#onAbort()
  }

  resize({columns, rows}: {readonly columns: number; readonly rows: number}): void {
    if (!this.#isFinished) this.#channels.send(RESIZE, Buffer.from(JSON.stringify({Width: columns, Height: rows})), () => {})
  }

  #output(): Readable {
    const stream: Readable = new Readable({
      read: () => {
        this.#full.delete(stream)
        if (this.#full.size === 0) this.#channels.release()
      },
    })
    // Its failure is told by `exit` as well.
    return stream.on('error', () => {})
  }

  #receive(channel: number, data: Buffer): void {
    if (data.length === 0 || this.#isFinished) return
    // The status comes after all output.
    if (channel === STATUS) return this.#finish(this.#outcome(data.toString('utf8')))
    const stream = channel === STDOUT ? this.stdout : this.stderr
    if ((channel !== STDOUT && channel !== STDERR) || stream.push(data)) return
    this.#full.add(stream)
    this.#channels.hold()
  }

  readonly #onAbort = (): void => {
    if (this.#signal !== undefined) this.#finish(interruption(this.#signal))
  }

  #finish(outcome: number | SapocheError): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.stdin.destroy()
    if (typeof outcome === 'number') {
      for (const stream of [this.stdout, this.stderr]) stream.push(null)
      this.#exited.resolve(outcome)
      this.#channels.close()
    } else {
      for (const stream of [this.stdout, this.stderr]) stream.destroy(outcome)
      this.#exited.reject(outcome)
      this.#channels.terminate()
    }
  }

  /** The exit code of a Status: 0 for success, else that of its cause ExitCode; without one the program never ran. */
  #outcome(text: string): number | SapocheError {
    const status = parseObject(text)
    if (status?.status === 'Success') return 0
    const causes = list(object(status?.details)?.causes).map(object)
    const code = Number(causes.find((cause) => cause?.reason === 'ExitCode')?.message)
    if (Number.isInteger(code)) return code
    return new UnreachableError(`can't run ${this.#what}: ${clean(string(status?.message) ?? text)}`)
  }
}
