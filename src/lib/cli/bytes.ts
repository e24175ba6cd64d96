import v8 from 'node:v8'
import {onReaderGone} from './reader-gone.ts'

/** stdout for what may be large: bytes, taken as slowly as its reader reads. */
export interface ByteOutput {
  /** Resolves when the bytes are taken. A closed pipe ends the process (bin/run.js). */
  write(bytes: Uint8Array): Promise<void>
  /** Aborts when whoever read has gone. */
  readonly gone: AbortSignal
  close(): void
}

export function openBytes(): ByteOutput {
  // What a stream leaves behind dies young. A young generation that grows because the program runs long would double its memory.
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  const controller = new AbortController()
  const reader = onReaderGone(() => controller.abort())
  return {
    write: (bytes) => new Promise((resolve) => void process.stdout.write(bytes, () => resolve())),
    gone: controller.signal,
    close: () => reader.stop(),
  }
}
