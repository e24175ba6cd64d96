import {isNamed, type LeftAlone, type Selection} from './selection.ts'

/** What has to be agreed to before anything is changed. */
export interface Confirmation {
  /** What will be changed, where: a question. */
  readonly question: string
  /** What follows from it, and what is left out; a line each. */
  readonly notes: readonly string[]
  /** Names that have to be typed, or given by `--confirm`, and why. */
  readonly typed: readonly {readonly name: string; readonly why: string}[]
}

/** Asks; rejects with an InterruptedError (130) for a no, and with a UsageError (64) where nobody can be asked. */
export type Confirm = (confirmation: Confirmation) => Promise<void>

/** Protected workloads have to be typed one by one, and for `all` the namespace (rules.md, section 6; issue "category writes are loaded guns"). */
export function namesToType({chosen, all}: Pick<Selection, 'chosen' | 'all'>, namespace: string): Confirmation['typed'] {
  const typed = chosen.flatMap(({workload}) => {
    const why = workload.listed?.protected ?? null
    return why === null || !isNamed(workload) ? [] : [{name: workload.name, why: `it is protected: ${why}`}]
  })
  return all ? [...typed, {name: namespace, why: 'all workloads of the namespace are meant'}] : typed
}

/** `consumer-ecg`, `consumer-ecg and consumer-dicom`, `13 workloads`. */
export function namesOrCount(names: readonly string[]): string {
  if (names.length > 3) return `${names.length} workloads`
  return names.length < 2 ? (names[0] ?? 'nothing') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `in sapoche on prod-eu` */
export function place(cluster: {readonly namespace: string; readonly context: string | null}): string {
  return `in ${cluster.namespace} on ${cluster.context ?? 'this cluster'}`
}

/** What is left out, and why; one line a reason. */
export function notesOnLeft(left: readonly LeftAlone[]): string[] {
  const byReason = Map.groupBy(left, ({outcome, reason}) => `${outcome} (${reason})`)
  return [...byReason].map(([why, items]) => `${namesOrCount(items.map(({name}) => name))}: ${why}`)
}
