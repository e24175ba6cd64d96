import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {readOwnJournal} from '../changes/index.ts'
import type {DataPlane, DataSources} from '../data-plane/index.ts'
import {look, type Look} from './collect.ts'
import {auditInactiveReport, isInactive} from './report.ts'
import type {AuditInactiveReport} from './schema.ts'

export {exitCodeOf} from '../../workload/index.ts'
export {auditViews} from './view.ts'

export interface AuditInactiveOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Milliseconds at zero from which on it is long. */
  readonly olderThanMs: number
  /** Judges what the catalogue lacks as severely as the rest. */
  readonly strict: boolean
  /** The journal's file; null for none. */
  readonly journal: string | null
  /** Milliseconds between two looks at queues and lag; none, or 0, for one look. */
  readonly window?: number | undefined
}

export interface AuditInactiveSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** For one look with Redis and Kafka; null where they are not to be asked. */
  readonly look: (() => DataSources) | null
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** Every deployment at zero, and what is to be done about it. Errors as `readInventory`; what else can't be read is a warning. */
export async function auditInactive(
  options: AuditInactiveOptions,
  sources: AuditInactiveSources,
  signal: AbortSignal,
): Promise<AuditInactiveReport> {
  const deep = sources.look?.() ?? null
  const {cluster, catalogue} = deep ?? sources
  const [found, journal] = await Promise.all([
    look(options, {cluster, catalogue}, signal),
    readOwnJournal(options.journal, sources.cluster),
  ])
  const data = deep === null ? null : await readBacklogs(found, options, deep, signal)
  return auditInactiveReport(found, {
    catalogue,
    olderThanMs: options.olderThanMs,
    strict: options.strict,
    journal: journal.entries,
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: [...found.inventory.warnings, ...journal.warnings],
    data,
  })
}

/** Of what stands at zero alone. */
async function readBacklogs(
  {inventory}: Look,
  {window = 0}: AuditInactiveOptions,
  sources: DataSources,
  signal: AbortSignal,
): Promise<DataPlane> {
  const targets = inventory.groups.filter(isInactive).map(({name}) => `deployment/${name}`)
  if (targets.length === 0) return {workloads: new Map(), servers: [], notChecked: [], warnings: []}
  const {readDataPlane} = await import('../data-plane/index.ts')
  return await readDataPlane({targets, window}, sources, signal)
}
