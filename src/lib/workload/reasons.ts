/** The sentences of the healths: what a person reads beside a workload. */
import {age} from '../text/age.ts'
import {clockTime} from '../text/time.ts'
import {maintenanceWords} from './autoscaling.ts'
import {findCondition} from './decode/metadata.ts'
import type {ClusterEvent} from './objects.ts'
import {statusTime, unobservedSince} from './rollout.ts'
import type {Situation} from './situation.ts'
import {authorWords, temporaryWords} from './temporary.ts'
import {shortMessage} from './trouble.ts'
import type {Expectation, PodRow} from './types.ts'

const MOST_EVIDENCE = 3
const MOST_DEGRADATIONS = 3

interface Told {
  readonly reason: string
  readonly since: number | null
}

export function missing(foundAs: string | null): string {
  return foundAs === null ? 'not in the cluster' : `no Deployment of this name in the cluster; found as ${foundAs}`
}

export function unobserved(since: number, now: number): string {
  return `the deployment controller has not taken up its spec for ${age(now - since)}`
}

export function expectedZero({inactive}: Expectation): string {
  return inactive === null ? 'as the catalogue says' : `as the catalogue says: ${inactive.reason}`
}

/** Adds what is wrong with the autoscaler to a reason that is about something else. */
export function withAutoscaling(reason: string, {autoscaling}: Situation): string {
  return autoscaling === null ? reason : `${reason}; ${autoscaling.words}`
}

/** `0 replicas where the catalogue expects 1; scaled to 0 2 h ago, by unknown` */
export function stopped(situation: Situation): Told {
  const {facts, temporary, now} = situation
  const {words, since} =
    temporary === null ? lastScaling(situation) : {words: temporaryWords(temporary, 0, now), since: situation.record?.at ?? null}
  const idle = maintenanceWords(facts)
  return {reason: [countWords(facts.expectation, 0), words, ...(idle === null ? [] : [idle])].join('; '), since}
}

/** `3 replicas where the catalogue expects 1; scaled to 3 2 h ago, by ops` */
export function drifted(situation: Situation, baseline: number): Told {
  const {facts, desired, temporary, now} = situation
  const since = situation.record?.at ?? null
  const words = temporary === null ? scalingWords(situation, since) : temporaryWords(temporary, desired, now)
  const running = baseline === 0 && facts.expectation?.inactive ? ` (${facts.expectation.inactive.reason})` : ''
  return {reason: `${countWords(facts.expectation, desired)}${running}; ${words}`, since}
}

function countWords(expectation: Expectation | null, desired: number): string {
  const replicas = desired === 1 ? '1 replica' : `${desired} replicas`
  return expectation === null ? replicas : `${replicas} where the catalogue expects ${expectation.baseline}`
}

/** When it was scaled to 0: by our record, by the event while it is kept, else at the controller's last word or before. */
function lastScaling(situation: Situation): {words: string; since: number | null} {
  const {record, deployment, facts, now, observed} = situation
  // Until the controller has taken it up, its events and its status are of what was before.
  const at = record?.at ?? (observed ? zeroEvent(facts.events.get(deployment.uid) ?? []) : null)
  if (at !== null || !observed) return {words: scalingWords(situation, at), since: at}
  const latest = statusTime(deployment)
  const duration = latest === null ? '' : ` for at least ${age(now - latest)}`
  return {words: `at 0${duration}${authorWords(author(situation))}`, since: latest}
}

function zeroEvent(events: readonly ClusterEvent[]): number | null {
  let newest: number | null = null
  for (const {reason, message, at} of events) {
    const zeroed = reason === 'ScalingReplicaSet' && message.startsWith('Scaled down') && message.endsWith(' to 0')
    if (zeroed && at !== null && (newest === null || at > newest)) newest = at
  }
  return newest
}

function scalingWords(situation: Situation, at: number | null): string {
  const when = at === null ? '' : ` ${age(situation.now - at)} ago`
  return `scaled to ${situation.desired}${when}${authorWords(author(situation))}`
}

/** Who set the count: our record, else the manager that wrote it through `scale`, where the API server says so. */
function author({record, deployment}: Situation): {by: string | null; reason: string | null} {
  if (record !== null) return record
  const manager = deployment.managers.find(({subresource, ownsReplicas}) => subresource === 'scale' && ownsReplicas)
  return {by: manager?.manager ?? null, reason: null}
}

/** Why nothing is ready, the doomed pod first. */
export function down(situation: Situation): string {
  const {survey, replicaFailure} = situation
  const rows = survey.doomed.length > 0 ? survey.doomed : survey.notReady
  const pods = rows.length > 0 ? [podWords(rows, situation)] : [survey.overdue[0] ?? waitingWords(situation) ?? 'it has no pods']
  return [...pods, ...failureWords(replicaFailure), ...deadlineWords(situation)].join('; ')
}

