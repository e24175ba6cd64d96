import type {Partition} from '../../clients/kafka/types.ts'
import {isKnown, keyOf, type Look, type Topics} from './look.ts'

/** Events that failed for good: consumers put them into a topic of their own and commit them as read. */
export interface DeadLetters {
  readonly topic: string
  /** Those that are still there; null where that can't be read. */
  readonly events: bigint | null
  /** Those that came between the looks; null after one look, and where it can't be read. */
  readonly added: bigint | null
}

/** Partitions of a topic; none of one that is not there or can't be read. */
export function partitionsOfTopic(topic: string, topics: Topics): Partition[] {
  const states = topics.get(topic)
  return isKnown(states) ? states.map(({partition}) => ({topic, partition})) : []
}

/** What lies in a dead-letter topic. One that is not there is empty: whoever fails first makes it. Pure. */
export function deadLettersOf(topic: string, {topics, before, now, starts}: Look): DeadLetters {
  const states = topics.get(topic)
  if (states === null) return {topic, events: 0n, added: before === null ? null : 0n}
  const keys = partitionsOfTopic(topic, topics).map(keyOf)
  const sum = (from: Look['starts'] | undefined): bigint | null => {
    const spans = keys.map((key) => ({end: now.ends.get(key), start: from?.get(key)}))
    if (!isKnown(states) || spans.some(({end, start}) => !isKnown(end) || !isKnown(start))) return null
    return spans.reduce((total, {end, start}) => total + (isKnown(end) && isKnown(start) && end > start ? end - start : 0n), 0n)
  }
  return {topic, events: sum(starts), added: sum(before?.ends)}
}
