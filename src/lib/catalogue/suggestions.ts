import {UsageError, type Hint} from '../errors/index.ts'
import {nearestNames} from '../text/nearest.ts'
import {ownerByShape, splitTarget} from './match.ts'
import type {Universe} from './universe.ts'

const MOST = 5
const SHORT_PART = 3

/** The error for targets that hit nothing, with the names they were probably meant to be. `option` is '' or `--except`. */
export function nothingMatches(targets: readonly string[], option: string, universe: Universe): UsageError {
  const suggestions = [...new Set(targets.flatMap((target) => suggest(target, universe)))].slice(0, MOST)
  const hints: Hint[] =
    suggestions.length > 0
      ? [{label: 'did you mean', text: suggestions.join('\n')}]
      : [{label: 'next', text: 'sapoche catalogue show      (lists what can be named)'}]
  return new UsageError(`${option === '' ? '' : `${option}: `}${targets.map((target) => complaint(target, universe)).join('; ')}`, {
    suggestions,
    hints,
  })
}

function complaint(target: string, universe: Universe): string {
  const {kind, name} = splitTarget(target)
  if (kind === undefined) return `"${target}" is none of deployment/NAME, service/NAME, pod/NAME`
  if (kind === 'service') return `no service of the catalogue matches "${name}"`
  if (kind === 'pod' || ownerByShape(name, universe) !== null) return `no pod matches "${name}"`
  return `no workload matches "${name}"`
}

/** Names near to a target that hit nothing, in the form in which they can be typed, best first. */
function suggest(target: string, universe: Universe): string[] {
  const {kind, name} = splitTarget(target)
  const word = name.replace(/[*?]/g, '')
  if (word === '') return []
  const services = universe.catalogue.services.map((service) => `service/${service.name}`)
  if (kind === 'service') return near(word, services)
  const owner = ownerByShape(word, universe)
  const pods = [...(universe.pods ?? [])].filter(([, workload]) => owner !== null && workload === owner).map(([pod]) => `pod/${pod}`)
  if (kind === 'pod' || owner !== null) return [...pods, ...(owner === null ? near(word, workloadWords(universe)) : [owner])].slice(0, MOST)
  const categories = universe.catalogue.categories.flatMap((category) => [category.name, category.singular])
  return near(word, kind === 'deployment' ? workloadWords(universe) : [...workloadWords(universe), ...categories, ...services])
}

function workloadWords({workloads}: Universe): string[] {
  return workloads.flatMap(({name, listed}) => [name, ...(listed?.aliases ?? [])])
}

/** As `nearestNames`; failing that, names that hold every part of the word: `worker-pdf` for `worker-sapoche-pdf`. */
function near(word: string, candidates: readonly string[]): string[] {
  const nearest = nearestNames(word, candidates)
  if (nearest.length > 0) return nearest
  const parts = word.toLowerCase().split('-')
  const holding = candidates.filter((candidate) => parts.every((part) => holds(candidate, part)))
  return holding.toSorted((a, b) => a.length - b.length).slice(0, MOST)
}

/** Short parts have to be there as they are, longer ones may be misspelt. */
function holds(name: string, part: string): boolean {
  return name.includes(part) || (part.length > SHORT_PART && nearestNames(part, name.split('-')).length > 0)
}
