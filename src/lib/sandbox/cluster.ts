/** The simulated control plane: what happens in the cluster when an object changes. The API server in front of it is routes.ts. */
import {reconcileAutoscaler} from './autoscaler.ts'
import type {Clock} from './clock.ts'
import {reconcileDeployment} from './deployments.ts'
import {reconcileService} from './endpoints.ts'
import {firstReport, lastSeen, reportAgain} from './events.ts'
import {Kubelet} from './kubelet.ts'
import {Logs} from './logs.ts'
import {obeyLabel} from './nodes.ts'
import {reconcileDaemonSet, reconcileJob, reconcileStatefulSet} from './others.ts'
import {reconcileQuota} from './quotas.ts'
import {reconcileReplicaSet} from './replicasets.ts'
import {
  AUTOSCALERS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  QUOTAS,
  REPLICA_SETS,
  SERVICES,
  STATEFUL_SETS,
  apiVersionOf,
  type Resource,
} from './resources.ts'
import {matches} from './selectors.ts'
import {type Change, Store} from './store.ts'
import {type CoreEvent, type KubeObject, type Labels, type Meta, type Node, type Pod, rfc3339} from './types.ts'

/** The letters of Kubernetes' generated names: no vowels, so that no words come out. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const HOUR = 3_600_000
/** Kinds whose objects go when their owner goes. */
const OWNED: readonly Resource[] = [REPLICA_SETS, PODS, ENDPOINT_SLICES, AUTOSCALERS]

export class Cluster {
  readonly store = new Store()
  readonly clock: Clock
  readonly kubelet: Kubelet
  readonly logs = new Logs(this)
  readonly #present: number
  readonly #queue = new Map<string, () => void>()
  /** Names of the events that are kept, by what they report. */
  readonly #reported = new Map<string, string>()
  #seed = 0x5a90c4e

