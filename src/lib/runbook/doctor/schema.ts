import {z} from 'zod'
import {envelope, verdict, warning} from '../schema.ts'

/** What hops belong to; reports show them in this order. */
export const doctorPath = z.enum(['program', 'cluster', 'commands', 'port-forward', 'redis', 'kafka', 'orthanc', 'dependencies'])
export type DoctorPath = z.infer<typeof doctorPath>

/** `skipped`: it rests on a hop that fails, or there is nothing to look at. */
export const hopStatus = z.enum(['ok', 'warning', 'critical', 'unknown', 'skipped'])
export type HopStatus = z.infer<typeof hopStatus>

export const doctorStep = z.object({
  path: doctorPath,
  name: z.string(),
  /** Where it leads; null where that is not known, or is no place. */
  target: z.string().nullable(),
  status: hopStatus,
  /** How long it took; null where nothing was waited for. */
  ms: z.number().int().nonnegative().nullable(),
  reason: z.string(),
  /** What to do about it; null where there is nothing to be done. */
  cure: z.string().nullable(),
  /** Of a dependency: the workloads whose environment names it. */
  workloads: z.array(z.string()).optional(),
})
export type DoctorStep = z.infer<typeof doctorStep>

export const doctorReport = z.object({
  ...envelope('DoctorReport'),
  /** URL of the API server; null where no kubeconfig says it. */
  server: z.string().nullable(),
  verdict,
  summary: z.object({
    hops: z.number().int(),
    ok: z.number().int(),
    warning: z.number().int(),
    critical: z.number().int(),
    unknown: z.number().int(),
    skipped: z.number().int(),
  }),
  steps: z.array(doctorStep),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type DoctorReport = z.infer<typeof doctorReport>
