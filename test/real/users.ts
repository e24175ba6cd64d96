import {randomBytes} from 'node:crypto'
import {join} from 'node:path'
import type {V1PolicyRule} from '@kubernetes/client-node'
import {type Api, connectApi} from './api.ts'
import type {Cluster} from './cluster-handle.ts'
import {writeKubeconfig} from './kubeconfig.ts'
import {NAMESPACE} from './manifests.ts'
import {waitUntil} from './processes.ts'

/** Where the users' service accounts are, so that nothing of them shows in the namespace under test but their Role. */
const HOME = 'default'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

export interface User {
  readonly name: string
  readonly token: string
  readonly kubeconfig: string
  readonly api: Api
}

export interface Rights {
  /** Of a Role in the namespace. */
  readonly rules?: readonly V1PolicyRule[]
  /** Of a ClusterRole, for what has no namespace. */
  readonly clusterRules?: readonly V1PolicyRule[]
}

/** A new user who may do just this and nothing else. Resolves when the API server has taken notice of the rights. */
export async function createUser(cluster: Cluster, {rules = [], clusterRules = []}: Rights): Promise<User> {
  const {api, server, ca} = cluster
  const name = `user-${randomBytes(4).toString('hex')}`
  const accounts = `/api/v1/namespaces/${HOME}/serviceaccounts`
  await api.create(accounts, {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name}})
  const request = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {expirationSeconds: 86_400}}
  const {status} = await api.create<{status: {token: string}}>(`${accounts}/${name}/token`, request)
  if (rules.length > 0) await bind(api, name, 'Role', rules)
  if (clusterRules.length > 0) await bind(api, name, 'ClusterRole', clusterRules)

  const user = connectApi({server, ca, token: status.token})
  for (const [granted, namespace] of [
    [rules, NAMESPACE],
    [clusterRules, undefined],
  ] as const) {
    const rule = granted.at(-1)
    if (rule !== undefined) await waitUntil(`the rights of ${name} are known`, () => mayDo(user, rule, namespace), {timeout: 10_000})
  }
  const kubeconfig = await writeKubeconfig(join(cluster.dir, `kubeconfig-${name}`), {server, ca, token: status.token})
  return {name, token: status.token, kubeconfig, api: user}
}

async function bind(api: Api, name: string, kind: 'Role' | 'ClusterRole', rules: readonly V1PolicyRule[]): Promise<void> {
  const scope = kind === 'Role' ? `${RBAC}/namespaces/${NAMESPACE}/roles` : `${RBAC}/clusterroles`
  await api.create(scope, {apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: {name}, rules})
  await api.create(scope.replace(/s$/, 'bindings'), {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: {name},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind, name},
    subjects: [{kind: 'ServiceAccount', name, namespace: HOME}],
  })
}

async function mayDo(api: Api, rule: V1PolicyRule, namespace?: string): Promise<boolean> {
  const [resource = '', subresource] = (rule.resources?.[0] ?? '').split('/')
  const {status} = await api.create<{status: {allowed: boolean}}>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        namespace,
        verb: rule.verbs[0],
        group: rule.apiGroups?.[0],
        resource,
        subresource,
        name: rule.resourceNames?.[0],
      },
    },
  })
  return status.allowed
}
