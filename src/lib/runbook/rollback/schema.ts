import {z} from 'zod'
import {operationFields, operationItem} from '../operation/schema.ts'
import {redisAtStake} from '../queue-depth/schema.ts'
import {envelope} from '../schema.ts'

export const rollbackReport = z.object({
  ...envelope('RollbackReport'),
  ...operationFields,
  /** The revision whose pod template is taken up again, under a new number; null where the workload was left alone unread. */
  toRevision: z.number().int().nullable(),
  items: z.array(operationItem),
  /** What Redis held before; null where it was not the one, or was left alone. */
  redis: redisAtStake.nullable(),
})
export type RollbackReport = z.infer<typeof rollbackReport>
