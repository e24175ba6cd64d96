import type {Address, RedisAccess} from '../reach/types.ts'
import type {Command, RedisConnection} from './connection.ts'
import {parseInfo, redisInfo} from './info.ts'
import {findLayout, keyOf} from './layout.ts'
import {headOf} from './payload.ts'
import type {
  Answer,
  FailedJobs,
  Head,
  KeyFailure,
  KeyReading,
  Layout,
  LayoutHints,
  QueueReader,
  QueueReading,
  QueueSnapshot,
  ReadRequest,
  RedisInfo,
} from './types.ts'

const FAILED = 'failed_jobs'
const NO_COUNT: KeyFailure = {kind: 'other', message: 'answers with something that is no count'}
const NO_INFO: KeyFailure = {kind: 'other', message: 'answers INFO with something else'}

/** Takes commands together and hands their answers out in order, so that a part of a pipeline is read where it was asked for. */
class Batch {
  readonly commands: Command[] = []
  #answers: readonly Answer<unknown>[] = []

  add<T>(command: Command, read: (value: unknown) => T): () => Answer<T> {
    const index = this.commands.push(command) - 1
    return () => {
      const answer = this.#answers[index]
      if (answer === undefined) throw new Error('a pipeline without answers')
      return answer.failure === null ? {value: read(answer.value), failure: null} : answer
    }
  }

  /** A length: what is no whole number from 0 on is a failure, lest it pass for an empty queue. */
  count(command: Command): () => Answer<number> {
    const read = this.add(command, (value) => value)
    return () => {
      const {value, failure} = read()
      if (failure !== null) return {value: null, failure}
      return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? {value, failure: null} : {value: null, failure: NO_COUNT}
    }
  }

  /** The fields of INFO; an answer that holds none comes from something else. */
  info(): () => Answer<RedisInfo> {
    const read = this.add(['INFO'], (text) => parseInfo(typeof text === 'string' ? text : ''))
    return () => {
      const {value, failure} = read()
      if (failure !== null) return {value: null, failure}
      return value.size > 0 ? {value: redisInfo(value), failure: null} : {value: null, failure: NO_INFO}
    }
  }

  async send(connection: RedisConnection, signal: AbortSignal): Promise<void> {
    this.#answers = await connection.send(this.commands, signal)
  }
}

const KNOWN_LENGTHS = {list: 'LLEN', zset: 'ZCARD', set: 'SCARD', hash: 'HLEN', stream: 'XLEN'} as const

/** A reader over a connection that is open and logged in. */
export class RedisQueueReader implements QueueReader {
  readonly address: Address
  readonly where: string
  readonly network: 'direct' | 'tunnel'
  readonly #connection: RedisConnection
  readonly #database: number | null

  constructor(connection: RedisConnection, {network, database}: RedisAccess, address: Address) {
    this.address = address
    this.where = network.describe(address)
    this.network = network.kind
    this.#connection = connection
    this.#database = database
  }

  find(hints: LayoutHints, signal: AbortSignal): Promise<Layout> {
    return findLayout(this.#connection, hints, this.#database, signal)
  }

  async read(request: ReadRequest, signal: AbortSignal): Promise<QueueSnapshot> {
    const batch = new Batch()
    const info = batch.info()
    const queues = request.queues.map((name) => askQueue(batch, name, request))
    const keys = request.keys.map((key) => askKey(batch, key))
    const failed = askFailed(batch, request)
    await batch.send(this.#connection, signal)
    const readings = queues.map((read) => read())
    const wrong = readings.filter(({pending, delayed, reserved}) =>
      [pending, delayed, reserved].some(({failure}) => failure?.kind === 'wrong-type'),
    )
    const types = await this.#typesOf(wrong, signal)
    return {
      info: info(),
      queues: readings.map((reading) => ({...reading, wrongType: types.get(reading.name) ?? null})),
      keys: keys.map((read) => read()),
      failed: failed(),
    }
  }

  close(): void {
    this.#connection.close()
  }

  /** What the keys of these queues hold instead, by the queue's name. */
  async #typesOf(readings: readonly QueueReading[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (readings.length === 0) return new Map()
    const suffix = ({pending, delayed}: QueueReading): string =>
      pending.failure?.kind === 'wrong-type' ? '' : delayed.failure?.kind === 'wrong-type' ? ':delayed' : ':reserved'
    const answers = await this.#connection.send(
      readings.map((reading) => ['TYPE', reading.key + suffix(reading)]),
      signal,
    )
    const named = readings.map(({name}, index) => [name, answers[index]?.value] as const)
    return new Map(named.flatMap(([name, type]) => (typeof type === 'string' ? [[name, type]] : [])))
  }
}

function askQueue(batch: Batch, name: string, {layout, asOf}: ReadRequest): () => QueueReading {
  const key = keyOf(layout.prefix, name)
  const [delayed, reserved] = [`${key}:delayed`, `${key}:reserved`]
  const answers = {
    pending: batch.count(['LLEN', key]),
    delayed: batch.count(['ZCARD', delayed]),
    reserved: batch.count(['ZCARD', reserved]),
    dueDelayed: batch.count(['ZCOUNT', delayed, '-inf', asOf]),
    expiredReserved: batch.count(['ZCOUNT', reserved, '-inf', asOf]),
    head: batch.add(['LINDEX', key, 0], (payload): Head | null => (typeof payload === 'string' ? headOf(payload) : null)),
  }
  return () => ({
    name,
    key,
    pending: answers.pending(),
    delayed: answers.delayed(),
    reserved: answers.reserved(),
    dueDelayed: answers.dueDelayed(),
    expiredReserved: answers.expiredReserved(),
    head: answers.head(),
    wrongType: null,
  })
}

/** All lengths are asked for with the type, which says which of them counts: a second round would cost more. */
function askKey(batch: Batch, key: string): () => KeyReading {
  const type = batch.add(['TYPE', key], String)
  const lengths = new Map(Object.entries(KNOWN_LENGTHS).map(([of, command]) => [of, batch.count([command, key])]))
  return () => {
    const found = type()
    const none: Answer<number | null> = {value: null, failure: null}
    return {key, type: found, length: found.failure === null ? (lengths.get(found.value)?.() ?? none) : found}
  }
}

/** Horizon's scores are times with a minus sign, the newest first. */
function askFailed(batch: Batch, {layout, recentSince}: ReadRequest): () => FailedJobs | null {
  if (layout.horizonPrefix === null || recentSince === null) return () => null
  const key = layout.horizonPrefix + FAILED
  const total = batch.count(['ZCARD', key])
  const recent = batch.count(['ZCOUNT', key, '-inf', -recentSince])
  return () => ({key, total: total(), recent: recent()})
}
