/** Jobs of Laravel's in the sandbox's Redis, and the workers that take them. */
import type {RedisStore} from './redis-store.ts'

/** What config/database.php makes of a name that nobody has set. */
const PREFIX = 'laravel_database_'
const SECOND = 1000
/** Laravel's `retry_after`. */
const RETRY_AFTER_SECONDS = 90
/** What a worker needs for a job. */
const JOB_MS = 2000

/** Who works on a queue. */
export interface QueueWorkers {
  readonly queue: string
  /** Pods that are ready. */
  readonly ready: number
}

/** A scenario's backlog: jobs that came one after another since a moment. */
export interface Backlog {
  readonly queue: string
  readonly pending: number
  readonly delayed: number
  readonly reserved: number
}

export class JobQueues {
  readonly #store: RedisStore
  #serial = 0
  /** Time that workers have had and not used, by queue, in milliseconds. */
  readonly #spare = new Map<string, number>()
  #last: number | null = null

  constructor(store: RedisStore) {
    this.#store = store
  }

  /**
   * Puts a backlog there that began at `since` and grew until `until` (both epoch milliseconds). Its reservations were made at `since`, and
   * so have run out; of the delayed every second one was due then, the others are in an hour.
   */
  pile({queue, pending, delayed, reserved}: Backlog, since: number, until: number): void {
    const key = keyOf(queue)
    const step = pending <= 1 ? 0 : (until - since) / pending
    for (let n = 0; n < pending; n++) this.#store.list(key).push(this.#job(queue, since + n * step))
    for (let n = 0; n < delayed; n++) {
      const due = n % 2 === 0 ? since : until + 3_600_000
      this.#store.zset(`${key}:delayed`).set(this.#job(queue, since), Math.floor(due / SECOND))
    }
    for (let n = 0; n < reserved; n++) {
      this.#store.zset(`${key}:reserved`).set(this.#job(queue, since), Math.floor(since / SECOND) + RETRY_AFTER_SECONDS)
    }
    this.#store.sweep()
  }

  /** What workers did since the last time: moved what was due, took jobs one by one, and hold one each as long as there are any. */
  advance(workers: readonly QueueWorkers[], now: number): void {
    const elapsed = this.#last === null ? 0 : now - this.#last
    this.#last = now
    for (const {queue, ready} of workers) {
      if (ready === 0) continue
      this.#moveDue(queue, now)
      const time = elapsed + (this.#spare.get(queue) ?? 0)
      const done = Math.min(Math.floor((time * ready) / JOB_MS), this.#store.get(keyOf(queue), 'list')?.items.length ?? 0)
      this.#spare.set(queue, time - (done * JOB_MS) / ready > JOB_MS ? 0 : time - (done * JOB_MS) / ready)
      this.#take(queue, done, ready, now)
    }
    this.#store.sweep()
  }

  #moveDue(queue: string, now: number): void {
    const key = keyOf(queue)
    for (const sibling of ['delayed', 'reserved']) {
      const scores = this.#store.get(`${key}:${sibling}`, 'zset')?.scores
      for (const [job, score] of scores ?? []) {
        if (score > now / SECOND) continue
        scores?.delete(job)
        this.#store.list(key).push(job)
      }
    }
  }

  #take(queue: string, done: number, ready: number, now: number): void {
    const key = keyOf(queue)
    const items = this.#store.get(key, 'list')?.items
    if (items === undefined) {
      this.#store.delete(`${key}:reserved`)
      return
    }
    items.splice(0, done)
    const reserved = this.#store.zset(`${key}:reserved`)
    if (done > 0) reserved.clear()
    while (reserved.size < ready && items.length > 0) reserved.set(items.shift()!, Math.floor(now / SECOND) + RETRY_AFTER_SECONDS)
  }

  /** As Laravel 12 writes it; `data` holds what nobody but the worker may see. */
  #job(queue: string, at: number): string {
    const id = `job-${++this.#serial}`
    return JSON.stringify({
      uuid: id,
      displayName: 'App\\Jobs\\GenerateDocument',
      job: 'Illuminate\\Queue\\CallQueuedHandler@call',
      maxTries: 3,
      data: {
        commandName: 'App\\Jobs\\GenerateDocument',
        command: `O:25:"App\\Jobs\\GenerateDocument":1:{s:7:"patient";s:11:"Mustermann";}`,
      },
      createdAt: Math.floor(at / SECOND),
      delay: null,
      id,
      attempts: 0,
      queue,
    })
  }
}

function keyOf(queue: string): string {
  return `${PREFIX}queues:${queue}`
}
