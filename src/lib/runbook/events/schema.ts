import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

/** One event of the cluster: what it is about, when it was seen first and last, and how often. */
export const eventItem = z.object({
  /** The last time it was seen; null where the API does not say. */
  at: time.nullable(),
  firstAt: time.nullable(),
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  count: z.number().int().positive(),
  object: z.object({kind: z.string(), name: z.string()}),
  /** The workload that the object belongs to, also where the object is gone; null where it belongs to none. */
  workload: z.string().nullable(),
  category: z.string().nullable(),
  /** The component that reported it. */
  source: z.string(),
})
export type EventItem = z.infer<typeof eventItem>

export const eventsReport = z.object({
  ...envelope('EventsReport'),
  summary: z.object({
    /** All that there are of the targets, of which `items` are the newest. */
    events: z.number().int().nonnegative(),
    warnings: z.number().int().nonnegative(),
  }),
  /** Newest last. */
  items: z.array(eventItem),
  warnings: z.array(warning),
})
export type EventsReport = z.infer<typeof eventsReport>

/** One line of `events --follow -o json`. */
export const eventRecord = z.object({
  apiVersion: z.literal('sapoche/v1'),
  kind: z.literal('EventRecord'),
  context: z.string().nullable(),
  namespace: z.string(),
  ...eventItem.shape,
})
export type EventRecord = z.infer<typeof eventRecord>
