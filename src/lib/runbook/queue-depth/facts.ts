import type {Catalogue} from '../../catalogue/index.ts'
import type {Address} from '../../clients/reach/types.ts'
import type {Answer, KeyFailure, KeyReading, QueueReading} from '../../clients/redis/types.ts'
import {clusterNames, isIpAddress} from '../endpoints/index.ts'
import {mostCommon, type Answered, type Look} from './collect.ts'
import type {Counts, DeadLetters, QueueFacts, Worker} from './types.ts'
import {keysOf, type DepthOptions, type Wanted} from './wanted.ts'
import type {World, WorldWorker} from './world.ts'

const SECOND = 1000
const SEARCH = 'search of Redis'
const ASKED = 'asked for'

/** A row before it is judged. */
export interface Row {
  readonly queue: string
  readonly layout: 'laravel' | 'key'
  readonly type: string | null
  readonly sources: readonly string[]
  readonly facts: QueueFacts
  /** Why the queue can't be judged by this Redis; null where it can. */
  readonly elsewhere: string | null
}

export interface FactsOptions extends DepthOptions {
  readonly catalogue: Catalogue
  readonly namespace: string
  /** Epoch milliseconds. */
  readonly now: number
}

type Up = Extract<Answered, {state: 'up'}>

/** The rows of a report: of queues that workloads work on, of names that were asked for, and of those that were found. Pure. */
export function rowsOf(look: Look, second: Answered | null, wanted: Wanted, options: FactsOptions): Row[] {
  const {world, answered} = look
  const [before, now] = second === null ? [null, answered] : [answered, second]
  const scene: Scene = {
    world,
    options,
    now: now.state === 'up' ? now : null,
    before: now.state === 'up' && before?.state === 'up' ? before : null,
  }
  const discovered = options.discover && scene.now !== null ? scene.now.layout.names.filter((name) => !world.queues.has(name)) : []
  return [
    ...wanted.rows.map((name) => servedRow(name, scene)),
    ...wanted.asked.map((name) => askedRow(name, scene)),
    ...discovered.filter((name) => !wanted.asked.includes(name)).map((name) => laravelRow(name, [SEARCH], scene)),
  ]
}

interface Scene {
  readonly world: World
  readonly options: FactsOptions
  readonly now: Up | null
  readonly before: Up | null
}

function servedRow(name: string, scene: Scene): Row {
  return laravelRow(name, scene.world.queues.get(name)?.sources ?? [], scene)
}

function laravelRow(name: string, sources: readonly string[], scene: Scene): Row {
  const {world, now, before, options} = scene
  const served = world.queues.get(name)
  const workers = (served?.workloads ?? []).flatMap((workload) => world.workers.get(workload) ?? [])
  const reading = readingOf(name, now)
  const counts = reading === undefined ? UNREAD : countsOf(reading)
  const first = before === null ? null : readingOf(name, before)
  return {
    queue: name,
    layout: 'laravel',
    type: null,
    sources,
    elsewhere: elsewhereOf(workers, scene),
    facts: {
      key: reading?.key ?? name,
      now: counts,
      before: first == null ? null : countsOf(first),
      windowSeconds: windowOf(scene),
      workers: workers.map(({worker, queues}): Worker => ({...worker, isBusy: [now, before].some((up) => holdsJob(queues, up))})),
      ageSeconds: ageOf(counts, options.now),
      thresholds: thresholdsOf(served?.thresholds ?? null, options),
      needsWorker: true,
      failed: served?.deadLetter == null || now === null ? null : deadLettersOf(served.deadLetter, now),
    },
  }
}

/** A queue of Laravel's where there is one by that name, else the key itself. */
function askedRow(name: string, scene: Scene): Row {
  const {now, before, options} = scene
  const reading = readingOf(name, now)
  const key = now === null ? undefined : keyReadingOf(name, now)
  const isQueue = reading !== undefined && countsOf(reading).state !== 'absent'
  if (isQueue && key?.type.value === 'none') return laravelRow(name, [ASKED], scene)
  const first = before === null ? undefined : keyReadingOf(name, before)
  return {
    queue: name,
    layout: 'key',
    type: key?.type.value == null || key.type.value === 'none' ? null : key.type.value,
    sources: [ASKED],
    elsewhere: null,
    facts: {
      key: key?.key ?? name,
      now: key === undefined ? UNREAD : keyCounts(key),
      before: first === undefined ? null : keyCounts(first),
      windowSeconds: windowOf(scene),
      workers: [],
      ageSeconds: null,
      thresholds: thresholdsOf(null, options),
      needsWorker: false,
      failed: null,
    },
  }
}

const UNREAD: Counts = {
  state: 'unreadable',
  pending: null,
  delayed: null,
  reserved: null,
  dueDelayed: null,
  expiredReserved: null,
  head: null,
  failure: null,
  wrongType: null,
}

