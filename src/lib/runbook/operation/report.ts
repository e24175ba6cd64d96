import {isoTime} from '../../text/time.ts'
import {clockWarning} from '../cluster/index.ts'
import type {Warning} from '../schema.ts'
import type {Operation, Operator} from './operator.ts'
import {countOutcomes} from './outcome.ts'
import type {OperationItem} from './schema.ts'
import type {Chosen, LeftAlone} from './selection.ts'

/** A chosen workload that is left alone after all. */
export function leave({workload}: Chosen, before: number | null, {outcome, reason}: Pick<LeftAlone, 'outcome' | 'reason'>): LeftAlone {
  return {name: workload.name, category: workload.category, before, outcome, reason}
}

/** Items in the order of `names`: those that were run, and those left alone. */
export function itemsInOrder(names: readonly string[], run: readonly OperationItem[], left: readonly LeftAlone[]): OperationItem[] {
  const known = new Map<string, OperationItem>(run.map((item) => [item.name, item]))
  for (const {name, category, before, outcome, reason} of left) {
    const after = outcome === 'unchanged' ? before : null
    known.set(name, {name, category, before, after, outcome, reason, undo: null, seconds: null, evidence: null})
  }
  return names.flatMap((name) => known.get(name) ?? [])
}

/** What the reports of all operations begin with. */
export function operationReport<K extends string>(
  kind: K,
  {cluster, now}: Operator,
  {changes}: Operation,
  {
    items,
    interrupted,
    warnings,
  }: {readonly items: readonly OperationItem[]; readonly interrupted: boolean; readonly warnings: readonly Warning[]},
) {
  return {
    apiVersion: 'sapoche/v1' as const,
    kind,
    generatedAt: isoTime(now()),
    context: cluster.context,
    namespace: cluster.namespace,
    dryRun: changes.dryRun,
    interrupted,
    summary: countOutcomes(items),
    items: [...items],
    warnings: [...clockWarning(cluster), ...warnings, ...changes.warnings],
  }
}
