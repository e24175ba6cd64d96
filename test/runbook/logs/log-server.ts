/** An API server that answers for logs as a kubelet does, from lines in memory. */
import type {Asked, Certificates, TestServer} from '../../clients/kubernetes/support.ts'
import {serve} from '../../clients/kubernetes/support.ts'

interface Stored {
  /** Nanoseconds since the epoch. */
  readonly at: bigint
  /** With its line feed, unless it is the log's last and has none. */
  readonly text: Buffer
}

const BILLION = 1_000_000_000n

/** RFC 3339 with nanoseconds, with or without trailing zeros. */
export function stamp(at: bigint, trim = false): string {
  const seconds = new Date(Number(at / BILLION) * 1000).toISOString().slice(0, 19)
  const nanos = String(at % BILLION).padStart(9, '0')
  const fraction = trim ? nanos.replace(/0+$/, '') : nanos
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** The log of one run of a container. */
export class Run {
  lines: Stored[] = []
  isRunning = true
  readonly #followers = new Set<() => void>()

  write(at: bigint, text: string | Buffer): void {
    this.lines.push({at, text: Buffer.concat([Buffer.from(text), Buffer.from('\n')])})
    this.#tell()
  }

  /** A last line without a line feed. */
  writeUnfinished(at: bigint, text: string): void {
    this.lines.push({at, text: Buffer.from(text)})
    this.#tell()
  }

  /** What a kubelet does when the file is full: the old lines are out of reach. */
  rotate(): void {
    this.lines = []
  }

  end(): void {
    this.isRunning = false
    this.#tell()
  }

  onChange(follower: () => void): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  #tell(): void {
    for (const follower of this.#followers) follower()
  }
}

export interface LoggingContainer {
  current: Run
  previous: Run | null
  /** Answered in place of the log. */
  refusal: {readonly code: number; readonly reason: string; readonly message: string} | null
}

export interface LogServer {
  readonly server: TestServer
  /** Creates the container's log at its first mention. */
  log(pod: string, container: string): LoggingContainer
  /** The pod is gone: its log is a 404. */
  remove(pod: string): void
  /** Queries of the logs that were asked for. */
  readonly asked: readonly {readonly pod: string; readonly query: URLSearchParams}[]
  /** Streams that are open now. */
  open(): number
  mostOpen(): number
  /** True where lines were sent, and none for a while. */
  isQuiet(): boolean
}

export async function startLogServer(certificates: Certificates, {trim = false} = {}): Promise<LogServer> {
  const logs = new Map<string, LoggingContainer>()
  const asked: {pod: string; query: URLSearchParams}[] = []
  let open = 0
  let mostOpen = 0
  let sentAt = 0

  const answer = (question: Asked): void => {
    const pod = /\/pods\/([^/]+)\/log$/.exec(question.path)?.[1] ?? ''
    const {query, response} = question
    asked.push({pod, query})
    const container = logs.get(`${pod}/${query.get('container')}`)
    if (container === undefined) {
      question.status(404, {reason: 'NotFound', message: `pods "${pod}" not found`, details: {name: pod, kind: 'pods'}})
      return
    }
    const run = query.get('previous') === 'true' ? container.previous : container.current
    const refusal = run === null ? {code: 400, reason: 'BadRequest', message: 'previous terminated container not found'} : container.refusal
    if (run === null || refusal !== null) {
      question.status(refusal!.code, refusal!)
      return
    }
    open += 1
    mostOpen = Math.max(mostOpen, open)
    response.once('close', () => (open -= 1))
    const since = BigInt(Math.floor(Date.parse(query.get('sinceTime') ?? '1970-01-01T00:00:00Z') / 1000)) * BILLION
    const tail = query.get('tailLines')
    let lines = run.lines
    let next = tail === null ? 0 : Math.max(0, lines.length - Number(tail))
    let isPaused = false
    const pump = (): void => {
      if (isPaused || response.destroyed || response.writableEnded) return
      // A rotation begins a new file, which is read from its start.
      if (run.lines !== lines) {
        lines = run.lines
        next = 0
      }
      const pieces: Buffer[] = []
      let size = 0
      for (; next < lines.length && size < 65_536; next += 1) {
        const {at, text} = lines[next]!
        if (at < since) continue
        pieces.push(Buffer.from(`${stamp(at, trim)} `), text)
        size += text.length + 31
      }
      if (size > 0) sentAt = performance.now()
      if (size > 0 && !response.write(Buffer.concat(pieces))) {
        isPaused = true
        response.once('drain', () => {
          isPaused = false
          pump()
        })
      } else if (next < lines.length) setImmediate(pump)
      else if (query.get('follow') !== 'true' || !run.isRunning) response.end()
    }
    response.once('close', run.onChange(pump))
    pump()
  }

  const server = await serve(certificates, answer)
  return {
    server,
    asked,
    log(pod, container) {
      const key = `${pod}/${container}`
      const known = logs.get(key) ?? {current: new Run(), previous: null, refusal: null}
      logs.set(key, known)
      return known
    },
    remove(pod) {
      for (const [key, {current}] of logs) {
        if (!key.startsWith(`${pod}/`)) continue
        current.end()
        logs.delete(key)
      }
    },
    open: () => open,
    mostOpen: () => mostOpen,
    isQuiet: () => sentAt > 0 && performance.now() - sentAt > 200,
  }
}
