import type {ClusterReader, JsonObject, Resource} from '../../clients/kubernetes/types.ts'
import {
  type Autoscaler,
  decodeAutoscaler,
  decodePod,
  decodeScaledObject,
  decodeService,
  listAt,
  objectAt,
  type ScaledObject,
  type Service,
  stringAt,
  stringMapAt,
  stringsAt,
} from '../../workload/index.ts'
import {readOptional, RESOURCES, type Read} from '../cluster/index.ts'
import {decodeSeenEvent, type SeenEvent} from '../events/index.ts'
import {
  type Inventory,
  type InventoryOptions,
  type InventorySources,
  readInventory,
  referencesOf,
  type References,
} from '../inventory/index.ts'

/** A pod template of another kind, or a pod without an owner: who else uses what a deployment uses. */
export interface OtherTemplate {
  readonly labels: Readonly<Record<string, string>>
  readonly references: References
}

/** A label selector of the API. */
export interface Selector {
  readonly labels: Readonly<Record<string, string>>
  readonly expressions: readonly {readonly key: string; readonly operator: string; readonly values: readonly string[]}[]
}

export interface DisruptionBudget {
  readonly name: string
  readonly selector: Selector
}

/** One look at everything that an audit of inactive deployments needs. */
export interface Look {
  readonly inventory: Inventory
  readonly events: Read<SeenEvent>
  readonly autoscalers: Read<Autoscaler>
  readonly scaledObjects: Read<ScaledObject>
  readonly services: Read<Service>
  readonly budgets: Read<DisruptionBudget>
  /** StatefulSets, DaemonSets, Jobs, CronJobs. */
  readonly others: readonly Read<OtherTemplate>[]
  /** Pods without an owner. */
  readonly ownerless: readonly OtherTemplate[]
}

const BUDGETS: Resource = {group: 'policy', version: 'v1', name: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', namespaced: true}

/** Reads it side by side. Errors as `readInventory`; the rest is optional. */
export async function look(options: InventoryOptions, sources: InventorySources, signal: AbortSignal): Promise<Look> {
  const {cluster} = sources
  const optional = <T>(resource: Resource, decode: (object: JsonObject) => T): Promise<Read<T>> =>
    readOptional(cluster, resource, decode, {signal})
  const [inventory, events, autoscalers, scaledObjects, services, budgets, ...others] = await Promise.all([
    readInventory(options, sources, signal, decodeBarePod),
    readScalings(cluster, signal),
    optional(RESOURCES.autoscalers, decodeAutoscaler),
    optional(RESOURCES.scaledObjects, decodeScaledObject),
    optional(RESOURCES.services, decodeService),
    optional(BUDGETS, decodeBudget),
    optional(RESOURCES.statefulSets, decodeTemplateOf),
    optional(RESOURCES.daemonSets, decodeTemplateOf),
    optional(RESOURCES.jobs, decodeTemplateOf),
    optional(RESOURCES.cronJobs, (object) => decodeTemplateOf(objectAt(objectAt(object, 'spec'), 'jobTemplate'))),
  ])
  const ownerless = inventory.pods.filter(({owner}) => owner === null).map(({template}) => template)
  return {inventory, events, autoscalers, scaledObjects, services, budgets, others, ownerless}
}

function readScalings(cluster: ClusterReader, signal: AbortSignal): Promise<Read<SeenEvent>> {
  return readOptional(cluster, RESOURCES.events, decodeSeenEvent, {signal, fieldSelector: 'reason=ScalingReplicaSet'})
}

function decodeBarePod(object: JsonObject) {
  return {...decodePod(object), template: templateOf(object)}
}

function decodeTemplateOf(object: JsonObject): OtherTemplate {
  return templateOf(objectAt(objectAt(object, 'spec'), 'template'))
}

function templateOf(template: JsonObject): OtherTemplate {
  return {labels: stringMapAt(objectAt(template, 'metadata'), 'labels'), references: referencesOf(objectAt(template, 'spec'))}
}

function decodeBudget(object: JsonObject): DisruptionBudget {
  const selector = objectAt(objectAt(object, 'spec'), 'selector')
  return {
    name: stringAt(objectAt(object, 'metadata'), 'name'),
    selector: {
      labels: stringMapAt(selector, 'matchLabels'),
      expressions: listAt(selector, 'matchExpressions', (expression) => ({
        key: stringAt(expression, 'key'),
        operator: stringAt(expression, 'operator'),
        values: stringsAt(expression, 'values'),
      })),
    },
  }
}

/** Whether a selector means an object with these labels. */
export function selects({labels: wanted, expressions}: Selector, labels: OtherTemplate['labels']): boolean {
  return (
    Object.entries(wanted).every(([key, value]) => labels[key] === value) &&
    expressions.every(({key, operator, values}) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      if (operator === 'In') return value !== undefined && values.includes(value)
      return value === undefined || !values.includes(value)
    })
  )
}
