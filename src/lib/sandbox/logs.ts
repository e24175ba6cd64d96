/** What the kubelets of the sandbox answer for `pods/NAME/log`. */
import type {Target} from './api.ts'
import type {Cluster} from './cluster.ts'
import {badRequest, notFound} from './failure.ts'
import {type Complaint, type ContainerRun, lastLinesOf, linesOf, type LogLine, nextMoment} from './log-lines.ts'
import {PODS} from './resources.ts'
import type {ContainerStatus, Pod, Terminated} from './types.ts'
import {parseTime} from '../text/time.ts'

/** Which containers. */
export interface LogPlace {
  /** All unless told. */
  readonly pod?: string
  readonly container?: string
}

/** A log with lines of the caller's, in place of those that the sandbox makes up. */
export interface GivenLog {
  append(lines: readonly GivenLine[]): void
}

export interface GivenLine {
  /** RFC 3339, to the nanosecond if need be. */
  readonly time: string
  readonly text: string
}

interface Given {
  readonly place: LogPlace
  readonly lines: LogLine[]
  readonly previous: LogLine[] | null
  readonly readers: Set<() => void>
}

/** Where the lines of a log come from. */
interface Book {
  /** After `from` (how far the caller has read, opaque), up to now. */
  read(from: number): {lines: readonly LogLine[]; to: number}
  /** The last so many, as far as there are. */
  last(count: number): {lines: readonly LogLine[]; to: number}
  /** Calls back, once, when there may be more; the result takes that back. */
  wait(more: () => void): () => void
}

export class Logs {
  readonly #cluster: Cluster
  readonly #given: Given[] = []
  /** By workload and container. */
  readonly #complaints = new Map<string, Complaint>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** What is given for one pod goes before what is given for all; without `previous` there is no log of a run before. */
  give(place: LogPlace, lines: readonly GivenLine[], previous?: readonly GivenLine[]): GivenLog {
    const given: Given = {place, lines: lines.map(stored), previous: previous?.map(stored) ?? null, readers: new Set()}
    this.#given.unshift(given)
    return {
      append(more) {
        given.lines.push(...more.map(stored))
        for (const reader of given.readers) reader()
      },
    }
  }

  /** From now on containers of a workload that run say this alone. */
  complain(workload: string, container: string, message: string): void {
    this.#complaints.set(`${workload}/${container}`, {since: this.#cluster.clock.now(), message})
  }

  /** The bytes of a log, from `signal`'s view for as long as it does not abort. Throws ApiFailure as the API server refuses. */
  read({namespace, name}: Target, query: URLSearchParams): (signal: AbortSignal) => AsyncIterable<Buffer> {
    const pod = this.#cluster.store.get(PODS, namespace ?? undefined, name ?? '')
    if (pod === undefined) throw notFound(PODS, name ?? '')
    const status = statusOf(pod, query.get('container'))
    const isPrevious = flag(query, 'previous')
    const found = runOf(pod, status, isPrevious)
    const run = {...found, complaint: this.#complaints.get(`${found.workload}/${found.container}`) ?? null}
    const book = this.#bookOf(pod, run, isPrevious)
    const isFollowed = flag(query, 'follow') && run.end === null
    return (signal) => this.#stream(pod, run, book, isFollowed, query, signal)
  }

  async *#stream(
    pod: Pod,
    run: ContainerRun,
    book: Book,
    isFollowed: boolean,
    query: URLSearchParams,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const since = sinceOf(query, this.#cluster.clock.now())
    const tail = query.get('tailLines')
    const withTime = flag(query, 'timestamps')
    let {lines, to} = tail === null ? book.read(-Infinity) : book.last(Number(tail))
    for (;;) {
      const wanted = lines.filter(({at}) => at >= since)
      if (wanted.length > 0) yield Buffer.from(wanted.map(({time, text}) => `${withTime ? `${time} ` : ''}${text}\n`).join(''))
      if (signal.aborted || !isFollowed) return
      const isOver = !this.#isRunning(pod, run)
      if (!isOver) await this.#change(pod, run, book, signal)
      ;({lines, to} = book.read(to))
      if (isOver && lines.length === 0) return
    }
  }

  /** Resolves when there may be more lines, when the run has ended, and when nobody listens any more. */
  async #change(pod: Pod, run: ContainerRun, book: Book, signal: AbortSignal): Promise<void> {
    const undo: (() => void)[] = []
    await new Promise<void>((resolve) => {
      const wake = (): void => resolve()
      signal.addEventListener('abort', wake)
      undo.push(() => signal.removeEventListener('abort', wake), book.wait(wake))
      undo.push(this.#cluster.store.subscribe(({resource}) => resource === PODS && !this.#isRunning(pod, run) && resolve()))
      if (signal.aborted || !this.#isRunning(pod, run)) resolve()
    })
    for (const each of undo) each()
  }

  /** Whether the container is still in that run. */
  #isRunning({metadata}: Pod, run: ContainerRun): boolean {
    const pod = this.#cluster.store.get(PODS, metadata.namespace, metadata.name)
    const status = pod?.metadata.uid === metadata.uid ? statuses(pod).find(({name}) => name === run.container) : undefined
    return status?.state.running !== undefined && (status.containerID ?? '') === run.id
  }

  /** The run with its end, which it may have come to meanwhile. */
  #asItIs({metadata}: Pod, run: ContainerRun): ContainerRun {
    const pod = this.#cluster.store.get(PODS, metadata.namespace, metadata.name)
    const status = pod && statuses(pod).find(({name}) => name === run.container)
    const last = [status?.state.terminated, status?.lastState.terminated].find((each) => each?.containerID === run.id)
    return last === undefined ? run : {...run, end: ended(last).end}
  }

