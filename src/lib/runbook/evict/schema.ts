import {z} from 'zod'
import {operationFields, operationItem} from '../operation/schema.ts'
import {redisAtStake} from '../queue-depth/schema.ts'
import {envelope} from '../schema.ts'

export const evictItem = operationItem.extend({
  /** The workload that the pod belongs to; null where it belongs to none. */
  workload: z.string().nullable(),
  /** The pod's state, and its node, before. */
  before: z.string().nullable(),
  /** The pod that took its place; null where none has yet. */
  after: z.string().nullable(),
})
export type EvictItem = z.infer<typeof evictItem>

export const evictReport = z.object({
  ...envelope('EvictReport'),
  ...operationFields,
  items: z.array(evictItem),
  /** What Redis held before; null where the pod was not one of its. */
  redis: redisAtStake.nullable(),
})
export type EvictReport = z.infer<typeof evictReport>
