import {PERMISSIONS} from '../rbac/index.ts'

/** A rule of a SelfSubjectRulesReview. */
export interface GrantedRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  /** Objects that it is for alone; empty for all. */
  readonly resourceNames: readonly string[]
}

/** One verb on one resource. */
export interface Right {
  readonly group: string
  /** With its subresource: `pods/exec`. */
  readonly resource: string
  readonly verb: string
  readonly isClusterWide: boolean
}

/** What a command lacks. */
export interface Gap extends Right {
  /** What it can't say without it; '' where it can't run. */
  readonly optional: string
}

export interface CommandGaps {
  readonly command: string
  readonly gaps: readonly Gap[]
}

/** From this minor version of Kubernetes 1 on a WebSocket takes `create` besides `get` (KEP-4006). */
const CREATE_SINCE = 35
const BY_WEBSOCKET = new Set(['pods/exec', 'pods/portforward'])

export function keyOf({group, resource, verb}: Right): string {
  return `${group}/${resource} ${verb}`
}

/** All rights that commands may need, each once. `version` is the API server's (`v1.34.2`); null where it is not known. */
export function neededRights(version: string | null): Right[] {
  const rights = Object.keys(PERMISSIONS).flatMap((command) => needsOf(command, version))
  return [
    ...new Map(
      rights.map(({group, resource, verb, isClusterWide}) => [`${group}/${resource} ${verb}`, {group, resource, verb, isClusterWide}]),
    ).values(),
  ]
}

/** Whether rules that hold in the namespace give a right there; what lies outside of namespaces they can't. */
export function isGranted(right: Right, rules: readonly GrantedRule[]): boolean {
  const {group, resource, verb, isClusterWide} = right
  return (
    !isClusterWide &&
    rules.some(
      (rule) =>
        rule.resourceNames.length === 0 && has(rule.apiGroups, group) && hasResource(rule.resources, resource) && has(rule.verbs, verb),
    )
  )
}

/** What each command lacks, of the one table that Roles are made from; commands in the order of their names. */
export function gapsOf(granted: ReadonlySet<string>, version: string | null): CommandGaps[] {
  return Object.keys(PERMISSIONS)
    .sort()
    .map((command) => ({command, gaps: needsOf(command, version).filter((right) => !granted.has(keyOf(right)))}))
}

function needsOf(command: string, version: string | null): Gap[] {
  return (PERMISSIONS[command] ?? []).flatMap(({apiGroups, resources, verbs, optional, isClusterWide}) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs
          .filter((verb) => verb !== 'create' || !BY_WEBSOCKET.has(resource) || needsCreate(version))
          .map((verb) => ({group, resource, verb, optional, isClusterWide})),
      ),
    ),
  )
}

function needsCreate(version: string | null): boolean {
  const [, minor] = /^v?1\.(\d+)/.exec(version ?? '') ?? []
  return minor === undefined || Number(minor) >= CREATE_SINCE
}

function has(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value)
}

/** Rules may name all resources, or a subresource of all of them (`*\/scale`). */
function hasResource(values: readonly string[], resource: string): boolean {
  const [, subresource] = resource.split('/')
  return has(values, resource) || (subresource !== undefined && values.includes(`*/${subresource}`))
}
