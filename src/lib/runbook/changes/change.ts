import type {ChangeItem} from './schema.ts'

/** A change with its time as a number, and with what tells whether another source speaks of the same one. */
export interface Change extends Omit<ChangeItem, 'at' | 'category'> {
  /** Epoch milliseconds. */
  readonly at: number
  /** Of a scaling: the count that was set. */
  readonly to: number | null
}

const NOTHING = {by: null, reason: null, usedBy: [], to: null}

export function changeOf(
  change: Pick<Change, 'at' | 'kind' | 'workload' | 'object' | 'what' | 'sources'> &
    Partial<Pick<Change, 'by' | 'reason' | 'usedBy' | 'to'>>,
): Change {
  return {...NOTHING, ...change}
}

/** Clocks of a cluster differ, and controllers take their time. */
const SAME = 15_000

/**
 * One change for each thing that happened, though several sources speak of it: a scaling is an event of the deployment controller, one of
 * an autoscaler, an annotation and a line of the journal. The first keeps its words; who and why come from whichever knows.
 */
export function merged(changes: readonly Change[]): Change[] {
  const kept: Change[] = []
  /** What stands before it is too long ago to be the same as anything that is still to come. */
  let recent = 0
  for (const change of changes.toSorted((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind])) {
    while (recent < kept.length && change.at - kept[recent]!.at > SAME) recent += 1
    let index = recent
    while (index < kept.length && !isSame(kept[index]!, change)) index += 1
    const other = kept[index]
    kept[index] = other === undefined ? change : joined(other, change)
  }
  return kept
}

/** Which of two at the same time has the better words. */
const RANK: Readonly<Record<Change['kind'], number>> = {
  rollout: 0,
  scaling: 1,
  eviction: 2,
  restart: 3,
  autoscaler: 4,
  ConfigMap: 5,
  Secret: 6,
  journal: 7,
}

function isSame(one: Change, other: Change): boolean {
  if (Math.abs(one.at - other.at) > SAME) return false
  if (one.workload !== other.workload || one.sources.some((source) => other.sources.includes(source))) return false
  const kinds = new Set([one.kind, other.kind])
  if (kinds.has('scaling')) return one.to !== null && one.to === other.to
  const [journal, rest] = one.kind === 'journal' ? [one, other] : [other, one]
  if (journal.kind !== 'journal') return one.kind === 'eviction' && other.kind === 'eviction' && one.object.name === other.object.name
  return (
    (rest.kind === 'rollout' && journal.object.kind === 'Deployment') ||
    (rest.kind === 'eviction' && journal.object.name === rest.object.name)
  )
}

function joined(one: Change, other: Change): Change {
  const [first, second] = RANK[one.kind] <= RANK[other.kind] ? [one, other] : [other, one]
  return {
    ...first,
    by: first.by ?? second.by,
    reason: first.reason ?? second.reason,
    sources: [...first.sources, ...second.sources],
  }
}
