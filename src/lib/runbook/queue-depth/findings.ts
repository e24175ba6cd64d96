import {age} from '../../text/age.ts'
import {count} from '../../text/view.ts'
import type {Counts, Finding, Movement, QueueFacts, Worker} from './types.ts'

const SECOND = 1000
/** A worker looks for jobs every three seconds unless told otherwise: two reads that are closer prove nothing. */
export const TELLING_SECONDS = 5

/** What is wrong with one queue, the worst first; nothing where nothing is. Pure. */
export function judgeQueue(facts: QueueFacts): Finding[] {
  const {now} = facts
  if (now.state === 'unreadable') return [unreadable(facts)]
  // A queue is empty as well where every job fails at once.
  if (now.state === 'absent') return failing(facts)
  return worstFirst([...unserved(facts), ...motionless(facts), ...deep(facts), ...failing(facts), ...partly(now)])
}

const ORDER: Readonly<Record<Finding['severity'], number>> = {critical: 0, unknown: 1, warning: 2, info: 3, ok: 4}

/** Findings of one severity stay in their order. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])
}

/** How a queue moved between two reads; null where there was but one, or one of them failed. Pure. */
export function movementOf(before: Counts | null, now: Counts): Movement | null {
  if (before === null || before.state === 'unreadable' || now.state === 'unreadable') return null
  const [first, last] = [before.pending ?? 0, now.pending ?? 0]
  if (first === 0 && last === 0) return 'idle'
  if (first > 0 && last >= first && before.head !== null && before.head.identity === now.head?.identity) return 'stuck'
  if (last === first) return 'steady'
  return last > first ? 'growing' : 'draining'
}

/** Jobs that a worker would take up, or take back, at its next poll. */
export function waiting({pending, dueDelayed, expiredReserved}: Counts): number {
  return (pending ?? 0) + (dueDelayed ?? 0) + (expiredReserved ?? 0)
}

function unreadable({key, now, workers}: QueueFacts): Finding {
  const {failure, wrongType} = now
  switch (failure?.kind) {
    case 'wrong-type': {
      const who = workers.length === 0 ? 'a worker' : workers.map(({name}) => name).join(', ')
      const what = wrongType === null ? 'something else' : `a ${wrongType}`
      return finding('critical', `the key ${key} holds ${what} where a queue should be: every poll of ${who} fails`)
    }
    case 'refused':
      return finding('unknown', `Redis does not let us read ${key}: ${failure.message}`)
    case 'moved':
      return finding('unknown', `${key} lies on another node of a Redis Cluster, which is not followed`)
    case 'silent':
    case 'loading':
    case 'busy':
    case 'stale':
    case 'other':
    case undefined:
      return finding('unknown', `${key} can't be read: ${failure?.message ?? 'Redis was not reached'}`)
  }
}

/** A part of the row that could not be read may hide anything. */
function partly({failure, pending}: Counts): Finding[] {
  if (failure === null || pending === null) return []
  return [finding('unknown', `not all of it can be read: ${failure.message}`)]
}

/** Work that nobody is there for. */
function unserved(facts: QueueFacts): Finding[] {
  const {now, workers, needsWorker} = facts
  const work = waiting(now)
  if (work === 0 || !needsWorker) return []
  if (workers.length === 0) return [finding('warning', `${jobs(work)} and no workload works on it`)]
  if (workers.some(({ready}) => (ready ?? 0) > 0)) return []
  const stopped = workers.filter(({desired}) => desired === 0)
  if (stopped.length === workers.length) return [atZero(facts, work)]
  const judged = workers.filter((worker) => !stopped.includes(worker))
  const words = `${jobs(work)} and no worker is ready: ${judged.map(healthWords).join('; ')}${expiredWords(now)}`
  if (judged.some(({health}) => health === 'progressing'))
    return [
      finding(
        'warning',
        words,
        judged.map(({name}) => `status ${name} --watch`),
      ),
    ]
  if (judged.some(({health}) => health === 'unknown'))
    return [
      finding(
        'unknown',
        words,
        judged.map(({name}) => `status ${name}`),
      ),
    ]
  return [finding('critical', words, judged.flatMap(nextOfDown))]
}

/** All of its workers are at zero: accepted, on KEDA's way, hidden, or a fault. */
function atZero({now, workers, ageSeconds}: QueueFacts, work: number): Finding {
  const names = workers.map(({name}) => name).join(', ')
  const words = `${jobs(work)} and ${names} ${workers.length === 1 ? 'is' : 'are'} at 0 replicas${expiredWords(now)}`
  if (workers.every(({isBacklogAccepted}) => isBacklogAccepted)) return finding('info', `${words}, which the catalogue accepts`)
  const keda = workers.map(({kedaStartsWithin}) => kedaStartsWithin).find((within) => within !== null)
  if (keda !== undefined && keda !== null) {
    if (ageSeconds === null) return finding('warning', `${words}; KEDA starts it, and nothing says how long they wait`, nextOfZero(workers))
    if (ageSeconds <= keda) return finding('info', `${words}; KEDA starts it within ${age(keda * SECOND)}`)
    return finding('critical', `${words}; KEDA should have started it within ${age(keda * SECOND)}`, nextOfZero(workers))
  }
  const hidden = workers.map((worker) => worker.hidden).find((what) => what !== null)
  if (hidden !== undefined && hidden !== null) return finding('unknown', `${words}; ${hidden}, which might explain it, can't be read`)
  return finding('critical', words, nextOfZero(workers))
}

