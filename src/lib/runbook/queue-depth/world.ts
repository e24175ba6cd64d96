import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, JsonObject} from '../../clients/kubernetes/types.ts'
import {
  autoscalerOf,
  type Autoscaler,
  decodeAutoscaler,
  decodeScaledObject,
  explainsZero,
  hiddenExplanation,
  judgeWorkload,
  numberAt,
  objectAt,
  type ScaledObject,
} from '../../workload/index.ts'
import {isWorker, queuesOf, readSubjects, redisOf, type ServerHint, type Subject} from '../bindings/index.ts'
import {readOptional, RESOURCES, warningOf, type Read} from '../cluster/index.ts'
import {factsOf, readInventory, type Group, type Inventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {placeOf, type Place} from './prefixes.ts'
import type {Worker} from './types.ts'

/** KEDA's own default, seconds. */
const POLLING_INTERVAL = 30

/** The workers of the namespace at one moment, and the queues that they work on. */
export interface World {
  readonly inventory: Inventory
  /** By the name of the queue, in the order of the workloads. */
  readonly queues: ReadonlyMap<string, Served>
  /** By the name of the workload. */
  readonly workers: ReadonlyMap<string, WorldWorker>
  readonly warnings: readonly Warning[]
}

/** What names a queue, and who works on it. */
export interface Served {
  readonly sources: readonly string[]
  readonly workloads: readonly string[]
  readonly thresholds: {readonly depth: number | null; readonly ageSeconds: number | null}
  /** The catalogue's dead-letter key; null where it names none. */
  readonly deadLetter: string | null
}

export interface WorldWorker {
  readonly worker: Omit<Worker, 'isBusy'>
  readonly queues: readonly string[]
  readonly place: Place
  /** Its Redis, as its environment says. */
  readonly redis: ServerHint | null
}

export interface WorldSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  now(): number
}

interface PolledObject extends ScaledObject {
  readonly pollingInterval: number
}

/** Reads the workers, their environments and what scales them. Errors as `readInventory`. */
export async function readWorld(sources: WorldSources, signal: AbortSignal): Promise<World> {
  const {cluster, catalogue} = sources
  const [inventory, autoscalers, scaledObjects] = await Promise.all([
    readInventory({targets: []}, sources, signal),
    readOptional(cluster, RESOURCES.autoscalers, decodeAutoscaler, {signal}),
    readOptional(cluster, RESOURCES.scaledObjects, decodePolledObject, {signal}),
  ])
  const groups = inventory.groups.filter((group) => isWorker(group))
  const {subjects, warnings} = await readSubjects(cluster, groups, signal)
  const workers = new Map<string, WorldWorker>()
  const hidden: Warning[] = []
  for (const [index, subject] of subjects.entries()) {
    const group = groups[index]
    const bindings = queuesOf(subject, catalogue)
    if (group === undefined || (bindings.found.length === 0 && bindings.hidden.length === 0)) continue
    if (bindings.hidden.length > 0) hidden.push(hiddenWarning(subject, bindings.hidden))
    workers.set(subject.name, {
      worker: workerOf(group, inventory, {autoscalers, scaledObjects}, sources),
      queues: bindings.found.map(({name}) => name),
      place: placeOf(subject),
      redis: redisOf(subject),
    })
  }
  return {
    inventory,
    queues: queuesBy(subjects, catalogue),
    workers,
    warnings: [...inventory.warnings, ...warningOf(autoscalers), ...warningOf(scaledObjects), ...warnings, ...hidden],
  }
}

function hiddenWarning({name}: Subject, variables: readonly string[]): Warning {
  return {
    code: 'queue-hidden',
    message: `the queue of ${name} is not known: ${variables.join(', ')} can't be read; name it in the catalogue`,
  }
}

function queuesBy(subjects: readonly Subject[], catalogue: Catalogue): Map<string, Served> {
  const queues = new Map<string, Served>()
  for (const subject of subjects) {
    for (const {name, source} of queuesOf(subject, catalogue).found) {
      const known = queues.get(name)
      const listed = subject.listed?.queues.find((queue) => queue.name === name)
      queues.set(name, {
        sources: [...new Set([...(known?.sources ?? []), source])],
        workloads: [...(known?.workloads ?? []), subject.name],
        thresholds: {
          depth: known?.thresholds.depth ?? listed?.maxDepth ?? null,
          ageSeconds: known?.thresholds.ageSeconds ?? listed?.maxAge ?? null,
        },
        deadLetter: known?.deadLetter ?? listed?.deadLetter ?? null,
      })
    }
  }
  return queues
}

interface Scalers {
  readonly autoscalers: Read<Autoscaler>
  readonly scaledObjects: Read<PolledObject>
}

function workerOf(group: Group, inventory: Inventory, scalers: Scalers, {catalogue, now}: WorldSources): Omit<Worker, 'isBusy'> {
  const {name, listed} = group
  const startupGrace = listed?.startupGrace ?? catalogue.startupGrace
  const scaledObject = scalers.scaledObjects.items === null ? 'unreadable' : autoscalerOf(scalers.scaledObjects.items, 'Deployment', name)
  const autoscaler = scalers.autoscalers.items === null ? 'unreadable' : autoscalerOf(scalers.autoscalers.items, 'Deployment', name)
  const {ready, desired, health, reason} = judgeWorkload(factsOf(group, inventory, catalogue, {autoscaler, scaledObject}), now())
  const isKeda = scaledObject !== null && scaledObject !== 'unreadable' && explainsZero({autoscaler, scaledObject}) !== null
  return {
    name,
    ready,
    desired,
    health,
    reason,
    baseline: listed?.baseline ?? null,
    isBacklogAccepted: listed?.inactive?.backlogAccepted === true,
    kedaStartsWithin: isKeda ? scaledObject.pollingInterval + startupGrace : null,
    hidden: hiddenExplanation({autoscaler, scaledObject}, 0),
  }
}

function decodePolledObject(object: JsonObject): PolledObject {
  return {...decodeScaledObject(object), pollingInterval: numberAt(objectAt(object, 'spec'), 'pollingInterval') ?? POLLING_INTERVAL}
}
