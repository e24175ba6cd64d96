import {z} from 'zod'
import {LEVELS} from './level.ts'

/** One line of `logs -o json`: a record, that is a line with the lines that go on it (a stack trace). No envelope, so that a stream stays small. */
export const logLine = z.object({
  /** RFC 3339 in UTC with the nanoseconds that the node wrote; null for what the kubelet said in place of a log. */
  time: z.string().nullable(),
  /** null for a workload that no category of the catalogue matches. */
  category: z.string().nullable(),
  /** The workload that owns the pod; null where none does. */
  deployment: z.string().nullable(),
  pod: z.string(),
  container: z.string(),
  node: z.string().nullable(),
  /** Absent where the line has none that can be read. */
  level: z.enum(LEVELS).optional(),
  /** Without the time and level that it began with; the lines of a record are separated by line feeds. */
  message: z.string(),
  /** What else a JSON line holds, or Monolog's channel. */
  fields: z.record(z.string(), z.unknown()).optional(),
})
export type LogLine = z.infer<typeof logLine>
