import {z} from 'zod'
import {envelope, verdict, warning} from '../schema.ts'
import {STEPS} from './names.ts'

const count = z.number().int().nonnegative()

export const probeStep = z.object({
  name: z.enum(STEPS),
  /** The service, pod, URL or page that it is about. */
  target: z.string(),
  status: z.enum(['ok', 'warning', 'critical', 'unknown', 'skipped']),
  /** Milliseconds of the request that decided, from the open connection on; null where none was made. */
  ms: z.number().int().nonnegative().nullable(),
  reason: z.string(),
})
export type ProbeStep = z.infer<typeof probeStep>

/** What an Orthanc says of itself; null is "not said", by this version or to this user. */
export const orthancFacts = z.object({
  target: z.string(),
  version: z.string().nullable(),
  databasePlugin: z.string().nullable(),
  storagePlugin: z.string().nullable(),
  readOnly: z.boolean().nullable(),
  /** Bytes; 0 for no limit. */
  maximumStorage: count.nullable(),
  maximumStorageMode: z.enum(['Recycle', 'Reject']).nullable(),
  /** Bytes; with `--deep` alone. */
  diskSize: count.nullable(),
  instances: count.nullable(),
  /** Of this replica; with `--deep` alone. */
  failedJobs: count.nullable(),
})
export type OrthancFacts = z.infer<typeof orthancFacts>

export const orthancProbeReport = z.object({
  ...envelope('OrthancProbeReport'),
  verdict,
  /** `tunnel` is the API server's port-forward. */
  through: z.enum(['direct', 'tunnel']),
  summary: z.object({steps: count, ok: count, warning: count, critical: count, unknown: count, skipped: count}),
  steps: z.array(probeStep),
  orthanc: z.array(orthancFacts),
  /** What the verdict does not speak of, and why. */
  notChecked: z.array(z.string()),
  /** Commands that help, best first. */
  next: z.array(z.string()),
  warnings: z.array(warning),
})
export type OrthancProbeReport = z.infer<typeof orthancProbeReport>
