import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, ClusterStreams} from '../../clients/kubernetes/types.ts'
import {InterruptedError, RefusedError, SapocheError} from '../../errors/index.ts'
import {count} from '../../text/view.ts'
import {RESOURCES} from '../cluster/index.ts'
import {readInventory} from '../inventory/index.ts'
import {Choice, type Chosen} from './choose.ts'
import {type ContainerState, decodeLogPod, type LogPod} from './containers.ts'
import {jsonWriter, rawWriter, type RecordWriter, textWriter} from './format.ts'
import {Merge} from './merge.ts'
import {Notices} from './notices.ts'
import {type LogOptions, momentFrom} from './options.ts'
import {OutputBuffer, type WriteBytes} from './output.ts'
import {Prefixes} from './prefix.ts'
import {clusterLogs} from './reader.ts'
import {Pace, Slots} from './slots.ts'
import {ContainerLog, isHopeless, type SourceContext} from './source.ts'
import type {Moment} from './stamp.ts'

/** Where logs come from. */
export interface LogSession {
  readonly cluster: ClusterReader & ClusterStreams
  readonly catalogue: Catalogue
  /** Milliseconds since the epoch, by the API server's clock. */
  now(): number
}

/** Where lines and notices go, and what time and chance are. */
export interface LogSurroundings {
  readonly write: WriteBytes
  /** Writes a notice, which is one line, to stderr. */
  readonly say: (text: string) => void
  /** True where somebody looks on at stderr. */
  readonly isWatched: boolean
  readonly stdout: {readonly isTerminal: boolean; readonly colour: boolean}
  /** Milliseconds. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
}

/** Between the openings of two streams that follow. */
const PACE_MS = 4
const ALL: Moment = {seconds: 0, nanos: 0}

/**
 * Writes the logs of what the targets name as one stream in the order of time, and, where they are followed, goes on until `signal` aborts
 * (or all pods are gone, where only pods were named). Rejects as `readInventory` does, with the first failure where no log at all can be
 * read, and with an InterruptedError (130) after Ctrl-C.
 */
export async function streamLogs(options: LogOptions, session: LogSession, around: LogSurroundings, signal: AbortSignal): Promise<void> {
  const {cluster, catalogue} = session
  const inventory = await readInventory(options, {cluster, catalogue}, signal, decodeLogPod)
  const choice = new Choice(options, catalogue, cluster, inventory)
  const chosen = await choice.initial()
  const run = new LogRun(options, session, around, choice.workloads, signal)
  for (const {name, deployment} of inventory.groups) {
    if (choice.hadPods(name)) continue
    // One that is at zero on purpose is no surprise among others.
    const isExpected = deployment?.replicas === 0 && inventory.groups.length > 1
    run.notices.noPods(name, deployment, isExpected)
  }
  try {
    await run.stream(chosen, choice)
  } finally {
    run.notices.close()
  }
  if (signal.aborted) throw signal.reason instanceof SapocheError ? signal.reason : new InterruptedError()
  run.conclude(chosen.length)
}

class LogRun {
  readonly notices: Notices
  readonly #options: LogOptions
  readonly #session: LogSession
  readonly #merge: Merge<ContainerLog>
  readonly #context: SourceContext
  readonly #prefixes: Prefixes
  /** By the pod's UID and the container's name. */
  readonly #logs = new Map<string, {readonly log: ContainerLog; state: ContainerState; readonly pod: string}>()
  readonly #running = new Set<Promise<void>>()
  #unlevelled = 0
  /** True where only pods were named: then there is an end, that of the last of them. */
  #isFixed = false
  /** Ctrl-C, or an end of our own. */
  readonly #life: AbortController
  #records = 0
  #fault: unknown = null

