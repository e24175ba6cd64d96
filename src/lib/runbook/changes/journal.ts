import {parseTime} from '../../text/time.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {SapocheError} from '../../errors/index.ts'
import {type JournalEntry, readJournal} from '../journal/index.ts'
import type {Warning} from '../schema.ts'
import {type Change, changeOf} from './change.ts'

/** What this tool wrote down of its own changes, on this machine. `workloadOf` tells the workload of a pod that was evicted. */
export function changesOfJournal(entries: readonly JournalEntry[], workloadOf: (pod: string) => string | null): Change[] {
  return entries.map(({at, who, command, target, before, after, reason}) => {
    const isScaling = command === 'scale' && typeof after === 'number'
    const isPod = command === 'evict'
    return changeOf({
      at: parseTime(at) ?? 0,
      kind: isScaling ? 'scaling' : 'journal',
      workload: isPod ? workloadOf(target) : target,
      object: {kind: isPod ? 'Pod' : 'Deployment', name: target},
      what: isScaling ? `${before === null ? '' : `${before} -> `}${after} replicas` : `sapoche ${command}${words(before, after)}`,
      by: who,
      reason,
      to: isScaling ? after : null,
      sources: ['journal'],
    })
  })
}

function words(before: JournalEntry['before'], after: JournalEntry['after']): string {
  if (after === null) return ''
  return before === null ? `: ${after}` : `: ${before} -> ${after}`
}

/** The journal's lines about this namespace of this cluster, oldest first; null for no file. One that can't be read is a warning. */
export async function readOwnJournal(
  file: string | null,
  {server, namespace}: Pick<ClusterReader, 'server' | 'namespace'>,
): Promise<{entries: JournalEntry[]; warnings: Warning[]}> {
  if (file === null) return {entries: [], warnings: []}
  try {
    const {entries} = await readJournal(file)
    return {entries: entries.filter((entry) => entry.server === server && entry.namespace === namespace), warnings: []}
  } catch (error) {
    if (!(error instanceof SapocheError)) throw error
    return {entries: [], warnings: [{code: error.code, message: error.message}]}
  }
}
