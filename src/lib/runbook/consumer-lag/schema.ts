import {z} from 'zod'
import {count, envelope, severity, verdict, warning} from '../schema.ts'

/** An offset, or a number of events: a decimal string from 2^53 on, where a number would lose digits. */
export const offset = z.union([count, z.string().regex(/^\d+$/)])
export type Offset = z.infer<typeof offset>

export const movement = z.enum(['ok', 'catching-up', 'falling-behind', 'not-moving', 'rewound', 'no-commits', 'unknown'])

/** Seconds: older than `from`, not older than `to`; `to` is null past the last time that was asked for. */
export const age = z.object({from: count, to: count.nullable()})

/** What is null is not known, or is not there: `note` says which. */
export const lagPartition = z.object({
  topic: z.string(),
  partition: count,
  committed: offset.nullable(),
  /** The first event that is still there. */
  start: offset.nullable(),
  /** The offset after the last event, committed or not (the high watermark). */
  end: offset.nullable(),
  /** Events that are left to read; null without a commit, and where the commit is beyond the end. */
  lag: offset.nullable(),
  movement: movement.nullable(),
  oldestUnreadSeconds: age.nullable(),
  /** Client id of the member that has it. */
  owner: z.string().nullable(),
  note: z.string(),
})
export type LagPartition = z.infer<typeof lagPartition>

export const lagItem = z.object({
  group: z.string(),
  /** What names it: the catalogue, a variable of a workload, `--group`. */
  sources: z.array(z.string()),
  /** Who should work on it; `ready` and `desired` are null where the workload is missing. */
  workloads: z.array(z.object({name: z.string(), ready: count.nullable(), desired: count.nullable()})),
  /** As the broker says (Stable, Empty, PreparingRebalance ...); `new-protocol` (KIP-848) and `absent` by our own name; null where it can't be read. */
  state: z.string().nullable(),
  /** Null after one look. */
  movement: movement.nullable(),
  /** Over all topics, of the partitions with a commit; null where it is not known. */
  lag: offset.nullable(),
  /** Of the partition with the most. */
  worstLag: offset.nullable(),
  oldestUnreadSeconds: age.nullable(),
  /** Until the backlog is worked off at the pace between the looks; null where it does not shrink. */
  etaSeconds: count.nullable(),
  /** Null where it is not known. */
  members: count.nullable(),
  /** Replicas that can have no partition, because there are more of them than partitions. */
  idleConsumers: count.nullable(),
  partitions: z.array(lagPartition),
  /** Events in the topic of those that failed for good, and how many of them came between the looks; null where the catalogue names none. */
  deadLetters: z.object({topic: z.string(), events: offset.nullable(), added: offset.nullable()}).nullable(),
  thresholds: z.object({allowedLag: count, maxAgeSeconds: count}),
  severity,
  reason: z.string(),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type LagItem = z.infer<typeof lagItem>

export const lagBroker = z.object({
  /** Null where no broker answers, and nobody says which there are. */
  id: count.nullable(),
  address: z.string().nullable(),
  severity,
  reason: z.string(),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type LagBroker = z.infer<typeof lagBroker>

export const consumerLagReport = z.object({
  ...envelope('ConsumerLagReport'),
  verdict,
  /** Seconds between the two looks; null after one. */
  windowSeconds: z.number().nonnegative().nullable(),
  summary: z.object({
    groups: count,
    ok: count,
    warning: count,
    critical: count,
    unknown: count,
    /** Of the groups of which it is known. */
    lag: offset,
  }),
  items: z.array(lagItem),
  /** Those that the cluster has, and those that it has lost. */
  brokers: z.array(lagBroker),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type ConsumerLagReport = z.infer<typeof consumerLagReport>
