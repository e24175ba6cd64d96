import {z} from 'zod'
import {groupState, queueState} from '../data-plane/schema.ts'
import {envelope, severity, time, verdict, warning} from '../schema.ts'

/** The findings that an audit can make; the names are stable. */
export const findingId = z.enum([
  'inactive-expected',
  'inactive-unexpected',
  'inactive-unlisted',
  'inactive-unclear',
  'temporary-overdue',
  'long-inactive',
  'review-due',
  'leftovers',
  'backlog',
  'backlog-none',
  'backlog-unclear',
])
export type FindingId = z.infer<typeof findingId>

const finding = z.object({
  id: findingId,
  severity,
  evidence: z.string(),
  recommendation: z.enum(['keep', 'remove', 'reactivate']),
})
export type Finding = z.infer<typeof finding>

/** A deployment at zero. */
export const inactiveItem = z.object({
  name: z.string(),
  category: z.string().nullable(),
  listed: z.boolean(),
  /** By the catalogue, an autoscaler, or a recorded temporary count; null where something that might explain it can't be read. */
  expected: z.boolean().nullable(),
  severity,
  /** Why it stands at zero, or that nothing says so. */
  reason: z.string(),
  /** Null where nothing says it exactly: then `sinceAtLatest` may bound it. */
  since: time.nullable(),
  /** It has been at zero at least since then. */
  sinceAtLatest: time.nullable(),
  /** Null where nothing names anybody. */
  by: z.string().nullable(),
  /** What was looked at to tell since when and by whom, a sentence each. */
  evidence: z.array(z.string()),
  images: z.array(z.object({container: z.string(), image: z.string()})),
  /** When these images were rolled out. */
  rolledOutAt: time.nullable(),
  /** What is attached to it and to nothing else, by the templates of the namespace. */
  leftovers: z.array(z.object({kind: z.string(), name: z.string(), note: z.string()})),
  /** What it worked on, and what waits there; null without `--deep`. */
  queues: z.array(queueState).nullable(),
  groups: z.array(groupState).nullable(),
  findings: z.array(finding),
  /** Commands that help. */
  next: z.array(z.string()),
})
export type InactiveItem = z.infer<typeof inactiveItem>

export const auditInactiveReport = z.object({
  ...envelope('AuditInactiveReport'),
  verdict,
  /** Seconds from which on a zero counts as long. */
  olderThan: z.number().nonnegative(),
  summary: z.object({deployments: z.number().int(), inactive: z.number().int(), expected: z.number().int()}),
  items: z.array(inactiveItem),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type AuditInactiveReport = z.infer<typeof auditInactiveReport>