/** Ready workers that don't take what is there: two reads prove it, one never does. */
function motionless(facts: QueueFacts): Finding[] {
  const {before, now, workers, windowSeconds} = facts
  const ready = workers.filter((worker) => (worker.ready ?? 0) > 0)
  if (ready.length === 0) return []
  const names = ready.map(({name}) => name)
  if (before === null || windowSeconds === null || windowSeconds < TELLING_SECONDS) {
    const [due, expired] = [now.dueDelayed ?? 0, now.expiredReserved ?? 0]
    if (due + expired === 0) return []
    const what = [due > 0 ? `${due} due and not moved` : '', expired > 0 ? `${expired} expired reservations` : '']
      .filter(Boolean)
      .join(', ')
    return [finding('info', `${what}: two reads at least 5 s apart (--window 5s) tell whether a worker polls`)]
  }
  const span = `in ${windowSeconds} s`
  const look = names.map((name) => `logs ${name} --tail 100`)
  const findings: Finding[] = []
  if (stays(before.expiredReserved, now.expiredReserved)) {
    const words = `${count(now.expiredReserved ?? 0, 'expired reservation')} stayed ${span}: a job outlives retry_after and will run twice, or its worker died`
    findings.push(finding('warning', words, look))
  }
  const movement = movementOf(before, now)
  const isUnmoved = stays(before.dueDelayed, now.dueDelayed) || movement === 'stuck'
  // A worker that holds a job looks at its queues again when it is done.
  const isIdle = (now.reserved ?? 0) === 0 && (before.reserved ?? 0) === 0 && ready.every(({isBusy}) => !isBusy)
  if (isUnmoved && isIdle) {
    const words = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} ready and took nothing ${span}: ${jobs(waiting(now))}, and no job is under way`
    findings.push(finding('critical', words, [...look, ...names.map((name) => `restart ${name}`)]))
  } else if (waiting(now) > waiting(before)) {
    findings.push(finding('info', `${waiting(now) - waiting(before)} more ${span} although workers are ready`))
  }
  return findings
}

function stays(first: number | null, last: number | null): boolean {
  return (first ?? 0) > 0 && (last ?? 0) > 0
}

/** Over the thresholds of depth and age. */
function deep({now, ageSeconds, thresholds, workers}: QueueFacts): Finding[] {
  const faults: string[] = []
  const {depth, ageSeconds: oldest} = thresholds
  if (oldest !== null && ageSeconds !== null && ageSeconds >= oldest && (now.pending ?? 0) > 0) {
    const tried = (now.head?.attempts ?? 0) > 0 ? `, begun ${count(now.head?.attempts ?? 0, 'time')} before` : ''
    faults.push(`the oldest waits for ${age(ageSeconds * SECOND)}, over ${age(oldest * SECOND)}${tried}`)
  }
  if (depth !== null && (now.pending ?? 0) >= depth) faults.push(`${now.pending} pending, ${depth} or more are too many`)
  if (faults.length === 0) return []
  const up = workers.filter(({ready}) => (ready ?? 0) > 0)
  const next = up.flatMap(({name, desired}) => [`logs ${name} --tail 100`, `scale ${name} --replicas ${(desired ?? 1) + 2} --for 1h`])
  return faults.map((words) => finding('warning', words, next))
}

/** Jobs that failed for good are no backlog; an empty queue may owe its calm to them. */
function failing({failed}: QueueFacts): Finding[] {
  if (failed === null || failed.jobs === 0) return []
  return [
    failed.jobs === null
      ? finding('unknown', failed.trouble)
      : finding('warning', `${count(failed.jobs, 'job')} under the dead-letter key`),
  ]
}

function jobs(work: number): string {
  return work === 1 ? '1 job waits' : `${work} jobs wait`
}

function expiredWords({expiredReserved}: Counts): string {
  return (expiredReserved ?? 0) > 0 ? `, ${count(expiredReserved ?? 0, 'reservation')} expired` : ''
}

function healthWords({name, health, reason}: Worker): string {
  return reason === '' ? `${name} is ${health}` : `${name} is ${health} (${reason})`
}

function nextOfZero(workers: readonly Worker[]): string[] {
  return workers.map(({name, baseline}) =>
    baseline === null || baseline === 0 ? `scale ${name} --replicas 1` : `scale ${name} --to-baseline`,
  )
}

function nextOfDown({name, health}: Worker): string[] {
  return health === 'missing' ? ['catalogue diff'] : [`status ${name}`, `logs ${name} --previous`]
}

function finding(severity: Finding['severity'], words: string, next: readonly string[] = []): Finding {
  return {severity, words, next: next.map((command) => `sapoche ${command}`)}
}
