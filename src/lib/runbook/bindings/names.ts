import {matchesPatterns, type Catalogue, type CatalogueWorkload} from '../../catalogue/index.ts'
import type {Deployment} from '../../workload/index.ts'
import {originWords, type ContainerEnvironment, type Variable} from './environment.ts'

/** A queue, consumer group or topic of a workload, and what says so: `catalogue`, `REDIS_QUEUE of ConfigMap x`, `argument --queue`. */
export interface Binding {
  readonly name: string
  readonly source: string
}

export interface Bindings {
  readonly found: readonly Binding[]
  /** Variables that name more, and whose value can't be known: `REDIS_QUEUE of Secret x`. */
  readonly hidden: readonly string[]
}

/** A workload before its environment is read (a group of the inventory is one). */
export interface Declared {
  readonly name: string
  readonly category: string | null
  readonly listed: CatalogueWorkload | null
  /** Null where the cluster lacks it. */
  readonly deployment: Pick<Deployment, 'template'> | null
}

/** A workload with the environments of its containers. */
export interface Subject extends Omit<Declared, 'deployment'> {
  readonly environments: readonly ContainerEnvironment[]
}

const NONE: Bindings = {found: [], hidden: []}
/** The category whose workloads take jobs from queues. */
const WORKERS = 'workers'
/** Laravel's commands that take jobs from queues, with `--queue=a,b`; the first name is tried first. */
const WORK = /^(queue:(work|listen)|horizon(:work)?)$/
const LARAVEL_DEFAULT = 'default'

/**
 * The queues that a workload works on: of the catalogue; else of the environment, else of the arguments (design.md, "The catalogue"); but
 * `--queue` of Laravel's own worker goes before the environment, as it does in Laravel. A worker that names none has Laravel's default.
 * Others than workers have none of the environment: whoever only adds jobs has the same variables.
 */
export function queuesOf(subject: Subject, catalogue: Catalogue): Bindings {
  const listed = subject.listed?.queues ?? []
  if (listed.length > 0) return ofCatalogue(listed)
  const argued = uniqueBindings(subject.environments.flatMap(({words}) => argumentsOf(words)))
  if (argued.length > 0) return {found: argued, hidden: []}
  const works = subject.environments.some(({words}) => words.some((word) => WORK.test(word)))
  if (!works && subject.category !== WORKERS) return NONE
  const environment = ofEnvironment(subject, catalogue.discovery.queues)
  if (environment.found.length > 0 || environment.hidden.length > 0 || !works) return environment
  return {found: [{name: LARAVEL_DEFAULT, source: "Laravel's default"}], hidden: []}
}

/** Whether a workload may work on queues at all, before its environment is read. */
export function isWorker({category, listed, deployment}: Omit<Declared, 'name'>): boolean {
  if (category === WORKERS || (listed?.queues.length ?? 0) > 0) return true
  const words = deployment?.template.containers.flatMap(({command, args}) => [...command, ...args].flatMap((word) => word.split(/\s+/)))
  return words?.some((word) => WORK.test(word)) === true
}

/** The consumer groups of a workload. */
export function groupsOf(subject: Subject, catalogue: Catalogue): Bindings {
  const listed = subject.listed?.groups ?? []
  return listed.length > 0 ? ofCatalogue(listed) : ofEnvironment(subject, catalogue.discovery.groups)
}

/** The topics that a workload reads. */
export function topicsOf(subject: Subject, catalogue: Catalogue): Bindings {
  const listed = subject.listed?.groups.flatMap(({topics}) => topics.map((name) => ({name}))) ?? []
  return listed.length > 0 ? ofCatalogue(listed) : ofEnvironment(subject, catalogue.discovery.topics)
}

function ofCatalogue(listed: readonly {readonly name: string}[]): Bindings {
  return {found: uniqueBindings(listed.map(({name}) => ({name, source: 'catalogue'}))), hidden: []}
}

function ofEnvironment({environments}: Subject, patterns: readonly string[]): Bindings {
  const matching = environments.flatMap(({variables}) => [...variables.values()].filter(({name}) => matchesPatterns(patterns, name)))
  return {
    found: uniqueBindings(matching.flatMap((variable) => namesIn(variable).map((name) => ({name, source: originWords(variable)})))),
    hidden: [...new Set(matching.filter(({value}) => value === null).map(originWords))],
  }
}

function namesIn({value}: Variable): string[] {
  return (value ?? '').split(',').flatMap((part) => part.trim() || [])
}

/** `--queue=a,b` or `--queue a,b`. */
function argumentsOf(words: readonly string[]): Binding[] {
  if (!words.some((word) => WORK.test(word))) return []
  return words.flatMap((word, index) => {
    const [, joined] = /^--queue(?:=(.*))?$/.exec(word) ?? []
    const value = word === '--queue' ? (words[index + 1] ?? '') : (joined ?? '')
    const names = value.replace(/^(["'])(.*)\1$/, '$2').split(',')
    return names.flatMap((name) => (name.trim() === '' ? [] : [{name: name.trim(), source: 'argument --queue'}]))
  })
}

function uniqueBindings(bindings: readonly Binding[]): Binding[] {
  return [...new Map(bindings.toReversed().map((binding) => [binding.name, binding])).values()].toReversed()
}
