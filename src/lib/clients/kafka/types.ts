import type {SapocheError} from '../../errors/index.ts'

/**
 * What can be known of consumer groups without joining one, without reading an event and without writing.
 * Offsets are bigint. What could not be read is the error in the place of the value, so that it costs its own row and no other.
 */

export interface Partition {
  readonly topic: string
  readonly partition: number
}

export interface Broker {
  readonly id: number
  /** Where it was reached, for messages. */
  readonly address: string
  /** What became of asking it; null where it answered. */
  readonly error: SapocheError | null
}

export interface ListedGroup {
  readonly name: string
  /** `consumer`, '' for a group that only commits offsets, or a protocol of others: `connect`, `share`, `streams`. */
  readonly protocol: string
}

/** The cluster at one moment. */
export interface Survey {
  /** Those that the cluster counts among its own; one that is down for long is not among them. */
  readonly brokers: readonly Broker[]
  /** Of the brokers that answered. */
  readonly groups: readonly ListedGroup[]
  /** The brokers know the group protocol of KIP-848, whose groups this client can't describe: they look `Dead`. */
  readonly newProtocol: boolean
}

export interface Member {
  readonly id: string
  readonly clientId: string
  readonly host: string
  /** What it subscribes to. */
  readonly topics: readonly string[]
  readonly partitions: readonly Partition[]
}

export interface GroupDescription {
  /** As the broker says: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead. `Dead` is also what an unknown group is. */
  readonly state: string
  readonly members: readonly Member[]
}

/** A committed offset: the next event that the group is to read. */
export interface Commit extends Partition {
  readonly offset: bigint
}

export interface PartitionState {
  readonly partition: number
  /** Null where it has none at the moment. */
  readonly leader: number | null
  /** Ids of the brokers that hold a copy. */
  readonly replicas: readonly number[]
}

/**
 * What offset is asked for: the first that is still there, the one after the last (`end`), the first that an open transaction holds back
 * (`stable`; the end where none does), or the first whose event is not older than a time, epoch milliseconds.
 */
export type OffsetPoint = 'start' | 'end' | 'stable' | number

export interface OffsetQuestion extends Partition {
  readonly at: OffsetPoint
}

/** Reading the groups of one Kafka cluster. Calls reject where no broker answers (69, 75, 77, ServerDownError) or when interrupted. */
export interface LagReader {
  /** The brokers, and the groups that each of them coordinates: one request a broker, and one. Comes first; again it starts anew. */
  survey(): Promise<Survey>
  /** One request for each coordinator, and one for each group that the survey did not find. */
  describe(groups: readonly string[]): Promise<ReadonlyMap<string, GroupDescription | SapocheError>>
  /** All committed offsets: one request a group. A group that does not exist has none. */
  committed(groups: readonly string[]): Promise<ReadonlyMap<string, readonly Commit[] | SapocheError>>
  /** One request. Null for a topic that does not exist. */
  topics(names: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionState[] | SapocheError | null>>
  /**
   * In the order of the questions: one request for each leader (and one more for `stable`), of topics that `topics` was asked about.
   * No partition twice. Null where a time was asked for and nothing is as young as that.
   */
  offsets(questions: readonly OffsetQuestion[]): Promise<readonly (bigint | null | SapocheError)[]>
  close(): void
}

/** One broker as it was reached by its advertised name. */
export interface BrokerContact {
  /** Null where the cluster does not count it among its own. */
  readonly id: number | null
  /** `redpanda-0.redpanda:9092 (pod redpanda-0)`. */
  readonly address: string
  /** Milliseconds until it was connected, logged in to, and had answered. */
  readonly ms: number
  /** How many requests of the protocol it knows. */
  readonly requests: number
  /** It knows the group protocol of KIP-848. */
  readonly newProtocol: boolean
  /** What became of it; null where it answered. */
  readonly error: SapocheError | null
}
