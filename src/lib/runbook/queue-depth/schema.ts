import {z} from 'zod'
import {count, envelope, severity, time, verdict, warning} from '../schema.ts'

const seconds = z.number().int()

/** Counts are null where there is no key, and where they could not be read: `state` says which. */
export const queueItem = z.object({
  /** Without prefix; of a key that was asked for by `--queue`, the key. */
  queue: z.string(),
  /** Where it lies in Redis. */
  key: z.string(),
  layout: z.enum(['laravel', 'key']),
  /** Of a key: list, zset, set, hash, stream, string; null of Laravel's layout, and where there is none. */
  type: z.string().nullable(),
  /** What names it: the catalogue, a variable, an argument, the search of `--discover`. */
  sources: z.array(z.string()),
  /** Who works on it; `ready` and `desired` are null where the workload is missing. */
  workloads: z.array(z.object({name: z.string(), ready: count.nullable(), desired: count.nullable()})),
  state: z.enum(['present', 'absent', 'unreadable']),
  pending: count.nullable(),
  delayed: count.nullable(),
  reserved: count.nullable(),
  /** Due for over five seconds and not moved by a worker. */
  dueDelayed: count.nullable(),
  /** Ran out over five seconds ago and not taken back by a worker. */
  expiredReserved: count.nullable(),
  /** Of the head of the pending list alone; null where it has no time stamp, or is no JSON. */
  oldestAgeSeconds: seconds.nullable(),
  /** How often that job was begun before. */
  oldestAttempts: count.nullable(),
  /** Jobs under the catalogue's dead-letter key; null where it names none or it can't be read, or without `--failed`. */
  failed: count.nullable(),
  /** Between two reads; null after one. `stuck`: the job that is next was the same, and no fewer wait. */
  movement: z.enum(['idle', 'draining', 'steady', 'growing', 'stuck']).nullable(),
  /** How many more are pending than at the first read; null after one. */
  change: z.number().int().nullable(),
  thresholds: z.object({depth: count.nullable(), ageSeconds: count.nullable()}),
  severity,
  reason: z.string(),
  /** Commands that help, best first. */
  next: z.array(z.string()),
})
export type QueueItem = z.infer<typeof queueItem>

/** What Redis says of itself; null is "not said". */
export const redisReport = z.object({
  address: z.string().nullable(),
  /** `tunnel` is the API server's port-forward. */
  through: z.enum(['direct', 'tunnel']).nullable(),
  state: z.enum(['up', 'loading', 'busy', 'full', 'stale', 'silent', 'down']),
  version: z.string().nullable(),
  role: z.enum(['master', 'replica']).nullable(),
  database: count.nullable(),
  /** What the keys of its queues begin with; null where none was found. */
  prefix: z.string().nullable(),
  usedMemory: count.nullable(),
  /** Bytes; 0 where there is no limit. */
  maxMemory: count.nullable(),
  policy: z.string().nullable(),
  evictedKeys: count.nullable(),
  connectedClients: count.nullable(),
  maxClients: count.nullable(),
  /** Since it was started. */
  rejectedConnections: count.nullable(),
  /** Of the last RDB save and the last AOF write: ok or err; null where it was not said, or AOF is off. */
  persistence: z.object({rdb: z.string().nullable(), aof: z.string().nullable()}),
  replicas: z.array(z.object({address: z.string(), state: z.string(), lagSeconds: count.nullable()})),
  /** Of a replica. */
  masterLink: z.object({up: z.boolean(), downSeconds: count.nullable(), syncing: z.boolean()}).nullable(),
  severity,
  reason: z.string(),
  next: z.array(z.string()),
})
export type RedisReport = z.infer<typeof redisReport>

/** What a Redis held before it was stopped or restarted; null is "not known". */
export const redisAtStake = z.object({
  workload: z.string(),
  /** As in the report of queue-depth; `unreachable`: the way to it failed, or it refused us. */
  state: z.enum(['up', 'loading', 'busy', 'full', 'stale', 'silent', 'down', 'unreachable']),
  queues: count.nullable(),
  /** Jobs, over all queues that were found. */
  pending: count.nullable(),
  delayed: count.nullable(),
  reserved: count.nullable(),
  /** Whether it writes an append-only file. */
  appendOnly: z.boolean().nullable(),
  /** Of the last save of everything; the time of its start where there was none since. */
  lastSaveAt: time.nullable(),
  changesSinceSave: count.nullable(),
  /** What its pods mount. Without one everything goes with the pod. */
  volumeClaims: z.array(z.string()),
  /** What it holds, what of it is on disk, and what is lost. */
  reason: z.string(),
})
export type RedisAtStake = z.infer<typeof redisAtStake>

export const queueDepthReport = z.object({
  ...envelope('QueueDepthReport'),
  verdict,
  /** Seconds between the two reads; null for one read. */
  windowSeconds: z.number().nonnegative().nullable(),
  /** Sums over what could be read. */
  summary: z.object({queues: count, present: count, absent: count, unreadable: count, pending: count, delayed: count, reserved: count}),
  items: z.array(queueItem),
  redis: redisReport,
  /** Horizon's failed jobs; null without `--failed`, or where there is no Horizon. */
  failed: z.object({key: z.string(), total: count.nullable(), lastHour: count.nullable(), severity, reason: z.string()}).nullable(),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type QueueDepthReport = z.infer<typeof queueDepthReport>
