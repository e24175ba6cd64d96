import {z} from 'zod'
import {count, envelope, restarts, severity, time, warning} from '../schema.ts'

/** A pod that counts (rules.md, section 1). */
export const podItem = z.object({
  name: z.string(),
  /** The deployment that owns it; null where none does. */
  workload: z.string().nullable(),
  category: z.string().nullable(),
  /** By the rules: a ready pod on a node that is not ready, is not. */
  ready: z.boolean(),
  /** Containers, native sidecars counted in. */
  containers: z.object({ready: count, total: count}),
  /** As kubectl words it. */
  status: z.string(),
  restarts,
  node: z.string().nullable(),
  createdAt: time.nullable(),
  startedAt: time.nullable(),
  severity,
  /** What is wrong with it; '' where nothing is. */
  reason: z.string(),
})
export type PodItem = z.infer<typeof podItem>

/** A pod that does not count: it has come to its end, or is on its way out. */
export const uncountedPod = z.object({
  name: z.string(),
  workload: z.string().nullable(),
  category: z.string().nullable(),
  standing: z.enum(['succeeded', 'failed', 'terminating']),
  status: z.string(),
  node: z.string().nullable(),
  createdAt: time.nullable(),
  reason: z.string(),
})
export type UncountedPod = z.infer<typeof uncountedPod>

export const podsReport = z.object({
  ...envelope('PodsReport'),
  summary: z.object({
    pods: count,
    ready: count,
    problems: count,
    categories: z.array(z.object({name: z.string(), pods: count, ready: count})),
  }),
  /** Those that count; with `--problems` those alone with which something is wrong. */
  items: z.array(podItem),
  uncounted: z.array(uncountedPod),
  warnings: z.array(warning),
})
export type PodsReport = z.infer<typeof podsReport>
