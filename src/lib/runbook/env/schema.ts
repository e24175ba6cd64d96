import {z} from 'zod'
import {envelope, time, warning} from '../schema.ts'

/** Where a value stands: in the pod template itself, in a ConfigMap, a Secret, a field or resource of the pod; `image` is anything else. */
const source = z.object({
  kind: z.enum(['template', 'ConfigMap', 'Secret', 'field', 'resource', 'image', 'unknown']),
  name: z.string().nullable(),
  key: z.string().nullable(),
})

/** One variable of one container. */
export const envItem = z.object({
  workload: z.string(),
  category: z.string().nullable(),
  container: z.string(),
  /** With `--live`: the pod that was asked. */
  pod: z.string().nullable(),
  name: z.string(),
  /** Null where it is not known: Secrets are not read, a ConfigMap may be missing, a field is filled in by the kubelet. */
  value: z.string().nullable(),
  /** True where the value, or the password in it, is hidden. */
  masked: z.boolean(),
  source,
  /** Why there is no value; '' where there is one. */
  note: z.string(),
})
export type EnvItem = z.infer<typeof envItem>

export const envReport = z.object({
  ...envelope('EnvReport'),
  /** What was looked for in names and values; null for everything. */
  match: z.string().nullable(),
  live: z.boolean(),
  items: z.array(envItem),
  /** Whole Secrets whose keys are variables too: not read, so that they may hold matches. */
  secrets: z.array(z.object({workload: z.string(), container: z.string(), secret: z.string(), prefix: z.string()})),
  /** ConfigMaps that were written after a pod started: it runs with what they held before. */
  stale: z.array(z.object({workload: z.string(), configMap: z.string(), changedAt: time, pod: z.string(), startedAt: time})),
  warnings: z.array(warning),
})
export type EnvReport = z.infer<typeof envReport>
