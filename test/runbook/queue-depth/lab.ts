import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {expect, onTestFinished} from 'vitest'
import {builtinCatalogue, type Catalogue, type CatalogueWorkload} from '../../../src/lib/catalogue/index.ts'
import {directNetwork} from '../../../src/lib/clients/reach/index.ts'
import type {Address, Network, RedisAccess} from '../../../src/lib/clients/reach/types.ts'
import {openQueueReader} from '../../../src/lib/clients/redis/index.ts'
import type {QueueReader} from '../../../src/lib/clients/redis/types.ts'
import type {ServerHint} from '../../../src/lib/runbook/bindings/index.ts'
import {
  type DepthSources,
  type LiveOptions,
  liveQueueDepth,
  type QueueDepthReport,
  type RedisGate,
} from '../../../src/lib/runbook/queue-depth/index.ts'
import {queueDepthReport} from '../../../src/lib/runbook/queue-depth/schema.ts'
import {serveRedis} from '../../../src/lib/sandbox/redis-server.ts'
import {RedisStore, type Reply, runCommand} from '../../../src/lib/sandbox/redis-store.ts'
import {rawDeployment, rawPod, unavailable, unready} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type Served, type ServedOptions} from '../served.ts'

export {NOW, PATIENT}
export const MARKER = 'Mustermann, Erika'
export const SECONDS = Math.floor(NOW / 1000)
const MINUTE = 60_000

type Json = Readonly<Record<string, unknown>>

/** A worker of the namespace: its objects. */
export interface WorkerOptions {
  readonly replicas?: number
  readonly ready?: boolean
  /** Words of its arguments; by default Laravel's worker for the queue of its name. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export function worker(
  name: string,
  {replicas = 1, ready = true, args, env = {}}: WorkerOptions = {},
): {deployment: Json; pods: Json[]; replicaSet: Json} {
  const isDown = replicas > 0 && !ready
  const raw = rawDeployment({
    name,
    replicas,
    ...(isDown ? {status: {readyReplicas: 0, availableReplicas: 0}, conditions: [unavailable(10 * MINUTE)]} : {}),
  })
  const command = args ?? ['php', 'artisan', 'queue:work', 'redis', `--queue=${name.replace('worker-', '')}`]
  const container = {name: 'app', image: 'worker:1', args: command, env: Object.entries(env).map(([key, value]) => ({name: key, value}))}
  const spec = {...(raw['spec'] as Json), template: {spec: {containers: [container]}}}
  const pods = Array.from({length: replicas}, (_, n) =>
    rawPod({name: `${name}-${n}`, replicaSet: `${name}-new`, ...(isDown ? {ready: false, containers: [unready()]} : {})}),
  )
  return {deployment: {...raw, spec}, pods, replicaSet: rawReplicaSet(name)}
}

/** A catalogue with these workers alone. */
export function catalogueOf(
  workloads: readonly (Partial<CatalogueWorkload> & {readonly name: string})[],
  more: Partial<Catalogue> = {},
): Catalogue {
  const model = builtinCatalogue.workloads.find(({name}) => name === 'worker-booking')!
  return {...builtinCatalogue, services: [], workloads: workloads.map((workload) => ({...model, ...workload})), ...more}
}

export interface LabOptions extends ServedOptions {
  readonly workers?: readonly ReturnType<typeof worker>[]
  readonly objects?: Readonly<Record<string, readonly Json[]>>
  /** In the place of the Redis that there is. */
  readonly openRedis?: RedisGate['open']
  readonly isKnown?: boolean
  /** As the workloads would name it. */
  readonly address?: Address
  /** Milliseconds that pass at each reading of the queues. */
  readonly tick?: number
}

export interface Lab {
  readonly store: RedisStore
  readonly sources: DepthSources & Served
  /** What was handed to the gate. */
  readonly hints: (ServerHint | null)[]
  redis(name: string, ...args: readonly (string | number)[]): Reply
  read(options?: Partial<LiveOptions>): Promise<QueueDepthReport>
  live(options?: Partial<LiveOptions>): ReturnType<typeof liveQueueDepth>
  /** Breaks every connection to Redis off. */
  cut(): void
}

/** A real client on a namespace with these workers, and on a Redis over loopback. */
export async function lab({
  workers = [worker('worker-pdf')],
  objects = {},
  openRedis,
  isKnown = true,
  address,
  tick = 0,
  ...options
}: LabOptions = {}): Promise<Lab> {
  const store = new RedisStore()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    serveRedis(socket, {store})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const {port} = server.address() as AddressInfo
  const catalogue =
    options.catalogue ?? catalogueOf(workers.map(({deployment}) => ({name: (deployment['metadata'] as {name: string}).name})))
  const cluster = await served(
    {
      deployments: workers.map(({deployment}) => deployment),
      pods: workers.flatMap(({pods}) => pods),
      replicasets: workers.map(({replicaSet}) => replicaSet),
      ...objects,
    },
    {...options, catalogue},
  )
  const hints: (ServerHint | null)[] = []
  const where = address ?? {host: 'st-redis-sp', port: 6379}
  const network: Network = {
    kind: 'tunnel',
    describe: ({host, port: of}) => `${host}:${of}`,
    connect: () => directNetwork.connect({host: '127.0.0.1', port}),
  }
  let passed = 0
  const access: RedisAccess = {server: 'Redis', addresses: [where], network, tls: null, credentials: null, database: null, sentinel: null}
  const open: RedisGate['open'] = async (hint, signal) => {
    hints.push(hint)
    const reader = await (openRedis?.(hint, signal) ?? openQueueReader(access, {timeoutMs: 3000, signal}))
    return ticking(reader, () => (passed += tick))
  }
  const sources = {...cluster, now: () => NOW + passed, redis: {isKnown, open}}
  const live: Lab['live'] = (more = {}) =>
    liveQueueDepth({targets: [], discover: false, failed: false, interval: 1, output: 'table', ...more}, sources)
  return {
    store,
    sources,
    hints,
    redis: (name, ...args) => runCommand(store, name, args.map(String)),
    live,
    async read(more) {
      const report = await live(more).read(PATIENT)
      expect(queueDepthReport.parse(report)).toEqual(report)
      expect(JSON.stringify(report)).not.toContain(MARKER)
      return report
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** The same reader; `after` follows each reading. */
function ticking(reader: QueueReader, after: () => void): QueueReader {
  const {address, where, network} = reader
  return {
    address,
    where,
    network,
    find: (hints, signal) => reader.find(hints, signal),
    async read(request, signal) {
      const snapshot = await reader.read(request, signal)
      after()
      return snapshot
    },
    close: () => reader.close(),
  }
}

/** A job as Laravel writes it, so many seconds old, with somebody's name in it. */
export function job(age: number, more: object = {}): string {
  return JSON.stringify({
    uuid: `job-${age}`,
    displayName: 'App\\Jobs\\Pdf',
    data: {command: MARKER},
    createdAt: SECONDS - age,
    attempts: 0,
    ...more,
  })
}
