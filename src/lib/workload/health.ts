import {autoscalerSummary, explainsCount, explainsZero, hiddenExplanation} from './autoscaling.ts'
import {lastChange} from './changes.ts'
import * as words from './reasons.ts'
import {earlier, notReadySince, unobservedSince} from './rollout.ts'
import {type Situation, situationOf} from './situation.ts'
import {temporaryWords} from './temporary.ts'
import type {Health, Judgement, Severity, WorkloadFacts} from './types.ts'
import {worst} from './verdict.ts'

const UNOBSERVED = 60_000

/** The severities of the table in rules.md, section 3. */
export const SEVERITIES: Readonly<Record<Health, Severity>> = {
  unknown: 'unknown',
  missing: 'critical',
  inactive: 'ok',
  stopped: 'critical',
  down: 'critical',
  degraded: 'warning',
  progressing: 'warning',
  drifted: 'warning',
  ok: 'ok',
}

interface Finding {
  readonly health: Health
  readonly reason: string
  readonly since: number | null
}

/** The rows of the table, in their order; a workload that is not there has been sorted out before. */
const ROWS: readonly ((situation: Situation) => Finding | null)[] = [unobserved, inactive, stopped, down, degraded, progressing, drifted]

/**
 * The health of one workload: the first row of the table that matches (rules.md, section 3).
 * Pure: `now` is the API server's clock in epoch milliseconds. Never throws.
 */
export function judgeWorkload(facts: WorkloadFacts, now: number): Judgement {
  const {deployment, pods} = facts
  if (deployment === 'unreadable') return absent(facts, 'unknown', "deployments can't be read")
  if (deployment === null) return absent(facts, 'missing', words.missing(facts.foundAs))
  if (pods === 'unreadable') return absent(facts, 'unknown', "pods can't be read")

  const situation = situationOf(facts, deployment, pods, now)
  const {survey, autoscaling, desired, temporary} = situation
  const finding = findingOf(situation)
  const quiet = finding.health === 'ok' || finding.health === 'inactive'
  return {
    ...finding,
    severity: severityOf(finding.health, autoscaling?.severity ?? 'ok', facts),
    evidence: quiet ? [] : words.evidence(situation),
    desired,
    ready: survey.ready,
    updated: deployment.status.updated,
    available: Math.min(deployment.status.available, survey.ready),
    restarts: survey.restarts,
    changed: facts.replicaSets === 'unreadable' ? null : lastChange(deployment, facts.replicaSets),
    autoscaler: autoscalerSummary(facts, autoscaling),
    temporary,
    pods: survey.rows,
    leftovers: survey.leftovers,
  }
}

function findingOf(situation: Situation): Finding {
  for (const row of ROWS) {
    const finding = row(situation)
    if (finding !== null) return finding
  }
  return {health: 'ok', reason: '', since: null}
}

function unobserved({deployment, now}: Situation): Finding | null {
  const since = unobservedSince(deployment)
  if (since === null || now - since <= UNOBSERVED) return null
  return {health: 'unknown', reason: words.unobserved(since, now), since}
}

function inactive(situation: Situation): Finding | null {
  const {facts, desired, temporary, now} = situation
  if (desired !== 0) return null
  const found = (reason: string): Finding => ({health: 'inactive', reason: words.withAutoscaling(reason, situation), since: null})
  if (facts.expectation?.baseline === 0) return found(words.expectedZero(facts.expectation))
  const autoscaled = explainsZero(facts)
  if (autoscaled !== null) return found(autoscaled)
  return temporary !== null && !temporary.overdue ? found(temporaryWords(temporary, 0, now)) : null
}

function stopped(situation: Situation): Finding | null {
  if (situation.desired !== 0) return null
  const {reason, since} = words.stopped(situation)
  return hidden(situation, reason) ?? {health: 'stopped', reason: words.withAutoscaling(reason, situation), since}
}

function down(situation: Situation): Finding | null {
  const {survey, grace} = situation
  if (survey.ready > 0 || (survey.doomed.length === 0 && !grace.over)) return null
  return {health: 'down', reason: words.withAutoscaling(words.down(situation), situation), since: grace.since}
}

function degraded(situation: Situation): Finding | null {
  const reasons = words.degradations(situation)
  if (reasons.length === 0) return null
  return {health: 'degraded', reason: reasons.join('; '), since: situation.settled ? null : degradedSince(situation)}
}

/** A doomed pod may be older than the lack that the controller speaks of: a deadline that passes begins nothing. */
function degradedSince({survey, grace, facts}: Situation): number | null {
  const doomed = new Set(survey.doomed.map(({name}) => name))
  const pods = facts.pods === 'unreadable' ? [] : facts.pods
  return pods
    .filter(({name}) => doomed.has(name))
    .map((pod) => notReadySince(pod, facts.nodes))
    .reduce(earlier, grace.since)
}

function progressing(situation: Situation): Finding | null {
  if (situation.settled) return null
  return {health: 'progressing', ...words.progress(situation)}
}

function drifted(situation: Situation): Finding | null {
  const {facts, desired, temporary} = situation
  if (facts.expectation === null || desired === facts.expectation.baseline) return null
  if (explainsCount(facts, desired) || (temporary !== null && !temporary.overdue)) return null
  const {reason, since} = words.drifted(situation, facts.expectation.baseline)
  return hidden(situation, reason) ?? {health: 'drifted', reason, since}
}

/** A count that something unreadable might explain is not judged (rules.md, section 5). */
function hidden({facts, desired}: Situation, reason: string): Finding | null {
  const unread = hiddenExplanation(facts, desired)
  return unread === null ? null : {health: 'unknown', reason: `${reason}; ${unread}, which might explain it, can't be read`, since: null}
}

/** A workload that the catalogue lacks is at most a warning, unless it is judged strictly. */
function severityOf(health: Health, autoscaling: Severity, {expectation, strict}: WorkloadFacts): Severity {
  const severity = worst([SEVERITIES[health], autoscaling])
  const capped = expectation === null && !strict && (severity === 'critical' || severity === 'unknown')
  return capped ? 'warning' : severity
}

function absent(facts: WorkloadFacts, health: Health, reason: string): Judgement {
  return {
    health,
    severity: severityOf(health, 'ok', facts),
    reason,
    since: null,
    evidence: [],
    desired: null,
    ready: null,
    updated: null,
    available: null,
    restarts: {total: 0, lastAt: null, lastReason: null, exitCode: null, container: null},
    changed: null,
    autoscaler: autoscalerSummary(facts, null),
    temporary: null,
    pods: [],
    leftovers: [],
  }
}
