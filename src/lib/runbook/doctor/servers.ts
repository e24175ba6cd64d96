import type {Catalogue} from '../../catalogue/index.ts'
import type {BrokerContact} from '../../clients/kafka/types.ts'
import {ServerDownError} from '../../clients/reach/errors.ts'
import type {RedisInfo} from '../../clients/redis/types.ts'
import {type SapocheError, UnreachableError} from '../../errors/index.ts'
import {count} from '../../text/view.ts'
import {kafkaOf, mostNamed, redisOf, type Subject} from '../bindings/index.ts'
import {cureOf, failureOf, type Found, Path, type PathContext} from './path.ts'
import type {OrthancTarget, RedisTarget, ServerGates, ServerTarget} from './types.ts'

const BROKER_CURE = 'look after its pod, its listener, and the name that it advertises'

export interface ServersContext extends PathContext {
  readonly catalogue: Catalogue
  readonly servers: ServerGates | null
  readonly subjects: readonly Subject[]
  /** The hop that failed, and on which all of this rests; null where all is well so far. */
  readonly needs: string | null
}

/** Redis, Kafka and Orthanc, and the port-forward that leads to them. */
export async function examineServers(context: ServersContext, signal: AbortSignal): Promise<readonly Path[]> {
  const [near, kafka] = await Promise.all([examineNear(context, signal), examineKafka(context, signal)])
  const [forward, redis, orthanc] = near
  return [forward, redis, kafka, orthanc]
}

/** The servers of the namespace itself, and what they have in common. */
async function examineNear(context: ServersContext, signal: AbortSignal): Promise<readonly [Path, Path, Path]> {
  const {servers, subjects, needs} = context
  const redis = new Path('redis', context, needs)
  const orthanc = new Path('orthanc', context, needs)
  const [hint = null] = mostNamed(subjects.flatMap((subject) => redisOf(subject) ?? []))
  const [redisTarget, orthancTarget] = await Promise.all([
    address(redis, () => servers!.redis(hint), statusOf(context, 'redis')),
    address(orthanc, () => servers!.orthanc(), statusOf(context, 'orthanc')),
  ])
  const forward = await examineForward(context, [redisTarget, orthancTarget], signal)
  await Promise.all([
    examineRedis(behind(redis, redisTarget, forward), redisTarget, statusOf(context, 'redis'), signal),
    examineOrthanc(behind(orthanc, orthancTarget, forward), orthancTarget, statusOf(context, 'orthanc'), signal),
  ])
  return [forward, redis, orthanc]
}

/** Where a server is. */
async function address<T extends ServerTarget>(hops: Path, open: () => Promise<T>, cure: string): Promise<T | null> {
  const find = async () => {
    const value = await open()
    const {where, network, source} = value
    return {value, target: where, reason: network === 'direct' ? 'reached directly' : `through the API server (${source})`}
  }
  return await hops.hop('address', null, find, cure)
}

/**
 * A tunnel to the first server behind the API server that lets one through. That nothing listens at its end is the server's trouble, and that
 * its node is lost as well, where another can be reached.
 */
async function examineForward(context: ServersContext, targets: readonly (ServerTarget | null)[], signal: AbortSignal): Promise<Path> {
  const hops = new Path('port-forward', context, context.needs)
  const ends = targets.flatMap((target) => (target?.network === 'tunnel' ? [target] : []))
  if (ends.length === 0 && context.needs === null) {
    const reason = 'no pod of Redis or Orthanc to try it with'
    hops.add({name: 'tunnel', target: null, status: 'skipped', ms: null, reason, cure: null})
    return hops
  }
  const open = async (): Promise<Found<true>> => {
    const failures: SapocheError[] = []
    for (const end of ends) {
      try {
        await end.touch(signal)
        return {value: true, target: end.where, reason: 'open'}
      } catch (error) {
        const failure = failureOf(error)
        if (failure instanceof ServerDownError) return {value: true, target: end.where, reason: 'the pod is reached; nothing listens there'}
        failures.push(failure)
      }
    }
    throw failures[0] ?? new UnreachableError('nothing to try it with')
  }
  await hops.hop('tunnel', ends[0]?.where ?? null, open, 'sapoche status: the pod, or its node, may be lost')
  return hops
}

