import type {
  ClusterReader,
  Decode,
  JsonObject,
  Listed,
  ListOptions,
  Resource,
  WatchEvent,
} from '../../../src/lib/clients/kubernetes/types.ts'
import {SOURCES, type Kinds} from '../../../src/lib/runbook/status/collect.ts'

/** What a watch does next: an event with raw objects, or its end by an error. */
export type Step =
  | {readonly type: 'listed'; readonly items: readonly JsonObject[]}
  | {readonly type: 'added' | 'modified' | 'deleted'; readonly object: JsonObject}
  | {readonly type: 'blind'; readonly reason: string}
  | {readonly type: 'resumed'}
  | Error

interface Channel {
  readonly steps: Step[]
  /** How many watches were begun. */
  begun: number
  wake: () => void
}

/** A cluster whose watches say what the test tells them to, in that order. */
export class ScriptedCluster implements ClusterReader {
  readonly context = 'test'
  readonly namespace = 'sapoche'
  readonly server = 'https://cluster.test'
  /** Whether `get` finds the namespace. */
  hasNamespace = true
  readonly #channels = new Map<string, Channel>()

  /** Lists for all kinds; those that are not given are empty, null leaves one without an answer. */
  begin(lists: Partial<Record<keyof Kinds, readonly JsonObject[] | Error | null>> = {}): void {
    for (const kind of Object.keys(SOURCES) as (keyof Kinds)[]) {
      const list = lists[kind] === undefined ? [] : lists[kind]
      if (list !== null) this.say(kind, list instanceof Error ? list : {type: 'listed', items: list})
    }
  }

  say(kind: keyof Kinds, ...steps: Step[]): void {
    const channel = this.#channel(SOURCES[kind].resource.name)
    channel.steps.push(...steps)
    channel.wake()
  }

  /** The same to all kinds, as when the server goes away. */
  sayAll(...steps: Step[]): void {
    for (const kind of Object.keys(SOURCES) as (keyof Kinds)[]) this.say(kind, ...steps)
  }

  begun(kind: keyof Kinds): number {
    return this.#channel(SOURCES[kind].resource.name).begun
  }

  async *watch<T>(resource: Resource, decode: Decode<T>, {signal}: ListOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const channel = this.#channel(resource.name)
    channel.begun++
    for (;;) {
      if (signal?.aborted === true) return
      const step = channel.steps.shift()
      if (step === undefined) {
        await new Promise<void>((resolve) => {
          channel.wake = resolve
          signal?.addEventListener('abort', () => resolve(), {once: true})
        })
      } else if (step instanceof Error) throw step
      else if (step.type === 'listed') yield {type: 'listed', items: step.items.map(decode)}
      else if ('object' in step) yield {type: step.type, object: decode(step.object)}
      else yield step
    }
  }

  list<T>(): Promise<Listed<T>> {
    return Promise.reject(new Error('what is followed is not listed'))
  }

  async get<T>(_: Resource, name: string, decode: Decode<T>): Promise<T | null> {
    return this.hasNamespace ? decode({metadata: {name}}) : null
  }

  serverClock(): null {
    return null
  }

  close(): void {}

  #channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) this.#channels.set(name, (channel = {steps: [], begun: 0, wake: () => {}}))
    return channel
  }
}

export const WORKER = 'worker-sapoche-pdf'

/** A deployment of one replica; `since` is when its availability last changed. */
export function deployment({ready = 1, replicas = 1, since = '2026-11-22T01:00:00Z', name = WORKER} = {}): JsonObject {
  const available = {type: 'Available', status: ready === replicas ? 'True' : 'False', reason: '', message: '', lastTransitionTime: since}
  return {
    metadata: {name, uid: `uid-${name}`, generation: 1, creationTimestamp: '2026-11-22T00:00:00Z'},
    spec: {replicas, template: {}},
    status: {
      observedGeneration: 1,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [available],
    },
  }
}

export function replicaSet(name = WORKER): JsonObject {
  const owner = {kind: 'Deployment', name, uid: `uid-${name}`, controller: true}
  return {
    metadata: {name: `${name}-7c9f`, uid: `uid-${name}-7c9f`, creationTimestamp: '2026-11-22T00:00:00Z', ownerReferences: [owner]},
    spec: {replicas: 1, template: {}},
  }
}

/** A running pod of the replica set above. */
export function pod({ready = true, suffix = 'x2x', name = WORKER} = {}): JsonObject {
  const owner = {kind: 'ReplicaSet', name: `${name}-7c9f`, uid: `uid-${name}-7c9f`, controller: true}
  const state = {running: {startedAt: '2026-11-22T00:00:10Z'}}
  return {
    metadata: {name: `${name}-7c9f-${suffix}`, uid: `uid-${suffix}`, creationTimestamp: '2026-11-22T00:00:00Z', ownerReferences: [owner]},
    spec: {containers: [{name: 'app', image: 'worker:1'}]},
    status: {
      phase: 'Running',
      conditions: [{type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-11-22T00:00:10Z'}],
      containerStatuses: [{name: 'app', ready, restartCount: 0, state}],
    },
  }
}

/** The deployment is well, with all that belongs to it. */
export const WELL = {deployments: [deployment()], replicaSets: [replicaSet()], pods: [pod()]} as const
