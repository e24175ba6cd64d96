import type {ClusterReader, Decode, Resource, WatchEvent} from '../../clients/kubernetes/types.ts'
import {decodePod, decodeReplicaSet, type Pod, type ReplicaSet} from '../../workload/index.ts'
import {RESOURCES} from '../cluster/index.ts'
import {decodeLive, type LiveDeployment} from './live.ts'

interface Identified {
  readonly name: string
  readonly uid: string
}

/** The namespace as it is now: deployments, replica sets and pods, kept up to date by one watch each, however many workloads are waited for. */
export class Board {
  readonly #deployments = new Table<LiveDeployment>(({name}) => name)
  readonly #replicaSets = new Table<ReplicaSet>(ownerOf)
  readonly #pods = new Table<Pod>(ownerOf)
  readonly #listeners = new Set<() => void>()
  readonly #life = new AbortController()
  /** Why what is known of a table grows old. */
  readonly #blind = new Map<object, string>()
  #isWaking = false
  #failure: unknown = null

  /**
   * Reads all three side by side, and follows them until `close`: an interruption (`signal`) ends the opening alone, for there may be
   * something to bring to its end after it. Rejects where one of them can't be read.
   */
  static async open(cluster: ClusterReader, signal: AbortSignal): Promise<Board> {
    const board = new Board()
    const give = (): void => board.#life.abort(signal.reason)
    signal.addEventListener('abort', give)
    const {signal: life} = board.#life
    try {
      await Promise.all([
        board.#follow(cluster, RESOURCES.deployments, decodeLive, board.#deployments, life),
        board.#follow(cluster, RESOURCES.replicaSets, decodeReplicaSet, board.#replicaSets, life),
        board.#follow(cluster, RESOURCES.pods, decodePod, board.#pods, life),
      ])
    } catch (error) {
      board.close()
      throw error
    } finally {
      signal.removeEventListener('abort', give)
    }
    return board
  }

  close(): void {
    this.#life.abort()
  }

  /** Why nothing new is seen; null where all is well. */
  get blind(): string | null {
    return this.#blind.values().next().value ?? null
  }

  deployments(): LiveDeployment[] {
    return this.#deployments.all()
  }

  deployment(name: string): LiveDeployment | null {
    return this.#deployments.group(name)[0] ?? null
  }

  replicaSets({uid}: Identified): ReplicaSet[] {
    return this.#replicaSets.group(uid)
  }

  /** The pods of all replica sets of a deployment. */
  podsOf(deployment: Identified): Pod[] {
    return this.replicaSets(deployment).flatMap(({uid}) => this.#pods.group(uid))
  }

  pods(): Pod[] {
    return this.#pods.all()
  }

  /** The deployment that a pod belongs to; null where it belongs to none. */
  deploymentOf(pod: Pod): LiveDeployment | null {
    const replicaSet = this.#replicaSets.all().find(({uid}) => uid === pod.owner?.uid)
    return this.deployments().find(({uid}) => uid === replicaSet?.owner?.uid) ?? null
  }

  /** The names that targets can mean. */
  names(): {workloads: string[]; pods: {name: string; workload: string | null}[]} {
    const owners = new Map<string, string>()
    for (const deployment of this.deployments()) for (const {uid} of this.replicaSets(deployment)) owners.set(uid, deployment.name)
    return {
      workloads: this.deployments().map(({name}) => name),
      pods: this.pods().map(({name, owner}) => ({name, workload: owners.get(owner?.uid ?? '') ?? null})),
    }
  }

  /** Resolves at the next change, after `ms`, or when `signal` aborts; whichever comes first. Rejects where the credentials are refused. */
  async change(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#failure === null && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#listeners.delete(wake)
          signal.removeEventListener('abort', wake)
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        this.#listeners.add(wake)
        signal.addEventListener('abort', wake)
      })
    }
    if (this.#failure !== null) throw this.#failure
  }

  /** Resolves after the first list; what comes later goes on beside the caller. */
  #follow<T extends Identified>(
    cluster: ClusterReader,
    resource: Resource,
    decode: Decode<T>,
    into: Table<T>,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const follow = async (): Promise<void> => {
        for await (const event of cluster.watch(resource, decode, {signal})) {
          this.#take(event, into)
          if (event.type === 'listed') resolve()
        }
        throw signal.reason
      }
      follow().catch((error: unknown) => {
        reject(error)
        if (signal.aborted) return
        this.#failure = error
        this.#wake()
      })
    })
  }

  #take<T extends Identified>(event: WatchEvent<T>, into: Table<T>): void {
    if (event.type === 'blind') this.#blind.set(into, event.reason)
    else this.#blind.delete(into)
    if (event.type === 'listed') into.replace(event.items)
    else if (event.type === 'deleted') into.remove(event.object)
    else if (event.type === 'added' || event.type === 'modified') into.put(event.object)
    this.#wake()
  }

  /** Once for all events that came together: with many workloads under way they come in bursts. */
  #wake(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    setImmediate(() => {
      this.#isWaking = false
      for (const listener of this.#listeners) listener()
    })
  }
}

function ownerOf({owner}: {readonly owner: {readonly uid: string} | null}): string {
  return owner?.uid ?? ''
}

/** Objects by UID, and in groups, so that looking at one workload costs what that workload has. */
class Table<T extends Identified> {
  readonly #groupOf: (object: T) => string
  readonly #groups = new Map<string, Map<string, T>>()

  constructor(groupOf: (object: T) => string) {
    this.#groupOf = groupOf
  }

  all(): T[] {
    return [...this.#groups.values()].flatMap((group) => [...group.values()])
  }

  group(key: string): T[] {
    return [...(this.#groups.get(key)?.values() ?? [])]
  }

  replace(objects: readonly T[]): void {
    this.#groups.clear()
    for (const object of objects) this.put(object)
  }

  put(object: T): void {
    const key = this.#groupOf(object)
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, new Map([[object.uid, object]]))
    else group.set(object.uid, object)
  }

  remove(object: T): void {
    const group = this.#groups.get(this.#groupOf(object))
    if (group?.delete(object.uid) === true && group.size === 0) this.#groups.delete(this.#groupOf(object))
  }
}
