/**
 * The errors a user may meet, each with the exit code of the design.
 * An error says what failed and why (`message`, one sentence, no trailing full stop),
 * and what to do about it (`hints`, printed as indented lines under it).
 */

/** Exit codes of errors (rules.md, section 6). */
export const EXIT = {
  usage: 64,
  unreachable: 69,
  bug: 70,
  'timed-out': 75,
  refused: 77,
  configuration: 78,
  interrupted: 130,
} as const

export type ErrorCode = keyof typeof EXIT

/** One line under an error message: a label (`needs`, `next`, `did you mean`) and its text. */
export interface Hint {
  readonly label: string
  readonly text: string
}

export interface ErrorDetails {
  readonly cause?: unknown
  /** Names the user may have meant, nearest first. */
  readonly suggestions?: readonly string[]
  readonly hints?: readonly Hint[]
}

export class SapocheError extends Error {
  readonly code: ErrorCode
  readonly suggestions: readonly string[]
  readonly hints: readonly Hint[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause})
    this.name = this.constructor.name
    this.code = code
    this.suggestions = details.suggestions ?? []
    this.hints = details.hints ?? []
  }

  get exitCode(): number {
    return EXIT[this.code]
  }
}

/** 64: the command line is wrong. */
export class UsageError extends SapocheError {
  constructor(message: string, details?: ErrorDetails) {
    super('usage', message, details)
  }
}

/** 69: a server can't be reached, fails (5xx), or lacks the API that was asked for. */
export class UnreachableError extends SapocheError {
  constructor(message: string, details?: ErrorDetails) {
    super('unreachable', message, details)
  }
}

/** 75: a server did not answer in time, or was too busy to the end. */
export class TimedOutError extends SapocheError {
  constructor(message: string, details?: ErrorDetails) {
    super('timed-out', message, details)
  }
}

/** 77: a server, or `--read-only`, refused. */
export class RefusedError extends SapocheError {
  constructor(message: string, details?: ErrorDetails) {
    super('refused', message, details)
  }
}

/** 78: kubeconfig, context, namespace or catalogue are wrong. */
export class ConfigurationError extends SapocheError {
  constructor(message: string, details?: ErrorDetails) {
    super('configuration', message, details)
  }
}

/** 130: Ctrl-C, or "no" at a prompt. */
export class InterruptedError extends SapocheError {
  constructor(message = 'interrupted', details?: ErrorDetails) {
    super('interrupted', message, details)
  }
}
