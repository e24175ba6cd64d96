import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {readOwnJournal} from '../changes/index.ts'
import {look} from './collect.ts'
import {auditInactiveReport} from './report.ts'
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
}

export interface AuditInactiveSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** Every deployment at zero, and what is to be done about it. Errors as `readInventory`; what else can't be read is a warning. */
export async function auditInactive(
  options: AuditInactiveOptions,
  sources: AuditInactiveSources,
  signal: AbortSignal,
): Promise<AuditInactiveReport> {
  const {cluster, catalogue} = sources
  const [found, journal] = await Promise.all([look(options, sources, signal), readOwnJournal(options.journal, cluster)])
  return auditInactiveReport(found, {
    catalogue,
    olderThanMs: options.olderThanMs,
    strict: options.strict,
    journal: journal.entries,
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: [...found.inventory.warnings, ...journal.warnings],
  })
}
