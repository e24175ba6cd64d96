import {z} from 'zod'
import {serverState} from '../data-plane/schema.ts'
import {envelope, severity, verdict, warning} from '../schema.ts'
import {statusItem, statusService} from '../status/schema.ts'

const count = z.number().int().nonnegative()

/** A service of the catalogue as it is, and as it should be. */
export const traceService = statusService.extend({
  /** As workloads of any namespace call it. */
  dns: z.string(),
  expected: z.object({
    type: z.string(),
    /** Null where any will do. */
    clusterIP: z.string().nullable(),
    ports: z.array(z.object({port: count, nodePort: count.nullable()})),
  }),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type TraceService = z.infer<typeof traceService>

export const traceWorkload = statusItem
  .pick({
    name: true,
    health: true,
    severity: true,
    reason: true,
    since: true,
    desired: true,
    ready: true,
    changed: true,
    queues: true,
    groups: true,
    next: true,
  })
  .extend({
    /** Nothing passes it: it has no ready pod that it should have, or what waits for it does not move. */
    broken: z.boolean(),
  })
export type TraceWorkload = z.infer<typeof traceWorkload>

/** One hop of one flow. */
export const traceHop = z.object({
  /** The flow's name. */
  flow: z.string(),
  name: z.string(),
  kind: z.enum(['external', 'service', 'workload', 'category']),
  /** What was looked at: `service/NAME`, `deployment/NAME`, a category; null for what lies outside of the namespace. */
  target: z.string().nullable(),
  note: z.string().nullable(),
  /** False for what lies outside: its severity is `info` then. */
  checked: z.boolean(),
  /** The worst of all that belongs to it. */
  severity,
  reason: z.string(),
  /** Nothing passes here. Of a category: nothing passes any of its workloads. */
  broken: z.boolean(),
  /** Hops before it that are broken: what comes from beyond them does not arrive. */
  cutOffBy: z.array(z.string()),
  /** All hops before it in the flow, and all behind it, in their order. */
  upstream: z.array(z.string()),
  downstream: z.array(z.string()),
  /** The service itself, or that before a workload, where it is no hop of its own. */
  service: traceService.nullable(),
  /** The workload, that behind a service where it is no hop of its own, or those of the category. */
  workloads: z.array(traceWorkload),
  /** Redis or Kafka, where this hop is it. */
  servers: z.array(serverState),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type TraceHop = z.infer<typeof traceHop>

export const traceReport = z.object({
  ...envelope('TraceReport'),
  verdict,
  flows: z.array(z.object({name: z.string(), title: z.string(), verdict})),
  summary: z.object({hops: count, checked: count, broken: count}),
  items: z.array(traceHop),
  /** Those of the catalogue; with `--from` those of its hops. */
  services: z.array(traceService),
  /** What faults have in common: a node or an image, or a namespace that looks wrong. */
  findings: z.array(z.string()),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type TraceReport = z.infer<typeof traceReport>
