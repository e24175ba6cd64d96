import {Duplex} from 'node:stream'
import type {Connection} from './types.ts'

/** A connection that can't be made, for callers who want one at once: it fails with the error, as a socket would. */
export class FailedConnection extends Duplex implements Connection {
  readonly connecting = false

  constructor(error: Error) {
    super()
    this.destroy(error)
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
