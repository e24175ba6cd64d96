import type {ClusterReader, ClusterWriter, JsonObject, Resource} from '../../clients/kubernetes/types.ts'
import {listAt, objectAt, stringAt, stringsAt} from '../../workload/index.ts'
import {type GrantedRule, isGranted, keyOf, type Right} from './permissions.ts'

const authorization = (name: string, kind: string): Resource => ({
  group: 'authorization.k8s.io',
  version: 'v1',
  name,
  kind,
  namespaced: false,
})
const RULES = authorization('selfsubjectrulesreviews', 'SelfSubjectRulesReview')
const ACCESS = authorization('selfsubjectaccessreviews', 'SelfSubjectAccessReview')
const SELF: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  name: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
}

type Cluster = ClusterReader & ClusterWriter

/** Whom the server takes us for. Rejects where it is too old to say (before 1.28). */
export async function whoAmI(cluster: Cluster, signal: AbortSignal): Promise<{readonly name: string; readonly groups: readonly string[]}> {
  return await cluster.post(SELF, reviewOf(SELF, {}), decodeUser, {signal})
}

/**
 * Which of these rights we have in the client's namespace, by `keyOf`: all rules in one request; one request besides for each right that they
 * can't tell of (outside of namespaces, or where an authorizer of the server keeps its rules to itself). Rejects with a SapocheError.
 */
export async function reviewRights(cluster: Cluster, rights: readonly Right[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  const {namespace} = cluster
  const {rules, isComplete} = await cluster.post(RULES, reviewOf(RULES, {namespace}), decodeRules, {signal})
  const unsure = rights.filter((right) => !isGranted(right, rules) && (right.isClusterWide || !isComplete))
  const allowed = await Promise.all(unsure.map(async (right) => ((await isAllowed(cluster, right, signal)) ? right : null)))
  return new Set([...rights.filter((right) => isGranted(right, rules)), ...allowed.filter((right) => right !== null)].map(keyOf))
}

async function isAllowed(cluster: Cluster, {group, resource, verb, isClusterWide}: Right, signal: AbortSignal): Promise<boolean> {
  const [name = '', subresource] = resource.split('/')
  const where = isClusterWide ? {} : {namespace: cluster.namespace}
  const resourceAttributes = {...where, group, resource: name, verb, ...(subresource === undefined ? {} : {subresource})}
  return await cluster.post(ACCESS, reviewOf(ACCESS, {resourceAttributes}), decodeAllowed, {signal})
}

function reviewOf({group, version, kind}: Resource, spec: JsonObject): JsonObject {
  return {apiVersion: `${group}/${version}`, kind, spec}
}

function decodeUser(object: JsonObject): {name: string; groups: readonly string[]} {
  const user = objectAt(objectAt(object, 'status'), 'userInfo')
  return {name: stringAt(user, 'username'), groups: stringsAt(user, 'groups')}
}

function decodeRules(object: JsonObject): {rules: GrantedRule[]; isComplete: boolean} {
  const status = objectAt(object, 'status')
  const rules = listAt(status, 'resourceRules', (rule) => ({
    apiGroups: stringsAt(rule, 'apiGroups'),
    resources: stringsAt(rule, 'resources'),
    verbs: stringsAt(rule, 'verbs'),
    resourceNames: stringsAt(rule, 'resourceNames'),
  }))
  return {rules, isComplete: status['incomplete'] !== true}
}

function decodeAllowed(object: JsonObject): boolean {
  return objectAt(object, 'status')['allowed'] === true
}
