import type {Health, Severity} from '../../workload/index.ts'
import type {Head, KeyFailure} from '../../clients/redis/types.ts'

/** What the findings go by; all pure data, made by `facts.ts` from what was read. */

/** A workload that works on a queue. */
export interface Worker {
  readonly name: string
  readonly ready: number | null
  readonly desired: number | null
  readonly health: Health
  /** Of its health. */
  readonly reason: string
  /** The catalogue's; null where it lacks the workload. */
  readonly baseline: number | null
  /** The catalogue says that its zero is meant, and that jobs may pile up. */
  readonly isBacklogAccepted: boolean
  /** Seconds until KEDA, which has it at zero, must have started it: its polling interval and the start-up grace; null without KEDA. */
  readonly kedaStartsWithin: number | null
  /** What can't be read and might explain a zero; null where nothing is hidden. */
  readonly hidden: string | null
  /** It holds a job of one of its queues whose time has not run out: it may be too busy to poll. */
  readonly isBusy: boolean
}

/** The numbers of one queue at one moment; null is "no key" or "not readable", which `state` tells apart. */
export interface Counts {
  readonly state: 'present' | 'absent' | 'unreadable'
  readonly pending: number | null
  readonly delayed: number | null
  readonly reserved: number | null
  readonly dueDelayed: number | null
  readonly expiredReserved: number | null
  readonly head: Head | null
  /** The worst failure of its reads; null where there was none. */
  readonly failure: KeyFailure | null
  /** What the key holds instead of a queue. */
  readonly wrongType: string | null
}

/** Everything that is known of one queue. */
export interface QueueFacts {
  readonly key: string
  readonly now: Counts
  /** The same some seconds before; null where there was one read. */
  readonly before: Counts | null
  readonly windowSeconds: number | null
  readonly workers: readonly Worker[]
  /** Seconds; null where the head has no time. */
  readonly ageSeconds: number | null
  readonly thresholds: {readonly depth: number | null; readonly ageSeconds: number | null}
  /** Whether anybody should serve it: not so for a key that was asked for by its own name. */
  readonly needsWorker: boolean
  /** Null where they were not asked for. */
  readonly failed: DeadLetters | null
}

/** The jobs under the catalogue's dead-letter key. */
export interface DeadLetters {
  /** Null where they can't be counted. */
  readonly jobs: number | null
  /** Why they can't. */
  readonly trouble: string
}

export interface Finding {
  readonly severity: Severity
  readonly words: string
  readonly next: readonly string[]
}

export type Movement = 'idle' | 'draining' | 'steady' | 'growing' | 'stuck'
