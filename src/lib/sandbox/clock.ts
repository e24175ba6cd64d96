/** The time of the sandbox: the past is replayed at once, step by step; from `goLive` on, time is the caller's clock and real timers. */

import {LONGEST_TIMER_MS} from '../text/duration.ts'

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `step` after `ms` milliseconds, never at once. */
  after(ms: number, step: () => void): void
}

export class Timeline implements Clock {
  #past: number | null
  readonly #live: () => number
  /** Steps of the past that are still to come, in the order in which they will run. */
  readonly #queue: {at: number; step: () => void}[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  /** `live`: the clock after the replay. `start`: where the past begins. */
  constructor(live: () => number, start: number) {
    this.#live = live
    this.#past = start
  }

  now(): number {
    return this.#past ?? this.#live()
  }

  after(ms: number, step: () => void): void {
    if (this.#past === null) return this.#arm(ms, step)
    const at = this.#past + ms
    const behind = this.#queue.findLastIndex((entry) => entry.at <= at)
    this.#queue.splice(behind + 1, 0, {at, step})
  }

  /** Runs all that is due up to `until` and stays there. */
  replay(until: number): void {
    for (let next = this.#queue[0]; next !== undefined && next.at <= until; next = this.#queue[0]) {
      this.#queue.shift()
      this.#past = next.at
      next.step()
    }
    this.#past = until
  }

  /** Ends the replay; what is still to come gets real timers. */
  goLive(): void {
    const reached = this.now()
    this.#past = null
    for (const {at, step} of this.#queue.splice(0)) this.#arm(at - reached, step)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #arm(ms: number, step: () => void): void {
    if (this.#stopped) return
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        step()
      },
      Math.min(ms, LONGEST_TIMER_MS),
    )
    timer.unref()
    this.#timers.add(timer)
  }
}
