/** Logs of many containers behind a proxy that fails, and what comes out of the merge, counted. */
import {onTestFinished} from 'vitest'
import type {SapocheError} from '../../../src/lib/errors/index.ts'
import type {Rules} from '../../../src/lib/runbook/logs/filter.ts'
import {Merge} from '../../../src/lib/runbook/logs/merge.ts'
import {clusterLogs} from '../../../src/lib/runbook/logs/reader.ts'
import {Pace, Slots} from '../../../src/lib/runbook/logs/slots.ts'
import {ContainerLog} from '../../../src/lib/runbook/logs/source.ts'
import type {ContainerState} from '../../../src/lib/runbook/logs/containers.ts'
import {base64, type Certificates, connect, writeKubeconfig} from '../../clients/kubernetes/support.ts'
import {type Proxy, startProxy} from '../../real/proxy.ts'
import {type LogServer, startLogServer} from './log-server.ts'

export interface LabOptions {
  readonly follow?: boolean
  readonly previous?: boolean
  readonly tail?: number | null
  /** Nanoseconds since the epoch. */
  readonly from?: bigint
  readonly rules?: Rules | null
  readonly slots?: number
  readonly windowMs?: number
  readonly protocols?: readonly ('h2' | 'http/1.1')[]
  readonly trim?: boolean
  /** Waited for before each write, as for a slow reader. */
  readonly slow?: () => Promise<void>
  readonly random?: () => number
}

export const RUNNING: ContainerState = {run: 'containerd://1', isRunning: true, reason: '', restarts: 0, previous: null}

export interface Notice {
  readonly kind: 'unreadable' | 'incomplete' | 'down'
  readonly pod: string
  readonly text: string
}

export interface Lab {
  readonly logs: LogServer
  readonly proxy: Proxy
  readonly notices: readonly Notice[]
  /** The lines that came out, in their order. */
  readonly lines: string[]
  /** Starts reading a container that is there already, or a newborn one. */
  add(pod: string, container?: string, state?: ContainerState, isNewborn?: boolean): ContainerLog
  /** No further containers; resolves when all have ended. */
  finish(): Promise<void>
  /** Resolves when so many lines have come out. */
  until(count: number): Promise<void>
  /** Ends as Ctrl-C does. */
  stop(): Promise<void>
}

export async function openLab(certificates: Certificates, options: LabOptions = {}): Promise<Lab> {
  const {
    follow = false,
    previous = false,
    tail = null,
    from = 0n,
    rules = null,
    slots = 64,
    windowMs = 250,
    slow,
    random = Math.random,
  } = options
  const logs = await startLogServer(certificates, {trim: options.trim ?? false})
  const proxy = await startProxy({server: logs.server.url, ca: certificates.ca, ...(options.protocols && {protocols: options.protocols})})
  onTestFinished(() => proxy.close())
  const kubeconfig = writeKubeconfig({server: proxy.server, 'certificate-authority-data': base64(proxy.ca)})
  const cluster = await connect({kubeconfig, now: () => Date.now(), requestTimeoutMs: 10_000, random: Math.random})
  const controller = new AbortController()
  const notices: Notice[] = []
  const lines: string[] = []
  let waiter: {count: number; resolve: () => void} | null = null

  const note = (kind: Notice['kind']) => (container: {pod: string}, what: SapocheError | string) => {
    notices.push({kind, pod: container.pod, text: typeof what === 'string' ? what : what.message})
  }
  const sink = {
    isFull: false,
    isEmpty: true,
    write(source: ContainerLog): void {
      const {queue} = source
      do {
        const {bytes, textStart, end} = queue.head
        lines.push(bytes.toString('latin1', textStart, end))
        queue.shift()
      } while (!queue.isEmpty && queue.head.continues)
      this.isEmpty = false
      if (slow !== undefined) this.isFull = true
    },
    async flush(): Promise<void> {
      await slow?.()
      this.isFull = false
      this.isEmpty = true
      if (waiter !== null && lines.length >= waiter.count) waiter.resolve()
    },
  }
  const merge = new Merge<ContainerLog>(sink, {
    windowMs,
    now: () => performance.now(),
    liveSince: follow ? Math.floor(Date.now() / 1000) : Infinity,
  })
  const context = {
    read: clusterLogs(cluster),
    merge,
    slots: new Slots(slots),
    pace: new Pace(1),
    notices: {unreadable: note('unreadable'), incomplete: note('incomplete'), down: note('down'), up() {}},
    random,
    signal: controller.signal,
    follow,
    previous,
    tail,
    from: {seconds: Number(from / 1_000_000_000n), nanos: Number(from % 1_000_000_000n)},
    rules,
  }
  const ended = merge.run(controller.signal)
  const runs: Promise<void>[] = []
  onTestFinished(() => controller.abort())
  return {
    logs,
    proxy,
    notices,
    lines,
    add(pod, container = 'app', state = RUNNING, isNewborn = false) {
      const log = new ContainerLog({pod, name: container, workload: pod, category: null, node: null, isOnly: true}, state, context)
      merge.add(log)
      runs.push(log.run(isNewborn))
      return log
    },
    async finish() {
      merge.close()
      await Promise.all([ended, ...runs])
    },
    until: (count) =>
      new Promise((resolve) => {
        waiter = {count, resolve}
        if (lines.length >= count) resolve()
      }),
    async stop() {
      controller.abort()
      await Promise.all([ended, ...runs])
    },
  }
}

export interface Count {
  readonly lost: number
  readonly repeated: number
  /** Lines that stand behind a later one of their own container. */
  readonly disordered: number
  /** Lines that stand behind a later one of any container, and by how many milliseconds at most. */
  readonly inversions: number
  readonly worstMs: number
}

/** A line that `count` can read: which container's, the how manieth, when. */
export function numbered(container: number, number: number, at: bigint): string {
  return `${container} ${number} ${at} order ${number * 7919} received`
}

/** Counts what became of `written` numbered lines, by container. */
export function count(lines: readonly string[], written: ReadonlyMap<number, number>): Count {
  const seen = new Map([...written.keys()].map((container) => [container, new Set<number>()]))
  const last = new Map<number, number>()
  let [repeated, disordered, inversions, worst, latest] = [0, 0, 0, 0n, 0n]
  for (const line of lines) {
    const [container = '', number = '', time = '0'] = line.split(' ')
    const numbers = seen.get(Number(container))
    if (numbers === undefined) throw new Error(`no line of ours: ${line.slice(0, 60)}`)
    if (numbers.has(Number(number))) repeated += 1
    numbers.add(Number(number))
    if (Number(number) < (last.get(Number(container)) ?? -1)) disordered += 1
    last.set(Number(container), Number(number))
    const at = BigInt(time)
    if (at < latest) {
      inversions += 1
      if (latest - at > worst) worst = latest - at
    } else latest = at
  }
  let lost = 0
  for (const [container, total] of written) lost += total - seen.get(container)!.size
  return {lost, repeated, disordered, inversions, worstMs: Number(worst / 1_000_000n)}
}
