/** What a broker of the sandbox answers: eight requests, each in the one version that kafkajs speaks best. */
import {BROKERS, type KafkaGroup, type KafkaLog, type KafkaMember} from './kafka-log.ts'
import {Reader, Writer} from './kafka-wire.ts'

/** One broker's sight. */
export interface BrokerScene {
  readonly id: number
  readonly log: KafkaLog
  /** By which each broker is known to clients. */
  readonly addressOf: (broker: number) => {readonly host: string; readonly port: number}
}

type Answer = (request: Reader, scene: BrokerScene) => Writer

const NONE = 0
const UNKNOWN_TOPIC = 3
const LEADER_NOT_AVAILABLE = 5
const NOT_LEADER = 6
const COORDINATOR_NOT_AVAILABLE = 15
const NOT_COORDINATOR = 16
const UNSUPPORTED_VERSION = 35
/** ConsumerGroupDescribe: told, so that clients know that there may be groups of the new protocol; not answered. */
const CONSUMER_GROUP_DESCRIBE = 69
const API_VERSIONS = 18

const REQUESTS: Readonly<Record<number, {readonly version: number; readonly answer: Answer}>> = {
  2: {version: 3, answer: listOffsets},
  3: {version: 6, answer: metadata},
  9: {version: 4, answer: offsetFetch},
  10: {version: 2, answer: findCoordinator},
  15: {version: 2, answer: describeGroups},
  16: {version: 2, answer: listGroups},
  [API_VERSIONS]: {version: 2, answer: () => apiVersions(NONE)},
}

/** The answer to one frame; null for a request that a broker would close the connection for. */
export function answerFrame(frame: Buffer, scene: BrokerScene): Buffer | null {
  const request = new Reader(frame)
  const [key, version, correlation] = [request.int16(), request.int16(), request.int32()]
  request.string()
  const known = REQUESTS[key]
  if (known === undefined) return null
  const answer = version === known.version ? known.answer(request, scene) : key === API_VERSIONS ? apiVersions(UNSUPPORTED_VERSION) : null
  if (answer === null) return null
  const body = Buffer.concat([new Writer().int32(correlation).end(), answer.end()])
  return Buffer.concat([new Writer().int32(body.length).end(), body])
}

function apiVersions(error: number): Writer {
  const writer = new Writer().int16(error)
  const spoken = [...Object.entries(REQUESTS).map(([key, {version}]) => [Number(key), version]), [CONSUMER_GROUP_DESCRIBE, 0]]
  writer.list(spoken, ([key = 0, version = 0]) => writer.int16(key).int16(version).int16(version))
  return writer.int32(0)
}

function metadata(request: Reader, {log, addressOf}: BrokerScene): Writer {
  const names = request.list(() => request.string()) ?? [...log.topics.keys()]
  const writer = new Writer().int32(0)
  const alive = BROKERS.filter((id) => !log.lost.has(id))
  writer.list(alive, (id) => {
    const {host, port} = addressOf(id)
    writer.int32(id).string(host).int32(port).string(null)
  })
  writer.string('sandbox').int32(alive[0] ?? -1)
  return writer.list(names, (name) => {
    const partitions = log.topics.get(name)
    writer
      .int16(partitions === undefined ? UNKNOWN_TOPIC : NONE)
      .string(name)
      .int8(0)
    writer.list([...(partitions ?? []).entries()], ([partition, {broker}]) => {
      const isLost = log.lost.has(broker)
      writer
        .int16(isLost ? LEADER_NOT_AVAILABLE : NONE)
        .int32(partition)
        .int32(isLost ? -1 : broker)
      const broker32 = (id: number): Writer => writer.int32(id)
      writer
        .list([broker], broker32)
        .list(isLost ? [] : [broker], broker32)
        .list(isLost ? [broker] : [], broker32)
    })
  })
}

function listGroups(_request: Reader, {id, log}: BrokerScene): Writer {
  const writer = new Writer().int32(0).int16(NONE)
  const own = [...log.groups].filter(([, {broker}]) => broker === id)
  return writer.list(own, ([name, group]) => writer.string(name).string(protocolOf(group)))
}

