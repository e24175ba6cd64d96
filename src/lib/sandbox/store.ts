/**
 * All objects of the cluster, one counter of versions over them, and the changes of late for watches.
 * An object in the store is never changed in place: who changes one puts a new one, so readers and snapshots need no copies.
 */
import {clone, same} from './json.ts'
import type {Resource} from './resources.ts'
import type {KubeObject} from './types.ts'

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: Resource
  readonly object: KubeObject
  readonly previous: KubeObject | null
  readonly version: number
}

/** How many changes a watch can catch up on; older versions are 410 Gone. */
const HISTORY = 5000

export class Store {
  readonly #tables = new Map<Resource, Map<string, KubeObject>>()
  readonly #listeners = new Set<(change: Change) => void>()
  readonly #pending: Change[] = []
  #history: Change[] = []
  #version = 1
  #oldest = 1

  /** The version of the newest change. */
  get version(): number {
    return this.#version
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string): T | undefined {
    return this.#table(resource).get(keyOf(namespace, name)) as T | undefined
  }

  /** In the order of creation; all namespaces when none is given. */
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string | null): T[] {
    const all = [...this.#table(resource).values()] as T[]
    return namespace == null ? all : all.filter((object) => object.metadata.namespace === namespace)
  }

  /** Everything in a namespace. */
  within(namespace: string): [Resource, KubeObject][] {
    return [...this.#tables.keys()].flatMap((resource) =>
      this.list(resource, namespace).map((object): [Resource, KubeObject] => [resource, object]),
    )
  }

  /** Adds or replaces an object; it gets the next resource version. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const previous = this.#table(resource).get(key) ?? null
    const stored = {...object, metadata: {...object.metadata, resourceVersion: String(this.#version + 1)}}
    this.#table(resource).set(key, stored)
    this.#publish(previous === null ? 'ADDED' : 'MODIFIED', resource, stored, previous)
    return stored
  }

  /** Changes a copy of `object` and puts it, with the next generation where its spec changed; puts nothing when nothing changed. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, change: (draft: T) => void): T {
    const draft = clone(object)
    change(draft)
    if (same(draft, object)) return object
    if (draft.metadata.generation !== undefined && !same(draft.spec, object.spec)) draft.metadata.generation += 1
    return this.put(resource, draft)
  }

  remove(resource: Resource, object: KubeObject): KubeObject {
    this.#table(resource).delete(keyOf(object.metadata.namespace, object.metadata.name))
    const last = {...object, metadata: {...object.metadata, resourceVersion: String(this.#version + 1)}}
    this.#publish('DELETED', resource, last, object)
    return last
  }

  /** Calls `listener` on every change from now on; returns how to stop it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The changes after a version; null where they are no longer known. */
  since(version: number): readonly Change[] | null {
    if (version < this.#oldest || version > this.#version) return null
    return this.#history.filter((change) => change.version > version)
  }

  /** Forgets the changes up to now: a watch can't start before this point. */
  forget(): void {
    this.#history = []
    this.#oldest = this.#version
  }

  #table(resource: Resource): Map<string, KubeObject> {
    let table = this.#tables.get(resource)
    if (table === undefined) this.#tables.set(resource, (table = new Map()))
    return table
  }

  #publish(type: Change['type'], resource: Resource, object: KubeObject, previous: KubeObject | null): void {
    this.#version += 1
    const change = {type, resource, object, previous, version: this.#version}
    this.#history.push(change)
    if (this.#history.length > 2 * HISTORY) {
      this.#history = this.#history.slice(-HISTORY)
      this.#oldest = (this.#history[0]?.version ?? this.#version) - 1
    }
    // A listener may change more: every listener sees all changes in their order.
    this.#pending.push(change)
    if (this.#pending.length > 1) return
    for (let next: Change | undefined = change; next !== undefined; next = this.#pending[0]) {
      for (const listener of this.#listeners) listener(next)
      this.#pending.shift()
    }
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}
