/** The sandbox's Redis: the one of the runbook, behind a pod of its deployment. */
import type {Duplex} from 'node:stream'
import type {Catalogue} from '../catalogue/types.ts'
import type {Cluster} from './cluster.ts'
import {type Backlog, JobQueues} from './redis-jobs.ts'
import {type RedisUser, serveRedis} from './redis-server.ts'
import {type RedisState, RedisStore, type Reply, runCommand} from './redis-store.ts'
import {DEPLOYMENTS} from './resources.ts'

export type {RedisUser} from './redis-server.ts'
export type {RedisState} from './redis-store.ts'

const SAVED_SECONDS_AGO = 3600

export class SandboxRedis {
  readonly #store = new RedisStore()
  readonly #jobs = new JobQueues(this.#store)
  readonly #cluster: Cluster
  readonly #namespace: string
  #users: readonly RedisUser[] = []

  constructor(cluster: Cluster, {namespace}: Catalogue) {
    this.#cluster = cluster
    this.#namespace = namespace
    this.become({lastSaveAt: Math.floor(cluster.clock.now() / 1000) - SAVED_SECONDS_AGO})
  }

  /** Answers one client until it goes. */
  serve(stream: Duplex): void {
    serveRedis(stream, {store: this.#store, users: this.#users, advance: () => this.#advance()})
  }

  /** Runs a command of somebody who may do everything. Throws what Redis would answer as an error. */
  run(name: string, ...args: readonly string[]): Reply {
    return runCommand(this.#store, name, args)
  }

  /** A backlog that has grown since the cluster's present moment, up to `until` (epoch milliseconds). */
  pile(backlog: Backlog, until: number): void {
    this.#jobs.pile(backlog, this.#cluster.clock.now(), until)
    this.#store.changes += backlog.pending + backlog.delayed + backlog.reserved
  }

  become(state: Partial<RedisState>): void {
    this.#store.state = {...this.#store.state, ...state}
  }

  /** Who may come in from now on; nobody named: everybody. */
  admit(users: readonly RedisUser[]): void {
    this.#users = users
  }

  #advance(): void {
    const workers = this.#cluster.store.list(DEPLOYMENTS, this.#namespace).flatMap(({spec, status}) => {
      const variables = spec.template.spec.containers.flatMap(({env}) =>
        Array.isArray(env) ? (env as {name?: unknown; value?: unknown}[]) : [],
      )
      const queue = variables.find(({name}) => name === 'REDIS_QUEUE')?.value
      return typeof queue === 'string' ? queue.split(',').map((name) => ({queue: name, ready: status.readyReplicas ?? 0})) : []
    })
    this.#jobs.advance(workers, this.#cluster.clock.now())
  }
}
