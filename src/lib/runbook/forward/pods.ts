import {once} from 'node:events'
import type {Duplex} from 'node:stream'
import {setTimeout as pause} from 'node:timers/promises'
import {PortError} from '../../clients/kubernetes/errors.ts'
import type {PodAccess, PodPort} from '../../clients/kubernetes/types.ts'
import {InterruptedError, RefusedError, type SapocheError} from '../../errors/index.ts'
import {type ForwardTarget, nothingBehind} from './target.ts'

/** Milliseconds. Shorter ones are for tests. */
export interface OpenTimes {
  /** How long a pod that was found is taken for the right one. */
  readonly fresh: number
  /** How long a connection waits while a pod is replaced, and between two looks. */
  readonly patience: number
  readonly retry: number
}

export const OPEN_TIMES: OpenTimes = {fresh: 1000, patience: 15_000, retry: 500}

/** Tunnels to whichever pod is the right one now. */
export class Pods {
  readonly #target: ForwardTarget
  readonly #access: PodAccess
  readonly #times: OpenTimes
  readonly #moved: (pod: PodPort) => void
  #found: Promise<PodPort | null> | null = null
  #last: PodPort

  /** `first` is where the target was found before; `moved` is called when it is found elsewhere. */
  constructor(target: ForwardTarget, access: PodAccess, first: PodPort, moved: (pod: PodPort) => void, times: OpenTimes) {
    this.#target = target
    this.#access = access
    this.#last = first
    this.#moved = moved
    this.#times = times
  }

  /**
   * An open tunnel. A pod that is just being replaced is waited for. Rejects with a SapocheError when patience ends, or at once where
   * somebody refuses us, or nothing listens.
   */
  async open(signal: AbortSignal): Promise<Duplex> {
    const late = AbortSignal.timeout(this.#times.patience)
    for (;;) {
      const [tunnel, error] = await this.#try(signal)
      if (tunnel !== null) return tunnel
      if (signal.aborted) throw new InterruptedError()
      if (late.aborted || error instanceof RefusedError || error instanceof PortError) throw error
      this.#found = null
      await pause(this.#times.retry)
    }
  }

  async #try(signal: AbortSignal): Promise<[Duplex, null] | [null, SapocheError]> {
    let tunnel: Duplex | null = null
    try {
      const place = await this.#locate(signal)
      if (place === null) return [null, nothingBehind(this.#target)]
      tunnel = this.#access.openTunnel(place, {signal})
      await once(tunnel, 'connect')
      if (place.pod !== this.#last.pod || place.port !== this.#last.port) this.#moved(place)
      this.#last = place
      return [tunnel, null]
    } catch (error) {
      tunnel?.on('error', () => {}).destroy()
      return [null, error as SapocheError]
    }
  }

  /** Many connections at once, as browsers make them, ask once. */
  #locate(signal: AbortSignal): Promise<PodPort | null> {
    if (this.#found === null) {
      const found = this.#target.locate(signal)
      this.#found = found
      const forget = (): void => {
        if (this.#found === found) this.#found = null
      }
      found.catch(forget)
      setTimeout(forget, this.#times.fresh).unref()
    }
    return this.#found
  }
}
