import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

const name = z.string().nullable()

export const historyItem = z.object({
  revision: z.number().int(),
  replicaSet: z.string(),
  /** True for the revision that the deployment has now. */
  current: z.boolean(),
  /** Pods that it is to have. */
  replicas: z.number().int(),
  /** When it was first rolled out. */
  createdAt: time.nullable(),
  /** True where a rollback took it up again: it was rolled out later than it was created. */
  reused: z.boolean(),
  /** The annotation kubernetes.io/change-cause. */
  cause: z.string().nullable(),
  images: z.array(z.object({container: z.string(), image: z.string()})),
  /** Beside the revision before; null for the oldest that is kept. */
  changes: z
    .object({
      images: z.array(z.object({container: z.string(), from: name, to: name})),
      /** Names of variables that were added, removed or have another value; values are never shown. */
      env: z.array(z.string()),
      what: z.string(),
    })
    .nullable(),
  /** The command that goes back to it; null for the current one. */
  rollback: z.string().nullable(),
})
export type HistoryItem = z.infer<typeof historyItem>

export const historyReport = z.object({
  ...envelope('HistoryReport'),
  target: z.string(),
  paused: z.boolean(),
  /** Oldest first. */
  items: z.array(historyItem),
  warnings: z.array(warning),
})
export type HistoryReport = z.infer<typeof historyReport>
