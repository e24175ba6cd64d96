import {UsageError} from '../../errors/index.ts'
import {nearestNames} from '../../text/nearest.ts'
import {PERMISSIONS, type Permission} from './permissions.ts'

export {PERMISSIONS} from './permissions.ts'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** A Role or ClusterRole of rbac.authorization.k8s.io/v1. */
export interface Role {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1'
  readonly kind: 'Role' | 'ClusterRole'
  readonly metadata: {readonly name: string; readonly namespace?: string; readonly labels: Readonly<Record<string, string>>}
  readonly rules: readonly Rule[]
}

/** What a Kubernetes client takes as one document. */
export interface RoleList {
  readonly apiVersion: 'v1'
  readonly kind: 'List'
  readonly items: readonly Role[]
}

/**
 * The Roles that commands need in a namespace, from one table; of all commands where none is named. A ClusterRole stands beside a Role
 * where something lies outside of namespaces. Throws a UsageError (64) for a command that needs none or does not exist.
 */
export function rolesFor(command: string | null, namespace: string): RoleList {
  const commands = command === null ? Object.keys(PERMISSIONS).sort() : [command]
  return {apiVersion: 'v1', kind: 'List', items: commands.flatMap((each) => rolesOf(each, namespace))}
}

function rolesOf(command: string, namespace: string): Role[] {
  const permissions = Object.hasOwn(PERMISSIONS, command) ? PERMISSIONS[command] : undefined
  if (permissions === undefined) {
    const suggestions = nearestNames(command, Object.keys(PERMISSIONS))
    throw new UsageError(`"${command}" is no command that needs permissions`, {
      suggestions,
      hints: suggestions.length === 0 ? [] : [{label: 'did you mean', text: suggestions[0] ?? ''}],
    })
  }
  const name = `sapoche-${command.replaceAll(' ', '-')}`
  const labels = {'app.kubernetes.io/name': 'sapoche'}
  const [inside, outside] = [
    permissions.filter(({isClusterWide}) => !isClusterWide),
    permissions.filter(({isClusterWide}) => isClusterWide),
  ]
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const roles: Role[] = [{apiVersion, kind: 'Role', metadata: {name, namespace, labels}, rules: mergeRules(inside)}]
  if (outside.length > 0) roles.push({apiVersion, kind: 'ClusterRole', metadata: {name, labels}, rules: mergeRules(outside)})
  return roles
}

/** Verbs of one resource come together, then resources of one group with the same verbs. */
function mergeRules(permissions: readonly Permission[]): Rule[] {
  const verbs = new Map<string, Set<string>>()
  for (const {apiGroups, resources, verbs: allowed} of permissions) {
    const key = `${apiGroups[0]} ${resources[0]}`
    verbs.set(key, new Set([...(verbs.get(key) ?? []), ...allowed]))
  }
  const grouped = Map.groupBy(verbs, ([key, allowed]) => `${key.split(' ')[0]} ${[...allowed].sort().join(' ')}`)
  return [...grouped].map(([key, entries]) => {
    const [group = '', ...allowed] = key.split(' ')
    return {apiGroups: [group], resources: entries.map(([of]) => of.split(' ')[1] ?? '').sort(), verbs: allowed}
  })
}

/** The manifests as YAML that kubectl applies, with a line for each permission that a command does without. */
export function rolesYaml(list: RoleList): string {
  return list.items.map((role) => `${notes(role)}${yamlOf(role)}`).join('---\n')
}

function notes({kind, metadata}: Role): string {
  const command = metadata.name.replace(/^sapoche-/, '')
  const permissions = PERMISSIONS[command] ?? PERMISSIONS[command.replaceAll('-', ' ')] ?? []
  const optional = permissions.filter((each) => each.optional !== '' && each.isClusterWide === (kind === 'ClusterRole'))
  return optional
    .map(({resources, verbs, optional: what}) => `# optional: ${verbs.join(', ')} ${resources.join(', ')} (${what})\n`)
    .join('')
}

function yamlOf({apiVersion, kind, metadata, rules}: Role): string {
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, 'metadata:', `  name: ${metadata.name}`]
  if (metadata.namespace !== undefined) lines.push(`  namespace: ${metadata.namespace}`)
  lines.push('  labels:', ...Object.entries(metadata.labels).map(([name, value]) => `    ${name}: ${value}`), 'rules:')
  for (const {apiGroups, resources, verbs} of rules) {
    lines.push(`- apiGroups: ${flow(apiGroups)}`, `  resources: ${flow(resources)}`, `  verbs: ${flow(verbs)}`)
  }
  return `${lines.join('\n')}\n`
}

function flow(values: readonly string[]): string {
  return `[${values.map((value) => (value === '' ? '""' : value)).join(', ')}]`
}
