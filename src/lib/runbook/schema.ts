import {z} from 'zod'

/**
 * The shapes that reports share. Reports are typed by their schema (`z.infer`); the schemas themselves are loaded
 * only by `scripts/generate.ts`, which writes schemas/, and by the tests. Changes are additive only.
 */
export const severity = z.enum(['ok', 'info', 'warning', 'critical', 'unknown'])
export const verdict = z.enum(['ok', 'warning', 'critical', 'unknown'])
export type Severity = z.infer<typeof severity>
export type Verdict = z.infer<typeof verdict>

/** RFC 3339 in UTC. */
export const time = z.iso.datetime()

export const count = z.number().int().nonnegative()

/** `lastAt` and what follows describe the last end of a container; null where none ended, or nothing says when. */
export const restarts = z.object({
  total: count,
  lastAt: time.nullable(),
  lastReason: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  container: z.string().nullable(),
})

/** Something that went wrong without ending the command: what, and what would mend it. */
export const warning = z.object({code: z.string(), message: z.string()})
export type Warning = z.infer<typeof warning>

/** The fields that every report begins with (design.md, Output). */
export function envelope<K extends string>(kind: K) {
  return {
    apiVersion: z.literal('sapoche/v1'),
    kind: z.literal(kind),
    generatedAt: time,
    context: z.string().nullable(),
    namespace: z.string(),
  }
}
