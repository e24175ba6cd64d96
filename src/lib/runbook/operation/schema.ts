import {z} from 'zod'
import {warning} from '../schema.ts'
import {OUTCOMES} from './outcome.ts'

/** The shapes that the reports of operations share. Loaded by the generator and the tests alone, as types by the rest. */
export const outcome = z.enum(OUTCOMES)

/** What the cluster shows of the pod that stopped a rollout. */
export const evidence = z.object({
  pod: z.string(),
  container: z.string().nullable(),
  /** Its last events, oldest first. */
  events: z.array(z.string()),
  /** Its last log lines, oldest first; null unless they were asked for: they may hold patients' data. */
  logs: z.array(z.string()).nullable(),
})
export type Evidence = z.infer<typeof evidence>

/** A replica count or a revision; null where there is none, or it is not known. */
const number = z.number().int().nonnegative().nullable()

export const operationItem = z.object({
  name: z.string(),
  /** Null for a workload that no category of the catalogue matches. */
  category: z.string().nullable(),
  /** Replicas for `scale`, revisions for `restart` and `rollback`. */
  before: number,
  after: number,
  outcome,
  /** A sentence; '' where there is nothing to say. */
  reason: z.string(),
  /** The command that goes back; null where nothing was changed. */
  undo: z.string().nullable(),
  /** How long it took; null where it was not begun. */
  seconds: z.number().nonnegative().nullable(),
  evidence: evidence.nullable(),
})
export type OperationItem = z.infer<typeof operationItem>

/** What every report of an operation has besides the envelope. */
export const operationFields = {
  dryRun: z.boolean(),
  /** True where Ctrl-C ended it after the first change; what goes on in the cluster stands in the reasons. */
  interrupted: z.boolean(),
  summary: z.partialRecord(outcome, z.number().int().positive()),
  warnings: z.array(warning),
}