  /** `paceMs`: how long a pod takes to start, and to end. `present`: when the replay of the past ends, in milliseconds since 1970. */
  constructor(clock: Clock, paceMs: number, present: number) {
    this.clock = clock
    this.#present = present
    this.kubelet = new Kubelet(this, paceMs)
    this.store.subscribe((change) => this.#react(change))
  }

  /** The time as Kubernetes writes it. */
  now(): string {
    return rfc3339(this.clock.now())
  }

  /** Pseudo-random and the same in every run, so that a scenario's names can be shown in a document. */
  suffix(length: number): string {
    return Array.from({length}, () => LETTERS[this.#random(LETTERS.length)]).join('')
  }

  uid(): string {
    const hex = Array.from({length: 32}, () => this.#random(16).toString(16)).join('')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }

  /** Puts a new object with the identity that the API server would give it. */
  create<T extends KubeObject>(
    resource: Resource<T>,
    meta: Partial<Meta> & {name: string},
    body: Omit<T, 'apiVersion' | 'kind' | 'metadata'>,
  ): T {
    const metadata = {uid: this.uid(), resourceVersion: '', creationTimestamp: this.now(), ...meta}
    return this.store.put(resource, {apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...body} as T)
  }

  /** Pods end gracefully, everything else goes at once; its dependants follow. Returns what it became. */
  remove(resource: Resource, object: KubeObject, graceSeconds?: number): KubeObject {
    return resource === PODS ? this.kubelet.end(object as Pod, graceSeconds) : this.store.remove(resource, object)
  }

  /** An event as a component of the cluster reports it; the same one again counts up. Forgotten an hour after the last time. */
  record(object: KubeObject, type: CoreEvent['type'], reason: string, message: string, component: string, fieldPath?: string): void {
    // It would be forgotten before anybody could see it.
    if (this.clock.now() < this.#present - HOUR) return
    const {name, namespace = 'default', uid, resourceVersion} = object.metadata
    const key = [uid, reason, message, fieldPath].join(' ')
    const seen = this.store.get(EVENTS, namespace, this.#reported.get(key) ?? '')
    const event =
      seen === undefined
        ? this.create(
            EVENTS,
            {name: `${name}.${this.clock.now().toString(16)}${this.suffix(4)}`, namespace},
            {
              involvedObject: {
                kind: object.kind,
                namespace,
                name,
                uid,
                apiVersion: object.apiVersion,
                resourceVersion,
                ...(fieldPath && {fieldPath}),
              },
              type,
              reason,
              message,
              ...firstReport(component, this.clock.now()),
            },
          )
        : this.store.update(EVENTS, seen, (draft) => reportAgain(draft, this.clock.now()))
    this.#reported.set(key, event.metadata.name)
    this.clock.after(HOUR, () => {
      const last = this.store.get(EVENTS, namespace, event.metadata.name)
      if (last === undefined || lastSeen(last) !== lastSeen(event)) return
      this.#reported.delete(key)
      this.store.remove(EVENTS, last)
    })
  }

  /** The controller of `object`, if it is of that kind and still the same one. */
  ownerOf<T extends KubeObject>(resource: Resource<T>, object: KubeObject): T | undefined {
    const reference = object.metadata.ownerReferences?.find((owner) => owner.controller === true && owner.kind === resource.kind)
    const owner = reference && this.store.get(resource, object.metadata.namespace, reference.name)
    return owner?.metadata.uid === reference?.uid ? owner : undefined
  }

  ownedBy<T extends KubeObject>(resource: Resource<T>, owner: KubeObject): T[] {
    const {namespace, uid} = owner.metadata
    return this.store
      .list(resource, namespace)
      .filter((object) => object.metadata.ownerReferences?.some((reference) => reference.uid === uid))
  }

  /** Reconciles an object soon, once, however often it is asked for. */
  enqueue(resource: Resource, object: KubeObject | undefined): void {
    if (object === undefined) return
    const {namespace, name} = object.metadata
    const reconcile = this.#reconcilers.get(resource)
    if (reconcile === undefined) return
    if (this.#queue.size === 0) this.clock.after(0, () => this.#drain())
    this.#queue.set(`${resource.plural}/${namespace}/${name}`, () => {
      const current = this.store.get(resource, namespace, name)
      if (current !== undefined) reconcile(current)
    })
  }

  readonly #reconcilers = new Map<Resource, (object: KubeObject) => void>([
    [DEPLOYMENTS, (object) => reconcileDeployment(this, object as never)],
    [REPLICA_SETS, (object) => reconcileReplicaSet(this, object as never)],
    [STATEFUL_SETS, (object) => reconcileStatefulSet(this, object as never)],
    [DAEMON_SETS, (object) => reconcileDaemonSet(this, object as never)],
    [JOBS, (object) => reconcileJob(this, object as never)],
    [QUOTAS, (object) => reconcileQuota(this, object as never)],
    [SERVICES, (object) => reconcileService(this, object as never)],
    [AUTOSCALERS, (object) => reconcileAutoscaler(this, object as never)],
  ])

  #drain(): void {
    for (const [key, reconcile] of this.#queue) {
      this.#queue.delete(key)
      reconcile()
    }
  }

  #react({type, resource, object, previous}: Change): void {
    const {namespace} = object.metadata
    this.enqueue(resource, object)
    if (resource === DEPLOYMENTS) for (const hpa of this.store.list(AUTOSCALERS, namespace)) this.enqueue(AUTOSCALERS, hpa)
    if (resource === REPLICA_SETS) this.enqueue(DEPLOYMENTS, this.ownerOf(DEPLOYMENTS, object))
    if (resource === QUOTAS) for (const set of this.store.list(REPLICA_SETS, namespace)) this.enqueue(REPLICA_SETS, set)
    if (resource === NODES && type !== 'DELETED') {
      obeyLabel(this, object as Node)
      this.kubelet.schedulePending()
      for (const set of this.store.list(DAEMON_SETS)) this.enqueue(DAEMON_SETS, set)
    }
    if (resource === PODS) {
      const set = this.ownerOf(REPLICA_SETS, object)
      this.enqueue(REPLICA_SETS, set)
      // A Recreate rollout waits for the last old pod; everything else shows in the status of the replica set.
      if (type === 'DELETED' && set !== undefined) this.enqueue(DEPLOYMENTS, this.ownerOf(DEPLOYMENTS, set))
      for (const kind of [STATEFUL_SETS, DAEMON_SETS, JOBS]) this.enqueue(kind, this.ownerOf(kind, object))
      for (const service of this.store.list(SERVICES, namespace)) {
        const selects = (labels: Labels | undefined) =>
          service.spec.selector !== undefined && matches({matchLabels: service.spec.selector}, labels)
        if (selects(object.metadata.labels) || selects(previous?.metadata.labels)) this.enqueue(SERVICES, service)
      }
      for (const quota of this.store.list(QUOTAS, namespace)) this.enqueue(QUOTAS, quota)
      if (type === 'ADDED') this.kubelet.schedule(object as Pod)
    }
    if (type === 'DELETED' && resource === NAMESPACES)
      for (const [kind, left] of this.store.within(object.metadata.name)) this.remove(kind, left, 0)
    if (type === 'DELETED') for (const kind of OWNED) for (const orphan of this.ownedBy(kind, object)) this.remove(kind, orphan)
  }

  /** A number from 0 up to `below` (mulberry32). */
  #random(below: number): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
