import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {decodePodWithSpec, readInventory} from '../inventory/index.ts'
import {readMetrics} from './metrics.ts'
import {topReport} from './report.ts'
import type {TopReport} from './schema.ts'

export {readMetrics} from './metrics.ts'
export {topNotice, topViews} from './view.ts'

export interface TopOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  readonly by: TopReport['by']
  readonly 'sort-by': TopReport['sortBy']
}

export interface TopSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** What the targets use beside what they ask for. Errors as `readInventory`, and 69 where the cluster has no metrics. */
export async function readTop(options: TopOptions, sources: TopSources, signal: AbortSignal): Promise<TopReport> {
  const {cluster} = sources
  const [inventory, metrics] = await Promise.all([readInventory(options, sources, signal, decodePodWithSpec), readMetrics(cluster, signal)])
  return topReport(inventory, metrics, {
    by: options.by,
    sortBy: options['sort-by'],
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: inventory.warnings,
  })
}
