/** scenarios/*.yaml -> scenarios.json, checked, so that the program needs no YAML parser for them. */
import {load} from 'js-yaml'

import {builtinCatalogue} from '../catalogue/index.ts'
import {ConfigurationError} from '../errors/index.ts'
import {isRecord} from './json.ts'
import {BROKERS} from './kafka-log.ts'
import {STATES} from './pod-status.ts'
import {RESOURCES, SCALED_OBJECTS, apiVersionOf} from './resources.ts'
import type {Scenario, Step} from './scenarios.ts'
import {NODE_NAMES} from './seed.ts'

/** How far back the past goes that is replayed, in seconds. */
export const PAST = 7200

/**
 * Compiles scenario files, in the order given. A file's name without `.yaml` is the scenario's.
 * Throws ConfigurationError (78) that names the file and the step of the first mistake.
 */
export function compileScenarios(files: readonly {readonly name: string; readonly text: string}[]): readonly Scenario[] {
  return files.map(({name, text}) => {
    const fail: Fail = (where, expected) => {
      throw new ConfigurationError(`${name}: ${where}: expected ${expected}`)
    }
    let document: unknown
    try {
      document = load(text)
    } catch (error) {
      throw new ConfigurationError(`${name}: ${error instanceof Error ? error.message : 'no YAML'}`, {cause: error})
    }
    const {description, steps = [], ...unknown} = isRecord(document) ? document : fail('file', 'a mapping')
    for (const key of Object.keys(unknown)) fail(key, 'description or steps')
    if (typeof description !== 'string' || description === '') fail('description', 'a sentence')
    if (!Array.isArray(steps)) return fail('steps', 'a list')
    const compiled = steps.map((step: unknown, index) => compileStep(step, `steps[${index}]`, fail))
    return {name: name.replace(/\.yaml$/, ''), description: description.trim(), steps: compiled.toSorted((a, b) => b.ago - a.ago)}
  })
}

type Fail = (where: string, expected: string) => never
type Check = (value: unknown, where: string, fail: Fail) => unknown

const oneOf =
  (allowed: readonly string[], what: string): Check =>
  (value, where, fail) =>
    typeof value === 'string' && allowed.includes(value)
      ? value
      : fail(where, `${what} (${allowed.slice(0, 5).join(', ')}${allowed.length > 5 ? ', ...' : ''})`)
const workload = oneOf(
  builtinCatalogue.workloads.map(({name}) => name),
  'a workload of the catalogue',
)
const image: Check = (value, where, fail) =>
  typeof value === 'string' && /^\S+:\S+$/.test(value) ? value : fail(where, 'an image with a tag')
const numberOf =
  (what: string): Check =>
  (value, where, fail) =>
    Number.isInteger(value) && Number(value) >= 0 ? value : fail(where, `a number of ${what}`)
const [jobs, bytes] = [numberOf('jobs'), numberOf('bytes')]
const text: Check = (value, where, fail) => (typeof value === 'string' && value !== '' ? value : fail(where, 'a name'))
const mapping: Check = (value, where, fail) => (isRecord(value) ? value : fail(where, 'a mapping'))
const optional =
  (check: Check, otherwise: unknown): Check =>
  (value, where, fail) =>
    value === undefined ? otherwise : check(value, where, fail)

const kinds = [...RESOURCES, SCALED_OBJECTS]
/** What a step may be, and the fields of each. */
const EFFECTS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  image: {workload, to: image},
  variable: {workload, name: text, value: text},
  fault: {workload, image: optional(image, null), state: oneOf(STATES, 'a state')},
  scale: {workload, replicas: numberOf('replicas')},
  rescale: {autoscaler: text, replicas: numberOf('replicas'), reason: text},
  jobs: {queue: text, pending: optional(jobs, 0), delayed: optional(jobs, 0), reserved: optional(jobs, 0)},
  redis: {usedMemory: bytes, maxMemory: bytes, policy: text, refusedWrites: optional(numberOf('commands'), 0)},
  events: {workload, perSecond: numberOf('events a second')},
  stall: {workload},
  broker: {lost: (value, where, fail) => (BROKERS.includes(Number(value)) ? value : fail(where, `a broker (${BROKERS.join(', ')})`))},
  orthanc: {database: optional(oneOf(['down'], 'a state'), undefined), authentication: optional(oneOf(['off'], 'a state'), undefined)},
  viewer: {root: text},
  lose: {node: oneOf(NODE_NAMES, 'a node')},
  apply: {
    apiVersion: oneOf([...new Set(kinds.map(apiVersionOf))], 'a served API version'),
    kind: oneOf(
      kinds.map(({kind}) => kind),
      'a served kind',
    ),
    name: text,
    spec: mapping,
    status: optional(mapping, {}),
  },
}

function compileStep(step: unknown, where: string, fail: Fail): Step {
  if (!isRecord(step)) return fail(where, 'a mapping')
  const {ago, ...effects} = step
  const [effect = '', ...others] = Object.keys(effects)
  const fields = EFFECTS[effect]
  if (fields === undefined || others.length > 0) return fail(where, `ago and one of ${Object.keys(EFFECTS).join(', ')}`)
  const given = effects[effect]
  if (!isRecord(given)) return fail(`${where}.${effect}`, 'a mapping')
  for (const key of Object.keys(given))
    if (fields[key] === undefined) fail(`${where}.${effect}.${key}`, `one of ${Object.keys(fields).join(', ')}`)
  const checked = Object.entries(fields).map(([key, check]) => [key, check(given[key], `${where}.${effect}.${key}`, fail)])
  return {ago: seconds(ago, `${where}.ago`, fail), [effect]: Object.fromEntries(checked)} as Step
}

/** `90s`, `12m`, `1h`; not before the replayed past. */
function seconds(value: unknown, where: string, fail: Fail): number {
  const [, count, unit] = /^(\d+)([smh])$/.exec(String(value)) ?? []
  const total = Number(count) * {s: 1, m: 60, h: 3600}[(unit ?? 's') as 's' | 'm' | 'h']
  return unit !== undefined && total <= PAST ? total : fail(where, 'a time like 12m, at most 2h')
}
