import {z} from 'zod'
import {operationFields, operationItem} from '../operation/schema.ts'
import {envelope} from '../schema.ts'

export const restartReport = z.object({
  ...envelope('RestartReport'),
  ...operationFields,
  items: z.array(operationItem),
})
export type RestartReport = z.infer<typeof restartReport>
