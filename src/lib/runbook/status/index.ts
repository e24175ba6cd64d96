import {takeSnapshot} from './collect.ts'
import {judgeSnapshot, type StatusOptions, type StatusSources} from './judge.ts'
import type {StatusReport} from './schema.ts'

export {exitCodeOf, HEALTHS} from '../../workload/index.ts'
export type {StatusReport} from './schema.ts'
export {statusViews} from './view.ts'

/**
 * The verdict of the namespace. Rejects with a UsageError (64) for a target that matches nothing, with a RefusedError (77) where deployments or
 * pods may not be read, with a ConfigurationError (78) where the namespace does not exist.
 */
export async function readStatus(options: StatusOptions, sources: StatusSources, signal: AbortSignal): Promise<StatusReport> {
  return judgeSnapshot(await takeSnapshot(sources.cluster, signal), options, sources)
}
