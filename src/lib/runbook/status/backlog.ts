import {worst, type Health, type Severity} from '../../workload/index.ts'
import type {StatusItem} from './schema.ts'

type Waits = Pick<StatusItem, 'queues' | 'groups'>

/** The queues and groups of a workload, which are judged beside its health; none where nobody looked. */
export function waitsOf({queues, groups}: Waits) {
  return [...(queues ?? []), ...(groups ?? [])]
}

/** How a workload counts: the worst of its health, unless that is allowed, and of what waits for it. */
export function weightOf(item: Waits & {readonly health: Health; readonly severity: Severity}, allow: readonly Health[] = []): Severity {
  const own = allow.includes(item.health) ? 'ok' : item.severity
  return worst([own, ...waitsOf(item).map(({severity}) => severity)])
}
