import type {Readable, Writable} from 'node:stream'
import {finished} from 'node:stream/promises'
import type {Execution, PodAccess} from '../../clients/kubernetes/types.ts'
import type {Place} from './choose.ts'
import type {ProgramIo} from './io.ts'

export interface Program {
  readonly command: readonly string[]
  /** Says something on stderr before the program does. */
  readonly say: (text: string) => void
}

/**
 * Runs a program at a place with the caller's streams, and resolves with its exit code when all of its output is written.
 * A terminal where both ends are one; stdin where it is piped, or the terminal's. Rejects with a SapocheError where it can't run, or is lost.
 */
export async function attach(
  access: PodAccess,
  place: Place,
  {command, say}: Program,
  io: ProgramIo,
  signal: AbortSignal,
): Promise<number> {
  const tty = io.stdinIsTerminal && io.stdoutIsTerminal
  const stdin = tty || !io.stdinIsTerminal
  const execution = await access.execute(place.pod, {container: place.container, command, tty, stdin, signal})
  if (stdin && !tty && !execution.canEndStdin) {
    say('this API server (before Kubernetes 1.30) is not told where the input ends: a program that reads to its end waits for more')
  }
  const giveBack = tty ? useTerminal(execution, io) : () => {}
  try {
    if (stdin) io.stdin.pipe(execution.stdin)
    await Promise.all([pour(execution.stdout, io.stdout), pour(execution.stderr, io.stderr)])
    return await execution.exit
  } finally {
    giveBack()
    io.stdin.unpipe(execution.stdin)
    // It may be a pipe or a terminal that never ends.
    io.stdin.destroy()
  }
}

function useTerminal(execution: Execution, io: ProgramIo): () => void {
  const resize = (): void => execution.resize(io.size())
  resize()
  const endResize = io.onResize(resize)
  const giveKeysBack = io.takeKeys()
  return () => {
    endResize()
    giveKeysBack()
  }
}

/** Everything of one stream into another that stays open, written when it resolves. */
async function pour(from: Readable, into: Writable): Promise<void> {
  from.pipe(into, {end: false})
  await finished(from, {writable: false})
  if (into.writableLength > 0) await new Promise<void>((resolve) => into.write('', () => resolve()))
}
