import {parseTime} from '../../text/time.ts'
import type {JournalEntry} from '../journal/index.ts'
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
