/** What a container's processes find in their environment. */
import type {Cluster} from './cluster.ts'
import {isRecord, pick, scalar} from './json.ts'
import {CONFIG_MAPS, SECRETS, type Resource} from './resources.ts'
import type {Container, KubeObject, Pod} from './types.ts'

/** As the kubelet makes it: `envFrom` first, then `env`, the later before the earlier. */
export function environmentOf(cluster: Cluster, pod: Pod, container: Container): Map<string, string> {
  const {namespace, name} = pod.metadata
  const environment = new Map([
    ['PATH', '/usr/local/bin:/usr/bin:/bin'],
    ['HOSTNAME', name],
    ['HOME', '/app'],
  ])
  const dataOf = (reference: unknown, resource: Resource): [string, string][] => {
    const object: KubeObject | undefined = cluster.store.get(resource, namespace, scalar(pick(reference, 'name')) ?? '')
    return Object.entries(isRecord(object?.['data']) ? object['data'] : {}).map(([key, value]) => [
      key,
      resource === SECRETS ? Buffer.from(String(value), 'base64').toString() : String(value),
    ])
  }
  for (const from of recordsIn(container['envFrom'])) {
    const data = [...dataOf(from['configMapRef'], CONFIG_MAPS), ...dataOf(from['secretRef'], SECRETS)]
    for (const [key, value] of data) environment.set(`${scalar(from['prefix']) ?? ''}${key}`, value)
  }
  for (const {name: variable, value, valueFrom} of recordsIn(container['env'])) {
    const [configMap, secret] = [pick(valueFrom, 'configMapKeyRef'), pick(valueFrom, 'secretKeyRef')]
    const field = scalar(pick(valueFrom, 'fieldRef.fieldPath'))
    const [, found] =
      [...dataOf(configMap, CONFIG_MAPS), ...dataOf(secret, SECRETS)].find(([key]) => key === pick(configMap ?? secret, 'key')) ?? []
    const filled = field === undefined ? found : scalar(pick(pod, field))
    environment.set(String(variable), scalar(value) ?? filled ?? '')
  }
  return environment
}

function recordsIn(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : []
}
