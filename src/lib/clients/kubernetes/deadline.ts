import {interruption} from './errors.ts'
import type {SapocheError} from '../../errors/index.ts'
import {LONGEST_TIMER_MS} from '../../text/duration.ts'

/** A caller's signal and a time limit in one. `signal.reason` is always a SapocheError. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Lets the process end before the limit. */
  unref(): void
  /** Lifts the time limit; the caller's signal still counts. */
  lift(): void
  /** Lets go of timer and caller's signal. */
  end(): void
}

/**
 * Starts a time limit of `ms` (0: none), after which `signal` aborts with `late()`.
 * Its timer keeps the process alive while somebody waits for a connection, because sockets here are unreferenced until they are used.
 */
export function startDeadline(caller: AbortSignal | undefined, ms: number, late: () => SapocheError): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(late()), ms === 0 ? LONGEST_TIMER_MS : Math.min(ms, LONGEST_TIMER_MS))
  const onAbort = () => caller !== undefined && controller.abort(interruption(caller))
  if (caller?.aborted === true) onAbort()
  else caller?.addEventListener('abort', onAbort, {once: true})
  return {
    signal: controller.signal,
    unref: () => timer.unref(),
    lift: () => clearTimeout(timer),
    end() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', onAbort)
    },
  }
}

/** `promise`, given up at once when `signal` aborts. What it does goes on behind the scenes. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    // Nobody will ask what became of it.
    promise.catch(() => {})
    throw interruption(signal)
  }
  let onAbort = () => {}
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        onAbort = () => reject(interruption(signal))
        signal.addEventListener('abort', onAbort, {once: true})
      }),
    ])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Waits `ms`, or rejects when `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await orAbort(new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS)))), signal)
  } finally {
    clearTimeout(timer)
  }
}