/** The path goes on, unless the port-forward that it needs has failed. */
function behind(hops: Path, target: ServerTarget | null, forward: Path): Path {
  if (target?.network === 'tunnel' && forward.needs !== null) hops.stop('tunnel')
  return hops
}

async function examineRedis(hops: Path, target: RedisTarget | null, cure: string, signal: AbortSignal): Promise<void> {
  const login = async () => {
    const {value, failure} = await target!.info(signal)
    if (failure !== null && failure.kind !== 'refused') throw new UnreachableError(`Redis at ${target!.where}: ${failure.message}`)
    return {value: {info: value}, reason: `as ${target!.who}`}
  }
  const info = await hops.hop('login', target?.where ?? null, login, cure)
  hops.say('role', target?.where ?? null, () => roleFound(info?.info ?? null))
}

function roleFound(info: RedisInfo | null): Omit<Found<null>, 'value'> {
  if (info === null) return {status: 'unknown', reason: 'not told: the user may not ask INFO', cure: 'allow it the command INFO'}
  const {version, role, loading, link} = info
  const words = [role ?? 'of no role', ...(version === null ? [] : [`Redis ${version}`])].join(', ')
  if (loading) return {status: 'warning', reason: `${words}; it is loading its data, and answers nothing until it has`}
  if (role !== 'replica') return {reason: words}
  const state = link?.isUp === true ? 'its master is another one' : 'it has lost its master'
  return {status: 'warning', reason: `${words}: ${state}`, cure: 'name the master with --redis-url, or the Sentinels'}
}

async function examineKafka(context: ServersContext, signal: AbortSignal): Promise<Path> {
  const {servers, subjects, catalogue, needs} = context
  const hops = new Path('kafka', context, needs)
  const [hint = null] = mostNamed(subjects.flatMap((subject) => kafkaOf(subject, catalogue) ?? []))
  const target = await address(hops, () => servers!.kafka(hint), BROKER_CURE)
  const contact = async () => {
    const value = await target!.contact(signal)
    const members = value.filter(({id}) => id !== null)
    const answering = value.filter(({error}) => error === null)
    if (answering.length === 0) throw value[0]?.error ?? new UnreachableError('Kafka has no brokers')
    return {value, reason: `${count(members.length, 'broker')}, as ${target!.who}`}
  }
  const contacts = await hops.hop('brokers', null, contact, BROKER_CURE)
  for (const each of contacts ?? []) hops.add(brokerRow(each))
  return hops
}

function brokerRow({id, address: target, ms, requests, newProtocol, error}: BrokerContact) {
  const row = {name: id === null ? 'bootstrap' : `broker ${id}`, target, ms}
  if (error !== null) {
    const gone = id === null ? 'named by the workloads, and none of the cluster: ' : ''
    return {...row, status: 'critical', reason: `${gone}${error.message}`, cure: cureOf(error) ?? BROKER_CURE} as const
  }
  const protocol = newProtocol ? 'knows' : 'does not know'
  return {...row, status: 'ok', reason: `speaks ${requests} requests, ${protocol} groups of KIP-848`, cure: null} as const
}

async function examineOrthanc(hops: Path, target: OrthancTarget | null, cure: string, signal: AbortSignal): Promise<void> {
  const alive = async () => {
    const {failure} = await target!.alive(signal)
    if (failure === null) return {value: true, reason: 'answers, without credentials'}
    if (failure.kind === 'credentials' || failure.kind === 'forbidden')
      return {value: true, reason: `alive, and wants credentials (${failure.status ?? 401})`}
    throw new UnreachableError(`Orthanc at ${target!.where} ${failure.words}`)
  }
  await hops.hop('http', target?.where ?? null, alive, cure)
}

/** What looks after the workload behind a server of the catalogue; after all of its kind where it names none. */
function statusOf({catalogue: {servers, services}}: ServersContext, server: 'redis' | 'orthanc'): string {
  const host = servers[server].address?.split(':')[0]
  return `sapoche status ${services.find(({name}) => name === host)?.workload ?? 'backend'}`
}
