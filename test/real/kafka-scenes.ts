import {createRequire} from 'node:module'
import kafkajs, {type Consumer, type Producer} from 'kafkajs'
import type {Kafka} from './kafka.ts'
import {orAbort, type Running, waitUntil} from './processes.ts'

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
const JOIN_MS = 30_000
/** How long the members of groups may take to say goodbye to brokers, some of which may be gone: their groups are as dead as they are. */
const GOODBYE_MS = 10_000

const require = createRequire(import.meta.url)
endStoppedFetchers()

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
      await within(JOIN_MS, begun.promise, `the member of ${group} has an event`)
      // Where this one fails, the group never rebalances, which is what its test waits for.
      member(() => Promise.resolve()).catch(() => undefined)
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
      const goodbyes = [admin, cluster, ...open].map((each) => each.disconnect())
      await within(GOODBYE_MS, Promise.allSettled(goodbyes), 'goodbye').catch(() => undefined)
    },
  }
}

function succeed(what: string, action: () => Promise<unknown>): Promise<void> {
  return waitUntil(what, () => action().then(() => true), {timeout: 15_000})
}

/** The promise, or a rejection when time is up. */
async function within<T>(milliseconds: number, promise: Promise<T>, what: string): Promise<T> {
  const late = AbortSignal.timeout(milliseconds)
  return await orAbort(late, promise).catch((error: unknown) => {
    throw late.aborted ? new Error(`${what}: not within ${milliseconds / 1000} s`) : error
  })
}

interface Runner {
  readonly running: boolean
  fetch(nodeId: number): Promise<unknown>
}

/**
 * A consumer of kafkajs that is stopped while its fetchers are made anew, because a broker has come or gone, starts them all the same: each
 * of them then gets no events, without a wait and for ever, and nothing else in the process runs any more. Here that ends them.
 */
function endStoppedFetchers(): void {
  const {prototype} = require('kafkajs/src/consumer/runner.js') as {prototype: Runner}
  const {fetch} = prototype
  prototype.fetch = function (nodeId) {
    if (!this.running) throw new kafkajs.KafkaJSNonRetriableError('the consumer was stopped')
    return fetch.call(this, nodeId)
  }
}

/** kafkajs' public face commits for members alone, and takes seconds to become one. */
function internalCluster(kafka: Kafka): InternalCluster {
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
