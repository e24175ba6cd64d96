/** Questions about one's own rights, which are answered and never stored: SelfSubjectReview, -AccessReview, -RulesReview. */
import {pick, scalar} from './json.ts'
import {isAllowed, type User} from './rights.ts'

const KINDS: Readonly<Record<string, string>> = {
  selfsubjectreviews: 'SelfSubjectReview',
  selfsubjectaccessreviews: 'SelfSubjectAccessReview',
  selfsubjectrulesreviews: 'SelfSubjectRulesReview',
}

/** What the owner of the sandbox's token is called. */
const OWNER: User = {name: 'sandbox', token: '', rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]}

/** The answer to a review that was posted to this path; null for every other one. A user's rights are the same in all namespaces. */
export function review(path: string, user: User | null, body: () => unknown): object | null {
  const [, groupVersion = '', plural = ''] = /^\/apis\/(authentication\.k8s\.io\/v1|authorization\.k8s\.io\/v1)\/(\w+)$/.exec(path) ?? []
  const kind = KINDS[plural]
  if (kind === undefined) return null
  const asked = body()
  return {kind, apiVersion: groupVersion, metadata: {}, spec: pick(asked, 'spec') ?? {}, status: statusOf(plural, user ?? OWNER, asked)}
}

function statusOf(plural: string, user: User, body: unknown): object {
  if (plural === 'selfsubjectreviews') return {userInfo: {username: user.name, groups: ['system:authenticated']}}
  if (plural === 'selfsubjectrulesreviews') return {resourceRules: user.rules, nonResourceRules: [], incomplete: false}
  const asked = (field: string): string => scalar(pick(body, `spec.resourceAttributes.${field}`)) ?? ''
  const subject = {group: asked('group'), plural: asked('resource'), subresource: asked('subresource') || null}
  return {allowed: isAllowed(user, asked('verb'), subject)}
}
