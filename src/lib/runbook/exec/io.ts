import type {Readable, Writable} from 'node:stream'

/** The caller's end of a program: its three streams, and the terminal that they may be. */
export interface ProgramIo {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  size(): {readonly columns: number; readonly rows: number}
  /** Calls back when the terminal's size changes, until the function that it returns is called. */
  onResize(listener: () => void): () => void
  /** Every key goes to the program, Ctrl-C too, until the function that it returns is called. */
  takeKeys(): () => void
}
