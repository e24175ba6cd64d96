import type {Address} from '../reach/types.ts'

/**
 * Reading queues in a Redis: Laravel's layout, and any key by its type. Only commands that read, none that block, no KEYS, no scripts.
 * Payloads are looked into for their times and never leave this folder. Times and ages are seconds.
 */

/** Why one key could not be read. */
export interface KeyFailure {
  /**
   * `wrong-type`: the key holds something else, and every poll of a worker fails. `refused`: by ACL. `loading`, `stale`, `busy`: Redis answers
   * nothing now. `moved`: a Redis Cluster. `silent`: no answer in time.
   */
  readonly kind: 'wrong-type' | 'refused' | 'loading' | 'stale' | 'busy' | 'moved' | 'silent' | 'other'
  /** What Redis said, without values. */
  readonly message: string
}

export type Answer<T> = {readonly value: T; readonly failure: null} | {readonly value: null; readonly failure: KeyFailure}

/** A queue in Laravel's layout: a list, and two sorted sets beside it. */
export interface QueueReading {
  readonly name: string
  /** The list's key. */
  readonly key: string
  readonly pending: Answer<number>
  readonly delayed: Answer<number>
  readonly reserved: Answer<number>
  /** Of the delayed, those that were due before `asOf`: only a worker that polls moves them. */
  readonly dueDelayed: Answer<number>
  /** Of the reserved, those whose time ran out before `asOf`: only a worker that polls moves them. */
  readonly expiredReserved: Answer<number>
  /** The job that is next; null where the list is empty. */
  readonly head: Answer<Head | null>
  /** Type of the key, where it is the wrong one. */
  readonly wrongType: string | null
}

/** What is told of a job. */
export interface Head {
  /** Since when it could have been worked on, epoch seconds; null where it says nothing, or is no JSON. */
  readonly readySince: number | null
  /** How often it was begun; null where it does not say. */
  readonly attempts: number | null
  /** The same for the same job in two readings; for comparison alone, never shown. */
  readonly identity: string
}

/** Any key, by its type. */
export interface KeyReading {
  readonly key: string
  /** `list`, `zset`, `set`, `hash`, `stream`, `string` ...; `none` where there is no such key. */
  readonly type: Answer<string>
  /** Its members; null where its type has none (a string). */
  readonly length: Answer<number | null>
}

export interface FailedJobs {
  /** Horizon's key. */
  readonly key: string
  readonly total: Answer<number>
  /** Of those, since `recentSince`. */
  readonly recent: Answer<number>
}

export interface ReplicaInfo {
  readonly address: string
  readonly state: string
  /** Seconds since it was heard of. */
  readonly lag: number | null
}

/** What Redis says of itself (INFO). Null is "not said". */
export interface RedisInfo {
  readonly version: string | null
  /** `standalone`, `sentinel`, `cluster`. */
  readonly mode: string | null
  readonly role: 'master' | 'replica' | null
  readonly uptimeSeconds: number | null
  readonly loading: boolean
  readonly loadingEtaSeconds: number | null
  readonly usedMemory: number | null
  /** 0 where there is no limit. */
  readonly maxMemory: number | null
  readonly policy: string | null
  readonly evictedKeys: number | null
  /** Commands refused for want of memory since it was started; said by Redis 6.2 and later once there is one. */
  readonly refusedWrites: number | null
  readonly connectedClients: number | null
  readonly maxClients: number | null
  readonly rejectedConnections: number | null
  /** Of the last save, `ok` or `err`. */
  readonly rdbStatus: string | null
  /** Epoch seconds; of its start where it has not been saved since. */
  readonly lastSaveAt: number | null
  readonly changesSinceSave: number | null
  readonly aofEnabled: boolean | null
  readonly aofWriteStatus: string | null
  readonly replicas: readonly ReplicaInfo[]
  /** Of a replica: its link to the master. */
  readonly link: {readonly isUp: boolean; readonly downSeconds: number | null; readonly isSyncing: boolean} | null
}

/** What is known before Redis was asked. */
export interface LayoutHints {
  /** Names of queues that are expected. */
  readonly names: readonly string[]
  /** The prefix that the workloads' configuration sets; null where it sets none. */
  readonly configured: string | null
  /** Prefixes that it may be else, the likeliest first. */
  readonly prefixes: readonly string[]
  /** Of the workloads' configuration; null where nothing says. */
  readonly database: number | null
  /** Whether Horizon's keys are looked for too. */
  readonly horizon: boolean
  /** Looks at every key, for queues that nobody knows of. */
  readonly thorough: boolean
}

/** Where the queues lie. */
export interface Layout {
  readonly database: number
  readonly prefix: string
  /** Whether keys of queues were seen under that prefix. */
  readonly isFound: boolean
  /** False where the search ended before it had seen every key. */
  readonly isComplete: boolean
  /** Names of the queues that have keys under that prefix. */
  readonly names: readonly string[]
  /** Other prefixes that have queues. */
  readonly otherPrefixes: readonly string[]
  /** What Horizon's keys begin with; null where it was not looked for, or not found. */
  readonly horizonPrefix: string | null
}

export interface ReadRequest {
  readonly layout: Layout
  readonly queues: readonly string[]
  /** Keys to be read by their types. */
  readonly keys: readonly string[]
  /** Jobs due before this moment are due, epoch seconds. */
  readonly asOf: number
  /** Since when failed jobs are recent; null where they are not counted. */
  readonly recentSince: number | null
}

/** What was read in one pipeline. */
export interface QueueSnapshot {
  readonly info: Answer<RedisInfo>
  readonly queues: readonly QueueReading[]
  readonly keys: readonly KeyReading[]
  readonly failed: FailedJobs | null
}

/**
 * One connection. Every call may reject with a SapocheError: ServerDownError and RedisTroubleError where Redis itself is the trouble, else
 * AccessDeniedError (77), 69 for a lost connection, 75, 130.
 */
export interface QueueReader {
  /** The server that answers: of Sentinels, the master that they named. */
  readonly address: Address
  /** `st-redis-sp:6379 (pod redis-0)`. */
  readonly where: string
  readonly network: 'direct' | 'tunnel'
  find(hints: LayoutHints, signal: AbortSignal): Promise<Layout>
  read(request: ReadRequest, signal: AbortSignal): Promise<QueueSnapshot>
  close(): void
}
