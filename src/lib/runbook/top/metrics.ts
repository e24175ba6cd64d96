import {ApiAbsentError} from '../../clients/kubernetes/errors.ts'
import type {ClusterReader, JsonObject, Resource} from '../../clients/kubernetes/types.ts'
import {UnreachableError} from '../../errors/index.ts'
import {parseQuantity, type Quantity} from '../../text/quantity.ts'
import {parseTime} from '../../text/time.ts'

const POD_METRICS: Resource = {group: 'metrics.k8s.io', version: 'v1beta1', name: 'pods', kind: 'PodMetrics', namespaced: true}

/** What a container uses; null where the metric has not that part. */
export interface Use {
  readonly cpu: Quantity | null
  readonly memory: Quantity | null
  readonly measuredAt: number | null
}

/** By the pod's name, then by the container's. */
export type Metrics = ReadonlyMap<string, ReadonlyMap<string, Use>>

/** The metrics of all pods of the namespace. Rejects with an UnreachableError (69) that says so where the cluster has no metrics. */
export async function readMetrics(cluster: ClusterReader, signal: AbortSignal): Promise<Metrics> {
  try {
    const {items} = await cluster.list(POD_METRICS, decodePodMetrics, {signal})
    return new Map(items)
  } catch (error) {
    if (!(error instanceof ApiAbsentError)) throw error
    throw new UnreachableError('this cluster has no metrics: the API metrics.k8s.io is absent', {
      cause: error,
      hints: [{label: 'cure', text: 'metrics-server (or another adapter) has to be installed in the cluster'}],
    })
  }
}

function decodePodMetrics({metadata, timestamp, containers}: JsonObject): [string, Map<string, Use>] {
  const measuredAt = parseTime(timestamp)
  const uses = new Map<string, Use>()
  for (const container of Array.isArray(containers) ? containers : []) {
    const {name, usage} = objectOf(container)
    const {cpu, memory} = objectOf(usage)
    uses.set(String(name), {cpu: quantityOf(cpu), memory: quantityOf(memory), measuredAt})
  }
  return [String(objectOf(metadata)['name']), uses]
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

function quantityOf(value: unknown): Quantity | null {
  return typeof value === 'string' ? parseQuantity(value) : null
}
