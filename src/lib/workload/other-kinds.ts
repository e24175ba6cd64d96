import {age} from '../text/age.ts'
import {lastDueTimes} from './cron.ts'
import {findCondition} from './decode/metadata.ts'
import type {CronJob, DaemonSet, Job, Node, Pod, StatefulSet} from './objects.ts'
import {type Ownership, standing} from './ownership.ts'
import {podState} from './pod-state.ts'
import {surveyPods} from './survey.ts'
import type {EventsByObject, Severity, Unreadable} from './types.ts'

/** The controller starts a job within seconds of its time; a time so young is not missed yet. */
const START_SLACK = 2 * 60_000

/** What else a namespace runs: never in the catalogue, at most a warning (rules.md, section 3). */
export interface OtherJudgement {
  readonly kind: 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'Pod'
  readonly name: string
  readonly severity: Severity
  readonly reason: string
  /** Null where the kind has no such count. */
  readonly desired: number | null
  readonly ready: number | null
}

export interface OtherFacts {
  readonly statefulSets: readonly StatefulSet[] | Unreadable
  readonly daemonSets: readonly DaemonSet[] | Unreadable
  readonly jobs: readonly Job[] | Unreadable
  readonly cronJobs: readonly CronJob[] | Unreadable
  readonly ownership: Pick<Ownership, 'byController' | 'ownerless'>
  readonly nodes: ReadonlyMap<string, Node> | Unreadable
  readonly events: EventsByObject
}

/**
 * Every other kind of the namespace, by kind and in the order in which they were read. Jobs of a CronJob are judged in its row.
 * Pods whose controller is of a kind that is not read, or could not be, stand as pods of their own, so that none is lost.
 */
export function judgeOthers(facts: OtherFacts, now: number): OtherJudgement[] {
  const {statefulSets, daemonSets, jobs, cronJobs} = facts
  const {byController, ownerless} = facts.ownership
  const claimed = new Set<string>()
  const podsOf = (uid: string): readonly Pod[] => {
    claimed.add(uid)
    return byController.get(uid) ?? []
  }
  const judged: OtherJudgement[] = []
  for (const set of read(statefulSets)) judged.push(judgeSet('StatefulSet', set.name, set.replicas, podsOf(set.uid), facts, now))
  for (const set of read(daemonSets)) judged.push(judgeSet('DaemonSet', set.name, set.desired, podsOf(set.uid), facts, now))
  const scheduled = new Map<string, Job[]>(read(cronJobs).map(({uid}) => [uid, []]))
  for (const job of read(jobs)) {
    podsOf(job.uid)
    const siblings = job.owner === null ? undefined : scheduled.get(job.owner.uid)
    if (siblings === undefined) judged.push(judgeJob(job, now))
    else siblings.push(job)
  }
  for (const cronJob of read(cronJobs)) judged.push(judgeCronJob(cronJob, scheduled.get(cronJob.uid) ?? [], now))
  for (const pod of ownerless) judged.push(judgePod(pod, facts, now))
  for (const [uid, pods] of byController) if (!claimed.has(uid)) for (const pod of pods) judged.push(judgePod(pod, facts, now))
  return judged
}

function read<T>(items: readonly T[] | Unreadable): readonly T[] {
  return items === 'unreadable' ? [] : items
}

function surveyOf(pods: readonly Pod[], {nodes, events}: OtherFacts, now: number): ReturnType<typeof surveyPods> {
  return surveyPods(pods, {rollout: false, nodes, events, isCurrent: () => true, now})
}

function judgeSet(
  kind: 'StatefulSet' | 'DaemonSet',
  name: string,
  desired: number,
  pods: readonly Pod[],
  facts: OtherFacts,
  now: number,
): OtherJudgement {
  const survey = surveyOf(pods, facts, now)
  const {ready} = survey
  if (ready >= desired) return {kind, name, severity: 'ok', reason: '', desired, ready}
  const first = survey.doomed[0] ?? survey.notReady[0]
  const reason = first === undefined ? `${ready} of ${desired} pods are ready` : `pod ${first.name}: ${first.reason}`
  return {kind, name, severity: 'warning', reason, desired, ready}
}

