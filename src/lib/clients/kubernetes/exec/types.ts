import type {Readable, Writable} from 'node:stream'
import type {Heartbeat} from '../connection.ts'

/** Can say that stdin has ended, and is spoken since Kubernetes 1.30. */
export const V5 = 'v5.channel.k8s.io'
export const V4 = 'v4.channel.k8s.io'

export interface ExecOptions {
  readonly container: string
  readonly command: readonly string[]
  /** A terminal for the program; then its stderr comes on stdout. */
  readonly tty: boolean
  /** Whether the program gets our stdin; else it has none. */
  readonly stdin: boolean
  /** Lets go of the program, also after it was started. The program itself goes on: nothing in the protocol would stop it. */
  readonly signal?: AbortSignal
  readonly heartbeat?: Heartbeat
}

/** A program that runs in a container. */
export interface Execution {
  /** Destroyed when the program ends. */
  readonly stdin: Writable
  /** Both end with the program, and fail where it is lost. As long as one of them is not read, the other waits too. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** False for servers before Kubernetes 1.30, which can't be told that stdin has ended. */
  readonly canEndStdin: boolean
  /** The program's exit code. Rejects with a SapocheError where it could not be started, or was lost; it need not be awaited. */
  readonly exit: Promise<number>
  resize(size: {readonly columns: number; readonly rows: number}): void
}
