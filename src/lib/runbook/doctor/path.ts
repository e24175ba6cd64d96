import {UnplacedServerError} from '../../clients/reach/errors.ts'
import {InterruptedError, SapocheError, UsageError} from '../../errors/index.ts'
import type {DoctorPath, DoctorStep, HopStatus} from './schema.ts'

/** What a hop came to; ok where no status is said. */
export interface Found<T> {
  readonly value: T
  readonly reason: string
  readonly status?: HopStatus
  /** Where it is known better than before. */
  readonly target?: string
  readonly cure?: string
}

export interface PathContext {
  /** This machine's clock, milliseconds. */
  now(): number
}

/** The hops of one path, each resting on those before it: the first that fails stops the others. */
export class Path {
  readonly #name: DoctorPath
  readonly #context: PathContext
  readonly #steps: (DoctorStep | null)[] = []
  #needs: string | null

  /** `needs` is the hop of another path that failed, and on which this one rests; null where all is well so far. */
  constructor(name: DoctorPath, context: PathContext, needs: string | null = null) {
    this.#name = name
    this.#context = context
    this.#needs = needs
  }

  /** In the order in which the hops were begun. */
  get steps(): readonly DoctorStep[] {
    return this.#steps.filter((step) => step !== null)
  }

  /** The hop that failed. */
  get needs(): string | null {
    return this.#needs
  }

  /**
   * Takes a hop, unless one before has failed; null where it fails. `cure` is for errors that say none. Rejects when interrupted, and with a
   * UsageError (64): the command line is no hop.
   */
  async hop<T>(name: string, target: string | null, work: () => Promise<Found<T>>, cure: string | null = null): Promise<T | null> {
    const value = await this.#take({name, target, cure}, 'critical', work)
    if (value === null) this.stop(name)
    return value
  }

  /** The same for a hop on which nothing rests: its failure is of this status. */
  async look<T>(
    name: string,
    target: string | null,
    failure: HopStatus,
    work: () => Promise<Found<T>>,
    cure: string | null = null,
  ): Promise<T | null> {
    return await this.#take({name, target, cure}, failure, work)
  }

  /** A hop that waits for nothing, and on which nothing rests. */
  say(name: string, target: string | null, work: () => Omit<Found<null>, 'value'>): void {
    const step = {path: this.#name, name, target, ms: null}
    if (this.#needs !== null) this.#steps.push({...step, status: 'skipped', reason: `needs ${this.#needs}`, cure: null})
    else this.#steps.push({...step, status: 'ok', cure: null, ...work()})
  }

  /** Nothing goes on here, for `needs` has failed. */
  stop(needs: string): void {
    this.#needs ??= needs
  }

  /** A hop that was taken elsewhere. */
  add(step: Omit<DoctorStep, 'path'>): void {
    this.#steps.push({path: this.#name, ...step})
  }

  async #take<T>(hop: Pick<DoctorStep, 'name' | 'target' | 'cure'>, failed: HopStatus, work: () => Promise<Found<T>>): Promise<T | null> {
    const {target} = hop
    const step = {path: this.#name, ...hop}
    if (this.#needs !== null) {
      this.#steps.push({...step, status: 'skipped', ms: null, reason: `needs ${this.#needs}`, cure: null})
      return null
    }
    const at = this.#steps.push(null) - 1
    const start = this.#context.now()
    const ms = (): number => Math.max(0, Math.round(this.#context.now() - start))
    try {
      const {value, reason, status = 'ok', target: found = target, cure = null} = await work()
      this.#steps[at] = {...step, target: found, status, ms: ms(), reason, cure}
      return value
    } catch (error) {
      const failure = failureOf(error)
      // Where nothing says where a server is there is nothing to look at.
      const status = failure instanceof UnplacedServerError ? 'skipped' : failed
      this.#steps[at] = {...step, status, ms: ms(), reason: failure.message, cure: cureOf(failure) ?? hop.cure}
      return null
    }
  }
}

/** An error that is the outcome of a hop; others are thrown again. */
export function failureOf(error: unknown): SapocheError {
  if (!(error instanceof SapocheError) || error instanceof InterruptedError || error instanceof UsageError) throw error
  return error
}

/** Said of a cure by their text alone. */
const PLAIN = new Set(['cure', 'next', 'also'])

/** The hints of an error in one line, what can be done first; null where it has none. */
export function cureOf(error: SapocheError): string | null {
  const said = error.hints.filter(({label}) => label !== 'why').toSorted((a, b) => Number(PLAIN.has(b.label)) - Number(PLAIN.has(a.label)))
  const lines = said.map(({label, text}) => {
    const line = text
      .split('\n')
      .join(', ')
      .replace(/\s{2,}/g, '  ')
    return PLAIN.has(label) ? line : `${label} ${line}`
  })
  return lines.length === 0 ? null : lines.join('; ')
}