/** Everything that makes it degraded, the weightiest first; empty where nothing does. */
export function degradations(situation: Situation): string[] {
  const {survey, desired, deployment, grace, autoscaling, replicaFailure, rollout} = situation
  const reasons: string[] = []
  const short = grace.over && (survey.ready < desired || deployment.status.available < desired)
  if (survey.doomed.length > 0) reasons.push(podWords(survey.doomed, situation))
  reasons.push(...failureWords(replicaFailure), ...deadlineWords(situation))
  const waiting = rollout.exceeded ? survey.notReady.length > 0 : short
  if (waiting && survey.doomed.length === 0) reasons.push(lackWords(situation))
  reasons.push(...survey.unrest, ...survey.overdue)
  const shown = reasons.slice(0, MOST_DEGRADATIONS)
  const more = reasons.length - shown.length
  if (more > 0) shown.push(`and ${more} more of the kind`)
  return autoscaling === null ? shown : [...shown, autoscaling.words]
}

function failureWords(replicaFailure: string | null): string[] {
  return replicaFailure === null ? [] : [`pods can't be created: ${shortMessage(replicaFailure)}`]
}

function deadlineWords({rollout, deployment, survey}: Situation): string[] {
  if (!rollout.exceeded) return []
  const still = survey.ready > 0 ? '; old pods serve' : ''
  return [
    `the rollout${deployment.revision === null ? '' : ` of revision ${deployment.revision}`} has passed its deadline of ${age(rollout.deadline)}${still}`,
  ]
}

/** What a workload that is short of pods lacks. */
function lackWords(situation: Situation): string {
  const {survey, desired, deployment} = situation
  if (survey.notReady.length > 0) return podWords(survey.notReady, situation)
  if (survey.ready < desired) return `${survey.ready} of ${desired} pods exist`
  const {status, minReadySeconds} = deployment
  if (status.available < desired) {
    const why = minReadySeconds === 0 ? '' : ` (minReadySeconds ${minReadySeconds})`
    return `${status.available} of ${desired} pods are available${why}`
  }
  return `${status.replicas} pods, of which ${status.updated} are updated, where ${desired} are wanted`
}

/** What is going on in a workload that may still be, and since when. */
export function progress(situation: Situation): Told {
  const {deployment, survey, rollout, desired, observed, now, grace} = situation
  if (deployment.paused) {
    const paused = findCondition(deployment.conditions, 'Progressing')
    const since = paused?.reason === 'DeploymentPaused' ? paused.lastTransitionAt : null
    return {reason: since === null ? 'paused' : `paused since ${clockTime(since)} (${age(now - since)})`, since}
  }
  if (!observed) return {reason: 'the deployment controller has yet to take up its spec', since: unobservedSince(deployment)}
  const head = rollout.underWay
    ? `rolling out${deployment.revision === null ? '' : ` revision ${deployment.revision}`}: ${deployment.status.updated} of ${desired} updated, ${survey.ready} ready`
    : `${survey.ready} of ${desired} ready`
  const moved = survey.movedFrom === null || rollout.underWay ? null : `moved off ${survey.movedFrom} by a drain`
  const detail = survey.notReady.length > 0 || survey.ready < desired ? podsProgress(situation) : lackWords(situation)
  return {reason: [head, moved, detail].filter((each) => each !== null).join('; '), since: grace.since}
}

function podsProgress(situation: Situation): string | null {
  const {survey} = situation
  return survey.notReady.length > 0 ? podWords(survey.notReady, situation) : waitingWords(situation)
}

/** Which pods it waits for: the ones that are Terminating. */
function waitingWords({survey}: Situation): string | null {
  const leaving = survey.rows.filter((row) => row.terminating).map((row) => row.name)
  return leaving.length === 0 ? null : `waits for ${leaving.join(', ')} (Terminating)`
}

/** The reason of the first pod, with its name where there are several, and how many more there are. */
function podWords(rows: readonly PodRow[], {survey, desired}: Situation): string {
  const first = rows[0]
  if (first === undefined) return ''
  const alone = desired === 1 && survey.rows.every((row) => row.terminating || row === first)
  const more = rows.length === 1 ? '' : `; ${rows.length - 1} more not ready`
  return `${alone ? '' : `pod ${first.name}: `}${first.reason}${more}`
}

/** The newest warning events of the deployment, its replica sets and its pods. */
export function evidence({facts, deployment, pods, now}: Situation): string[] {
  const replicaSets = facts.replicaSets === 'unreadable' ? [] : facts.replicaSets
  const warnings: ClusterEvent[] = []
  for (const {uid} of [deployment, ...replicaSets, ...pods]) {
    for (const event of facts.events.get(uid) ?? []) if (event.type === 'Warning') warnings.push(event)
  }
  warnings.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
  return warnings.slice(0, MOST_EVIDENCE).map(({reason, count, at, message}) => {
    const notes = [...(count > 1 ? [`x${count}`] : []), ...(at === null ? [] : [`${age(now - at)} ago`])]
    return `${reason}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}: ${shortMessage(message)}`
  })
}
