import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

/** One thing that changed. */
export const changeItem = z.object({
  at: time,
  kind: z.enum(['rollout', 'scaling', 'restart', 'eviction', 'autoscaler', 'ConfigMap', 'Secret', 'journal']),
  /** Null for what belongs to none. */
  workload: z.string().nullable(),
  category: z.string().nullable(),
  object: z.object({kind: z.string(), name: z.string()}),
  /** A sentence. Values of variables, and what ConfigMaps and Secrets hold, are never in it. */
  what: z.string(),
  /** Who, where something says so. */
  by: z.string().nullable(),
  reason: z.string().nullable(),
  /** Of a ConfigMap or Secret: the workloads whose templates refer to it. */
  usedBy: z.array(z.string()),
  /** What says so: replica set, event, pod, annotation, managedFields, journal. */
  sources: z.array(z.string()),
})
export type ChangeItem = z.infer<typeof changeItem>

export const changesReport = z.object({
  ...envelope('ChangesReport'),
  since: time,
  /** Newest last. */
  items: z.array(changeItem),
  /** What this report can't tell. */
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type ChangesReport = z.infer<typeof changesReport>
