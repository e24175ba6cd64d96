/** Topics and consumer groups of the sandbox's brokers: a log that moves, and consumers that read it as long as they are ready. */

export const BROKERS: readonly number[] = [0, 1, 2]

/** Events that one consumer reads in a second. */
const CONSUMER_SPEED = 20
const SECOND = 1000

/** Events that came evenly between two moments (epoch milliseconds). */
interface Batch {
  readonly from: number
  readonly until: number
  readonly first: number
  readonly events: number
}

export class KafkaPartition {
  /** The broker that holds its one copy. */
  readonly broker: number
  start = 0
  /** Events at the end that belong to an open transaction. */
  open = 0
  readonly #batches: Batch[] = []

  constructor(broker: number) {
    this.broker = broker
  }

  /** The offset after the last event. */
  get end(): number {
    const last = this.#batches.at(-1)
    return last === undefined ? this.start : Math.max(this.start, last.first + last.events)
  }

  append(events: number, from: number, until: number): void {
    if (events > 0) this.#batches.push({from, until, first: this.end, events})
  }

  /** The first offset that is not older; null where all are. */
  firstSince(time: number): number | null {
    const batch = this.#batches.find(({until}) => until >= time)
    if (batch === undefined) return null
    const {from, until, first, events} = batch
    const before = time <= from ? 0 : Math.ceil((events * (time - from)) / (until - from))
    const offset = Math.max(this.start, first + Math.min(before, events - 1))
    return offset < this.end ? offset : null
  }
}

export interface KafkaMember {
  readonly id: string
  readonly topics: readonly string[]
  readonly partitions: ReadonlyMap<string, readonly number[]>
}

export interface KafkaGroup {
  /** What a broker says of it; null where that follows from its members. */
  state: string | null
  /** Of KIP-848: looks dead to those who don't know it. */
  newProtocol: boolean
  /** Its coordinator. */
  readonly broker: number
  /** `TOPIC PARTITION`. */
  readonly commits: Map<string, number>
  members: readonly KafkaMember[]
}

/** A workload's consumption: one group, one topic. */
export interface Consumption {
  readonly workload: string
  readonly group: string
  readonly topic: string
  /** Pods that read nothing although they are there; those in their place do. */
  stuck: ReadonlySet<string>
  perSecond: number
}

export class KafkaLog {
  readonly topics = new Map<string, readonly KafkaPartition[]>()
  readonly groups = new Map<string, KafkaGroup>()
  /** Brokers that the cluster has lost. */
  readonly lost = new Set<number>()
  readonly #consumptions: Consumption[] = []
  /** Parts of events, that have come or could be read, by workload. */
  readonly #carry = new Map<string, {came: number; read: number}>()
  #last: number | null = null

  /** A topic with a partition on each of these brokers. */
  createTopic(name: string, brokers: readonly number[]): void {
    this.topics.set(
      name,
      brokers.map((broker) => new KafkaPartition(broker)),
    )
  }

  group(name: string): KafkaGroup {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const broker = BROKERS[this.groups.size % BROKERS.length] ?? 0
    const group: KafkaGroup = {state: null, newProtocol: false, broker, commits: new Map(), members: []}
    this.groups.set(name, group)
    return group
  }

  /** A workload that reads a topic, which it has read to the end so far. */
  consume(consumption: Consumption): void {
    const {group, topic} = consumption
    // Where each topic begins with the next broker, all of them have as much to do.
    const first = this.topics.size % BROKERS.length
    if (!this.topics.has(topic)) this.createTopic(topic, [...BROKERS.slice(first), ...BROKERS.slice(0, first)])
    for (const [partition, {end}] of (this.topics.get(topic) ?? []).entries()) this.group(group).commits.set(`${topic} ${partition}`, end)
    this.#consumptions.push(consumption)
  }

  consumptionOf(workload: string): Consumption | undefined {
    return this.#consumptions.find((each) => each.workload === workload)
  }

  /** What has happened since the last time, by the clock `now`; `readyPods` says who of a workload could read. */
  advance(now: number, readyPods: (workload: string) => readonly string[]): void {
    const since = this.#last ?? now
    this.#last = now
    for (const consumption of this.#consumptions) {
      const pods = readyPods(consumption.workload)
      const carry = this.#carry.get(consumption.workload) ?? {came: 0, read: 0}
      this.#carry.set(consumption.workload, carry)
      this.#produce(consumption, carry, since, now)
      this.#assign(consumption, pods)
      const readers = pods.filter((pod) => !consumption.stuck.has(pod)).length
      this.#read(consumption, carry, ((now - since) / SECOND) * CONSUMER_SPEED * readers, readers)
    }
  }

  #produce({topic, perSecond}: Consumption, carry: {came: number}, since: number, now: number): void {
    const partitions = this.topics.get(topic) ?? []
    carry.came += ((now - since) / SECOND) * perSecond
    const whole = Math.floor(carry.came)
    carry.came -= whole
    for (const [index, partition] of partitions.entries()) {
      const share = Math.floor(whole / partitions.length) + (index < whole % partitions.length ? 1 : 0)
      partition.append(share, since, now)
    }
  }

  /** Partitions in turn to the pods. */
  #assign({group, topic}: Consumption, pods: readonly string[]): void {
    const numbers = (this.topics.get(topic) ?? []).map((_, partition) => partition)
    this.group(group).members = pods.map((pod, index) => ({
      id: pod,
      topics: [topic],
      partitions: new Map([[topic, numbers.filter((partition) => partition % pods.length === index)]]),
    }))
  }

  /** From all partitions alike, as much as there was time for. Who keeps up with a quiet topic has always read the last event as well. */
  #read({group, topic, perSecond}: Consumption, carry: {read: number}, possible: number, readers: number): void {
    if (readers === 0) return
    const {commits} = this.group(group)
    const behind = (this.topics.get(topic) ?? []).map((partition, index) => {
      const key = `${topic} ${index}`
      return {key, left: partition.end - (commits.get(key) ?? partition.start)}
    })
    const total = behind.reduce((sum, {left}) => sum + left, 0)
    const isQuiet = total <= Math.max(1, perSecond) && perSecond <= CONSUMER_SPEED * readers
    carry.read = Math.min(carry.read + possible, total)
    let budget = isQuiet ? total : Math.floor(carry.read)
    carry.read = Math.max(0, carry.read - budget)
    for (const [index, {key, left}] of behind.entries()) {
      const taken = Math.min(left, Math.ceil(budget / (behind.length - index)))
      commits.set(key, (commits.get(key) ?? 0) + taken)
      budget -= taken
    }
  }
}
