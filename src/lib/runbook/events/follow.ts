import type {WatchEvent} from '../../clients/kubernetes/types.ts'
import type {SeenEvent} from './decode.ts'
import {rowsOf, type EventScene} from './report.ts'
import type {EventRecord} from './schema.ts'

/** A row, or a word about the connection. */
export type Followed = {readonly type: 'event'; readonly record: EventRecord} | {readonly type: 'notice'; readonly text: string}

export interface FollowOptions {
  /** Rows to begin with; 0 for all. */
  readonly limit: number
  readonly context: string | null
  readonly namespace: string
}

/**
 * Turns a watch into rows: to begin with the newest of what is there, then every event as it comes, and again when it has counted up.
 * After a gap (the version was too old) those follow that were not shown yet.
 */
export async function* followEvents(
  watched: AsyncIterable<WatchEvent<SeenEvent>>,
  scene: EventScene,
  {limit, context, namespace}: FollowOptions,
): AsyncGenerator<Followed> {
  const shown = new Map<string, string>()
  let isFirst = true
  let isBlind = false
  const stateOf = ({at, count}: SeenEvent): string => `${at ?? ''} ${count}`
  const news = (events: readonly SeenEvent[]): SeenEvent[] => events.filter((event) => shown.get(event.uid) !== stateOf(event))
  const rows = (events: readonly SeenEvent[], most: number): Followed[] => {
    for (const event of events) shown.set(event.uid, stateOf(event))
    const all = rowsOf(events, scene)
    return (most === 0 ? all : all.slice(-most)).map((item) => ({
      type: 'event',
      record: {apiVersion: 'sapoche/v1', kind: 'EventRecord', context, namespace, ...item},
    }))
  }
  for await (const change of watched) {
    if (change.type !== 'blind' && isBlind) {
      isBlind = false
      yield {type: 'notice', text: 'connected again'}
    }
    switch (change.type) {
      case 'listed': {
        yield* rows(news(change.items), isFirst ? limit : 0)
        const present = new Set(change.items.map(({uid}) => uid))
        for (const uid of shown.keys()) if (!present.has(uid)) shown.delete(uid)
        isFirst = false
        break
      }
      case 'added':
      case 'modified':
        yield* rows(news([change.object]), 0)
        break
      case 'deleted':
        shown.delete(change.object.uid)
        break
      case 'blind':
        if (!isBlind) yield {type: 'notice', text: `connection lost: ${change.reason}; trying again`}
        isBlind = true
        break
      case 'resumed':
        break
    }
  }
}
