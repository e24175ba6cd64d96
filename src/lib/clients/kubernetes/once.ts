import type {ClusterClient, ClusterReader, Decode, JsonObject, ListOptions, Listed, Resource} from './types.ts'

/**
 * The same cluster, of which each list and each object is asked for once: who asks again gets the same answer, or the same error. For one look
 * that several steps share. It keeps the raw objects as long as it lives; other namespaces, and what is no reading, pass through.
 */
export function readOnce(cluster: ClusterClient): ClusterClient {
  const lists = new Map<string, Promise<Listed<JsonObject>>>()
  const objects = new Map<string, Promise<JsonObject | null>>()
  const reading: Pick<ClusterReader, 'list' | 'get'> = {
    async list<T>(resource: Resource, decode: Decode<T>, options: ListOptions = {}): Promise<Listed<T>> {
      const {signal: _, ...selection} = options
      const ask = (): Promise<Listed<JsonObject>> => cluster.list(resource, asItIs, options)
      const {items, resourceVersion} = await once(lists, keyOf(resource, JSON.stringify(selection)), ask)
      return {items: items.map((item) => decode(item)), resourceVersion}
    },
    async get<T>(resource: Resource, name: string, decode: Decode<T>, options: {readonly signal?: AbortSignal} = {}): Promise<T | null> {
      const found = await once(objects, keyOf(resource, name), () => cluster.get(resource, name, asItIs, options))
      return found === null ? null : decode(found)
    },
  }
  return new Proxy(cluster, {
    get(target, property) {
      if (property === 'list' || property === 'get') return reading[property]
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function asItIs(object: JsonObject): JsonObject {
  return object
}

function keyOf({group, version, name}: Resource, rest: string): string {
  return `${group}/${version}/${name} ${rest}`
}

function once<T>(answers: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const answer = answers.get(key) ?? ask()
  answers.set(key, answer)
  return answer
}