/** Of a key of Laravel's that is not there the others are shown as empty; without any of the three there is no such queue. */
function countsOf(reading: QueueReading): Counts {
  const {pending, delayed, reserved, dueDelayed, expiredReserved, head, wrongType} = reading
  const failure = worstFailure([pending, delayed, reserved, dueDelayed, expiredReserved, head])
  if (failure?.kind === 'wrong-type' || pending.failure !== null) return {...UNREAD, failure, wrongType}
  const isAbsent = failure === null && [pending, delayed, reserved].every(({value}) => value === 0)
  if (isAbsent) return {...UNREAD, state: 'absent'}
  return {
    state: 'present',
    pending: pending.value,
    delayed: delayed.value,
    reserved: reserved.value,
    dueDelayed: dueDelayed.value,
    expiredReserved: expiredReserved.value,
    head: head.value,
    failure,
    wrongType: null,
  }
}

function keyCounts({type, length}: KeyReading): Counts {
  const failure = type.failure ?? length.failure
  if (failure !== null) return {...UNREAD, failure}
  if (type.value === 'none') return {...UNREAD, state: 'absent'}
  return length.value === null ? {...UNREAD, wrongType: type.value} : {...UNREAD, state: 'present', pending: length.value}
}

function worstFailure(answers: readonly Answer<unknown>[]): KeyFailure | null {
  const failures = answers.flatMap(({failure}) => failure ?? [])
  return failures.find(({kind}) => kind === 'wrong-type') ?? failures[0] ?? null
}

function readingOf(name: string, up: Up | null): QueueReading | undefined {
  return up?.snapshot.queues.find((queue) => queue.name === name)
}

/** The reading of the key as it was named, or with the prefix where only that exists. */
function keyReadingOf(name: string, {snapshot, layout}: Up): KeyReading | undefined {
  const readings = keysOf(name, layout).flatMap((key) => snapshot.keys.find((reading) => reading.key === key) ?? [])
  return readings.find(({type}) => type.value !== 'none') ?? readings[0]
}

/** Null where they were not asked for. */
function deadLettersOf(key: string, up: Up): DeadLetters | null {
  const reading = keyReadingOf(key, up)
  if (reading === undefined) return null
  const {state, pending, failure, wrongType} = keyCounts(reading)
  if (state !== 'unreadable') return {jobs: pending ?? 0, trouble: ''}
  return {
    jobs: null,
    trouble: `the dead-letter key ${key} ${failure === null ? `holds a ${wrongType}` : `can't be read: ${failure.message}`}`,
  }
}

/** Whether a job of one of these queues is under way, its time not run out. */
function holdsJob(queues: readonly string[], up: Up | null): boolean {
  return queues.some((name) => {
    const reading = readingOf(name, up)
    return (reading?.reserved.value ?? 0) > (reading?.expiredReserved.value ?? 0)
  })
}

function windowOf({now, before}: Scene): number | null {
  return now === null || before === null ? null : Math.round((now.at - before.at) / SECOND)
}

function ageOf({head, pending}: Counts, now: number): number | null {
  if (head === null || head.readySince === null || (pending ?? 0) === 0) return null
  return Math.max(0, Math.floor(now / SECOND - head.readySince))
}

function thresholdsOf(own: {readonly depth: number | null; readonly ageSeconds: number | null} | null, options: FactsOptions) {
  const {queueDepth, queueAge} = options.catalogue.thresholds
  const maxAge = options['max-age']
  return {
    depth: options['max-depth'] ?? own?.depth ?? queueDepth,
    ageSeconds: maxAge === undefined ? (own?.ageSeconds ?? queueAge) : Math.round(maxAge / SECOND),
  }
}

/** What says that a queue lies in another Redis, database or prefix than the one that was read: its absence there would say nothing. */
function elsewhereOf(workers: readonly WorldWorker[], {world, now, options}: Scene): string | null {
  if (now === null) return null
  const places = [...world.workers.values()].map(({place}) => place)
  const database = mostCommon(places.map((place) => place.database))
  const prefix = mostCommon(places.map((place) => place.prefix))
  for (const {worker, place, redis} of workers) {
    if (place.database !== null && place.database !== database)
      return `${worker.name} has it in database ${place.database}, which was not read`
    if (place.prefix !== null && place.prefix !== prefix)
      return `${worker.name} has it under the prefix "${place.prefix}", which was not read`
    const [theirs] = redis?.addresses ?? []
    if (theirs === undefined || now.reader.network === 'direct' || isSame(theirs, now.reader.address, options.namespace)) continue
    return `${worker.name} has it in the Redis at ${theirs.host}:${theirs.port} (${redis?.source}), which was not read`
  }
  return null
}

/** An IP address and a name can't be compared, and count as the same. */
function isSame(one: Address, other: Address, namespace: string): boolean {
  if (one.port !== other.port) return false
  if (one.host === other.host || isIpAddress(one.host) || isIpAddress(other.host)) return true
  const others = clusterNames(other.host, namespace)
  return clusterNames(one.host, namespace).some((a) => others.some((b) => a.namespace === b.namespace && a.service === b.service))
}
