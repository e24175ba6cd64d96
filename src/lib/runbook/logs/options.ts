import {UsageError} from '../../errors/index.ts'
import {parseTime} from '../../text/time.ts'
import type {Rules} from './filter.ts'
import type {LogFormat} from './format.ts'
import type {Level} from './level.ts'
import type {Moment} from './stamp.ts'

/** The flags of `sapoche logs`, as typed. */
export interface LogFlags {
  readonly except?: readonly string[] | undefined
  readonly follow: boolean
  /** Milliseconds. */
  readonly since?: number | undefined
  readonly 'since-time'?: string | undefined
  readonly tail?: number | undefined
  readonly previous: boolean
  readonly container?: readonly string[] | undefined
  readonly grep?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly 'after-context': number
  readonly 'before-context': number
  readonly level?: Level | undefined
  readonly timestamps: boolean
  readonly prefix: boolean
  readonly output: LogFormat
  readonly json: boolean
  readonly 'max-streams': number
  /** Milliseconds. */
  readonly 'order-window': number
}

export interface LogOptions {
  readonly targets: readonly string[]
  readonly except: readonly string[]
  readonly follow: boolean
  readonly previous: boolean
  readonly containers: readonly string[]
  /** Lines of each container's past; null for all. */
  readonly tail: number | null
  /** Lines of the last so many milliseconds, or since a moment; null for both: all. */
  readonly sinceMs: number | null
  readonly sinceTime: Moment | null
  readonly rules: Rules | null
  readonly format: LogFormat
  readonly timestamps: boolean
  readonly prefix: boolean
  readonly maxStreams: number
  readonly windowMs: number
}

/** How many lines of each container are shown where neither a number nor a time is asked for. */
const DEFAULT_TAIL = 100

/** What the flags mean. Throws a UsageError (64) for a value that is none. */
export function logOptions(targets: readonly string[], flags: LogFlags): LogOptions {
  const rules = rulesOf(flags)
  const sinceTime = flags['since-time'] === undefined ? null : momentOf(flags['since-time'])
  const isLimited = flags.since !== undefined || sinceTime !== null || rules !== null
  const tail = flags.tail ?? (isLimited ? -1 : DEFAULT_TAIL)
  if (tail < -1) throw new UsageError(`--tail ${tail} is no number of lines; -1 means all`)
  return {
    targets,
    except: flags.except ?? [],
    follow: flags.follow,
    previous: flags.previous,
    containers: flags.container ?? [],
    tail: tail === -1 ? null : tail,
    sinceMs: flags.since ?? null,
    sinceTime,
    rules,
    format: flags.json ? 'json' : flags.output,
    timestamps: flags.timestamps,
    prefix: flags.prefix,
    maxStreams: flags['max-streams'],
    windowMs: flags['order-window'],
  }
}

/** Null where everything is shown. */
function rulesOf(flags: LogFlags): Rules | null {
  const grep = (flags.grep ?? []).map((pattern) => expression('grep', pattern))
  const exclude = (flags.exclude ?? []).map((pattern) => expression('exclude', pattern))
  const level = flags.level ?? null
  if (grep.length + exclude.length === 0 && level === null) return null
  return {grep, exclude, level, before: flags['before-context'], after: flags['after-context']}
}

function expression(flag: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u')
  } catch (error) {
    throw new UsageError(`--${flag} ${JSON.stringify(pattern)} is no regular expression`, {cause: error})
  }
}

function momentOf(text: string): Moment {
  const milliseconds = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? parseTime(text) : null
  if (milliseconds === null) throw new UsageError(`--since-time ${text} is no time such as 2026-11-22T03:12:07Z`)
  return momentFrom(milliseconds)
}

/** Milliseconds since the epoch. */
export function momentFrom(milliseconds: number): Moment {
  const seconds = Math.floor(milliseconds / 1000)
  return {seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1_000_000)}
}