  #bookOf(pod: Pod, run: ContainerRun, isPrevious: boolean): Book {
    const {container} = run
    const fits = ({place}: Given): boolean =>
      (place.pod === undefined || place.pod === pod.metadata.name) && (place.container === undefined || place.container === container)
    const given = this.#given.find((each) => fits(each) && each.place.pod !== undefined) ?? this.#given.find(fits)
    if (given === undefined) return madeUp(() => this.#asItIs(pod, run), this.#cluster)
    const lines = isPrevious ? given.previous : given.lines
    if (lines === null) throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`)
    return givenBook(lines, given.readers)
  }
}

function givenBook(lines: readonly LogLine[], readers: Set<() => void>): Book {
  const slice = (from: number) => ({lines: lines.slice(Math.max(0, from)), to: lines.length})
  return {
    read: slice,
    last: (count) => slice(lines.length - count),
    wait(more) {
      readers.add(more)
      return () => void readers.delete(more)
    },
  }
}

function madeUp(run: () => ContainerRun, {clock}: Cluster): Book {
  return {
    read: (from) => ({lines: linesOf(run(), from, clock.now()), to: clock.now()}),
    last: (count) => ({lines: lastLinesOf(run(), count, clock.now()), to: clock.now()}),
    wait(more) {
      let isWanted = true
      clock.after(Math.max(1, nextMoment(run(), clock.now()) - clock.now()), () => isWanted && more())
      return () => void (isWanted = false)
    },
  }
}

function statuses({status}: Pod): ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
}

function statusOf(pod: Pod, asked: string | null): ContainerStatus {
  const {name} = pod.metadata
  const {containers, initContainers = []} = pod.spec
  const names = containers.map((container) => container.name)
  if (asked === null && names.length > 1) {
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`)
  }
  const wanted = asked ?? names[0] ?? ''
  if (![...containers, ...initContainers].some((container) => container.name === wanted)) {
    throw badRequest(`container ${wanted} is not valid for pod ${name}`)
  }
  const status = statuses(pod).find((each) => each.name === wanted)
  if (status === undefined) throw waiting(wanted, name, 'ContainerCreating')
  return status
}

/** The run that a kubelet reads: what runs, else what ended last; throws 400 where there is none. */
function runOf(pod: Pod, status: ContainerStatus, isPrevious: boolean): Omit<ContainerRun, 'complaint'> {
  const {name, state, lastState, containerID = ''} = status
  const before = lastState.terminated
  const workload = pod.metadata.labels?.['app'] ?? pod.metadata.name
  const shared = {workload, container: name}
  if (isPrevious) {
    if (before === undefined) throw badRequest(`previous terminated container "${name}" in pod "${pod.metadata.name}" not found`)
    return {...shared, ...ended(before)}
  }
  if (state.running !== undefined) return {...shared, id: containerID, startedAt: parseTime(state.running.startedAt) ?? 0, end: null}
  const last = state.terminated ?? before
  if (last === undefined) throw waiting(name, pod.metadata.name, state.waiting?.reason ?? 'ContainerCreating')
  return {...shared, ...ended(last)}
}

function ended({containerID, startedAt, finishedAt, exitCode}: Terminated): Pick<ContainerRun, 'id' | 'startedAt' | 'end'> {
  return {id: containerID, startedAt: parseTime(startedAt) ?? 0, end: {at: parseTime(finishedAt) ?? 0, exitCode}}
}

function waiting(container: string, pod: string, reason: string): Error {
  return badRequest(`container "${container}" in pod "${pod}" is waiting to start: ${reason}`)
}

/** Whole seconds, as the API takes times. */
function sinceOf(query: URLSearchParams, now: number): number {
  const [time, seconds] = [query.get('sinceTime'), query.get('sinceSeconds')]
  if (seconds !== null) return now - Number(seconds) * 1000
  return time === null ? -Infinity : Math.floor((parseTime(time) ?? 0) / 1000) * 1000
}

function flag(query: URLSearchParams, name: string): boolean {
  return ['1', 'true'].includes(query.get(name) ?? '')
}

function stored({time, text}: GivenLine): LogLine {
  return {at: parseTime(time) ?? 0, time, text}
}
