/** What `kubectl api-resources` and every client's mapper read: groups, versions, resources. */
import {type Resource, apiVersionOf} from './resources.ts'

/** The version that is simulated. */
export const VERSION = {major: '1', minor: '36', gitVersion: 'v1.36.3', platform: 'linux/amd64'}

/** The discovery document at a path; undefined where there is none. */
export function discovery(path: string, resources: readonly Resource[]): object | undefined {
  const groups = [...new Set(resources.filter(({group}) => group !== '').map(({group}) => group))]
  if (path === '/version') return VERSION
  if (path === '/api') return {kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: []}
  if (path === '/apis') return {kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((group) => groupOf(group, resources))}
  const [, root, group, version, more] = path.split('/')
  if (root === 'apis' && version === undefined && group !== undefined && groups.includes(group)) {
    return {kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, resources)}
  }
  const groupVersion =
    root === 'api' && version === undefined ? group : root === 'apis' && more === undefined ? `${group}/${version}` : undefined
  const members = resources.filter((resource) => apiVersionOf(resource) === groupVersion)
  if (members.length === 0) return undefined
  return {kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: members.flatMap(resourceOf)}
}

function groupOf(name: string, resources: readonly Resource[]): object {
  const versions = [...new Set(resources.filter(({group}) => group === name).map(({version}) => version))]
  const named = versions.map((version) => ({groupVersion: `${name}/${version}`, version}))
  return {name, versions: named, preferredVersion: named[0]}
}

/** Subresources that are objects of another kind. */
const SUBRESOURCES: Readonly<Record<string, object>> = {
  scale: {group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update']},
  log: {kind: 'Pod', verbs: ['get']},
  eviction: {group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create']},
}

function resourceOf({plural, kind, namespaced, verbs, shortNames, categories, subresources}: Resource): object[] {
  const main = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && {shortNames}),
    ...(categories.length > 0 && {categories}),
  }
  const below = subresources.map((subresource) => {
    const name = `${plural}/${subresource}`
    return {name, singularName: '', namespaced, ...(SUBRESOURCES[subresource] ?? {kind, verbs: ['get', 'patch', 'update']})}
  })
  return [main, ...below]
}
