import {z} from 'zod'
import {envelope} from '../schema.ts'

const port = z.number().int().min(1).max(65_535)

/** What `forward -o json` says when it listens. */
export const forwardReport = z.object({
  ...envelope('ForwardReport'),
  /** With the scheme that the remote port suggests; without one where it suggests none. */
  url: z.string(),
  local: z.object({host: z.literal('127.0.0.1'), port}),
  target: z.object({kind: z.enum(['Service', 'Deployment', 'Pod']), name: z.string(), port}),
  /** Where connections end now; another pod takes its place when it is replaced. */
  pod: z.object({name: z.string(), port}),
  notes: z.array(z.string()),
})
export type ForwardReport = z.infer<typeof forwardReport>
