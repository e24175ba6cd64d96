import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError, UsageError} from '../../errors/index.ts'
import {worst} from '../../workload/index.ts'
import {groupsOf, queuesOf, readSubjects} from '../bindings/index.ts'
import {type KafkaGate, readLag} from '../consumer-lag/index.ts'
import type {ConsumerLagReport} from '../consumer-lag/schema.ts'
import {readInventory} from '../inventory/index.ts'
import {type OrthancGate, readProbe} from '../orthanc-probe/index.ts'
import type {OrthancProbeReport} from '../orthanc-probe/schema.ts'
import {type QueueDepthReport, readQueueDepth, type RedisGate} from '../queue-depth/index.ts'
import type {Warning} from '../schema.ts'
import type {GroupState, QueueState, ServerState} from './schema.ts'

/** The ways to the servers behind the cluster. */
export interface ServerGates {
  readonly redis: RedisGate
  readonly kafka: KafkaGate
  readonly orthanc: OrthancGate
  /** Whether Orthanc is logged in to as its workload does; the others know by themselves. */
  readonly readSecrets: boolean
}

/** The cluster is asked several times for the same: it should be one that reads each list once. */
export interface DataSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  readonly servers: ServerGates
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

export interface DataOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Milliseconds between two looks; 0 for one, which can't tell whether anything moves. */
  readonly window: number
  /** Also asks Orthanc, where its workload is among the targets. */
  readonly orthanc?: boolean
}

/** What waits for a workload; empty lists where nothing says that it is bound to any. */
export interface Bound {
  readonly queues: readonly QueueState[]
  readonly groups: readonly GroupState[]
}

export interface DataPlane {
  /** By the name of the workload, of all that the targets name. */
  readonly workloads: ReadonlyMap<string, Bound>
  /** Those that were asked: none where no workload is bound to anything in it. */
  readonly servers: readonly ServerState[]
  readonly notChecked: readonly string[]
  readonly warnings: readonly Warning[]
}

/** The names that a workload is bound to. */
interface Names {
  readonly queues: readonly string[]
  readonly groups: readonly string[]
}

/**
 * Queues and consumer groups of the workloads that the targets name, side by side. A server that can't be reached, or refuses, is unknown and
 * leaves its own rows unknown. Rejects as `readInventory`, with a UsageError (64) for what the flags say of the servers, and when interrupted.
 */
export async function readDataPlane(options: DataOptions, sources: DataSources, signal: AbortSignal): Promise<DataPlane> {
  const {cluster, catalogue, now, servers} = sources
  const {groups} = await readInventory(options, sources, signal)
  const {subjects} = await readSubjects(cluster, groups, signal)
  const bound = new Map<string, Names>(
    subjects.map((subject) => [
      subject.name,
      {queues: queuesOf(subject, catalogue).found.map(({name}) => name), groups: groupsOf(subject, catalogue).found.map(({name}) => name)},
    ]),
  )
  const names = [...bound.values()]
  const queues = [...new Set(names.flatMap((each) => each.queues))]
  const here = {cluster, catalogue, now}
  const readQueues = (): Promise<QueueDepthReport> =>
    readQueueDepth(
      {targets: [], queue: queues, discover: false, failed: false, window: options.window},
      {...here, redis: servers.redis},
      signal,
    )
  const readGroups = (): Promise<ConsumerLagReport> => readLag(options, {...here, kafka: servers.kafka}, signal)
  const readOrthanc = (): Promise<OrthancProbeReport> =>
    readProbe({deep: false, dicom: false, 'read-secrets': servers.readSecrets}, {...here, orthanc: servers.orthanc}, signal)
  const isOrthancWanted = options.orthanc === true && groups.some(({name}) => name === orthancWorkload(catalogue))
  const [depth, lag, images] = await Promise.all([
    queues.length === 0 ? null : answerOf(readQueues),
    names.every((each) => each.groups.length === 0) ? null : answerOf(readGroups),
    isOrthancWanted ? answerOf(readOrthanc) : null,
  ])
  return {
    workloads: new Map([...bound].map(([name, each]) => [name, {queues: queuesFor(each, depth), groups: groupsFor(each, lag)}])),
    servers: [
      ...(depth === null ? [] : [redisState(depth)]),
      ...(lag === null ? [] : [kafkaState(lag)]),
      ...(images === null ? [] : [orthancState(images)]),
    ],
    notChecked: [...unseenOfQueues(depth), ...unseenOfLag(lag), ...unseenOfOrthanc(images)],
    warnings: [...warningsOf(depth), ...warningsOf(lag), ...warningsOf(images)],
  }
}

/** A report, or why there is none. */
type Answer<R> = R | SapocheError

async function answerOf<R>(read: () => Promise<R>): Promise<Answer<R>> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof SapocheError) || error instanceof UsageError || error instanceof InterruptedError) throw error
    return error
  }
}

