import type {Commit, GroupDescription, Partition, PartitionState, Survey} from '../../clients/kafka/types.ts'
import {SapocheError} from '../../errors/index.ts'
import {ageOf, type Age} from './ladder.ts'
import type {WantedGroup} from './groups.ts'

/** What was read at one moment; an error stands in the place of what could not be. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number
  readonly descriptions: ReadonlyMap<string, GroupDescription | SapocheError>
  readonly commits: ReadonlyMap<string, readonly Commit[] | SapocheError>
  /** By `keyOf`. */
  readonly ends: ReadonlyMap<string, bigint | SapocheError>
}

/** Topics with their partitions; null for one that does not exist. */
export type Topics = ReadonlyMap<string, readonly PartitionState[] | SapocheError | null>

/** What a report is made of. */
export interface Look {
  readonly survey: Survey
  readonly topics: Topics
  /** Null for one look. */
  readonly before: Sample | null
  readonly now: Sample
  /** By `keyOf`. */
  readonly starts: ReadonlyMap<string, bigint | SapocheError>
  /** Where the first open transaction begins, of partitions that do not move. */
  readonly stable: ReadonlyMap<string, bigint | SapocheError>
  /** What the brokers said of times, in seconds before `now.at`: the first offset that is not older. */
  readonly rungs: ReadonlyMap<string, ReadonlyMap<number, bigint | null>>
}

/** `TOPIC PARTITION`: a topic's name has no blank. */
export function keyOf({topic, partition}: Partition): string {
  return `${topic} ${partition}`
}

export function isKnown<T>(value: T | SapocheError | null | undefined): value is T {
  return value !== undefined && value !== null && !(value instanceof SapocheError)
}

/** The topics that a group reads: of its commits, its members, the catalogue; where none of these says any, those that its workloads mention. */
export function topicsOfGroup(group: WantedGroup, {descriptions, commits}: Pick<Sample, 'descriptions' | 'commits'>): string[] {
  const committed = commits.get(group.name)
  const described = descriptions.get(group.name)
  const certain = [
    ...(isKnown(committed) ? committed.map(({topic}) => topic) : []),
    ...(isKnown(described) ? described.members.flatMap(({topics}) => topics) : []),
    ...group.topics,
  ]
  return [...new Set(certain.length > 0 ? certain : group.mentioned)]
}

/** The partitions of a group's topics; of a topic that is gone or can't be read, those that have a commit. */
export function partitionsOf(group: WantedGroup, sample: Pick<Sample, 'descriptions' | 'commits'>, topics: Topics): Partition[] {
  const commits = sample.commits.get(group.name)
  return topicsOfGroup(group, sample).flatMap((topic) => {
    const states = topics.get(topic)
    const known = isKnown(states) ? states : isKnown(commits) ? commits.filter((commit) => commit.topic === topic) : []
    return known.map(({partition}) => ({topic, partition})).sort((a, b) => a.partition - b.partition)
  })
}

/** A partition of which a group has something left to read. */
export interface Lagging {
  readonly key: string
  readonly group: string
  readonly where: Partition
  readonly committed: bigint
  /** The first event that it will find: its commit, or the first that is left where that one is gone. */
  readonly next: bigint
  readonly maxAge: number
}

export function laggingPartitions(groups: readonly WantedGroup[], {commits, ends}: Sample, starts: Look['starts']): Lagging[] {
  return groups.flatMap(({name: group, maxAge}) => {
    const committed = commits.get(group)
    if (!isKnown(committed)) return []
    return committed.flatMap(({topic, partition, offset}): Lagging[] => {
      const key = keyOf({topic, partition})
      const [start, end] = [starts.get(key), ends.get(key)]
      if (!isKnown(end) || offset >= end) return []
      const next = isKnown(start) && start > offset ? start : offset
      return next >= end ? [] : [{key, group, where: {topic, partition}, committed: offset, next, maxAge}]
    })
  })
}

/** How old its oldest unread event is, as far as the brokers were asked. */
export function ageOfLagging({key, next}: Pick<Lagging, 'key' | 'next'>, look: Pick<Look, 'before' | 'now' | 'rungs'>): Age {
  const {before, now, rungs} = look
  const was = before?.ends.get(key)
  // What is left has come since the look before.
  const isNew = before !== null && isKnown(was) && next >= was
  return ageOf(next, rungs.get(key) ?? new Map(), isNew ? Math.ceil((now.at - before.at) / 1000) : null)
}
