import {ForbiddenError, NotFoundError, UnauthorizedError} from '../../clients/kubernetes/errors.ts'
import {InterruptedError, RefusedError, SapocheError, TimedOutError} from '../../errors/index.ts'
import type {ContainerState} from './containers.ts'
import {PastEnd, RunEnding} from './endings.ts'
import type {Rules} from './filter.ts'
import {Intake, type Outcome} from './intake.ts'
import type {LineQueue} from './lines.ts'
import type {Merge, Source} from './merge.ts'
import type {LogReader} from './reader.ts'
import type {Pace, Slots} from './slots.ts'
import type {Moment} from './stamp.ts'

/** Whose log it is. */
export interface Container {
  readonly pod: string
  readonly name: string
  /** The workload that owns the pod; null where none does. */
  readonly workload: string | null
  readonly category: string | null
  readonly node: string | null
  /** True where the pod has no other container beside it. */
  readonly isOnly: boolean
}

/** What goes wrong with a log while others go on. */
export interface SourceNotices {
  /** It will not be read (any more). */
  unreadable(container: Container, error: SapocheError): void
  /** Lines may be missing, and why. */
  incomplete(container: Container, reason: string): void
  /** It can't be read for now, and is tried again. */
  down(container: Container, error: SapocheError): void
  /** It is read again, or no longer wanted. */
  up(container: Container): void
}

/** What all logs of a run share. */
export interface SourceContext {
  readonly read: LogReader
  readonly merge: Pick<Merge<ContainerLog>, 'arrived' | 'moved' | 'broken' | 'whole'>
  readonly slots: Slots
  readonly pace: Pace
  readonly notices: SourceNotices
  /** From 0 to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
  readonly follow: boolean
  readonly previous: boolean
  /** Lines of the past; null for all. */
  readonly tail: number | null
  /** The earliest line. */
  readonly from: Moment
  readonly rules: Rules | null
}

/** Failures in a row after which the past of a log is given up, or, while following, left to be caught up with. */
const MOST_FAILURES = 8
const MOST_FAILURES_BEFORE_LIVE = 2
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5000
/** How long a log that is silent is read after its pod is gone. */
const LINGER_MS = 10_000
/** How long a followed log may take to begin, where lines are known to be there: rotation may have taken them away. */
const OPEN_LIMITS_MS = [undefined, 60_000, 300_000] as const
const NOTHING = Buffer.alloc(0)

/** The log of one container, through all its runs and through everything that happens to its streams, each line once. */
export class ContainerLog implements Source {
  readonly container: Container
  readonly queue: LineQueue
  phase: Source['phase'] = 'past'
  /** Why none of it, or no more of it, can be read; null where it can. */
  failure: SapocheError | null = null

  readonly #context: SourceContext
  readonly #intake: Intake
  #state: ContainerState
  #isGone = false
  /** Runs of the container: the one that was read last, and the one that was read to its end. */
  #run: string | null
  #finishedRun: string | null = null
  /** How many lines of what is there already are wanted, before the first is read; null for all. */
  #tail: number | null
  /** Ends the followed stream. */
  #stream: AbortController | null = null
  #lingering: NodeJS.Timeout | undefined
  /** Wakes what waits for the container's state to change. */
  #onChange: (() => void) | null = null