function judgeJob(job: Job, now: number): OtherJudgement {
  const failure = failureOf(job, now)
  const running = job.active > 0 ? `${job.active} running` : ''
  const reason = failure ?? (job.suspended ? 'suspended' : running)
  return {kind: 'Job', name: job.name, severity: failure === null ? 'ok' : 'warning', reason, desired: null, ready: null}
}

/** `failed 2 h ago: BackoffLimitExceeded`; null for a job that has not failed. */
function failureOf({conditions}: Job, now: number): string | null {
  const failed = findCondition(conditions, 'Failed')
  if (failed?.status !== 'True') return null
  const when = failed.lastTransitionAt === null ? '' : ` ${age(now - failed.lastTransitionAt)} ago`
  return `failed${when}${failed.reason === '' ? '' : `: ${failed.reason}`}`
}

function judgeCronJob(cronJob: CronJob, jobs: readonly Job[], now: number): OtherJudgement {
  const row = {kind: 'CronJob' as const, name: cronJob.name, desired: null, ready: null}
  const last = lastFinished(jobs)
  const failure = last === null ? null : failureOf(last, now)
  const missed = missedWords(cronJob, now)
  const faults = [...(last === null || failure === null ? [] : [`job ${last.name} ${failure}`]), ...(missed.fault ? [missed.words] : [])]
  if (faults.length > 0) return {...row, severity: 'warning', reason: faults.join('; ')}
  return {...row, severity: missed.words === '' ? 'ok' : 'info', reason: missed.words}
}

/** The job that was started last, of those that are done. */
function lastFinished(jobs: readonly Job[]): Job | null {
  let last: Job | null = null
  for (const job of jobs) {
    const done = job.conditions.some(({type, status}) => (type === 'Failed' || type === 'Complete') && status === 'True')
    if (done && (last === null || startOf(job) > startOf(last))) last = job
  }
  return last
}

function startOf({startedAt, createdAt}: Job): number {
  return startedAt ?? createdAt ?? 0
}

/** A schedule is missed twice where two of its times have passed since it was last kept, or since it exists. */
function missedWords(
  {schedule, timeZone, suspended, lastScheduleAt, createdAt, active}: CronJob,
  now: number,
): {fault: boolean; words: string} {
  if (suspended) return {fault: false, words: 'suspended'}
  const since = lastScheduleAt ?? createdAt
  if (since === null) return {fault: false, words: ''}
  const due = lastDueTimes(schedule, timeZone, since, now - START_SLACK)
  if (due === null) return {fault: false, words: `its schedule ${schedule} is not judged`}
  if (due.length < 2) return {fault: false, words: ''}
  const last = lastScheduleAt === null ? 'it has never run' : `it last ran ${age(now - lastScheduleAt)} ago`
  return {fault: true, words: `missed its schedule ${schedule} at least twice: ${last}${active > 0 ? '; a job of it still runs' : ''}`}
}

function judgePod(pod: Pod, facts: OtherFacts, now: number): OtherJudgement {
  const state = standing(pod)
  const owned = pod.owner === null ? '' : ` (of ${pod.owner.kind} ${pod.owner.name})`
  if (state !== 'counted') {
    const survey = surveyOf([pod], facts, now)
    const overdue = survey.overdue[0]
    const severity = overdue === undefined ? 'ok' : 'warning'
    return {kind: 'Pod', name: pod.name, severity, reason: `${overdue ?? podState(pod).word}${owned}`, desired: null, ready: null}
  }
  const survey = surveyOf([pod], facts, now)
  const reason = survey.ready === 1 ? '' : (survey.notReady[0]?.reason ?? '')
  const severity = survey.ready === 1 ? 'ok' : 'warning'
  return {kind: 'Pod', name: pod.name, severity, reason: `${reason}${owned}`.trim(), desired: 1, ready: survey.ready}
}
