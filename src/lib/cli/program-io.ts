import type {Readable, Writable} from 'node:stream'

/** This process's streams, for a program that runs elsewhere as if it ran here. */
export interface ProgramStreams {
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

/** Whoever uses them owns stdin from then on. */
export function programStreams(): ProgramStreams {
  const {stdin, stdout, stderr} = process
  return {
    stdin,
    stdout,
    stderr,
    stdinIsTerminal: isTerminal(stdin),
    stdoutIsTerminal: isTerminal(stdout),
    size: () => ({columns: stdout.columns, rows: stdout.rows}),
    onResize(listener) {
      stdout.on('resize', listener)
      return () => stdout.removeListener('resize', listener)
    },
    takeKeys() {
      stdin.setRawMode(true)
      return () => stdin.setRawMode(false)
    },
  }
}

/** Off a terminal Node leaves `isTTY` undefined, whatever its type says. */
function isTerminal({isTTY}: {readonly isTTY?: boolean}): boolean {
  return isTTY === true
}
