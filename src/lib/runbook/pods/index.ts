import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {decodeNode} from '../../workload/index.ts'
import {readOptional, RESOURCES, warningOf} from '../cluster/index.ts'
import {readInventory} from '../inventory/index.ts'
import {podsReport} from './report.ts'
import type {PodsReport} from './schema.ts'

export {podsNotice, podsViews} from './view.ts'

export interface PodsOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Only pods with which something is wrong. */
  readonly problems: boolean
}

export interface PodsSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** The pods of the targets, each with what is wrong with it. Errors as `readInventory`; nodes that can't be read are a warning. */
export async function readPods(options: PodsOptions, sources: PodsSources, signal: AbortSignal): Promise<PodsReport> {
  const {cluster, catalogue} = sources
  const [inventory, nodes] = await Promise.all([
    readInventory(options, sources, signal),
    readOptional(cluster, RESOURCES.nodes, decodeNode, {signal}),
  ])
  return podsReport(inventory, nodes.items ?? 'unreadable', {
    problems: options.problems,
    categories: catalogue.categories.map(({name}) => name),
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: [...inventory.warnings, ...warningOf(nodes)],
  })
}
