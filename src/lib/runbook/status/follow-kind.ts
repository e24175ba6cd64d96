import {ApiAbsentError} from '../../clients/kubernetes/errors.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {ConfigurationError, RefusedError, SapocheError, UnreachableError} from '../../errors/index.ts'
import type {Read} from '../cluster/index.ts'
import {type Blindness, rest} from '../polling.ts'
import type {Source} from './collect.ts'
import {Collection, identified} from './follow-collection.ts'

/** How fast things go while following, all in milliseconds. */
export interface Pace {
  /** Events are gathered for so long before they are judged. */
  readonly gatherMs: number
  /** Judged at least so often: grace ends by time alone. */
  readonly tickMs: number
  /** A connection that comes back within this is not worth a word. */
  readonly quietMs: number
  /** What can't be read for longer than this is given up: what is required ends it all, the rest counts as unreadable. */
  readonly patienceMs: number
  /** Between two tries to read what was refused, and what could never be read. */
  readonly retryMs: number
  readonly slowRetryMs: number
}

export interface WatchedOptions {
  readonly cluster: ClusterReader
  readonly signal: AbortSignal
  readonly pace: Pace
  /** Without it there is no verdict. */
  readonly required: boolean
  now(): number
  /** Called whenever something became known. */
  changed(): void
}

/** The objects of one kind, followed by a watch that is begun again when it breaks. */
export class Watched<T> {
  readonly required: boolean
  readonly objects = new Collection<T>()
  readonly #source: Source<T>
  readonly #options: WatchedOptions
  #state: 'unknown' | 'read' | 'unread' = 'unknown'
  /** Why it could never be read or followed; null where the server just lacks it. */
  #error: SapocheError | null = null
  #blind: (Blindness & {readonly error: SapocheError}) | null = null
  #listedAt = 0
  /** True once a watch has lasted: whoever may list need not be allowed to watch. */
  #isProven = false

  constructor(source: Source<T>, options: WatchedOptions) {
    this.#source = source
    this.#options = options
    this.required = options.required
  }

  /** False before the first answer. */
  get isKnown(): boolean {
    return this.#state !== 'unknown'
  }

  get blind(): Blindness | null {
    return this.#blind
  }

  /** As one list would have it: a blind watch counts as unreadable where `givenUp`. */
  read(givenUp: boolean): Read<T> {
    const error = this.#error ?? (givenUp ? (this.#blind?.error ?? null) : null)
    return error === null ? {items: this.objects.values(), error} : {items: null, error, what: this.#source.resource.name}
  }

  /**
   * Follows until the signal aborts. Rejects where something required can't be read at all, or is refused for longer than patience lasts:
   * a server that starts may refuse for a moment what it grants afterwards.
   */
  async follow(): Promise<void> {
    const {cluster, signal, pace} = this.#options
    const {resource, decode, ...selection} = this.#source
    while (!signal.aborted) {
      try {
        for await (const event of cluster.watch(resource, identified(decode), {...selection, signal})) {
          this.objects.apply(event)
          if (event.type === 'listed') this.#listedAt = this.#options.now()
          if (event.type === 'blind') this.#lose(new UnreachableError(event.reason))
          else this.#see()
          this.#options.changed()
        }
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof SapocheError)) throw error
        if (this.#wasFollowed(error)) this.#lose(error)
        else this.#miss(error)
        this.#options.changed()
      }
      await rest(this.#state === 'read' ? pace.retryMs : pace.slowRetryMs, signal)
    }
  }

  /** Whether this is the break of something that was followed, and not a right that was never there. */
  #wasFollowed(error: SapocheError): boolean {
    const {now, pace} = this.#options
    this.#isProven ||= this.#state === 'read' && now() - this.#listedAt >= pace.retryMs
    return this.#state === 'read' && (this.#isProven || !(error instanceof RefusedError))
  }

  #see(): void {
    this.#state = 'read'
    this.#error = null
    this.#blind = null
  }

  #lose(error: SapocheError): void {
    const {pace, now} = this.#options
    const since = this.#blind?.since ?? now()
    const isRefused = error instanceof RefusedError || error instanceof ConfigurationError
    if (this.required && isRefused && now() - since > pace.patienceMs) throw error
    this.#blind = {since, reason: error.message, error}
  }

  #miss(error: SapocheError): void {
    if (this.required) throw error
    this.#state = 'unread'
    this.#error = error instanceof ApiAbsentError ? null : error
  }
}
