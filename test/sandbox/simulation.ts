import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {type Answer, Api} from '../../src/lib/sandbox/api.ts'
import {Timeline} from '../../src/lib/sandbox/clock.ts'
import {Cluster} from '../../src/lib/sandbox/cluster.ts'
import {DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, RESOURCES, SCALED_OBJECTS} from '../../src/lib/sandbox/resources.ts'
import {seed} from '../../src/lib/sandbox/seed.ts'
import {type Deployment, type Pod, type ReplicaSet, conditionOf} from '../../src/lib/sandbox/types.ts'
import {APPS} from './client.ts'

export const MERGE = 'application/merge-patch+json'
export const JSON_PATCH = 'application/json-patch+json'
export const STRATEGIC = 'application/strategic-merge-patch+json'
const ANYTHING = {user: null, accept: 'application/json', contentType: 'application/json', manager: 'test'}

/** A cluster with three nodes and nothing on them, whose time stands still until it is moved on. Pods take 300 ms to start and to end. */
export class Simulation {
  readonly timeline: Timeline
  readonly cluster: Cluster
  readonly api: Api

  constructor() {
    const start = Date.UTC(2026, 10, 22, 3)
    this.timeline = new Timeline(() => 0, start)
    this.cluster = new Cluster(this.timeline, 300, start)
    seed(this.cluster, {...builtinCatalogue, workloads: [], services: []})
    this.api = new Api(this.cluster, [...RESOURCES, SCALED_OBJECTS])
  }

  advance(seconds: number): void {
    this.timeline.replay(this.timeline.now() + seconds * 1000)
  }

  /** Throws what the API refuses. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the API answers is for the test to say
  call<T = unknown>(method: string, url: string, body?: unknown, more: {contentType?: string; manager?: string} = {}): T {
    const {pathname, searchParams} = new URL(url, 'https://sandbox')
    const answer: Answer = this.api.answer({
      ...ANYTHING,
      ...more,
      method,
      path: pathname,
      query: searchParams,
      body: () => structuredClone(body),
    })
    if (answer.kind === 'watch' || answer.kind === 'bytes') throw new Error('a stream has no answer')
    return answer.body as T
  }

  /** Creates a deployment and waits until it had the time to start. */
  deploy(name: string, options: DeployOptions = {}): void {
    this.call('POST', `${APPS}/deployments`, deployment(name, options))
    this.advance(2)
  }

  patch(path: string, body: unknown, contentType = STRATEGIC): void {
    this.call('PATCH', path, body, {contentType})
  }

  deployment(name: string): Deployment {
    const found = this.cluster.store.get(DEPLOYMENTS, 'sapoche', name)
    if (found === undefined) throw new Error(`no deployment ${name}`)
    return found
  }

  /** Its replica sets, the oldest revision first. */
  sets(name: string): ReplicaSet[] {
    const revision = (set: ReplicaSet) => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'])
    return this.cluster.ownedBy(REPLICA_SETS, this.deployment(name)).toSorted((a, b) => revision(a) - revision(b))
  }

  pods(name: string): Pod[] {
    return this.sets(name).flatMap((set) => this.cluster.ownedBy(PODS, set))
  }

  /** A deployment's condition as `Status/Reason`. */
  condition(name: string, type: string): string {
    const found = conditionOf(this.deployment(name).status.conditions, type)
    return found === undefined ? 'none' : `${found.status}/${found.reason}`
  }

  events(): string[] {
    return this.cluster.store
      .list(EVENTS)
      .map(({type, reason, involvedObject, count, series}) => `${type} ${reason} ${involvedObject.kind} x${series?.count ?? count ?? 1}`)
  }
}

export interface DeployOptions {
  replicas?: number
  image?: string
  labels?: Record<string, string>
  spec?: object
  pod?: object
}

export function deployment(name: string, {replicas = 1, image = 'app:1', labels = {}, spec = {}, pod = {}}: DeployOptions = {}): object {
  const template = {metadata: {labels: {app: name, ...labels}}, spec: {containers: [{name: 'app', image}], ...pod}}
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name},
    spec: {replicas, selector: {matchLabels: {app: name}}, template, ...spec},
  }
}

/** A strategic patch that rolls out an image, in pods that are in a state of `sapoche.test/state` where one is given. */
export function rollout(image: string, state: string | null = null): object {
  return {spec: {template: {metadata: {labels: {'sapoche.test/state': state}}, spec: {containers: [{name: 'app', image}]}}}}
}
