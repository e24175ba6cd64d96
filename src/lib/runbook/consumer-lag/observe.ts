import {setTimeout as sleep} from 'node:timers/promises'
import type {LagReader, OffsetPoint, Partition, Survey} from '../../clients/kafka/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {partitionsOfTopic} from './dead-letters.ts'
import type {WantedGroup} from './groups.ts'
import {nextRung, rungsAllowed} from './ladder.ts'
import {
  ageOfLagging,
  isKnown,
  keyOf,
  type Lagging,
  laggingPartitions,
  type Look,
  partitionsOf,
  type Sample,
  type Topics,
  topicsOfGroup,
} from './look.ts'

interface Taken {
  readonly sample: Sample
  readonly topics: Topics
  /** Empty where they were not wanted. */
  readonly starts: Look['starts']
}

/** Reads groups by a `LagReader`. `now` is epoch milliseconds. Rejects as the reader does. */
export class Observer {
  readonly #reader: LagReader
  readonly #now: () => number

  constructor(reader: LagReader, now: () => number) {
    this.#reader = reader
    this.#now = now
  }

  /** The groups twice, `windowMs` apart; at 0 once. */
  async observe(survey: Survey, groups: readonly WantedGroup[], windowMs: number, signal: AbortSignal): Promise<Look> {
    const isOnly = windowMs === 0
    const first = await this.#sample(survey, groups, {known: null, isLast: isOnly})
    if (isOnly) return await this.#complete(survey, groups, null, first)
    await sleep(windowMs, undefined, {signal}).catch(() => {
      throw new InterruptedError()
    })
    return await this.#complete(survey, groups, first.sample, await this.#sample(survey, groups, {known: first.topics, isLast: true}))
  }

  /** The groups once, beside an earlier sample. */
  async compare(survey: Survey, groups: readonly WantedGroup[], before: Sample | null): Promise<Look> {
    return await this.#complete(survey, groups, before, await this.#sample(survey, groups, {known: null, isLast: true}))
  }

  /** `known`: topics of the sample before, which are not asked for again; nor are groups that are not there. Starts are for the last one. */
  async #sample(
    survey: Survey,
    groups: readonly WantedGroup[],
    {known, isLast}: {readonly known: Topics | null; readonly isLast: boolean},
  ): Promise<Taken> {
    const listed = new Set(survey.groups.map(({name}) => name))
    const names = groups.map(({name}) => name)
    const present = names.filter((name) => listed.has(name))
    const [descriptions, commits] = await Promise.all([
      this.#reader.describe(known === null ? names : present),
      this.#reader.committed(present),
    ])
    const at = this.#now()
    const wanted = new Set([...groups.flatMap((group) => topicsOfGroup(group, {descriptions, commits})), ...deadLetterTopics(groups)])
    const unknown = [...wanted].filter((topic) => known?.has(topic) !== true)
    const topics = new Map([...(known ?? []), ...(await this.#reader.topics(unknown))])
    // After the commits: the other way round, what comes between the two would make a lag below zero.
    const partitions = allPartitions(groups, {descriptions, commits}, topics)
    const [ends, starts] = await Promise.all([this.#ask(partitions, 'end'), this.#ask(isLast ? partitions : [], 'start')])
    return {sample: {at, descriptions, commits, ends}, topics, starts}
  }

  /** Adds what is asked once, about the newest sample. */
  async #complete(
    survey: Survey,
    groups: readonly WantedGroup[],
    before: Sample | null,
    {sample: now, topics, starts}: Taken,
  ): Promise<Look> {
    const lagging = laggingPartitions(groups, now, starts)
    const standing = before === null ? [] : lagging.filter((each) => hasStayed(each, before))
    const stable = await this.#ask(
      standing.map(({where}) => where),
      'stable',
    )
    const present = survey.groups.filter(({name}) => groups.some((group) => group.name === name)).length
    const rounds = rungsAllowed({groups: groups.length, present, brokers: survey.brokers.length, samples: before === null ? 1 : 2})
    const rungs = await this.#climb(lagging, {before, now}, rounds)
    return {survey, topics, before, now, starts, stable, rungs}
  }

  /** Asks one rung of each partition at a time, as long as there is one to ask and the rounds last. */
  async #climb(lagging: readonly Lagging[], samples: Pick<Look, 'before' | 'now'>, rounds: number): Promise<Look['rungs']> {
    const rungs = new Map<string, Map<number, bigint | null>>()
    const failed = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const wanted = new Map<string, {readonly where: Partition; readonly rung: number}>()
      for (const each of lagging) {
        if (wanted.has(each.key) || failed.has(each.key)) continue
        const rung = nextRung(ageOfLagging(each, {...samples, rungs}), each.maxAge)
        if (rung !== null) wanted.set(each.key, {where: each.where, rung})
      }
      if (wanted.size === 0) break
      const asked = [...wanted.values()]
      const answers = await this.#reader.offsets(asked.map(({where, rung}) => ({...where, at: samples.now.at - rung * 1000})))
      for (const [index, {where, rung}] of asked.entries()) {
        const answer = answers[index] ?? null
        const key = keyOf(where)
        if (answer instanceof SapocheError) failed.add(key)
        else rungs.set(key, (rungs.get(key) ?? new Map<number, bigint | null>()).set(rung, answer))
      }
    }
    return rungs
  }

  async #ask(partitions: readonly Partition[], at: OffsetPoint): Promise<Map<string, bigint | SapocheError>> {
    const distinct = new Map(partitions.map(({topic, partition}) => [keyOf({topic, partition}), {topic, partition, at}]))
    const answers = distinct.size === 0 ? [] : await this.#reader.offsets([...distinct.values()])
    const found = new Map<string, bigint | SapocheError>()
    for (const [index, key] of [...distinct.keys()].entries()) {
      const answer = answers[index] ?? null
      if (answer !== null) found.set(key, answer)
    }
    return found
  }
}

function deadLetterTopics(groups: readonly WantedGroup[]): string[] {
  return groups.flatMap(({deadLetter}) => deadLetter ?? [])
}

/** Of the topics that the groups read, and of their dead letters: asked for together, the latter cost no request. */
function allPartitions(groups: readonly WantedGroup[], sample: Pick<Sample, 'descriptions' | 'commits'>, topics: Topics): Partition[] {
  return [
    ...groups.flatMap((group) => partitionsOf(group, sample, topics)),
    ...deadLetterTopics(groups).flatMap((topic) => partitionsOfTopic(topic, topics)),
  ]
}

function hasStayed({group, key, committed}: Lagging, before: Sample): boolean {
  const commits = before.commits.get(group)
  return isKnown(commits) && commits.some((commit) => keyOf(commit) === key && commit.offset === committed)
}
