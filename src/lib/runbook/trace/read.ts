import type {Catalogue, Flow} from '../../catalogue/index.ts'
import {ConfigurationError, UsageError} from '../../errors/index.ts'
import {nearestNames} from '../../text/nearest.ts'
import {readStatus, type StatusSources} from '../status/index.ts'
import {traceReport} from './report.ts'
import type {TraceReport} from './schema.ts'

export interface TraceOptions {
  /** Name of the flow; all of them where none is given. */
  readonly from?: string | undefined
  /** Milliseconds between two looks at queues and lag; none, or 0, for one look. */
  readonly window?: number | undefined
}

/**
 * The catalogue's flows, hop by hop. Rejects with a UsageError (64) for a flow that the catalogue lacks, with a ConfigurationError (78) where it
 * has none, and as `readStatus`.
 */
export async function readTrace({from, window}: TraceOptions, sources: StatusSources, signal: AbortSignal): Promise<TraceReport> {
  const {catalogue} = sources
  const flows = flowsFrom(from, catalogue)
  const status = await readStatus({targets: [], strict: false, window, orthanc: false, without: ['jobs', 'cronJobs']}, sources, signal)
  return traceReport(status, flows, from === undefined, catalogue)
}

function flowsFrom(from: string | undefined, {flows, source}: Catalogue): readonly Flow[] {
  if (flows.length === 0) throw new ConfigurationError(`the catalogue (${source}) has no flows`)
  if (from === undefined) return flows
  const found = flows.filter(({name}) => name === from)
  if (found.length > 0) return found
  const names = flows.map(({name}) => name)
  throw new UsageError(`no flow "${from}" in the catalogue; it has ${names.join(', ')}`, {suggestions: nearestNames(from, names)})
}
