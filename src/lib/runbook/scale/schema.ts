import {z} from 'zod'
import {operationFields, operationItem} from '../operation/schema.ts'
import {redisAtStake} from '../queue-depth/schema.ts'
import {envelope, time} from '../schema.ts'

export const scaleReport = z.object({
  ...envelope('ScaleReport'),
  ...operationFields,
  items: z.array(operationItem),
  /** What Redis held before; null where it was not among those that were stopped. */
  redis: redisAtStake.nullable(),
  /** A count that was set for a while; null for one that stays. */
  temporary: z
    .object({
      until: time,
      /** True where nobody waits to go back: `sapoche scale --revert` does. */
      detached: z.boolean(),
    })
    .nullable(),
  /** What became of going back at the end of that time, or at Ctrl-C; null where that was not this run's to do. */
  reverted: z.array(operationItem).nullable(),
})
export type ScaleReport = z.infer<typeof scaleReport>
