import {nearestNames} from '../text/nearest.ts'
import {describe, type Path, type Problem} from './problems.ts'

/** A mapping within a list of the document. */
interface Entry {
  readonly path: Path
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * What a schema can't see: names given twice, names of things that don't exist, values that contradict each other.
 * Reads the document as it stands, so that these are reported beside the schema's problems; what has no usable form is skipped.
 */
export function checkReferences(data: unknown): Problem[] {
  const root = isMapping(data) ? data : {}
  const section = (key: string): Entry[] => entries(root[key], [key])
  const categories = section('categories')
  const workloads = section('workloads')
  const services = section('services')
  const dependencies = section('dependencies')
  const words = new Map<string, string>([['all', 'the target "all"']])
  const problems = [...categories.flatMap((entry) => checkCategory(entry, words)), ...checkNames(workloads, words)]
  for (const list of [services, section('flows'), dependencies]) problems.push(...checkUnique(list))
  const known = {
    category: namesOf(categories),
    workload: namesOf(workloads),
    service: namesOf(services),
    dependency: namesOf(dependencies),
  }
  for (const entry of workloads) problems.push(...unknownName(entry, 'category', 'category', known.category), ...checkCounts(entry))
  for (const entry of services) problems.push(...unknownName(entry, 'workload', 'workload', known.workload), ...checkPorts(entry))
  for (const entry of dependencies) problems.push(...unknownName(entry, 'service', 'service', known.service))
  for (const flow of section('flows')) {
    for (const hop of entries(flow.value['hops'], [...flow.path, 'hops'])) {
      const kind = hop.value['kind']
      if (kind === 'category' || kind === 'workload' || kind === 'service') problems.push(...unknownName(hop, 'name', kind, known[kind]))
      for (const [index, name] of texts(hop.value['dependencies'])) {
        problems.push(...unknown(name, [...hop.path, 'dependencies', index], 'dependency', known.dependency))
      }
    }
  }
  return problems
}

/** The words that a category is called by may not be taken; the singular may be the name itself (`backend`). */
function checkCategory({path, value}: Entry, words: Map<string, string>): Problem[] {
  const {name, singular} = value
  const owner = `the category ${describe(name)}`
  return (['name', 'singular'] as const).flatMap((key) => {
    const word = value[key]
    if (typeof word !== 'string' || (key === 'singular' && singular === name)) return []
    const taken = words.get(word)
    words.set(word, taken ?? owner)
    return taken === undefined ? [] : [{path: [...path, key], message: `${describe(word)} is already the name of ${taken}`}]
  })
}

/** Names and aliases of workloads share one space with each other and with the words for categories. */
function checkNames(workloads: readonly Entry[], words: ReadonlyMap<string, string>): Problem[] {
  const taken = new Map(words)
  const problems: Problem[] = []
  const take = (word: string, path: Path, owner: string): void => {
    const before = taken.get(word)
    if (before === undefined) taken.set(word, owner)
    else problems.push({path, message: `${describe(word)} is already the name of ${before}`})
  }
  for (const {path, value} of workloads) {
    if (typeof value['name'] === 'string') take(value['name'], [...path, 'name'], `the workload ${describe(value['name'])}`)
  }
  for (const {path, value} of workloads) {
    for (const [index, alias] of texts(value['aliases'])) {
      take(alias, [...path, 'aliases', index], `an alias of ${describe(value['name'])}`)
    }
  }
  return problems
}

function checkUnique(list: readonly Entry[]): Problem[] {
  const seen = new Set<unknown>()
  return list.flatMap(({path, value}) => {
    const twice = typeof value['name'] === 'string' && seen.has(value['name'])
    seen.add(value['name'])
    return twice ? [{path: [...path, 'name'], message: `${describe(value['name'])} is there twice`}] : []
  })
}

function checkCounts({path, value}: Entry): Problem[] {
  const {baseline, maxReplicas, inactive} = value
  if (typeof baseline !== 'number') return []
  const most = isMapping(maxReplicas) ? maxReplicas['count'] : undefined
  const problems: Problem[] = []
  if (typeof most === 'number' && baseline > most) {
    problems.push({path: [...path, 'baseline'], message: `expected no more than maxReplicas allows (${most}), found ${baseline}`})
  }
  if (isMapping(inactive) && baseline !== 0) {
    problems.push({path: [...path, 'inactive'], message: `expected only where the baseline is 0, here it is ${baseline}`})
  }
  return problems
}

function checkPorts({path, value}: Entry): Problem[] {
  const seen = new Set<unknown>()
  return entries(value['ports'], [...path, 'ports']).flatMap((entry) => {
    const {port, nodePort} = entry.value
    const problems: Problem[] = []
    if (seen.has(port)) problems.push({path: [...entry.path, 'port'], message: `port ${describe(port)} is there twice`})
    seen.add(port)
    if (nodePort !== undefined && nodePort !== null && value['type'] !== 'NodePort' && value['type'] !== 'LoadBalancer') {
      const message = `expected only on a service of type NodePort or LoadBalancer, this one is ${describe(value['type'])}`
      problems.push({path: [...entry.path, 'nodePort'], message})
    }
    return problems
  })
}

function unknownName({path, value}: Entry, key: string, what: string, known: readonly string[]): Problem[] {
  const name = value[key]
  return typeof name === 'string' ? unknown(name, [...path, key], what, known) : []
}

function unknown(name: string, path: Path, what: string, known: readonly string[]): Problem[] {
  if (known.includes(name)) return []
  const [nearest] = nearestNames(name, known)
  const hint = nearest === undefined ? `expected the name of a ${what} of this catalogue` : `did you mean ${describe(nearest)}?`
  return [{path, message: `no ${what} ${describe(name)}, ${hint}`}]
}

function entries(value: unknown, path: Path): Entry[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index) => (isMapping(item) ? [{path: [...path, index], value: item}] : []))
}

function texts(value: unknown): [number, string][] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index): [number, string][] => (typeof item === 'string' ? [[index, item]] : []))
}

function namesOf(list: readonly Entry[]): string[] {
  return list.flatMap(({value}) => (typeof value['name'] === 'string' ? [value['name']] : []))
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
