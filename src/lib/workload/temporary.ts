import {age} from '../text/age.ts'
import {clockTime, parseTime} from '../text/time.ts'
import type {StringMap} from './objects.ts'
import type {Temporary} from './types.ts'

/** What `sapoche scale` writes on a deployment, so that anybody can tell, and undo, what was done. */
export const SCALE_ANNOTATIONS = {
  /** The count before. */
  previous: 'sapoche.dev/previous-replicas',
  /** The count that was set. The record holds only while the deployment has it. */
  to: 'sapoche.dev/scaled-to',
  /** RFC 3339. */
  at: 'sapoche.dev/scaled-at',
  /** RFC 3339; only for a count that is meant for a while. */
  until: 'sapoche.dev/scaled-until',
  by: 'sapoche.dev/scaled-by',
  reason: 'sapoche.dev/scale-reason',
} as const

/** The last scaling that this tool recorded. */
export interface ScaleRecord {
  readonly previous: number | null
  readonly to: number
  readonly at: number | null
  readonly until: number | null
  readonly by: string | null
  readonly reason: string | null
}

/** The record of the present count; null where there is none, or somebody has changed the count since. */
export function scaleRecord(annotations: StringMap, desired: number): ScaleRecord | null {
  const to = count(annotations[SCALE_ANNOTATIONS.to])
  if (to === null || to !== desired) return null
  return {
    previous: count(annotations[SCALE_ANNOTATIONS.previous]),
    to,
    at: parseTime(annotations[SCALE_ANNOTATIONS.at]),
    until: parseTime(annotations[SCALE_ANNOTATIONS.until]),
    by: annotations[SCALE_ANNOTATIONS.by] ?? null,
    reason: annotations[SCALE_ANNOTATIONS.reason] ?? null,
  }
}

/** The record as a temporary count; null where it was meant to stay. Overdue from its last moment on. */
export function temporaryOf(record: ScaleRecord | null, now: number): Temporary | null {
  if (record === null || record.until === null) return null
  const {until, previous, by, reason} = record
  return {until, overdue: now >= until, previous, by, reason}
}

/** `temporarily at 0 until 2026-11-22 03:30:00Z (in 18 min), was 1, by ops: migration` */
export function temporaryWords(temporary: Temporary, desired: number, now: number): string {
  const {until, overdue, previous} = temporary
  const head = overdue
    ? `the temporary ${desired} is overdue for ${age(now - until)}`
    : `temporarily at ${desired} until ${clockTime(until)} (in ${age(until - now)})`
  return `${head}${previous === null ? '' : `, was ${previous}`}${authorWords(temporary)}`
}

/** `, by ops: migration`; the author is `unknown` where nothing names one. */
export function authorWords({by, reason}: {readonly by: string | null; readonly reason: string | null}): string {
  return `, by ${by ?? 'unknown'}${reason === null ? '' : `: ${reason}`}`
}

function count(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  const number = Number(text)
  return Number.isInteger(number) && number >= 0 ? number : null
}
