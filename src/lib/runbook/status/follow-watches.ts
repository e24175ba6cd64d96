import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {requireNamespace} from '../cluster/index.ts'
import type {Blindness} from '../polling.ts'
import {SOURCES, type Kinds, type Snapshot} from './collect.ts'
import {newestEvents} from './follow-collection.ts'
import {Watched, type Pace} from './follow-kind.ts'

type Watches = {readonly [K in keyof Kinds]: Watched<Kinds[K]>}

const KINDS = Object.keys(SOURCES) as (keyof Kinds)[]
const REQUIRED: ReadonlySet<keyof Kinds> = new Set(['deployments', 'pods'] as const)
const TIDY_EVERY_MS = 60_000

/** Everything that `status` judges, followed by one watch a kind from the moment it is made until the signal aborts. */
export class LiveSnapshot {
  readonly #watches: Watches
  readonly #cluster: ClusterReader
  readonly #signal: AbortSignal
  readonly #pace: Pace
  readonly #now: () => number
  #failure: {readonly error: unknown} | null = null
  #isFresh = false
  #wake = (): void => {}
  /** When the last required kind came back; what is optional is waited for from then on. */
  #seeingSince = 0
  #tidiedAt = 0

  constructor(cluster: ClusterReader, pace: Pace, now: () => number, signal: AbortSignal) {
    this.#cluster = cluster
    this.#signal = signal
    this.#pace = pace
    this.#now = now
    const changed = (): void => {
      this.#isFresh = true
      this.#wake()
    }
    const watched = (kind: keyof Kinds) =>
      new Watched<unknown>(SOURCES[kind], {cluster, signal, pace, required: REQUIRED.has(kind), now, changed})
    this.#watches = Object.fromEntries(KINDS.map((kind) => [kind, watched(kind)])) as unknown as Watches
    signal.addEventListener('abort', () => this.#wake(), {once: true})
    Promise.all(this.#all().map((watch) => watch.follow())).catch((error: unknown) => {
      this.#failure ??= {error}
      this.#wake()
    })
  }

  /** Resolves when every kind was read, or turned out not to be readable. Rejects as `takeSnapshot`. */
  async complete(): Promise<void> {
    while (!this.#all().every(({isKnown}) => isKnown)) {
      await this.news(this.#pace.tickMs)
      if (this.#signal.aborted) throw this.#signal.reason
    }
    const {deployments, pods} = this.#watches
    if (deployments.objects.size === 0 && pods.objects.size === 0) await requireNamespace(this.#cluster, this.#signal)
  }

  /** Resolves at once where something has changed since the last call, else when something does, after `ms`, or when the signal aborts. */
  async news(ms: number): Promise<void> {
    if (!this.#isFresh && this.#failure === null && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (this.#failure !== null) throw this.#failure.error
    this.#isFresh = false
  }

  /** Since when the picture is not whole, and why; null where it is, or where all that is missing was given up. */
  blindness(): Blindness | null {
    const lost = this.#all().filter(({blind}) => blind !== null)
    if (lost.some(({required}) => required)) this.#seeingSince = this.#now()
    let oldest: Blindness | null = null
    for (const watch of lost) {
      if (this.#isGivenUp(watch)) continue
      if (oldest === null || watch.blind!.since < oldest.since) oldest = watch.blind
    }
    return oldest
  }

  /** All that is known now. */
  snapshot(): Snapshot {
    this.#tidy()
    const parts = KINDS.map((kind) => {
      const watch = this.#watches[kind]
      return [kind, watch.required ? watch.objects.values() : watch.read(this.#isGivenUp(watch))]
    })
    return Object.fromEntries(parts) as Snapshot
  }

  #all(): Watched<unknown>[] {
    return Object.values(this.#watches)
  }

  #isGivenUp({required, blind}: Watched<unknown>): boolean {
    if (required || blind === null) return false
    return this.#now() - Math.max(blind.since, this.#seeingSince) > this.#pace.patienceMs
  }

  /** Forgets the events that no report needs any more. */
  #tidy(): void {
    const now = this.#now()
    if (now - this.#tidiedAt < TIDY_EVERY_MS) return
    this.#tidiedAt = now
    const {objects} = this.#watches.events
    const others = this.#all().filter((watch) => watch.objects !== objects)
    objects.retain(newestEvents(objects.values(), (uid) => others.some((watch) => watch.objects.has(uid)), now))
  }
}
