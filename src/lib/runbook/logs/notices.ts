import type {SapocheError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {stripLine} from '../../text/strip.ts'
import {count} from '../../text/view.ts'
import {type Deployment, exitWords} from '../../workload/index.ts'
import type {ContainerState} from './containers.ts'
import {nameOf} from './prefix.ts'
import type {Container, SourceNotices} from './source.ts'

/** Troubles that are over sooner than this are not worth a word. */
const PATIENCE_MS = 1000
/** A log that has not failed for so long is taken for well: one that is silent never says so. */
const WELL_AFTER_MS = 15_000

export interface NoticeOptions {
  /** Writes one notice, without its line feed. */
  readonly say: (text: string) => void
  /** True where somebody looks on: then what goes well is told too. */
  readonly isWatched: boolean
  /** Milliseconds. */
  readonly now: () => number
}

/** What the reader of the lines should know besides. Never anything of a line. */
export class Notices implements SourceNotices {
  readonly #options: NoticeOptions
  /** Logs that can't be read for now: since when, and when that was tried last. */
  readonly #down = new Map<Container, {readonly since: number; tried: number}>()
  #reason = ''
  #announcedAt: number | null = null
  #timer: NodeJS.Timeout | undefined
  #blindSince: number | null = null
  readonly #unreadable = new Map<string, Container[]>()
  #telling: NodeJS.Timeout | undefined

  constructor(options: NoticeOptions) {
    this.#options = options
  }

  /** Told a little later, those with the same reason as one. */
  unreadable(container: Container, error: SapocheError): void {
    const known = this.#unreadable.get(error.message)
    if (known === undefined) this.#unreadable.set(error.message, [container])
    else known.push(container)
    this.#telling ??= setTimeout(() => this.tellUnreadable(), PATIENCE_MS)
  }

  tellUnreadable(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    for (const [reason, containers] of this.#unreadable) {
      const [first] = containers
      this.#trouble(`${containers.length === 1 ? nameOf(first!) : count(containers.length, 'log')} can't be read: ${reason}`)
    }
    this.#unreadable.clear()
  }

  incomplete(container: Container, reason: string): void {
    this.#trouble(`${nameOf(container)}: lines may be missing, ${reason}`)
  }

  /** A container that has no log yet. */
  notStarted(container: Container, {reason}: ContainerState): void {
    this.#trouble(`${nameOf(container)} has not started${reason === '' ? '' : ` (${reason})`}: no log yet`)
  }

  crashLooping(container: Container, {restarts, previous}: ContainerState): void {
    const how = previous === null ? '' : `${exitWords(previous)}, `
    this.#trouble(`${nameOf(container)} is crash-looping (${how}${count(restarts, 'restart')}): --previous shows the run before`)
  }

  restarted(container: Container, {previous}: ContainerState): void {
    const how = previous === null ? '' : `: ${exitWords(previous)}`
    this.#say(`+ ${nameOf(container)} container ${container.name} restarted${how}`)
  }

  born(container: Container): void {
    if (this.#options.isWatched) this.#say(`+ ${nameOf(container)} new${container.node === null ? '' : ` on ${container.node}`}`)
  }

  gone(container: Container): void {
    if (this.#options.isWatched) this.#say(`- ${nameOf(container)} gone`)
  }

  /** `deployment` is null where the cluster lacks it. */
  noPods(workload: string, deployment: Deployment | null, isExpected: boolean): void {
    const what = deployment === null ? 'is not in the cluster' : `has no pods (${count(deployment.replicas, 'replica')})`
    if (!isExpected || this.#options.isWatched) this.#trouble(`${workload} ${what}`)
  }

  nothing(what: string): void {
    this.#trouble(`nothing found: ${what}`)
  }

  /** Records that `--level` left out because they have none that can be read. */
  unlevelled(records: number): void {
    if (this.#options.isWatched && records > 0) this.#trouble(`left out ${count(records, 'record')} without a level that can be read`)
  }

  /** New pods can't be seen for now. */
  blind(reason: string): void {
    this.#blindSince ??= this.#options.now()
    this.#trouble(`new pods can't be seen for now: ${reason}`)
  }

  sighted(): void {
    if (this.#blindSince === null) return
    this.#say(`+ new pods are seen again, after ${age(this.#options.now() - this.#blindSince)}`)
    this.#blindSince = null
  }

  down(container: Container, error: SapocheError): void {
    const now = this.#options.now()
    this.#reason = error.message
    this.#down.set(container, {since: this.#down.get(container)?.since ?? now, tried: now})
    this.#timer ??= setInterval(() => this.#look(), PATIENCE_MS)
  }

  up(container: Container): void {
    if (this.#down.delete(container) && this.#down.size === 0) this.#recovered()
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#telling)
  }

  #look(): void {
    const now = this.#options.now()
    for (const [container, {tried}] of this.#down) if (now - tried > WELL_AFTER_MS) this.up(container)
    const [first] = this.#down
    if (first === undefined || this.#announcedAt !== null || now - first[1].since < PATIENCE_MS) return
    this.#announcedAt = first[1].since
    const who = this.#down.size === 1 ? nameOf(first[0]) : count(this.#down.size, 'log')
    this.#trouble(`${who} can't be read for now, trying again: ${this.#reason}`)
  }

  #recovered(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#announcedAt === null) return
    this.#say(`+ read again from where it stopped, after ${age(this.#options.now() - this.#announcedAt)}`)
    this.#announcedAt = null
  }

  #trouble(text: string): void {
    this.#say(`! ${text}`)
  }

  #say(text: string): void {
    this.#options.say(stripLine(text))
  }
}
