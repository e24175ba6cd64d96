import {constants, fstatSync, openSync} from 'node:fs'
import {Socket} from 'node:net'

const STDOUT = 1

/**
 * Calls back when whoever reads our stdout has gone (`| head -1`). Node learns it from its next write alone, which for a program that
 * writes when something happens may be hours away. On Linux, and where stdout is a pipe: elsewhere the next write has to do.
 */
export function onReaderGone(gone: () => void): {stop(): void} {
  const watcher = watchPipe()
  watcher?.once('error', gone)
  return {stop: () => void watcher?.destroy()}
}

/** Does work that writes, until it ends, the signal aborts, or the reader has gone: true for that. */
export async function whileRead(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const unread = new AbortController()
  const reader = onReaderGone(() => unread.abort())
  try {
    await work(AbortSignal.any([signal, unread.signal]))
    return unread.signal.aborted
  } finally {
    reader.stop()
  }
}

interface TcpBinding {
  readonly TCP: new (type: number) => {open(fd: number): number}
  readonly constants: {readonly SOCKET: number}
}

/** The writing end of a pipe never has anything to read: as a readable handle it reports one thing, the error that its reader has gone. */
function watchPipe(): Socket | null {
  if (!fstatSync(STDOUT).isFIFO()) return null
  try {
    // Node has no public handle for it: a pipe's is not readable at its writing end, a TCP handle doesn't look at what it is given.
    const {TCP, constants: types} = (process as unknown as {binding(name: 'tcp_wrap'): TcpBinding}).binding('tcp_wrap')
    const handle = new TCP(types.SOCKET)
    if (handle.open(openSync(`/proc/self/fd/${STDOUT}`, constants.O_WRONLY | constants.O_NONBLOCK)) !== 0) return null
    const options: object = {handle, readable: true, writable: false}
    return new Socket(options).resume().unref()
  } catch {
    return null
  }
}
