import type {
  Commit,
  GroupDescription,
  LagReader,
  Member,
  OffsetQuestion,
  Partition,
  PartitionState,
  Survey,
} from '../../../src/lib/clients/kafka/types.ts'
import {SapocheError, UnreachableError} from '../../../src/lib/errors/index.ts'

/** A partition of the model: its events by their times. */
export interface ModelPartition {
  readonly leader: number | null
  readonly replicas: readonly number[]
  /** Offset of the first event that is left. */
  start: bigint
  /** Epoch milliseconds of each event from `start` on. */
  readonly times: number[]
  /** Events at the end that belong to an open transaction. */
  open: number
}

interface ModelGroup {
  protocol: string
  state: string
  members: Member[]
  readonly commits: Map<string, bigint>
  coordinator: number
  /** Why it can't be read. */
  error: SapocheError | null
}

/** A Kafka of one process: says what real brokers would say, and counts the requests that the client would have to send. */
export class KafkaModel implements LagReader {
  readonly brokers: number[]
  readonly groups = new Map<string, ModelGroup>()
  readonly #topics = new Map<string, ModelPartition[]>()
  /** Brokers that don't answer. */
  readonly dead = new Set<number>()
  newProtocol = true
  requests = 0
  closed = 0
  /** Called before each survey. */
  onSurvey: () => void = () => undefined

  constructor(brokers: readonly number[] = [0, 1, 2]) {
    this.brokers = [...brokers]
  }

  /** Partitions in turn on the brokers. */
  topic(name: string, partitions = 1): ModelPartition[] {
    const made = Array.from({length: partitions}, (_, index): ModelPartition => {
      const leader = this.brokers[index % this.brokers.length] ?? null
      return {leader, replicas: leader === null ? [] : [leader], start: 0n, times: [], open: 0}
    })
    this.#topics.set(name, made)
    return made
  }

  partition(topic: string, partition = 0): ModelPartition {
    const found = this.#topics.get(topic)?.[partition]
    if (found === undefined) throw new Error(`no ${topic} ${partition}`)
    return found
  }

  /** Events of this time (epoch milliseconds). */
  produce(topic: string, events: number, time: number, partition = 0): void {
    for (let index = 0; index < events; index++) this.partition(topic, partition).times.push(time)
  }

  commit(group: string, topic: string, offset: number | bigint, partition = 0): ModelGroup {
    const found = this.group(group)
    found.commits.set(`${topic} ${partition}`, BigInt(offset))
    return found
  }

  /** A group with a member that has all partitions of these topics. */
  group(name: string, topics: readonly string[] = [], members = 1): ModelGroup {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const partitions = topics.flatMap((topic) => (this.#topics.get(topic) ?? []).map((_, partition) => ({topic, partition})))
    const group: ModelGroup = {
      protocol: 'consumer',
      state: members > 0 ? 'Stable' : 'Empty',
      members: Array.from({length: members}, (_, index) => ({
        id: `${name}-${index}`,
        clientId: 'php',
        host: '/10.0.0.1',
        topics,
        partitions: partitions.filter((_each, at) => at % members === index),
      })),
      commits: new Map(),
      coordinator: this.brokers[this.groups.size % this.brokers.length] ?? 0,
      error: null,
    }
    this.groups.set(name, group)
    return group
  }

  async survey(): Promise<Survey> {
    this.onSurvey()
    this.requests += 1 + this.brokers.length
    const alive = [...this.groups].filter(([, {coordinator}]) => !this.dead.has(coordinator))
    return {
      brokers: this.brokers.map((id) => ({id, address: `kafka-${id}:9092`, error: this.#fault(id)})),
      groups: alive.map(([name, {protocol}]) => ({name, protocol})),
      newProtocol: this.newProtocol,
    }
  }

  async describe(names: readonly string[]): Promise<ReadonlyMap<string, GroupDescription | SapocheError>> {
    const coordinators = names.map((name) => this.groups.get(name)?.coordinator ?? this.brokers[0]!)
    this.requests += new Set(coordinators).size + names.filter((name) => !this.groups.has(name)).length
    return new Map(
      names.map((name, index) => {
        const fault = this.#fault(coordinators[index]!)
        const {state, members, error} = this.groups.get(name) ?? {state: 'Dead', members: [], error: null}
        return [name, fault ?? error ?? {state, members: [...members]}]
      }),
    )
  }

  async committed(names: readonly string[]): Promise<ReadonlyMap<string, readonly Commit[] | SapocheError>> {
    this.requests += names.length
    return new Map(
      names.map((name) => {
        const group = this.groups.get(name)
        if (group === undefined) return [name, []]
        const commits = [...group.commits].map(([key, offset]): Commit => {
          const [topic = '', partition] = key.split(' ')
          return {topic, partition: Number(partition), offset}
        })
        return [name, this.#fault(group.coordinator) ?? group.error ?? commits]
      }),
    )
  }

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionState[] | SapocheError | null>> {
    if (names.length > 0) this.requests++
    return new Map(
      names.map((name) => {
        const states = this.#topics.get(name)?.map(({leader, replicas}, partition) => ({partition, leader, replicas}))
        return [name, states ?? null]
      }),
    )
  }

  async offsets(questions: readonly OffsetQuestion[]): Promise<readonly (bigint | null | SapocheError)[]> {
    const asked = questions.map(({topic, partition}) => `${topic} ${partition}`)
    if (new Set(asked).size < asked.length) throw new Error('a partition twice: the broker would refuse it')
    const leaders = questions.flatMap(({topic, partition}) => this.#topics.get(topic)?.[partition]?.leader ?? [])
    this.requests += new Set(leaders).size
    return questions.map((question) => this.#offset(question))
  }

  close(): void {
    this.closed++
  }

  #offset({topic, partition, at}: OffsetQuestion & Partition): bigint | null | SapocheError {
    const found = this.#topics.get(topic)?.[partition]
    if (found === undefined) return new UnreachableError(`${topic} has no partition ${partition}`)
    const {leader, start, times, open} = found
    if (leader === null) return new UnreachableError(`${topic} partition ${partition} has no leader`)
    const fault = this.#fault(leader)
    if (fault !== null) return fault
    const end = start + BigInt(times.length)
    if (at === 'start') return start
    if (at === 'end') return end
    if (at === 'stable') return end - BigInt(open)
    const index = times.findIndex((time) => time >= at)
    return index === -1 ? null : start + BigInt(index)
  }

  #fault(broker: number): SapocheError | null {
    return this.dead.has(broker) ? new UnreachableError(`Kafka at kafka-${broker}:9092 can't be reached`) : null
  }
}
