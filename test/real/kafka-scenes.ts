import {createRequire} from 'node:module'
import kafkajs, {type Consumer, type Producer} from 'kafkajs'
import type {Kafka} from './kafka.ts'
import {type Running, waitUntil} from './processes.ts'

/** Sets scenes on real brokers: topics, events, commits, groups that live. Not by the client under test. */
export interface Scenes {
  /** As the broker says. */
  stateOf(group: string): Promise<string>
  /** Each partition on the broker of the same number (modulo three), so that it is known who has what. */
  createTopic(topic: string, partitions?: number, leaders?: readonly number[]): Promise<void>
  /** Events of this age in milliseconds. */
  produce(topic: string, partition: number, events: number, ageMs?: number): Promise<void>
  /** Takes away all events before this offset. */
  trim(topic: string, partition: number, offset: number): Promise<void>
  /** Lets a user describe all topics and groups, which is all that reading lag takes. */
  allow(user: string): Promise<void>
  /** Without being a member: the group is `Empty`. */
  commit(group: string, topic: string, offsets: readonly (number | null)[]): Promise<void>
  /** A group with a member that reads, and commits unless told; resolves when it has its partitions. */
  join(group: string, topic: string, options?: {readonly commits?: boolean}): Promise<Consumer>
  /** A group whose one member is busy with an event until `finish`, so that another one's joining holds the group up. */
  joinSlowly(group: string, topic: string): Promise<{finish(): void}>
  /** A group of the protocol of KIP-848 with one live member. */
  joinNewProtocol(group: string, topic: string): Promise<Running>
  /** Writes events, or part of a transaction, and leaves it open until `end`. */
  openTransaction(topic: string, partition: number, events: number): Promise<{end(): Promise<void>}>
  close(): Promise<void>
}

// Not all of its exports are seen by their names from here.
const {AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka: KafkaJs, logLevel, ResourcePatternTypes} = kafkajs

interface GroupBroker {
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: readonly {topic: string; partitions: readonly {partition: number; offset: string}[]}[]
  }): Promise<unknown>
}
interface InternalCluster {
  connect(): Promise<void>
  refreshMetadata(): Promise<void>
  disconnect(): Promise<void>
  findGroupCoordinator(request: {groupId: string}): Promise<GroupBroker>
}

const retry = {retries: 8, initialRetryTime: 100}

