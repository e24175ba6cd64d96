import {matchesGlob, type Catalogue, type GroupOf} from '../../catalogue/index.ts'
import type {Survey} from '../../clients/kafka/types.ts'
import {UsageError} from '../../errors/index.ts'
import {nearestNames} from '../../text/nearest.ts'
import {groupsOf, topicsOf, type Subject} from '../bindings/index.ts'
import type {Group} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'

/** A workload as far as its consumers go; counts are null where the cluster lacks it. */
export interface Consumers {
  readonly name: string
  readonly desired: number | null
  readonly ready: number | null
  /** Null where the catalogue lacks it. */
  readonly baseline: number | null
  readonly maxReplicas: number | null
  readonly backlogAccepted: boolean
}

/** A consumer group that the report is about. */
export interface WantedGroup {
  readonly name: string
  readonly sources: readonly string[]
  readonly workloads: readonly Consumers[]
  /** Topics that the catalogue says it reads. */
  readonly topics: readonly string[]
  /** Topics that the environment of its workloads names; a topic that they write to may be among them. */
  readonly mentioned: readonly string[]
  /** Topic of the events that failed for good, as the catalogue says; null where it names none. */
  readonly deadLetter: string | null
  readonly allowedLag: number
  /** Seconds. */
  readonly maxAge: number
}

/** What goes before the catalogue's thresholds. */
export interface Thresholds {
  readonly 'allowed-lag'?: number | undefined
  /** Milliseconds. */
  readonly 'max-age'?: number | undefined
}

/** The groups that these workloads are bound to. `thresholds` go before the catalogue's. */
export function boundGroups(
  subjects: readonly Subject[],
  workloads: readonly Group[],
  catalogue: Catalogue,
  thresholds: Thresholds,
): WantedGroup[] {
  const bound = new Map<string, WantedGroup>()
  for (const [index, subject] of subjects.entries()) {
    const mentioned = topicsOf(subject, catalogue).found.map((topic) => topic.name)
    for (const {name, source} of groupsOf(subject, catalogue).found) {
      const listed = subject.listed?.groups.find((group) => group.name === name)
      const known = bound.get(name) ?? groupNamed(name, catalogue, thresholds, listed)
      bound.set(name, {
        ...known,
        sources: unique([...known.sources, source]),
        workloads: [...known.workloads, consumersOf(workloads[index]!)],
        topics: unique([...known.topics, ...(listed?.topics ?? [])]),
        mentioned: unique([...known.mentioned, ...mentioned]),
        deadLetter: known.deadLetter ?? listed?.deadLetter ?? null,
      })
    }
  }
  return [...bound.values()]
}

function groupNamed(name: string, {thresholds: defaults}: Catalogue, thresholds: Thresholds, listed?: GroupOf): WantedGroup {
  const {'allowed-lag': allowedLag, 'max-age': maxAge} = thresholds
  return {
    name,
    sources: [],
    workloads: [],
    topics: [],
    mentioned: [],
    deadLetter: listed?.deadLetter ?? null,
    allowedLag: allowedLag ?? listed?.allowedLag ?? defaults.allowedLag,
    maxAge: maxAge === undefined ? (listed?.maxAge ?? defaults.lagAge) : Math.ceil(maxAge / 1000),
  }
}

/**
 * The groups that `--group` names, of those that workloads are bound to and of those of the brokers; by globs only groups of consumers.
 * Throws a UsageError (64) for a pattern that matches nothing, if all brokers have said what groups they have.
 */
export function chosenGroups(
  patterns: readonly string[],
  bound: readonly WantedGroup[],
  survey: Survey,
  catalogue: Catalogue,
  thresholds: Thresholds,
): WantedGroup[] {
  const known = new Map(bound.map((group) => [group.name, group]))
  const named = (name: string): WantedGroup => known.get(name) ?? {...groupNamed(name, catalogue, thresholds), sources: ['--group']}
  // Brokers list them in no order, each its own.
  const consumers = survey.groups.flatMap(({name, protocol}) => (protocol === 'consumer' || protocol === '' ? [name] : [])).sort()
  const all = unique([...known.keys(), ...consumers])
  const isComplete = survey.brokers.every(({error}) => error === null)
  const matched = patterns.flatMap((pattern) => {
    const names = all.filter((name) => matchesGlob(pattern, name))
    const exact = survey.groups.some(({name}) => name === pattern)
    if (names.length > 0 || exact || (!isComplete && !/[*?]/.test(pattern))) return names.length > 0 ? names : [pattern]
    if (!isComplete) return []
    throw new UsageError(`no consumer group matches "${pattern}"`, {suggestions: nearestNames(pattern, all)})
  })
  return unique(matched).map(named)
}

/** Consumers of which nothing says what group they are in, and what would help. */
export function unboundWarnings(subjects: readonly Subject[], catalogue: Catalogue): Warning[] {
  return subjects.flatMap((subject) => {
    const {found, hidden} = groupsOf(subject, catalogue)
    if (found.length > 0 || subject.category !== 'consumers' || (subject.environments.length === 0 && hidden.length === 0)) return []
    const why =
      hidden.length > 0 ? `its group is hidden (${hidden.join(', ')})` : 'neither its environment nor the catalogue names its group'
    return [{code: 'no-group', message: `${subject.name}: ${why}; add it to the catalogue (workloads[].groups)`}]
  })
}

function consumersOf({name, deployment, listed}: Group): Consumers {
  return {
    name,
    desired: deployment?.replicas ?? null,
    ready: deployment?.status.ready ?? null,
    baseline: listed?.baseline ?? null,
    maxReplicas: listed?.maxReplicas?.count ?? null,
    backlogAccepted: listed?.inactive?.backlogAccepted ?? false,
  }
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)]
}
