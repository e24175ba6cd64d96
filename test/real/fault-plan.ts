import type {Readable, Writable} from 'node:stream'

/** How a proxy fails a request or a connection. Bytes are those of the answer's body (of a TCP proxy: of the server's bytes). */
export type Fault =
  /** An answer of the proxy's own (HTTP only). `retryAfter` in seconds. */
  | {readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number}
  /** Nothing comes, ever. */
  | {readonly kind: 'hang'}
  | {readonly kind: 'delay'; readonly milliseconds: number}
  /** The connection breaks off (RST) after so many bytes, be it in the middle of a line. */
  | {readonly kind: 'reset'; readonly afterBytes: number}
  /** The answer ends, as if that were all, after so many bytes. */
  | {readonly kind: 'end'; readonly afterBytes: number}

export interface FaultScope {
  /** On the path with its query; all requests unless told. */
  readonly path?: RegExp
  /** How often; always unless told. */
  readonly times?: number
}

/** The faults to come, in the order in which they were added. */
export class FaultPlan {
  readonly #entries = new Set<{readonly fault: Fault; readonly path?: RegExp; left: number}>()

  add(fault: Fault, {path, times = Infinity}: FaultScope = {}): () => void {
    const entry = {fault, path, left: times}
    this.#entries.add(entry)
    return () => void this.#entries.delete(entry)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** The first fault that fits; null where there is none. */
  take(path: string): Fault | null {
    for (const entry of this.#entries) {
      if (entry.path?.test(path) === false) continue
      entry.left -= 1
      if (entry.left <= 0) this.#entries.delete(entry)
      return entry.fault
    }
    return null
  }
}

/** Passes bytes on until the source ends or the fault strikes. */
export function pump(source: Readable, sink: Writable, fault: Fault | null, reset: () => void): void {
  source.on('error', reset)
  if (fault?.kind !== 'reset' && fault?.kind !== 'end') {
    source.pipe(sink)
    return
  }
  let left = fault.afterBytes
  const strike = (): void => {
    if (fault.kind === 'end') sink.end()
    else reset()
    source.destroy()
  }
  const finish = (): void => void sink.end()
  source.on('end', finish)
  source.on('data', function pass(chunk: Buffer) {
    const part = chunk.subarray(0, left)
    left -= part.length
    if (left > 0) return void sink.write(part)
    source.off('data', pass).off('end', finish)
    sink.write(part, strike)
  })
}
