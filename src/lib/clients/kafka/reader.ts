import {InterruptedError, SapocheError, UnreachableError} from '../../errors/index.ts'
import type {KafkaAccess} from '../reach/index.ts'
import {Brokers} from './brokers.ts'
import {decodeMember, faultOf} from './connection.ts'
import type {LagReaderOptions} from './index.ts'
import type {
  Broker,
  Commit,
  GroupDescription,
  LagReader,
  ListedGroup,
  Member,
  OffsetQuestion,
  Partition,
  PartitionState,
  Survey,
} from './types.ts'

/** ConsumerGroupDescribe: who speaks it knows the group protocol of KIP-848. */
export const CONSUMER_GROUP_DESCRIBE = 69
const NOT_COORDINATOR = 16
const UNKNOWN_TOPIC = 3
/** The leader has just changed: leader not available, not leader, fenced or unknown epoch of a leader. */
const MOVED: readonly number[] = [5, 6, 74, 75]

const POINTS = {start: -2, end: -1, stable: -1} as const

type Answer<T> = T | SapocheError

/** The kafkajs side of `LagReader`: what goes to which broker, and what becomes of the rest when one of them fails. */
export class KafkaLagReader implements LagReader {
  readonly #brokers: Brokers
  readonly #signal: AbortSignal
  readonly #coordinators = new Map<string, number>()
  readonly #partitions = new Map<string, ReadonlyMap<number, PartitionState>>()

  constructor(access: KafkaAccess, options: LagReaderOptions) {
    this.#brokers = new Brokers(access, options)
    this.#signal = options.signal
  }

