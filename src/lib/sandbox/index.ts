/** The embedded cluster: a Kubernetes API server on loopback, with controllers and kubelets behind it, in this process. */
import type {Catalogue} from '../catalogue/types.ts'
import type {User} from './rights.ts'
import {Timeline} from './clock.ts'
import {Cluster} from './cluster.ts'
import {SandboxKafka} from './kafka.ts'
import type {GivenLine, GivenLog, LogPlace} from './logs.ts'
import {SandboxOrthanc} from './orthanc.ts'
import {SandboxRedis} from './redis.ts'
import {Pods} from './insides.ts'
import type {PortPlace, ServePort} from './port-forward.ts'
import type {Program} from './programs.ts'
import {findScenario, perform, resourcesOf} from './scenarios.ts'
import {seed} from './seed.ts'
import {listen} from './server.ts'

export type {Rule, User} from './rights.ts'
export type {PortPlace, ServePort} from './port-forward.ts'
export type {Program, ProgramContext} from './programs.ts'
export type {SandboxKafka} from './kafka.ts'
export type {OrthancState, OrthancUser, SandboxOrthanc} from './orthanc.ts'
export type {RedisState, RedisUser, SandboxRedis} from './redis.ts'
export {listScenarios} from './scenarios.ts'

/** How long ago everything was rolled out. */
const PAST_MS = 7_200_000

export interface SandboxOptions {
  /** A name of `listScenarios()`. */
  readonly scenario: string
  readonly catalogue: Catalogue
  /** The cluster's clock, milliseconds since 1970. */
  readonly now: () => number
  /** How long a pod takes to start, and to end; 300 when not given. */
  readonly paceMs?: number
  /** Who may come in besides the owner of `token`, and what they may do. */
  readonly users?: readonly User[]
}

export interface Sandbox {
  readonly url: string
  /** The certificate to trust. */
  readonly caPem: string
  /** A bearer token that may do everything. */
  readonly token: string
  /** A kubeconfig file's text, with the context `sandbox` in the catalogue's namespace. */
  kubeconfig(): string
  readonly redis: SandboxRedis
  readonly kafka: SandboxKafka
  readonly orthanc: SandboxOrthanc
  /** Puts lines of the caller's in the place of those that containers seem to write; `previous` is the log of the run before. */
  giveLog(place: LogPlace, lines: readonly GivenLine[], previous?: readonly GivenLine[]): GivenLog
  /** Puts something of the caller's behind a port of pods, which is handed each connection that is forwarded to it. */
  servePort(place: PortPlace, serve: ServePort): void
  /** Puts a program of the caller's into the containers of a workload, for exec. */
  giveProgram(workload: string, name: string, program: Program): void
  close(): Promise<void>
}

/**
 * Starts the cluster as the scenario left it: two hours of its past are replayed at once, from then on it runs.
 * Rejects with UsageError (64) for an unknown scenario and ConfigurationError (78) where the catalogue lacks a workload of it.
 */
export async function startSandbox({scenario, catalogue, now, paceMs = 300, users = []}: SandboxOptions): Promise<Sandbox> {
  const story = findScenario(scenario)
  const start = now()
  const timeline = new Timeline(now, start - PAST_MS)
  const cluster = new Cluster(timeline, paceMs, start)
  const redis = new SandboxRedis(cluster, catalogue)
  const kafka = new SandboxKafka(cluster, catalogue)
  const orthanc = new SandboxOrthanc(cluster)
  const insides = new Pods(catalogue, redis)
  kafka.listen(insides.ports)
  orthanc.listen(insides.ports)
  const stage = {cluster, redis, kafka, orthanc, present: start}
  seed(cluster, catalogue)
  kafka.seed()
  for (const step of story.steps) timeline.after(PAST_MS - step.ago * 1000, () => perform(stage, catalogue, step))
  timeline.replay(start)
  cluster.store.forget()
  timeline.goLive()
  const {url, caPem, token, close} = await listen(cluster, insides, resourcesOf(story), users)
  return {
    url,
    caPem,
    token,
    redis,
    kafka,
    orthanc,
    kubeconfig: () => kubeconfig({url, caPem, token, namespace: catalogue.namespace}),
    servePort: (place, serve) => insides.ports.serve(place, serve),
    giveProgram: (workload, name, program) => insides.give(workload, name, program),
    giveLog: (place, lines, previous) => cluster.logs.give(place, lines, previous),
    async close() {
      timeline.stop()
      await close()
    },
  }
}

function kubeconfig({url, caPem, token, namespace}: {url: string; caPem: string; token: string; namespace: string}): string {
  return `apiVersion: v1
kind: Config
current-context: sandbox
clusters:
- name: sandbox
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(caPem).toString('base64')}
users:
- name: sandbox
  user:
    token: ${token}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: sandbox
    namespace: ${namespace}
`
}
