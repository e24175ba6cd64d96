import type {Decode, WatchEvent} from '../../clients/kubernetes/types.ts'
import type {ClusterEvent} from '../../workload/index.ts'

/** An object with what tells it from the others of its kind; an event's own name is no part of what the rules know of it. */
export interface Identified<T> {
  readonly uid: string
  readonly name: string
  readonly value: T
}

/** Decodes as `decode`, and keeps UID and name. */
export function identified<T>(decode: Decode<T>): Decode<Identified<T>> {
  return (object) => {
    const {uid, name} = (object['metadata'] ?? {}) as {readonly uid?: unknown; readonly name?: unknown}
    return {uid: String(uid), name: String(name), value: decode(object)}
  }
}

/** The objects of one kind, kept up to date by the events of a watch: what was deleted, or is not in a new list, is gone. */
export class Collection<T> {
  #objects = new Map<string, Identified<T>>()
  #values: readonly T[] | null = null

  get size(): number {
    return this.#objects.size
  }

  /** Takes one event in; those of the connection change nothing. */
  apply(event: WatchEvent<Identified<T>>): void {
    switch (event.type) {
      case 'listed':
        this.#objects = new Map(event.items.map((object) => [object.uid, object]))
        break
      case 'added':
      case 'modified':
        this.#objects.set(event.object.uid, event.object)
        break
      case 'deleted':
        this.#objects.delete(event.object.uid)
        break
      case 'blind':
      case 'resumed':
        return
    }
    this.#values = null
  }

  /** By name, which is the order of the API's lists. */
  values(): readonly T[] {
    this.#values ??= [...this.#objects.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({value}) => value)
    return this.#values
  }

  has(uid: string): boolean {
    return this.#objects.has(uid)
  }

  /** Forgets all but these. */
  retain(values: ReadonlySet<T>): void {
    if (values.size === this.#objects.size) return
    for (const [uid, {value}] of this.#objects) if (!values.has(value)) this.#objects.delete(uid)
    this.#values = null
  }
}

const MOST_EVENTS_OF_AN_OBJECT = 10
const LONGEST_PAST_MS = 3_600_000

/**
 * The events that are worth keeping: the newest of each object, and of an object that is gone (`isThere` false) those of the last hour.
 * A server forgets its events after an hour as a rule, but not every one does.
 */
export function newestEvents(events: readonly ClusterEvent[], isThere: (uid: string) => boolean, now: number): Set<ClusterEvent> {
  const kept = new Set<ClusterEvent>()
  for (const [uid, own] of Map.groupBy(events, (event) => event.involved.uid)) {
    const newestFirst = own.length > MOST_EVENTS_OF_AN_OBJECT ? own.toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0)) : own
    const isAlive = isThere(uid)
    for (const event of newestFirst.slice(0, MOST_EVENTS_OF_AN_OBJECT)) {
      if (isAlive || now - (event.at ?? 0) < LONGEST_PAST_MS) kept.add(event)
    }
  }
  return kept
}
