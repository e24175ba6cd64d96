import type {Health, Severity} from './types.ts'

/** What a whole report comes to; `info` counts as `ok`. */
export type Verdict = 'ok' | 'warning' | 'critical' | 'unknown'
export type FailOn = 'critical' | 'warning' | 'never'

/** Worst last: critical > unknown > warning > ok (rules.md, section 6). */
const RANK: Readonly<Record<Severity, number>> = {ok: 0, info: 1, warning: 2, unknown: 3, critical: 4}
const CODES: Readonly<Record<Verdict, number>> = {ok: 0, warning: 1, critical: 2, unknown: 3}

/** The worst of several severities; `ok` of none. */
export function worst(severities: Iterable<Severity>): Severity {
  let found: Severity = 'ok'
  for (const severity of severities) if (RANK[severity] > RANK[found]) found = severity
  return found
}

/** The verdict on items, without those whose health is allowed (`--allow`). Items without a health always count. */
export function verdictOf(items: Iterable<{readonly severity: Severity; readonly health?: Health}>, allowed: ReadonlySet<Health>): Verdict {
  const severities: Severity[] = []
  for (const {severity, health} of items) if (health === undefined || !allowed.has(health)) severities.push(severity)
  const severity = worst(severities)
  return severity === 'info' ? 'ok' : severity
}

/** The exit code of a check: 0 ok, 1 warning, 2 critical, 3 unknown; 0 below the threshold, and unknown stays 3 unless `never`. */
export function exitCodeOf(verdict: Verdict, failOn: FailOn): 0 | 1 | 2 | 3 {
  const below = failOn === 'never' || (failOn === 'critical' && verdict === 'warning')
  return (below ? 0 : CODES[verdict]) as 0 | 1 | 2 | 3
}
