import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

/** One change that this tool made, as one line of the journal. */
export const journalEntry = z.object({
  at: time,
  who: z.string(),
  /** Null where the credentials came from inside a pod. */
  context: z.string().nullable(),
  server: z.string(),
  namespace: z.string(),
  /** The command that made it: `scale`, `restart` ... */
  command: z.string(),
  /** The workload, or the pod. */
  target: z.string(),
  /** What was before, and what was set: a number of replicas, or words. */
  before: z.union([z.number(), z.string()]).nullable(),
  after: z.union([z.number(), z.string()]).nullable(),
  reason: z.string().nullable(),
  /** The command that goes back; null where none does. */
  undo: z.string().nullable(),
})
export type JournalEntry = z.infer<typeof journalEntry>

export const journal = z.object({
  ...envelope('Journal'),
  /** The file that was read. */
  file: z.string(),
  /** Oldest first. */
  items: z.array(journalEntry),
  warnings: z.array(warning),
})
export type Journal = z.infer<typeof journal>
