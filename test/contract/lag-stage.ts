import type {ServersTarget} from './target.ts'

/** A group that acts by itself until it is told to stop. */
export interface Acting {
  stop(): Promise<void>
}

/** A cluster with Kafka's brokers behind it, and a hand on them. Each partition has one copy, on the broker that is said. */
export interface LagStage {
  readonly target: ServersTarget
  /** One partition for each of `brokers`. */
  createTopic(topic: string, brokers: readonly number[]): Promise<void>
  /** Events of this age in milliseconds. */
  produce(topic: string, partition: number, events: number, ageMs?: number): Promise<void>
  /** Without being a member; null leaves a partition out. */
  commit(group: string, topic: string, offsets: readonly (number | null)[]): Promise<void>
  trim(topic: string, partition: number, offset: number): Promise<void>
  /** Events of a transaction that stays open. */
  hold(topic: string, partition: number, events: number): Promise<Acting>
  /** One member that has all partitions and commits nothing. */
  join(group: string, topic: string): Promise<Acting>
  /** The same by the protocol of KIP-848, but that it commits. */
  joinNewProtocol(group: string, topic: string): Promise<Acting>
  rebalance(group: string, topic: string): Promise<Acting>
  /** The cluster loses these brokers; of a real one they come back with `restore`. */
  lose(brokers: readonly number[]): Promise<void>
  restore(): Promise<void>
  close(): Promise<void>
}

/** Something that goes on, ten times a second, as long as `during` takes. */
export async function meanwhile<T>(step: (round: number) => Promise<unknown>, during: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const going = (async () => {
    for (let round = 0; !over.signal.aborted; round++) {
      await step(round)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })()
  try {
    return await during()
  } finally {
    over.abort()
    await going
  }
}