/** A group in which nobody ever was has none. */
function protocolOf({members, newProtocol, state}: KafkaGroup): string {
  return members.length > 0 || newProtocol || state !== null ? 'consumer' : ''
}

function findCoordinator(request: Reader, {log, addressOf}: BrokerScene): Writer {
  const group = log.groups.get(request.string())
  const broker = group?.broker ?? BROKERS.find((id) => !log.lost.has(id)) ?? 0
  if (log.lost.has(broker)) return new Writer().int32(0).int16(COORDINATOR_NOT_AVAILABLE).string(null).int32(-1).string('').int32(-1)
  const {host, port} = addressOf(broker)
  return new Writer().int32(0).int16(NONE).string(null).int32(broker).string(host).int32(port)
}

function describeGroups(request: Reader, {id, log}: BrokerScene): Writer {
  const names = request.list(() => request.string()) ?? []
  const writer = new Writer().int32(0)
  return writer.list(names, (name) => {
    const group = log.groups.get(name)
    if (group !== undefined && group.broker !== id) {
      writer
        .int16(NOT_COORDINATOR)
        .string(name)
        .string('')
        .string('')
        .string('')
        .list([], () => undefined)
      return
    }
    const isOld = group !== undefined && !group.newProtocol
    const members = isOld ? group.members : []
    const state = isOld ? (group.state ?? (members.length > 0 ? 'Stable' : 'Empty')) : 'Dead'
    writer.int16(NONE).string(name).string(state)
    writer.string(isOld ? protocolOf(group) : '').string(members.length > 0 ? 'range' : '')
    writer.list(members, (member) => writeMember(writer, member))
  })
}

function writeMember(writer: Writer, {id, topics, partitions}: KafkaMember): void {
  writer.string(id).string('php').string('/10.42.0.1')
  const subscription = new Writer().int16(0)
  subscription.list(topics, (topic) => subscription.string(topic)).bytes(Buffer.alloc(0))
  const assignment = new Writer().int16(0)
  assignment.list([...partitions], ([topic, numbers]) => {
    assignment.string(topic).list(numbers, (partition) => assignment.int32(partition))
  })
  assignment.bytes(Buffer.alloc(0))
  writer.bytes(subscription.end()).bytes(assignment.end())
}

/** Of all topics, which is the only thing that is asked of it. */
function offsetFetch(request: Reader, {id, log}: BrokerScene): Writer {
  const group = log.groups.get(request.string())
  const writer = new Writer().int32(0)
  if (group !== undefined && group.broker !== id) return writer.list([], () => undefined).int16(NOT_COORDINATOR)
  const commits = [...(group?.commits ?? [])].map(([key, offset]) => ({
    topic: key.split(' ')[0] ?? '',
    partition: Number(key.split(' ')[1]),
    offset,
  }))
  const byTopic = [...Map.groupBy(commits, ({topic}) => topic)]
  writer.list(byTopic, ([topic, partitions]) => {
    writer.string(topic).list(partitions, ({partition, offset}) => writer.int32(partition).int64(offset).string('').int16(NONE))
  })
  return writer.int16(NONE)
}

function listOffsets(request: Reader, {id, log}: BrokerScene): Writer {
  request.int32()
  const isStable = request.int8() === 1
  const asked = request.list(() => ({
    topic: request.string(),
    partitions: request.list(() => ({partition: request.int32(), time: request.int64()})) ?? [],
  }))
  const writer = new Writer().int32(0)
  return writer.list(asked ?? [], ({topic, partitions}) => {
    writer.string(topic).list(partitions, ({partition, time}) => {
      const found = log.topics.get(topic)?.[partition]
      const error = found === undefined ? UNKNOWN_TOPIC : found.broker === id ? NONE : NOT_LEADER
      const end = found === undefined ? -1 : found.end - (isStable ? found.open : 0)
      const offset =
        error !== NONE || found === undefined ? -1 : time === -1 ? end : time === -2 ? found.start : (found.firstSince(time) ?? -1)
      writer.int32(partition).int16(error).int64(-1).int64(offset)
    })
  })
}
