import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

const amount = z.number().nonnegative()

/** CPU in cores, memory in bytes; null where it is not known, or not set. */
const resources = z.object({cpu: amount.nullable(), memory: amount.nullable()})
export type Resources = z.infer<typeof resources>

/** Use of one pod, container, workload or category (`by`). What has no metric has null, and never 0. */
export const topItem = z.object({
  /** Of the unit: a container's is unique only within its pod. */
  name: z.string(),
  /** Null for a workload or category. */
  pod: z.string().nullable(),
  workload: z.string().nullable(),
  category: z.string().nullable(),
  cpu: amount.nullable(),
  memory: amount.nullable(),
  /** Of the containers that have metrics. A limit is null where one of them has none: then nothing bounds the sum. */
  requests: resources,
  limits: resources,
  /** Use as a part of requests and limits, in percent; null where one of the two is. */
  percents: z.object({
    cpuOfRequests: amount.nullable(),
    cpuOfLimits: amount.nullable(),
    memoryOfRequests: amount.nullable(),
    memoryOfLimits: amount.nullable(),
  }),
  /** Containers, and those among them without a metric. */
  containers: z.object({total: z.number().int(), absent: z.number().int()}),
  /** When the oldest of its metrics was taken. */
  measuredAt: time.nullable(),
})
export type TopItem = z.infer<typeof topItem>

export const topReport = z.object({
  ...envelope('TopReport'),
  by: z.enum(['pod', 'container', 'workload', 'category']),
  sortBy: z.enum(['memory', 'cpu']),
  /** Sorted by use, most first; those without a metric last. */
  items: z.array(topItem),
  total: topItem.omit({name: true, pod: true, workload: true, category: true}),
  warnings: z.array(warning),
})
export type TopReport = z.infer<typeof topReport>
