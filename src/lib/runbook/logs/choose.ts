import type {Catalogue} from '../../catalogue/index.ts'
import {categoryOf, resolveTargets} from '../../catalogue/index.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {SapocheError, UsageError} from '../../errors/index.ts'
import {decodeReplicaSet} from '../../workload/index.ts'
import {RESOURCES} from '../cluster/index.ts'
import type {Inventory} from '../inventory/index.ts'
import type {LogContainer, LogPod} from './containers.ts'
import type {LogOptions} from './options.ts'
import type {Container} from './source.ts'

/** A container whose log is wanted. */
export interface Chosen {
  readonly pod: LogPod
  readonly container: Container
  readonly log: LogContainer
}

/** Tells of pods whether their logs are wanted, those that were there at the start and those that are born later. */
export class Choice {
  readonly #options: LogOptions
  readonly #catalogue: Catalogue
  readonly #cluster: ClusterReader
  readonly #inventory: Inventory<LogPod>
  readonly #workloads: ReadonlySet<string>
  readonly #named: ReadonlySet<string>
  readonly #excepted: ReadonlySet<string>
  readonly #peopled = new Set<string>()
  /** Deployments by the UID of their replica sets; null for a replica set of nobody's. */
  readonly #owners = new Map<string, Promise<string | null>>()

  constructor(options: LogOptions, catalogue: Catalogue, cluster: ClusterReader, inventory: Inventory<LogPod>) {
    this.#options = options
    this.#catalogue = catalogue
    this.#cluster = cluster
    this.#inventory = inventory
    const names = {
      workloads: inventory.deployments.map(({name}) => name),
      pods: inventory.pods.map((pod) => ({name: pod.name, workload: inventory.workloadOf(pod)})),
    }
    const {workloads, pods, exceptPods} = resolveTargets(options.targets, options.except, catalogue, names)
    this.#workloads = new Set(workloads.map(({name}) => name))
    this.#named = new Set(pods.map(({name}) => name))
    this.#excepted = new Set(exceptPods)
    if (inventory.replicaSets !== 'unreadable') {
      for (const {uid, owner} of inventory.replicaSets) {
        this.#owners.set(uid, Promise.resolve(owner?.kind === 'Deployment' ? owner.name : null))
      }
    }
  }

  /** The workloads that the targets name. */
  get workloads(): readonly string[] {
    return [...this.#workloads]
  }

  /** True where only pods were named, of which no others will be born. */
  get isFixed(): boolean {
    return this.#workloads.size === 0
  }

  /** What of the inventory is wanted. Rejects with a UsageError (64) where no pod has a container of the name that was asked for. */
  async initial(): Promise<Chosen[]> {
    const chosen: Chosen[] = []
    const names = new Set<string>()
    for (const pod of this.#inventory.pods) {
      const workload = await this.#wantedWorkloadOf(pod)
      if (workload === undefined) continue
      if (workload !== null) this.#peopled.add(workload)
      for (const {name} of pod.logs) names.add(name)
      chosen.push(...this.#chosenOf(pod, workload))
    }
    if (chosen.length === 0 && names.size > 0 && this.#options.containers.length > 0) {
      const suggestions = [...names].toSorted()
      throw new UsageError(`no pod has a container ${this.#options.containers.join(' or ')}`, {
        suggestions,
        hints: [{label: 'containers', text: suggestions.join(', ')}],
      })
    }
    return chosen
  }

  /** Whether the workload had a pod at the start. */
  hadPods(workload: string): boolean {
    return this.#peopled.has(workload)
  }

  /** The containers of a pod, which may not have been there at the start; empty where it is not wanted. */
  async containersOf(pod: LogPod): Promise<Chosen[]> {
    const workload = await this.#wantedWorkloadOf(pod)
    return workload === undefined ? [] : this.#chosenOf(pod, workload)
  }

  /** The workload of a pod that is wanted, null where it has none; undefined for a pod that is not wanted. */
  async #wantedWorkloadOf(pod: LogPod): Promise<string | null | undefined> {
    if (this.#excepted.has(pod.name)) return undefined
    const isNamed = this.#named.has(pod.name)
    if (this.isFixed && !isNamed) return undefined
    const workload = await this.#workloadOf(pod)
    return isNamed || (workload !== null && this.#workloads.has(workload)) ? workload : undefined
  }

  #chosenOf(pod: LogPod, workload: string | null): Chosen[] {
    const {containers} = this.#options
    const logs = pod.logs.filter(({name}) => containers.length === 0 || containers.includes(name))
    const category = workload === null ? null : categoryOf(workload, this.#catalogue)
    return logs.map((log) => ({
      pod,
      log,
      container: {pod: pod.name, name: log.name, workload, category, node: pod.node, isOnly: logs.length === 1},
    }))
  }

  /** pod -> replica set -> deployment, by UID; by name where replica sets can't be read. */
  async #workloadOf({owner}: LogPod): Promise<string | null> {
    if (owner === null) return null
    if (owner.kind !== 'ReplicaSet') return owner.name
    const known = this.#owners.get(owner.uid) ?? this.#askFor(owner.name, owner.uid)
    this.#owners.set(owner.uid, known)
    return known
  }

  async #askFor(name: string, uid: string): Promise<string | null> {
    try {
      if (this.#inventory.replicaSets === 'unreadable') return withoutHash(name)
      const set = await this.#cluster.get(RESOURCES.replicaSets, name, decodeReplicaSet)
      if (set !== null && set.uid === uid) return set.owner?.kind === 'Deployment' ? set.owner.name : null
    } catch (error) {
      if (!(error instanceof SapocheError)) throw error
    }
    return withoutHash(name)
  }
}

/** The deployment's name, of its replica set's. */
function withoutHash(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('-')))
}