  constructor(container: Container, state: ContainerState, context: SourceContext) {
    this.container = container
    this.#state = state
    this.#run = state.run
    this.#context = context
    this.#tail = context.tail
    this.#intake = new Intake(container, context, {
      heard: () => {
        context.notices.up(container)
        context.merge.whole(this)
        if (this.#isGone) this.#linger()
      },
      arrived: () => context.merge.arrived(this),
    })
    this.queue = this.#intake.queue
  }

  get isFull(): boolean {
    return this.#intake.isFull
  }

  /** How many records were left out because their level can't be read. */
  get unlevelled(): number {
    return this.#intake.unlevelled
  }

  taken(): void {
    this.#intake.taken()
  }

  /** The cluster says something else of the container. */
  update(state: ContainerState): void {
    const isRestarted = state.run !== null && state.run !== this.#state.run
    this.#state = state
    if (isRestarted) this.#stream?.abort()
    this.#onChange?.()
  }

  /** The pod is gone; what its kubelet still has to say is read. */
  gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#linger()
    this.#onChange?.()
  }

  /** Reads the past and, where it is followed, all that comes; resolves at its end. Of a newborn container everything is still to come. */
  async run(isNewborn: boolean): Promise<void> {
    const {signal, follow, notices} = this.#context
    const onAbort = (): void => this.#rouse()
    signal.addEventListener('abort', onAbort)
    try {
      if (isNewborn) {
        this.#run = null
        this.#tail = null
      } else await this.#readPast()
      if (follow && this.failure === null) await this.#followRuns()
    } finally {
      signal.removeEventListener('abort', onAbort)
      clearTimeout(this.#lingering)
      this.#intake.close()
      notices.up(this.container)
      this.#enter('ended')
    }
  }

  get #isAborted(): boolean {
    return this.#context.signal.aborted
  }

  #enter(phase: Source['phase']): void {
    this.phase = phase
    this.#context.merge.moved(this)
  }

  /** Reads what is there now. */
  async #readPast(): Promise<void> {
    // Where nothing of the past is wanted, its last line still tells where to go on.
    this.#intake.want(this.#tail !== 0)
    const end = new PastEnd(this.#intake.position, this.#tail)
    let failures = 0
    let outcome: Outcome
    do {
      outcome = await this.#readPastOnce()
      if (outcome.kind === 'yielded') await this.#intake.room(false)
      else {
        failures = outcome.fresh > 0 ? 0 : failures + 1
        if (failures > 1) await this.#pause(failures)
      }
    } while (!this.#isAborted && !(await this.#isPastOver(outcome, end, failures)))
    this.#intake.want(true)
  }

  async #readPastOnce(): Promise<Outcome> {
    const {previous} = this.#context
    const tail = this.#tail === null ? null : Math.max(1, this.#tail)
    return await this.#inSlot(() => this.#intake.read({follow: false, previous, tail}))
  }

  async #inSlot<T>(work: () => Promise<T>): Promise<T> {
    const {slots} = this.#context
    await slots.acquire()
    try {
      return await work()
    } finally {
      slots.release()
    }
  }

  /** Whether to stop: all has been read, or is left to the live stream, or can't be. `failures`: streams in a row that brought nothing. */
  async #isPastOver(outcome: Outcome, end: PastEnd, failures: number): Promise<boolean> {
    end.count(outcome.fresh)
    if (outcome.kind === 'yielded') return false
    let error = outcome.kind === 'failed' ? outcome.error : null
    if (outcome.kind === 'ended') {
      // While following the live stream goes on exactly here. Else: a stream that ended need not have ended at the log's end.
      if (this.#context.follow) this.#tail = null
      if (this.#context.follow || end.isTailRead) return true
      for (let times = 0; times < 2 && end.isUnknown && error === null; times += 1)
        error = await this.#inSlot(() => this.#readLastLine(end))
      if (end.isReached(outcome.rest)) {
        if (end.isRestWanted) this.#intake.takeRest(outcome.rest)
        return true
      }
    }
    if (error === null && failures < MOST_FAILURES) return false
    if (error === null) this.#context.notices.incomplete(this.container, 'its log ended before its last line')
    else if (this.#context.follow && !isHopeless(error)) return failures >= MOST_FAILURES_BEFORE_LIVE
    else if (isFinal(error) || failures >= MOST_FAILURES) this.#fail(error)
    else return false
    return true
  }

  async #readLastLine(end: PastEnd): Promise<SapocheError | null> {
    const {pod, name} = this.container
    const {signal, read, previous} = this.#context
    try {
      const stream = await read({pod, container: name, follow: false, previous, since: null, tail: 1}, signal)
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      end.take(Buffer.concat(chunks))
      return null
    } catch (error) {
      if (error instanceof SapocheError) return error
      throw error
    }
  }

  #fail(error: SapocheError): void {
    this.failure = error
    this.#context.notices.unreadable(this.container, error)
  }

  /** Follows the container's runs until its pod is gone and all is said. */
  async #followRuns(): Promise<void> {
    this.#intake.isLive = true
    this.#enter('live')
    while (!this.#isAborted && this.failure === null) {
      const {run} = this.#state
      if (run !== null && run !== this.#finishedRun) {
        if (this.#run !== null && run !== this.#run) await this.#readPreviousRun()
        this.#run = run
        await this.#followRun(run)
      } else if (this.#isGone) return
      else await this.#change(Infinity)
    }
  }

  /** Follows one run until it has ended and is read to its end, or another has begun. */
  async #followRun(run: string): Promise<void> {
    const {notices, pace} = this.#context
    const ending = new RunEnding()
    let failures = 0
    let timeouts = 0
    let isCut = false
    while (!this.#isAborted && this.#state.run === run) {
      await pace.turn()
      this.#stream = new AbortController()
      const openWithinMs = this.#intake.position.isEmpty ? 0 : OPEN_LIMITS_MS[Math.min(timeouts, OPEN_LIMITS_MS.length - 1)]
      const outcome = await this.#intake.read({follow: true, previous: false, tail: this.#tail, openWithinMs}, this.#stream.signal)
      this.#stream = null
      this.#intake.position.mark()
      if (!this.#intake.position.isEmpty) this.#context.merge.broken(this)
      if (this.#isAborted || this.#state.run !== run) return
      isCut = outcome.kind === 'failed' && (isCut || !(outcome.error instanceof NotFoundError))
      if (this.#isGone) {
        // Not again: a pod of the same name may have taken its place, whose log is another one.
        const isSilenced = outcome.kind === 'failed' && outcome.error instanceof InterruptedError
        if (isCut && !isSilenced) notices.incomplete(this.container, 'its pod was gone before its last lines were read')
        return this.#finish(run, outcome.kind === 'ended' ? outcome.rest : NOTHING)
      }
      failures = outcome.fresh > 0 ? 0 : failures + 1
      if (outcome.kind === 'ended') {
        if (!this.#state.isRunning && ending.isReached(outcome)) return this.#finish(run, outcome.rest)
      } else if (outcome.kind === 'failed') {
        const {error} = outcome
        if (isHopeless(error)) return this.#fail(error)
        if (error instanceof TimedOutError) timeouts += 1
        else if (failures > 1 && !(error instanceof NotFoundError)) notices.down(this.container, error)
      }
      // Once at once: a kubelet ends a log a little before the cluster knows that the container has ended.
      if (failures > 1) await this.#pause(failures)
    }
  }

  #finish(run: string, rest: Buffer): void {
    this.#intake.takeRest(rest)
    this.#finishedRun = run
    this.#context.merge.whole(this)
    this.#context.notices.up(this.container)
  }

  /** After a restart: what the run before wrote last and was not read yet. */
  async #readPreviousRun(): Promise<void> {
    const ending = new RunEnding()
    this.#tail = null
    for (let failures = 0; !this.#isAborted;) {
      const outcome = await this.#intake.read({follow: false, previous: true, tail: null})
      if (outcome.kind === 'ended' && ending.isReached(outcome)) return this.#intake.takeRest(outcome.rest)
      // 400 and 404: the kubelet has nothing of it (any more).
      if (outcome.kind === 'failed' && isFinal(outcome.error)) return
      failures = outcome.fresh > 0 ? 0 : failures + 1
      if (failures === MOST_FAILURES) {
        return this.#context.notices.incomplete(this.container, 'the end of the run before its restart could not be read')
      }
      if (failures > 1) await this.#pause(failures)
    }
  }

  #linger(): void {
    clearTimeout(this.#lingering)
    this.#lingering = setTimeout(() => this.#stream?.abort(), LINGER_MS)
  }

  /** Waits longer after each failure; a change of the container's state ends the wait. */
  async #pause(failures: number): Promise<void> {
    const full = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    await this.#change(full * (0.5 + this.#context.random() / 2))
  }

  /** Resolves when the container's state changes, or after so many milliseconds. */
  async #change(milliseconds: number): Promise<void> {
    if (this.#isAborted) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onChange = resolve
      if (milliseconds !== Infinity) timer = setTimeout(resolve, milliseconds)
    })
    clearTimeout(timer)
    this.#onChange = null
  }

  #rouse(): void {
    this.#intake.wake()
    this.#onChange?.()
  }
}

/** No other attempt will fare better. */
export function isHopeless(error: SapocheError): boolean {
  return error instanceof ForbiddenError || error instanceof UnauthorizedError
}

/** As things stand now: the log is not there, or not for us. */
function isFinal(error: SapocheError): boolean {
  return error instanceof RefusedError || error instanceof NotFoundError
}
