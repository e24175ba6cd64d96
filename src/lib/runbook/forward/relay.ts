import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'

/** Milliseconds. Shorter ones are for tests. */
export interface RelayTimes {
  /** A client that has closed its sending side is waited for: so long where its last words have had no answer yet, */
  readonly unanswered: number
  /** so long where they had, because then it has most likely closed the other side as well. */
  readonly answered: number
  /** After the remote's end the client may read and close for so long. */
  readonly leaving: number
}

export const RELAY_TIMES: RelayTimes = {unanswered: 30_000, answered: 1000, leaving: 5000}

/**
 * Joins a local connection and a tunnel until both are over. What goes wrong resets the local connection, so that nobody takes a
 * part for the whole; resolves with the reason, or with null where nothing went wrong.
 *
 * The tunnel can't close one direction alone. A client that does (`nc -N`) keeps the other until an answer has come and nothing follows it.
 */
export function relay(local: Socket, tunnel: Duplex, times: RelayTimes = RELAY_TIMES): Promise<Error | null> {
  return new Promise((resolve) => {
    let isAnswered = true
    let hasLeft = false
    let timer: NodeJS.Timeout | undefined
    let reason: Error | null = null
    const fail = (error: Error): void => {
      reason ??= error
      tunnel.destroy()
      local.resetAndDestroy()
    }
    const wait = (): void => {
      clearTimeout(timer)
      timer = isAnswered
        ? setTimeout(() => void tunnel.end(), times.answered)
        : setTimeout(() => fail(new Error('the client has closed its sending side, and no answer came')), times.unanswered)
    }
    local.on('data', () => (isAnswered = false))
    tunnel.on('data', () => {
      isAnswered = true
      if (hasLeft) wait()
    })
    local.once('end', () => {
      hasLeft = true
      wait()
    })
    // The client has reset the connection: its own will, and nobody is left to be told.
    local.once('error', () => tunnel.destroy())
    tunnel.once('error', fail)
    tunnel.once('end', () => {
      clearTimeout(timer)
      local.unpipe(tunnel)
      // What the client still sends has no receiver; it is read so that the last answer is not lost to a reset.
      local.resume()
      timer = setTimeout(() => local.destroy(), times.leaving)
    })
    local.once('close', () => {
      clearTimeout(timer)
      tunnel.destroy()
      resolve(reason)
    })
    local.pipe(tunnel, {end: false})
    tunnel.pipe(local)
  })
}
