import type {ClusterEvent} from './objects.ts'
import type {EventsByObject} from './types.ts'

/** Events by the UID of the object that they are about. */
export function eventsByObject(events: readonly ClusterEvent[]): EventsByObject {
  const byObject = new Map<string, ClusterEvent[]>()
  for (const event of events) {
    const siblings = byObject.get(event.involved.uid)
    if (siblings === undefined) byObject.set(event.involved.uid, [event])
    else siblings.push(event)
  }
  return byObject
}