  constructor(options: LogOptions, session: LogSession, around: LogSurroundings, workloads: readonly string[], signal: AbortSignal) {
    this.#options = options
    this.#session = session
    this.#life = new AbortController()
    const {follow, previous, tail, rules, maxStreams, windowMs} = options
    const {now, random, say, isWatched, stdout} = around
    this.notices = new Notices({say, isWatched, now})
    this.#prefixes = new Prefixes(workloads, stdout.colour)
    const output = new OutputBuffer(around.write)
    const writeRecord = this.#writer({...options, ...stdout})
    const sink = {
      write: (log: ContainerLog) => {
        this.#records += 1
        writeRecord(log, output)
      },
      get isFull() {
        return output.isFull
      },
      get isEmpty() {
        return output.isEmpty
      },
      flush: () => output.flush(),
    }
    const life = AbortSignal.any([signal, this.#life.signal])
    this.#merge = new Merge(sink, {windowMs, now, liveSince: follow ? Math.floor(session.now() / 1000) : Infinity})
    this.#context = {
      read: clusterLogs(session.cluster),
      merge: this.#merge,
      slots: new Slots(maxStreams),
      pace: new Pace(PACE_MS),
      notices: this.notices,
      random,
      signal: life,
      follow,
      previous,
      tail,
      from: options.sinceTime ?? (options.sinceMs === null ? ALL : momentFrom(session.now() - options.sinceMs)),
      rules,
    }
  }

  async stream(chosen: readonly Chosen[], choice: Choice): Promise<void> {
    const {follow, previous} = this.#options
    for (const {container} of chosen) this.#prefixes.widenFor(container)
    for (const one of chosen) {
      const {container, log} = one
      if (previous) {
        if (log.state.previous !== null) this.#start(one, false)
        continue
      }
      if (log.state.reason === 'CrashLoopBackOff') this.notices.crashLooping(container, log.state)
      if (log.state.run !== null || follow) this.#start(one, log.state.run === null)
      else this.notices.notStarted(container, log.state)
    }
    this.#isFixed = choice.isFixed
    const watched = follow ? this.#watch(choice) : Promise.resolve()
    if (!follow || (this.#isFixed && this.#running.size === 0)) this.#merge.close()
    await this.#merge.run(this.#context.signal)
    this.#life.abort(new InterruptedError())
    await Promise.all([...this.#running, watched])
    if (this.#fault !== null) throw this.#fault
  }

  /** Says what came of it; throws where nothing could be read. */
  conclude(containers: number): void {
    const failures = this.#failures()
    const [first] = failures
    if (first !== undefined && failures.length === this.#logs.size) {
      throw noneReadable(first, failures.length)
    }
    this.notices.tellUnreadable()
    this.notices.unlevelled(this.#unlevelled)
    if (this.#records === 0) this.notices.nothing(nothingWords(this.#options, containers, this.#logs.size))
  }

  #writer(options: LogOptions & LogSurroundings['stdout']): RecordWriter {
    if (options.format === 'raw') return rawWriter(options)
    return options.format === 'json' ? jsonWriter() : textWriter(options, this.#prefixes)
  }

  #start({pod, container, log: {name, state}}: Chosen, isNewborn: boolean): void {
    const log = new ContainerLog(container, state, this.#context)
    this.#logs.set(`${pod.uid}/${name}`, {log, state, pod: pod.uid})
    this.#merge.add(log)
    const running = this.#runToItsEnd(log, isNewborn).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #runToItsEnd(log: ContainerLog, isNewborn: boolean): Promise<void> {
    try {
      await log.run(isNewborn)
    } catch (error) {
      this.#fail(error)
    }
    this.#unlevelled += log.unlevelled
    const failures = this.#failures().length
    if (failures > 0 && failures === this.#logs.size) this.#life.abort(new InterruptedError())
    if (this.#isFixed && this.#running.size === 1) this.#merge.close()
  }

  /** Something that is nobody's notice: ends everything. */
  #fail(error: unknown): void {
    this.#fault ??= error
    this.#life.abort(new InterruptedError())
  }

  /** Follows the pods: new ones, other runs of their containers, and their end. */
  async #watch(choice: Choice): Promise<void> {
    const {signal} = this.#context
    try {
      for await (const event of this.#session.cluster.watch(RESOURCES.pods, decodeLogPod, {signal})) {
        if (event.type === 'blind') this.notices.blind(event.reason)
        else this.notices.sighted()
        if (event.type === 'listed') {
          const present = new Set(event.items.map(({uid}) => uid))
          for (const [key, {pod}] of this.#logs) if (!present.has(pod)) this.#forget(key)
          for (const pod of event.items) await this.#see(pod, choice)
        } else if (event.type === 'deleted') {
          for (const [key, {pod}] of this.#logs) if (pod === event.object.uid) this.#forget(key)
        } else if (event.type === 'added' || event.type === 'modified') await this.#see(event.object, choice)
      }
    } catch (error) {
      if (signal.aborted) return
      // What is known is followed all the same.
      if (error instanceof RefusedError) this.notices.blind(error.message)
      else this.#fail(error)
    }
  }

  async #see(pod: LogPod, choice: Choice): Promise<void> {
    for (const one of await choice.containersOf(pod)) {
      const {container, log} = one
      const known = this.#logs.get(`${pod.uid}/${log.name}`)
      if (known === undefined) {
        this.#prefixes.widenFor(container)
        this.notices.born(container)
        this.#start(one, true)
        continue
      }
      const {run} = known.state
      if (run !== null && log.state.run !== null && log.state.run !== run) this.notices.restarted(known.log.container, log.state)
      known.state = log.state
      known.log.update(log.state)
    }
  }

  #forget(key: string): void {
    const known = this.#logs.get(key)
    if (known === undefined) return
    this.#logs.delete(key)
    this.notices.gone(known.log.container)
    known.log.gone()
  }

  #failures(): SapocheError[] {
    return [...this.#logs.values()].flatMap(({log: {failure}}) => failure ?? [])
  }
}

/** The first failure, for all. What a kubelet can't read (400) was not refused to us, and is out of reach (69). */
function noneReadable(first: SapocheError, logs: number): SapocheError {
  const {message, hints, suggestions} = first
  const code = first.code === 'refused' && !isHopeless(first) ? 'unreachable' : first.code
  const words = logs === 1 ? message : `none of ${count(logs, 'log')} can be read: ${message}`
  return new SapocheError(code, words, {cause: first, hints, suggestions})
}

function nothingWords({previous, rules}: LogOptions, containers: number, logs: number): string {
  if (containers === 0) return 'no pods'
  if (previous && logs === 0) return `no run before the present one in ${count(containers, 'container')}`
  const where = count(logs, 'log')
  return rules === null ? `no lines in ${where}` : `no line matches in ${where}`
}
