import {parseTime} from '../../text/time.ts'
import {jsonOf} from './answers.ts'
import type {Reply} from './http.ts'
import type {OrthancJob, OrthancStatistics, OrthancSystem} from './types.ts'

const MEGABYTE = 1024 * 1024
/** Longer ones are none of ours: versions, plugins, titles. */
const LONGEST = 64

type Fields = Readonly<Record<string, unknown>>

/** `/tools/now`: a date as `20261123T031207`. */
export function decodeNow({body}: Reply): true | null {
  return /^"?\d{4}-?\d\d-?\d\dT\d\d/.test(body.toString('latin1')) ? true : null
}

export function decodeSystem(reply: Reply): OrthancSystem | null {
  const system = fieldsOf(jsonOf(reply))
  if (system === null || !('Version' in system || 'ApiVersion' in system)) return null
  const limit = numberAt(system, 'MaximumStorageSize')
  const mode = textAt(system, 'MaximumStorageMode')
  return {
    version: textAt(system, 'Version'),
    dicomAet: textAt(system, 'DicomAet'),
    dicomPort: numberAt(system, 'DicomPort'),
    databasePlugin: textAt(system, 'DatabaseBackendPlugin'),
    storagePlugin: textAt(system, 'StorageAreaPlugin'),
    readOnly: typeof system['ReadOnly'] === 'boolean' ? system['ReadOnly'] : null,
    maximumStorage: limit === null ? null : limit * MEGABYTE,
    maximumStorageMode: mode === 'Recycle' || mode === 'Reject' ? mode : null,
  }
}

/** `/changes?last`: that there is such a document is all that it tells. */
export function decodeChanges(reply: Reply): true | null {
  return Array.isArray(fieldsOf(jsonOf(reply))?.['Changes']) ? true : null
}

/** `TotalDiskSize` is bytes, written as a string. */
export function decodeStatistics(reply: Reply): OrthancStatistics | null {
  const statistics = fieldsOf(jsonOf(reply))
  if (statistics === null || !('TotalDiskSize' in statistics || 'TotalDiskSizeMB' in statistics)) return null
  const megabytes = numberAt(statistics, 'TotalDiskSizeMB')
  return {
    diskSize: numberAt(statistics, 'TotalDiskSize') ?? (megabytes === null ? null : megabytes * MEGABYTE),
    instances: numberAt(statistics, 'CountInstances'),
  }
}

export function decodeJobs(reply: Reply): OrthancJob[] | null {
  const jobs = jsonOf(reply)
  if (!Array.isArray(jobs)) return null
  return jobs.map((job: unknown) => {
    const fields = fieldsOf(job) ?? {}
    return {state: textAt(fields, 'State') ?? '', completedAt: parseTime(extended(textAt(fields, 'CompletionTime')))}
  })
}

/** `20261123T031207.123456`, in UTC, as RFC 3339. */
function extended(text: string | null): string | null {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(text ?? '') ?? []
  return second === undefined ? null : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null
}

/** A number, or one that is written as a string; null where there is none. */
function numberAt(fields: Fields, name: string): number | null {
  const value = fields[name]
  if (typeof value === 'string' && !/^\d+(\.\d+)?$/.test(value)) return null
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null
}

function textAt(fields: Fields, name: string): string | null {
  const value = fields[name]
  return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : null
}
