import {isGoodEnough, type Until} from '../polling.ts'
import type {Severity} from '../schema.ts'
import type {Sight} from './follow.ts'

/** What `--until` waits for. */
export interface Goal {
  readonly verdict: Until
  /** Healths that don't count for the verdict. */
  readonly allow: readonly string[]
}

/** What stands against the goal, worst first. */
const AGAINST: Readonly<Record<Until, readonly Severity[]>> = {
  ok: ['critical', 'unknown', 'warning'],
  warning: ['critical', 'unknown'],
}
const MOST_NAMES = 3

/** Whether the goal is reached: never by a report that has grown old. */
export function isReached({report, blind}: Sight, goal: Goal): boolean {
  return blind === null && isGoodEnough(report.verdict, goal.verdict)
}

/** What stands between this sight and the goal, in a line. */
export function waitingFor({report, blind}: Sight, goal: Goal): string {
  if (blind !== null) return `the cluster can't be seen: ${blind.reason}`
  const entries = [
    ...report.items.filter(({health}) => !goal.allow.includes(health)).map((item) => ({...item, state: item.health, what: ''})),
    ...report.services.map((service) => ({...service, state: service.severity, what: 'service '})),
    ...report.others.map((other) => ({...other, state: other.severity, what: `${other.kind} `})),
  ]
  const names = AGAINST[goal.verdict].flatMap((wanted) =>
    entries.filter(({severity}) => severity === wanted).map(({what, name, state}) => `${what}${name} is ${state}`),
  )
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : ''
  return names.slice(0, MOST_NAMES).join(', ') + more
}
