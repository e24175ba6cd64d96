import type {z} from 'zod'
import {nearestNames} from '../text/nearest.ts'

export type Path = readonly PropertyKey[]

/** One thing that is wrong with a catalogue, before it is known on which line it stands. */
export interface Problem {
  /** Where in the document, as `['workloads', 3, 'baseline']`. */
  readonly path: Path
  readonly message: string
}

const LONGEST_ECHO = 40

/** What zod found, in our words: one problem for each unknown key, else what was expected and what stands there. */
export function describeIssue(issue: z.core.$ZodIssue, data: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({path: [...issue.path, key], message: unknownKey(key, issue.message.split(', '))}))
  }
  const found = valueAt(data, issue.path)
  const message = found === undefined ? `missing, expected ${issue.message}` : `expected ${issue.message}, found ${describe(found)}`
  return [{path: issue.path, message}]
}

function unknownKey(key: string, known: readonly string[]): string {
  const [nearest] = nearestNames(key, known)
  return `unknown key${nearest === undefined ? `, expected one of ${known.join(', ')}` : `, did you mean "${nearest}"?`}`
}

/** A value as it may be shown: its kind, or its text where that is short. */
export function describe(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping'
}

export function shorten(text: string, longest = LONGEST_ECHO): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** `workloads[3].baseline`; empty for the document itself. */
export function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${shorten(String(part))}`)).join('')
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}
