/** Events as Kubernetes' components write them: most by count and last time, the scheduler in the newer form, with a series. */
import {isoTime} from '../text/time.ts'
import type {CoreEvent} from './types.ts'
import {rfc3339} from './types.ts'

/** Writes through events.k8s.io/v1, whose events have no `count` and no `lastTimestamp`. */
const SCHEDULER = 'default-scheduler'

type Report = Omit<CoreEvent, 'apiVersion' | 'kind' | 'metadata' | 'involvedObject' | 'type' | 'reason' | 'message'>

/** What an event says of its reporter and its time, when it is seen for the first time. `now` in milliseconds. */
export function firstReport(component: string, now: number): Report {
  if (component === SCHEDULER) {
    return {
      action: 'Binding',
      source: {},
      reportingComponent: component,
      reportingInstance: `${component}-sandbox`,
      eventTime: micro(now),
      firstTimestamp: null,
      lastTimestamp: null,
    }
  }
  const at = rfc3339(now)
  return {
    source: {component},
    reportingComponent: component,
    reportingInstance: '',
    eventTime: null,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
  }
}

/** The same event again. */
export function reportAgain(draft: CoreEvent, now: number): void {
  if (draft.eventTime === null) {
    draft.count = (draft.count ?? 1) + 1
    draft.lastTimestamp = rfc3339(now)
  } else draft.series = {count: (draft.series?.count ?? 1) + 1, lastObservedTime: micro(now)}
}

/** The last time it was seen, as it is written: for comparisons. */
export function lastSeen({series, lastTimestamp, eventTime}: CoreEvent): string | null {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime
}

/** RFC 3339 in microseconds, as Kubernetes writes metav1.MicroTime. */
function micro(now: number): string {
  return isoTime(now).replace('Z', '000Z')
}
