import {createHash} from 'node:crypto'
import type {Head} from './types.ts'

/**
 * The times of a job, of its payload as Laravel or Horizon wrote it. Nothing else of it is kept: it may hold patients' data.
 * Horizon's `pushedAt` goes before Laravel's `createdAt` (since 12.11) with its `delay`.
 */
export function headOf(payload: string): Head {
  const job = parse(payload)
  const pushed = number(job['pushedAt'])
  const created = number(job['createdAt'])
  const delay = number(job['delay']) ?? 0
  return {
    readySince: pushed ?? (created === null ? null : created + delay),
    attempts: number(job['attempts']),
    identity: createHash('sha256').update(payload).digest('base64'),
  }
}

function parse(payload: string): {readonly [field: string]: unknown} {
  try {
    const job: unknown = JSON.parse(payload)
    return typeof job === 'object' && job !== null ? (job as {readonly [field: string]: unknown}) : {}
  } catch {
    return {}
  }
}

/** A stamp that some write as a text. */
function number(value: unknown): number | null {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : null
}
