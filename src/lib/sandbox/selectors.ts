/** Label selectors and field selectors, as objects and as query strings. */
import {badRequest} from './failure.ts'
import {pick, scalar} from './json.ts'
import type {Resource} from './resources.ts'
import type {KubeObject, LabelSelector, Labels} from './types.ts'

interface Requirement {
  key: string
  operator: string
  values: string[]
}

export function matches(selector: LabelSelector, labels: Labels = {}): boolean {
  return requirementsOf(selector).every((requirement) => satisfies(requirement, labels))
}

/** As kubectl prints it: `app=web,tier in (a,b)`. */
export function format(selector: LabelSelector | undefined): string {
  const texts = requirementsOf(selector ?? {}).map(({key, operator, values}) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`
  })
  return texts.length === 0 ? '<none>' : texts.join(',')
}

function requirementsOf({matchLabels = {}, matchExpressions = []}: LabelSelector): Requirement[] {
  const equal = Object.entries(matchLabels).map(([key, value]) => ({key, operator: 'In', values: [value]}))
  return [...equal, ...matchExpressions.map(({key, operator, values = []}) => ({key, operator, values}))]
}

function satisfies({key, operator, values}: Requirement, labels: Labels): boolean {
  const value = labels[key]
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  if (operator === 'In') return value !== undefined && values.includes(value)
  return value === undefined || !values.includes(value)
}

const KEY = '[A-Za-z0-9][A-Za-z0-9_./-]*'
const FORMS: readonly [RegExp, string][] = [
  [new RegExp(`^(${KEY})\\s*==?\\s*([\\w.-]*)$`), 'In'],
  [new RegExp(`^(${KEY})\\s*!=\\s*([\\w.-]*)$`), 'NotIn'],
  [new RegExp(`^(${KEY})\\s+in\\s*\\(([^()]*)\\)$`), 'In'],
  [new RegExp(`^(${KEY})\\s+notin\\s*\\(([^()]*)\\)$`), 'NotIn'],
  [new RegExp(`^(${KEY})$`), 'Exists'],
  [new RegExp(`^!\\s*(${KEY})$`), 'DoesNotExist'],
]

/** `labelSelector=` of a list or watch. Throws 400 on what does not parse. */
export function labelFilter(text: string): (object: KubeObject) => boolean {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim())
  const requirements = parts
    .filter((part) => part !== '')
    .map((part) => {
      for (const [form, operator] of FORMS) {
        const [, key, values = ''] = form.exec(part) ?? []
        if (key !== undefined) return {key, operator, values: values.split(',').map((value) => value.trim())}
      }
      throw badRequest(`unable to parse requirement: ${part}`)
    })
  return ({metadata}) => requirements.every((requirement) => satisfies(requirement, metadata.labels ?? {}))
}

/** `fieldSelector=` of a list or watch. Throws 400 on a field that the kind can't be selected by. */
export function fieldFilter(resource: Resource, text: string): (object: KubeObject) => boolean {
  const parts = text.split(',').filter((part) => part !== '')
  const terms = parts.map((part) => {
    const [, field = '', operator, value = ''] = /^([^!=]+)(==|=|!=)(.*)$/.exec(part) ?? []
    if (operator === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const known = ['metadata.name', ...(resource.namespaced ? ['metadata.namespace'] : []), ...resource.fields]
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    return {field, equal: operator !== '!=', value}
  })
  return (object) => terms.every(({field, equal, value}) => ((scalar(pick(object, field)) ?? '') === value) === equal)
}
