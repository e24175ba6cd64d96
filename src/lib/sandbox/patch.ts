/** The three kinds of patch that kubectl and this program send: JSON, merge, and strategic merge. */
import {applyPatch} from 'rfc6902'

import {ApiFailure, badRequest, notImplemented} from './failure.ts'
import {clone, isRecord} from './json.ts'

/** Applies a patch of the given media type to a copy of `current`. Throws 400, 415, 422 or 501. */
export function patched(mediaType: string, current: object, patch: unknown): unknown {
  switch (mediaType) {
    case 'application/json-patch+json':
      return jsonPatched(clone(current), patch)
    case 'application/merge-patch+json':
      return merged(current, patch)
    case 'application/strategic-merge-patch+json':
      return strategic(current, patch, '')
    default:
      throw new ApiFailure(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${mediaType}`)
  }
}

function jsonPatched(draft: object, patch: unknown): unknown {
  const isOperation = (item: unknown) => isRecord(item) && typeof item['op'] === 'string' && typeof item['path'] === 'string'
  if (!Array.isArray(patch) || !patch.every(isOperation)) throw badRequest('a JSON patch is a list of operations')
  const failed = applyPatch(draft, patch as Parameters<typeof applyPatch>[1]).find((error) => error !== null)
  if (failed != null)
    throw new ApiFailure(422, 'Invalid', `the server rejected our request due to an error in our request: ${failed.message}`)
  return draft
}

/** RFC 7386: null removes, objects merge, everything else replaces. */
function merged(current: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(current) ? {...current} : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

/** The lists that strategic merge merges by a key; every other list is replaced (the patchMergeKey of the API types). */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
  conditions: ['type'],
  addresses: ['type'],
  taints: ['key'],
  ownerReferences: ['uid'],
  topologySpreadConstraints: ['topologyKey'],
}

function strategic(current: unknown, patch: unknown, field: string): unknown {
  if (Array.isArray(patch)) return strategicList(current, patch, field)
  if (!isRecord(patch)) return patch
  const {$patch: directive, $retainKeys: retained, ...rest} = patch
  if (directive === 'replace') return rest
  if (directive === 'delete') return undefined
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown patch directive: ${JSON.stringify(directive)}`)
  const result: Record<string, unknown> = isRecord(current) ? {...current} : {}
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) throw notImplemented(key)
    // The order of list items means nothing to the controllers here.
    if (key.startsWith('$setElementOrder/')) continue
    const next = value === null ? undefined : strategic(result[key], value, key)
    if (next === undefined) delete result[key]
    else result[key] = next
  }
  return result
}

function strategicList(current: unknown, patch: readonly unknown[], field: string): unknown[] {
  const key = MERGE_KEYS[field]?.find((name) =>
    patch.every((item) => isRecord(item) && (item[name] !== undefined || item['$patch'] === 'replace')),
  )
  const replace = patch.some((item) => isRecord(item) && item['$patch'] === 'replace')
  const wanted = patch.filter((item) => !isRecord(item) || item['$patch'] !== 'replace')
  if (key === undefined || replace || !Array.isArray(current))
    return wanted.map((item) => strategic(undefined, item, '')).filter((item) => item !== undefined)
  const result: unknown[] = [...current]
  for (const item of wanted as Record<string, unknown>[]) {
    const index = result.findIndex((old) => isRecord(old) && old[key] === item[key])
    const next = strategic(result[index], item, '')
    if (index < 0 && next !== undefined) result.push(next)
    else if (next === undefined) result.splice(index, index < 0 ? 0 : 1)
    else result[index] = next
  }
  return result
}
