import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {readCatalogue, type Catalogue} from '../../src/lib/catalogue/index.ts'
import {connectCluster, type ClusterClient} from '../../src/lib/clients/kubernetes/index.ts'
import type {Operator, ProgressRow} from '../../src/lib/runbook/operation/index.ts'
import type {JournalEntry} from '../../src/lib/runbook/journal/index.ts'
import type {Run, RunOptions} from '../package/program.ts'
import {deployment, openScene, type DeploymentParts, type Scene} from './scene.ts'
import type {Target} from './target.ts'

/** What a case's catalogue says of a workload beyond its name. */
export interface Workload {
  readonly name: string
  readonly baseline?: number
  readonly protected?: string
  readonly maxReplicas?: {readonly count: number; readonly reason: string}
  readonly aliases?: readonly string[]
}

export interface DeploymentObject {
  readonly metadata: {readonly generation: number; readonly annotations?: Readonly<Record<string, string>>}
  readonly spec: {
    readonly replicas: number
    readonly template: {readonly metadata: {readonly annotations?: Readonly<Record<string, string>>}}
  }
  readonly status: Readonly<Partial<Record<'observedGeneration' | 'replicas' | 'updatedReplicas' | 'availableReplicas', number>>>
}

/** A scene in which things are changed. */
export interface Stage extends Scene {
  readonly target: Target
  /** Variables of the runs of this stage. */
  readonly environment: Readonly<Record<string, string>>
  /** Runs a command that changes something, in JSON, agreed to, with a journal of this stage. */
  operate(args: readonly string[], options?: RunOptions): Promise<Run>
  /** The same without `--yes` and `-o json`. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>
  /** A deployment that is there and as it wants to be. */
  deploy(name: string, parts?: DeploymentParts): Promise<void>
  deployment(name: string): Promise<DeploymentObject>
  patch(name: string, body: object, manager?: string): Promise<void>
  /** Waits until a deployment is as wished for. */
  becomes(name: string, enough: (found: DeploymentObject) => boolean): Promise<void>
  /** Runs the undo line of a report or the journal as a shell would. */
  undo(line: string | null | undefined): Promise<Run>
  journal(): Promise<JournalEntry[]>
  /** Everything an operation gets, without a process around it. */
  operator(change?: (cluster: ClusterClient) => ClusterClient, kubeconfig?: string): Promise<Bare>
}

/** An operator that agrees to everything, and keeps what it is shown. */
export type Bare = Operator & {readonly rows: ProgressRow[]; close(): void}

let stages = 0

export async function openStage(target: Target, workloads: readonly Workload[]): Promise<Stage> {
  const scene = await openScene(target, workloads)
  const state = path.join(target.folder, `state-${process.pid}-${++stages}`)
  const journalFile = path.join(state, 'sapoche', 'journal.jsonl')
  const environment = {XDG_STATE_HOME: state, USER: 'ops'}
  const run: Stage['run'] = (args, options) =>
    target.sapoche([...args, ...scene.args], {...options, env: {...environment, ...options?.env}})
  const at = (name: string): string => scene.at('apps/v1', 'deployments', name)
  const becomes: Stage['becomes'] = (name, enough) => scene.waitFor(at(name), (found) => enough(found as DeploymentObject))
  return {
    ...scene,
    target,
    environment,
    run,
    operate: (args, options) => run([...args, '--yes', '-o', 'json'], options),
    async deploy(name, parts) {
      await scene.create(deployment(name, parts))
      await becomes(name, isComplete)
    },
    deployment: (name) => target.api.get<DeploymentObject>(at(name)),
    async patch(name, body, manager = 'second-writer') {
      await target.api.patch(`${at(name)}?fieldManager=${manager}`, body, 'strategic-merge')
    },
    becomes,
    undo(line) {
      const [program, ...args] = (line ?? '').split(' ')
      if (program !== 'sapoche') throw new Error(`no undo line: ${line}`)
      // The flags that led there are in the line, those of the journal besides the context.
      return target.sapoche([...args, '--yes', '-o', 'json'], {env: environment})
    },
    async journal() {
      const text = await readFile(journalFile, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as JournalEntry)
    },
    operator: async (change, kubeconfig = target.kubeconfig) => {
      const catalogue = await readCatalogue(scene.args[1] ?? '', '/', (file) => readFile(file, 'utf8'))
      return bareOperator(target, {kubeconfig, namespace: scene.namespace, catalogue, journal: journalFile}, change)
    },
  }
}

export async function bareOperator(
  target: Target,
  options: {readonly kubeconfig: string; readonly namespace: string; readonly catalogue: Catalogue; readonly journal: string | null},
  change: (cluster: ClusterClient) => ClusterClient = (cluster) => cluster,
): Promise<Bare> {
  const cluster = await connectCluster({
    kubeconfig: options.kubeconfig,
    context: undefined,
    as: undefined,
    asGroups: [],
    namespace: options.namespace,
    requestTimeoutMs: 10_000,
    env: {},
    homeDir: target.folder,
    interactive: false,
    onMessage: () => {},
    signal: new AbortController().signal,
    now: Date.now,
    random: Math.random,
  })
  const rows: ProgressRow[] = []
  return {
    cluster: change(cluster),
    catalogue: options.catalogue,
    redis: {isKnown: true, open: () => Promise.reject(new Error('nobody should ask for Redis'))},
    who: 'ops',
    journal: options.journal,
    isContextNamed: false,
    clusterFlags: '',
    now: () => cluster.serverClock()?.now ?? Date.now(),
    clock: Date.now,
    confirm: async () => {},
    show: (shown) => void rows.push(...shown),
    rows,
    close: () => cluster.close(),
  }
}

export function isComplete({metadata, spec, status}: DeploymentObject): boolean {
  return (
    (status.observedGeneration ?? 0) >= metadata.generation &&
    [status.replicas, status.updatedReplicas, status.availableReplicas].every((count) => (count ?? 0) === spec.replicas)
  )
}

/** A cluster whose patches go through `handle`, which makes the patch or does not; `nth` counts from 0. */
export function intercepted(
  handle: (patch: () => Promise<unknown>, nth: number) => Promise<unknown>,
): (cluster: ClusterClient) => ClusterClient {
  let count = 0
  return (cluster) =>
    new Proxy(cluster, {
      get(client, name) {
        const member: unknown = Reflect.get(client, name)
        if (typeof member !== 'function') return member
        if (name !== 'patch') return member.bind(client) as unknown
        return (...args: readonly unknown[]) => handle(async () => Reflect.apply(member, client, args) as unknown, count++)
      },
    })
}

/** A cluster whose first write of a deployment comes just after `before`: somebody else was quicker. */
export function overtaken(before: () => Promise<unknown>): (cluster: ClusterClient) => ClusterClient {
  return intercepted(async (patch, nth) => {
    if (nth === 0) await before()
    return patch()
  })
}
