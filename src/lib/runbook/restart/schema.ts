import {z} from 'zod'
import {operationFields, operationItem} from '../operation/schema.ts'
import {redisAtStake} from '../queue-depth/schema.ts'
import {envelope} from '../schema.ts'

export const restartReport = z.object({
  ...envelope('RestartReport'),
  ...operationFields,
  items: z.array(operationItem),
  /** What Redis held before; null where it was not among them. */
  redis: redisAtStake.nullable(),
})
export type RestartReport = z.infer<typeof restartReport>
