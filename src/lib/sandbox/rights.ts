/** Who may do what. */

/** As in a Role. `*` stands for all. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** Somebody with less than all rights, to try permissions with. */
export interface User {
  readonly name: string
  readonly token: string
  readonly rules: readonly Rule[]
}

/** What is asked for; `subresource` is null for the object itself. */
export interface Subject {
  readonly group: string
  readonly plural: string
  readonly subresource: string | null
}

/** Null: may do everything. */
export function isAllowed(user: User | null, verb: string, {group, plural, subresource}: Subject): boolean {
  const kind = subresource === null ? plural : `${plural}/${subresource}`
  const has = (values: readonly string[], value: string) => values.includes('*') || values.includes(value)
  return user === null || user.rules.some((rule) => has(rule.apiGroups, group) && has(rule.resources, kind) && has(rule.verbs, verb))
}