export async function openScenes(kafka: Kafka): Promise<Scenes> {
  const client = new KafkaJs({brokers: [...kafka.local], logLevel: logLevel.NOTHING, retry})
  const admin = client.admin()
  const producer = client.producer({allowAutoTopicCreation: false})
  const cluster = internalCluster(kafka)
  const open: (Consumer | Producer)[] = [producer]
  await Promise.all([admin.connect(), producer.connect(), cluster.connect()])
  await cluster.refreshMetadata()

  const stateOf = async (group: string): Promise<string> => (await admin.describeGroups([group])).groups[0]?.state ?? ''
  return {
    stateOf,
    async createTopic(topic, partitions = 3, leaders = [0, 1, 2]) {
      const replicaAssignment = Array.from({length: partitions}, (_, partition) => ({
        partition,
        replicas: [leaders[partition % leaders.length]!],
      }))
      await admin.createTopics({topics: [{topic, replicaAssignment}], waitForLeaders: true})
    },
    async produce(topic, partition, events, ageMs = 0) {
      const timestamp = String(Date.now() - ageMs)
      const messages = Array.from({length: events}, (_, index) => ({partition, timestamp, value: `event ${index}`}))
      await producer.send({topic, messages})
    },
    async commit(group, topic, offsets) {
      const partitions = offsets.flatMap((offset, partition) => (offset === null ? [] : [{partition, offset: String(offset)}]))
      // A broker that has just become coordinator says for a moment that it is none.
      await succeed(`a commit of ${group}`, async () => {
        const coordinator = await cluster.findGroupCoordinator({groupId: group})
        await coordinator.offsetCommit({groupId: group, groupGenerationId: -1, memberId: '', topics: [{topic, partitions}]})
      })
    },
    trim: (topic, partition, offset) =>
      succeed(`${topic} begins at ${offset}`, () => admin.deleteTopicRecords({topic, partitions: [{partition, offset: String(offset)}]})),
    async allow(user) {
      const right = {
        resourceName: '*',
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${user}`,
        host: '*',
        operation: AclOperationTypes.DESCRIBE,
        permissionType: AclPermissionTypes.ALLOW,
      }
      await admin.createAcls({acl: [AclResourceTypes.TOPIC, AclResourceTypes.GROUP].map((resourceType) => ({...right, resourceType}))})
    },
    async join(group, topic, {commits = true} = {}) {
      const consumer = client.consumer({groupId: group, sessionTimeout: 6000, heartbeatInterval: 500, allowAutoTopicCreation: false})
      open.push(consumer)
      await consumer.connect()
      await consumer.subscribe({topic, fromBeginning: true})
      await consumer.run({autoCommit: commits, eachMessage: () => Promise.resolve()})
      await waitUntil(`group ${group} is stable`, async () => (await stateOf(group)) === 'Stable')
      return consumer
    },
    async joinSlowly(group, topic) {
      const {promise, resolve} = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const member = async (eachMessage: () => Promise<void>): Promise<void> => {
        const consumer = client.consumer({groupId: group, sessionTimeout: 30_000, allowAutoTopicCreation: false})
        open.push(consumer)
        await consumer.connect()
        await consumer.subscribe({topic, fromBeginning: true})
        await consumer.run({eachMessage})
      }
      await member(() => {
        begun.resolve()
        return promise
      })
      await producer.send({topic, messages: [{value: 'an event'}]})
      await begun.promise
      void member(() => Promise.resolve())
      return {finish: resolve}
    },
    async joinNewProtocol(group, topic) {
      const properties = ['group.protocol=consumer', 'auto.offset.reset=earliest', 'auto.commit.interval.ms=200']
      const running = await kafka.startTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        '--bootstrap-server',
        kafka.local.join(','),
        '--topic',
        topic,
        '--group',
        group,
        ...properties.flatMap((property) => ['--consumer-property', property]),
      ])
      const hasCommits = async (): Promise<boolean> => (await admin.fetchOffsets({groupId: group})).length > 0
      await waitUntil(`group ${group} commits`, hasCommits, {needs: [running]})
      return running
    },
    async openTransaction(topic, partition, events) {
      const writer = client.producer({transactionalId: `${topic}-${partition}`, maxInFlightRequests: 1, idempotent: true})
      open.push(writer)
      await writer.connect()
      const transaction = await writer.transaction()
      await transaction.send({topic, messages: Array.from({length: events}, (_, index) => ({partition, value: `event ${index}`}))})
      return {end: () => transaction.commit()}
    },
    async close() {
      await Promise.allSettled([admin.disconnect(), cluster.disconnect(), ...open.map((each) => each.disconnect())])
    },
  }
}

function succeed(what: string, action: () => Promise<unknown>): Promise<void> {
  return waitUntil(what, () => action().then(() => true), {timeout: 15_000})
}

/** kafkajs' public face commits for members alone, and takes seconds to become one. */
function internalCluster(kafka: Kafka): InternalCluster {
  const require = createRequire(import.meta.url)
  const Cluster = require('kafkajs/src/cluster/index.js') as new (options: object) => InternalCluster
  const socketFactory = require('kafkajs/src/network/socketFactory.js') as () => unknown
  const silent = {namespace: () => silent, info() {}, warn() {}, error() {}, debug() {}}
  return new Cluster({
    brokers: kafka.local,
    clientId: 'scenes',
    logger: silent,
    socketFactory: socketFactory(),
    connectionTimeout: 5000,
    requestTimeout: 10_000,
    allowAutoTopicCreation: false,
    retry,
  })
}