function queuesFor({queues}: Names, answer: Answer<QueueDepthReport> | null): QueueState[] {
  return queues.map((name) => {
    const item = answer === null || answer instanceof SapocheError ? undefined : answer.items.find(({queue}) => queue === name)
    if (item === undefined) return {...UNREAD_QUEUE, queue: name}
    const {queue, state, pending, delayed, reserved, oldestAgeSeconds, movement, severity, reason, next} = item
    return {queue, state, pending, delayed, reserved, oldestAgeSeconds, movement, severity, reason, next}
  })
}

function groupsFor({groups}: Names, answer: Answer<ConsumerLagReport> | null): GroupState[] {
  return groups.map((name) => {
    const item = answer === null || answer instanceof SapocheError ? undefined : answer.items.find(({group}) => group === name)
    if (item === undefined) return {...UNREAD_GROUP, group: name}
    const {group, state, lag, oldestUnreadSeconds, movement, members, severity, reason, next} = item
    return {group, state, lag, oldestUnreadSeconds, movement, members, severity, reason, next}
  })
}

const UNREAD_QUEUE: Omit<QueueState, 'queue'> = {
  state: 'unreadable',
  pending: null,
  delayed: null,
  reserved: null,
  oldestAgeSeconds: null,
  movement: null,
  severity: 'unknown',
  reason: 'Redis was not reached',
  next: [],
}

const UNREAD_GROUP: Omit<GroupState, 'group'> = {
  state: null,
  lag: null,
  oldestUnreadSeconds: null,
  movement: null,
  members: null,
  severity: 'unknown',
  reason: 'Kafka was not reached',
  next: [],
}

function redisState(answer: Answer<QueueDepthReport>): ServerState {
  if (answer instanceof SapocheError) return unreached('redis', answer)
  const {severity, reason, next} = answer.redis
  return {name: 'redis', severity, reason, next}
}

/** Of its brokers together. */
function kafkaState(answer: Answer<ConsumerLagReport>): ServerState {
  if (answer instanceof SapocheError) return unreached('kafka', answer)
  const faulty = answer.brokers.filter(({severity}) => severity !== 'ok' && severity !== 'info')
  const reasons = faulty.map(({id, reason}) => (id === null ? reason : `broker ${id}: ${reason}`))
  const severity = worst(answer.brokers.map((broker) => broker.severity))
  return {name: 'kafka', severity, reason: reasons.join('; '), next: [...new Set(faulty.flatMap(({next}) => next))]}
}

/** The workload of the catalogue behind which Orthanc is. */
function orthancWorkload({servers, services}: Catalogue): string | null {
  const service = servers.orthanc.address?.split(/[.:]/)[0]
  return services.find(({name}) => name === service)?.workload ?? null
}

function orthancState(answer: Answer<OrthancProbeReport>): ServerState {
  if (answer instanceof SapocheError) return unreached('orthanc', answer)
  const faulty = answer.steps.filter(({status}) => status !== 'ok' && status !== 'skipped')
  const severity = worst(faulty.map(({status}) => (status === 'skipped' ? 'ok' : status)))
  return {name: 'orthanc', severity, reason: faulty.map(({name, reason}) => `${name}: ${reason}`).join('; '), next: answer.next}
}

function unreached(name: ServerState['name'], {message, hints}: SapocheError): ServerState {
  const cures = hints.filter(({label}) => label !== 'next').map(({label, text}) => `${label} ${text}`)
  return {
    name,
    severity: 'unknown',
    reason: [message, ...cures].join('; '),
    next: hints.filter(({label}) => label === 'next').map(({text}) => text),
  }
}

function unseenOfQueues(answer: Answer<QueueDepthReport> | null): string[] {
  if (answer instanceof SapocheError) return ['queues']
  if (answer === null) return []
  return answer.redis.state === 'up' ? ['failed jobs and queues that nobody serves (queue-depth)'] : answer.notChecked
}

function unseenOfLag(answer: Answer<ConsumerLagReport> | null): string[] {
  if (answer instanceof SapocheError || answer?.brokers.some(({id}) => id === null) === true) return ['lag']
  return answer !== null && answer.windowSeconds === null && answer.items.length > 0 ? ['how lag moves (--window 10s)'] : []
}

function unseenOfOrthanc(answer: Answer<OrthancProbeReport> | null): string[] {
  if (answer === null || answer instanceof SapocheError) return ['DICOM']
  const skipped = new Set(answer.steps.filter(({status}) => status === 'skipped').map(({name}) => name))
  return skipped.size === 0 ? [] : [`${[...skipped].join(', ')} of Orthanc (orthanc-probe)`]
}

/** Consumers of which nobody knows the group share one warning. */
function warningsOf(answer: Answer<{readonly warnings: readonly Warning[]}> | null): Warning[] {
  if (answer === null || answer instanceof SapocheError) return []
  const alike = answer.warnings.filter(({code}) => code === 'no-group')
  if (alike.length < 2) return [...answer.warnings]
  const message = `of ${alike.length} consumers neither the environment nor the catalogue names the group (sapoche consumer-lag lists them)`
  return [...answer.warnings.filter(({code}) => code !== 'no-group'), {code: 'no-group', message}]
}
