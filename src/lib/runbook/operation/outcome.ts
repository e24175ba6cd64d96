import {EXIT} from '../../errors/index.ts'

/** What became of one workload (rules.md, section 6); `rolled-back` and `evicted` are what `rollback` and `evict` wish for. */
export const OUTCOMES = [
  'scaled',
  'restarted',
  'rolled-back',
  'evicted',
  'unchanged',
  'inactive',
  'skipped',
  'accepted',
  'planned',
  'superseded',
  'doomed',
  'timed-out',
  'refused',
  'failed',
  'not-started',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Outcomes that end an operation with another code than 0, and stop it before the next workload. */
const TROUBLE: ReadonlySet<Outcome> = new Set(['superseded', 'doomed', 'timed-out', 'refused', 'failed'])

export function isTrouble(outcome: Outcome): boolean {
  return TROUBLE.has(outcome)
}

/** 0 when nothing is amiss; 75 when time is the only trouble; 2 for any other; 130 when it was interrupted (rules.md, section 6). */
export function operationExitCode(items: readonly {readonly outcome: Outcome}[], interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted
  const trouble = items.filter(({outcome}) => isTrouble(outcome))
  // What was not started was held up by the trouble before it; alone it says that something is wrong.
  if (trouble.length === 0) return items.some(({outcome}) => outcome === 'not-started') ? 2 : 0
  return trouble.every(({outcome}) => outcome === 'timed-out') ? EXIT['timed-out'] : 2
}

/** How often each outcome came, in the order of `OUTCOMES`; those that did not come are left out. */
export function countOutcomes(items: readonly {readonly outcome: Outcome}[]): Partial<Record<Outcome, number>> {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const outcome of OUTCOMES) {
    const count = items.filter((item) => item.outcome === outcome).length
    if (count > 0) counts[outcome] = count
  }
  return counts
}