  async survey(): Promise<Survey> {
    await this.#brokers.discover()
    this.#coordinators.clear()
    const {ids} = this.#brokers
    const listings = await Promise.all(ids.map((id) => this.#attempt(() => this.#listGroups(id))))
    const groups: ListedGroup[] = []
    const brokers = ids.map((id, index): Broker => {
      const listing = listings[index]!
      const address = this.#brokers.nameOf(id)
      if (listing instanceof SapocheError) return {id, address, error: listing}
      // A broker lists the groups that it coordinates and no others, which spares asking for the coordinator of each.
      for (const group of listing) this.#coordinators.set(group.name, id)
      groups.push(...listing)
      return {id, address, error: null}
    })
    return {brokers, groups, newProtocol: CONSUMER_GROUP_DESCRIBE in this.#brokers.versions}
  }

  async describe(groups: readonly string[]): Promise<ReadonlyMap<string, Answer<GroupDescription>>> {
    const answers = new Map<string, Answer<GroupDescription>>()
    const moved = await this.#describe(groups, answers)
    if (moved.length > 0) await this.#describe(moved, answers)
    return answers
  }

  async committed(groups: readonly string[]): Promise<ReadonlyMap<string, Answer<readonly Commit[]>>> {
    const commits = await Promise.all(groups.map((group) => this.#attempt(() => this.#committed(group))))
    return new Map(groups.map((group, index) => [group, commits[index]!]))
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, Answer<readonly PartitionState[]> | null>> {
    if (names.length === 0) return new Map()
    const connection = await this.#brokers.any()
    const {topicMetadata} = await connection.send('Metadata', {topics: [...new Set(names)], allowAutoTopicCreation: false})
    return new Map(
      topicMetadata.map(({topic, topicErrorCode, partitionMetadata}) => {
        const partitions = partitionMetadata.map(({partitionId, leader, replicas}) => ({
          partition: partitionId,
          leader: leader < 0 ? null : leader,
          replicas,
        }))
        this.#partitions.set(topic, new Map(partitions.map((each) => [each.partition, each])))
        if (topicErrorCode === UNKNOWN_TOPIC) return [topic, null]
        // That some partition has no leader is a matter of that partition.
        return [topic, MOVED.includes(topicErrorCode) ? partitions : (faultOf(topicErrorCode) ?? partitions)]
      }),
    )
  }

  async offsets(questions: readonly OffsetQuestion[]): Promise<readonly (bigint | null | SapocheError)[]> {
    const answers = new Map<OffsetQuestion, bigint | null | SapocheError>()
    const moved = await this.#offsets(questions, answers)
    if (moved.length > 0) {
      await this.topics(moved.map(({topic}) => topic))
      await this.#offsets(moved, answers)
    }
    return questions.map((question) => answers.get(question)!)
  }

  close(): void {
    this.#brokers.close()
  }

  async #listGroups(id: number): Promise<ListedGroup[]> {
    const connection = await this.#brokers.broker(id)
    const {errorCode, groups} = await connection.send('ListGroups', {})
    const fault = faultOf(errorCode)
    if (fault !== null) throw new UnreachableError(`${connection.what} does not list its groups: ${fault.message}`, {cause: fault})
    return groups.map(({groupId, protocolType}) => ({name: groupId, protocol: protocolType}))
  }

  /** Fills in answers; returns the groups that have another coordinator meanwhile. */
  async #describe(groups: readonly string[], answers: Map<string, Answer<GroupDescription>>): Promise<string[]> {
    const located = await Promise.all(groups.map((group) => this.#attempt(() => this.#locate(group))))
    const byBroker = Map.groupBy(groups, (_, index) => located[index]!)
    const moved: string[] = []
    const ask = async (broker: number | SapocheError, names: readonly string[]): Promise<void> => {
      const described = broker instanceof SapocheError ? broker : await this.#attempt(() => this.#describeAt(broker, names))
      if (described instanceof SapocheError) return names.forEach((name) => answers.set(name, described))
      for (const {groupId, errorCode, state, protocolType, members} of described) {
        if (errorCode === NOT_COORDINATOR) moved.push(groupId)
        const value = {state, members: members.map((member) => memberOf(member, protocolType))}
        answers.set(groupId, faultOf(errorCode) ?? value)
      }
    }
    await Promise.all([...byBroker].map(([broker, names]) => ask(broker, names)))
    for (const group of moved) this.#coordinators.delete(group)
    return moved
  }

  async #describeAt(broker: number, groupIds: readonly string[]) {
    const connection = await this.#brokers.broker(broker)
    return (await connection.send('DescribeGroups', {groupIds})).groups
  }

  /** The id of the group's coordinator. */
  async #locate(group: string): Promise<number> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return known
    const connection = await this.#brokers.any()
    const {errorCode, coordinator} = await connection.send('GroupCoordinator', {groupId: group})
    const fault = faultOf(errorCode)
    if (fault !== null) throw fault
    this.#coordinators.set(group, coordinator.nodeId)
    return coordinator.nodeId
  }

  async #committed(group: string, isSecondTry = false): Promise<Commit[]> {
    const connection = await this.#brokers.broker(await this.#locate(group))
    // By an empty list kafkajs means all topics.
    const {errorCode, responses} = await connection.send('OffsetFetch', {groupId: group, topics: []})
    if (errorCode === NOT_COORDINATOR && !isSecondTry) {
      this.#coordinators.delete(group)
      return await this.#committed(group, true)
    }
    const fault = faultOf(errorCode)
    if (fault !== null) throw fault
    return responses.flatMap(({topic, partitions}) =>
      partitions
        .filter(({offset, errorCode: code}) => code === 0 && offset !== '-1')
        .map(({partition, offset}) => ({topic, partition, offset: BigInt(offset)})),
    )
  }

  /** Fills in answers; returns the questions whose leader is another one meanwhile. */
  async #offsets(
    questions: readonly OffsetQuestion[],
    answers: Map<OffsetQuestion, bigint | null | SapocheError>,
  ): Promise<OffsetQuestion[]> {
    const moved: OffsetQuestion[] = []
    const byLeader = Map.groupBy(questions, (question) => this.#leaderOf(question))
    const ask = async (leader: number | SapocheError, asked: readonly OffsetQuestion[]): Promise<void> => {
      const found = leader instanceof SapocheError ? leader : await this.#attempt(() => this.#offsetsAt(leader, asked))
      for (const question of asked) {
        if (found instanceof SapocheError) {
          answers.set(question, found)
          continue
        }
        const {errorCode, offset} = found.get(keyOf(question)) ?? {errorCode: -1, offset: '-1'}
        if (MOVED.includes(errorCode)) moved.push(question)
        const fault = faultOf(errorCode)
        answers.set(question, fault ?? (offset === '-1' ? null : BigInt(offset)))
      }
    }
    await Promise.all([...byLeader].map(([leader, asked]) => ask(leader, asked)))
    return moved
  }

  async #offsetsAt(leader: number, questions: readonly OffsetQuestion[]) {
    const connection = await this.#brokers.broker(leader)
    const found = new Map<string, {errorCode: number; offset: string}>()
    const ask = async (isolationLevel: 0 | 1, asked: readonly OffsetQuestion[]): Promise<void> => {
      if (asked.length === 0) return
      const topics = [...Map.groupBy(asked, ({topic}) => topic)].map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map(({partition, at}) => ({partition, timestamp: typeof at === 'number' ? at : POINTS[at]})),
      }))
      for (const {topic, partitions} of (await connection.send('ListOffsets', {isolationLevel, topics})).responses) {
        for (const {partition, errorCode, offset} of partitions) found.set(keyOf({topic, partition}), {errorCode, offset})
      }
    }
    const isStable = ({at}: OffsetQuestion): boolean => at === 'stable'
    await Promise.all([
      ask(
        0,
        questions.filter((each) => !isStable(each)),
      ),
      ask(1, questions.filter(isStable)),
    ])
    return found
  }

  #leaderOf({topic, partition}: Partition): number | SapocheError {
    const state = this.#partitions.get(topic)?.get(partition)
    if (state === undefined) return new UnreachableError('no such partition')
    return state.leader ?? new UnreachableError('no leader')
  }

  /** The value, or the error in its place; an interruption goes up. */
  async #attempt<T>(read: () => Promise<T>): Promise<Answer<T>> {
    try {
      return await read()
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason instanceof SapocheError ? this.#signal.reason : new InterruptedError()
      if (error instanceof SapocheError) return error
      throw error
    }
  }
}

function memberOf(
  member: {memberId: string; clientId: string; clientHost: string; memberMetadata: Buffer; memberAssignment: Buffer},
  protocol: string,
): Member {
  const {memberId: id, clientId, clientHost: host} = member
  if (protocol !== 'consumer') return {id, clientId, host, topics: [], partitions: []}
  const {topics, assigned} = decodeMember(member.memberMetadata, member.memberAssignment)
  const partitions = Object.entries(assigned).flatMap(([topic, numbers]) => numbers.map((partition) => ({topic, partition})))
  return {id, clientId, host, topics, partitions}
}

function keyOf({topic, partition}: Partition): string {
  return `${topic} ${partition}`
}
