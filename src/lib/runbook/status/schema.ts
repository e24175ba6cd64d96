import {z} from 'zod'
import {groupState, queueState, serverState} from '../data-plane/schema.ts'
import {count, envelope, restarts, severity, time, verdict, warning} from '../schema.ts'

export const health = z.enum(['ok', 'inactive', 'drifted', 'progressing', 'degraded', 'down', 'stopped', 'missing', 'unknown'])

/** `reason` is a sentence; '' where there is nothing to say. Counts are null where they could not be read. */
export const statusItem = z.object({
  name: z.string(),
  kind: z.string(),
  /** null for a workload that no category of the catalogue matches. */
  category: z.string().nullable(),
  purpose: z.string().nullable(),
  /** False where the catalogue doesn't hold it. */
  listed: z.boolean(),
  health,
  severity,
  reason: z.string(),
  /** Since when it is so; null where nothing says. */
  since: time.nullable(),
  desired: count.nullable(),
  ready: count.nullable(),
  updated: count.nullable(),
  available: count.nullable(),
  baseline: count.nullable(),
  restarts,
  autoscaler: z
    .object({kind: z.enum(['HPA', 'ScaledObject']), name: z.string(), min: count, max: count, trouble: z.string().nullable()})
    .nullable(),
  /** A count that was set for a while (`sapoche scale --for`). */
  temporary: z
    .object({until: time, overdue: z.boolean(), previous: count.nullable(), by: z.string().nullable(), reason: z.string().nullable()})
    .nullable(),
  /** The newest rollout. */
  changed: z.object({revision: count.nullable(), at: time.nullable(), what: z.string()}).nullable(),
  pods: z.array(
    z.object({
      name: z.string(),
      ready: z.boolean(),
      /** As kubectl words it. */
      status: z.string(),
      node: z.string().nullable(),
      restarts: count,
      startedAt: time.nullable(),
      /** What is wrong with it; '' where nothing is. */
      reason: z.string(),
    }),
  ),
  /** Failed pods that are not judged: Evicted, NodeShutdown, Preempted. */
  leftovers: z.array(z.object({name: z.string(), reason: z.string(), node: z.string().nullable()})),
  /** Warning events, newest first; they never decide. */
  evidence: z.array(z.string()),
  /** What it works on, and what waits there; null without `--deep`. They have severities of their own, which count for the verdict. */
  queues: z.array(queueState).nullable(),
  groups: z.array(groupState).nullable(),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type StatusItem = z.infer<typeof statusItem>

export const statusService = z.object({
  name: z.string(),
  /** null where it is in neither cluster nor catalogue, or can't be read. */
  type: z.string().nullable(),
  ports: z.array(
    z.object({
      name: z.string().nullable(),
      port: count,
      nodePort: count.nullable(),
      targetPort: z.union([count, z.string()]),
      readyEndpoints: count.nullable(),
    }),
  ),
  readyEndpoints: count.nullable(),
  /** `None` of a headless service; null where it has none, or is not there. */
  clusterIP: z.string().nullable(),
  severity,
  reason: z.string(),
})
export type StatusService = z.infer<typeof statusService>

/** What else the namespace runs: StatefulSets, DaemonSets, Jobs, CronJobs, pods without owner. */
export const statusOther = z.object({
  kind: z.string(),
  name: z.string(),
  listed: z.literal(false),
  severity,
  reason: z.string(),
  desired: count.nullable(),
  ready: count.nullable(),
})
export type StatusOther = z.infer<typeof statusOther>

export const statusReport = z.object({
  ...envelope('StatusReport'),
  verdict,
  /** Healths that were told not to count for the verdict (`--allow`). */
  allow: z.array(health),
  summary: z.object({
    workloads: count,
    active: count,
    inactive: count,
    pods: z.object({desired: count, ready: count}),
    categories: z.array(z.object({name: z.string(), workloads: count, active: count, desired: count, ready: count, verdict})),
  }),
  items: z.array(statusItem),
  services: z.array(statusService),
  others: z.array(statusOther),
  /** Redis and Kafka, as far as they were asked (`--deep`). */
  servers: z.array(serverState),
  /** What the verdict rests on more than one fault: a shared node or image, or a namespace that looks wrong. */
  findings: z.array(z.string()),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type StatusReport = z.infer<typeof statusReport>

/** One line of `status --watch -o json`: what something was, and what it is now. */
export const statusChange = z.object({
  apiVersion: z.literal('sapoche/v1'),
  kind: z.literal('StatusChange'),
  /** When it was seen. */
  time,
  context: z.string().nullable(),
  namespace: z.string(),
  /** `Namespace` for the verdict on all of it, `Watch` for the connection, else the kind of the object. */
  objectKind: z.string(),
  name: z.string(),
  /** A health, of what has none a severity; of a watch `watching` or `blind`. null where it was not there, and at the start. */
  from: z.string().nullable(),
  /** null where it is gone. */
  to: z.string().nullable(),
  severity,
  reason: z.string(),
  /** On the whole namespace, after the change. */
  verdict,
})
export type StatusChange = z.infer<typeof statusChange>
