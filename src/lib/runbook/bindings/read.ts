import type {ClusterReader, JsonObject} from '../../clients/kubernetes/types.ts'
import {type Container, objectAt, stringAt} from '../../workload/index.ts'
import {readConfigMaps} from '../cluster/index.ts'
import type {Warning} from '../schema.ts'
import {configMapsOf, environmentOf} from './environment.ts'
import type {Declared, Subject} from './names.ts'

/** The workloads with their environments, and what of those could not be read. */
export interface Subjects {
  readonly subjects: readonly Subject[]
  readonly warnings: readonly Warning[]
}

/** Init containers have ended before the work begins. */
const works = ({role}: Container): boolean => role !== 'init'

/**
 * The environments of workloads as their deployments declare them, ConfigMaps followed (a request each), Secrets not read.
 * A ConfigMap that can't be read is a warning. Rejects when interrupted, and with nothing else.
 */
export async function readSubjects(cluster: ClusterReader, workloads: readonly Declared[], signal: AbortSignal): Promise<Subjects> {
  const containersOf = ({deployment}: Declared): Container[] => deployment?.template.containers.filter(works) ?? []
  const names = configMapsOf(workloads.flatMap(containersOf))
  const {data, warnings} = await readConfigMaps(cluster, names, signal)
  const subjects = workloads.map((workload) => ({
    name: workload.name,
    category: workload.category,
    listed: workload.listed,
    environments: containersOf(workload).map((container) => environmentOf(container, data)),
  }))
  return {subjects, warnings}
}

/** One key of a Secret, as text; null where it has no such key. */
export function decodeSecretKey(object: JsonObject, key: string): string | null {
  const encoded = stringAt(objectAt(object, 'data'), key)
  return encoded === '' ? null : Buffer.from(encoded, 'base64').toString('utf8')
}
