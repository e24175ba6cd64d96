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

  /** What of the inventory is wanted. Throws a UsageError (64) where no pod has a container of the name that was asked for. */
  initial(): Chosen[] {
    const chosen: Chosen[] = []
    const pods = [...this.#inventory.groups.flatMap(({pods: own}) => own), ...this.#inventory.strays]
    for (const pod of pods) chosen.push(...this.#containersOf(pod, this.#inventory.workloadOf(pod)))
    if (chosen.length === 0 && pods.length > 0 && this.#options.containers.length > 0) {
      const names = [...new Set(pods.flatMap(({logs}) => logs.map(({name}) => name)))].toSorted()
      throw new UsageError(`no pod has a container ${this.#options.containers.join(' or ')}`, {
        suggestions: names,
        hints: [{label: 'containers', text: names.join(', ')}],
      })
    }
    return chosen
  }

  /** The containers of a pod that was not there at the start; empty where it is not wanted. */
  async newborn(pod: LogPod): Promise<Chosen[]> {
    if (this.#excepted.has(pod.name)) return []
    if (this.isFixed && !this.#named.has(pod.name)) return []
    const workload = await this.#workloadOf(pod)
    const isWanted = this.#named.has(pod.name) || (workload !== null && this.#workloads.has(workload))
    return isWanted ? this.#containersOf(pod, workload) : []
  }

  #containersOf(pod: LogPod, workload: string | null): Chosen[] {
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
      const set = await this.#cluster.get(RESOURCES.replicaSets, name, decodeReplicaSet)
      if (set !== null && set.uid === uid) return set.owner?.kind === 'Deployment' ? set.owner.name : null
    } catch (error) {
      if (!(error instanceof SapocheError)) throw error
    }
    return name.slice(0, Math.max(0, name.lastIndexOf('-')))
  }
}
