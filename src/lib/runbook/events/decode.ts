import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {type ClusterEvent, decodeEvent, objectAt, stringAt, timeAt} from '../../workload/index.ts'

/** An event with what a report says of it besides. */
export interface SeenEvent extends ClusterEvent {
  readonly uid: string
  readonly firstAt: number | null
  readonly source: string
}

/** core/v1 Event. Components that write the newer kind have neither `firstTimestamp` nor `source`. */
export function decodeSeenEvent(object: JsonObject): SeenEvent {
  return {
    ...decodeEvent(object),
    uid: stringAt(objectAt(object, 'metadata'), 'uid'),
    firstAt: timeAt(object, 'firstTimestamp') ?? timeAt(object, 'eventTime') ?? timeAt(objectAt(object, 'metadata'), 'creationTimestamp'),
    source: stringAt(objectAt(object, 'source'), 'component') || stringAt(object, 'reportingComponent'),
  }
}
