import {z} from 'zod'
import {lagItem} from '../consumer-lag/schema.ts'
import {queueItem} from '../queue-depth/schema.ts'
import {severity} from '../schema.ts'

/** A queue that a workload works on, as `queue-depth` has it: `state` tells an absent key and an unreadable one from zero. */
export const queueState = queueItem.pick({
  queue: true,
  state: true,
  pending: true,
  delayed: true,
  reserved: true,
  oldestAgeSeconds: true,
  movement: true,
  severity: true,
  reason: true,
  next: true,
})
export type QueueState = z.infer<typeof queueState>

/** A consumer group of a workload, as `consumer-lag` has it: a `state` of null is unreadable, `absent` no such group. */
export const groupState = lagItem.pick({
  group: true,
  state: true,
  lag: true,
  oldestUnreadSeconds: true,
  movement: true,
  members: true,
  severity: true,
  reason: true,
  next: true,
})
export type GroupState = z.infer<typeof groupState>

/** A server that holds queues, events or images. */
export const serverState = z.object({
  name: z.enum(['redis', 'kafka', 'orthanc']),
  severity,
  /** '' where there is nothing to say. */
  reason: z.string(),
  next: z.array(z.string()),
})
export type ServerState = z.infer<typeof serverState>
