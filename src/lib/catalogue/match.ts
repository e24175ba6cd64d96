import {isGlob, matchesGlob} from './glob.ts'
import type {KnownWorkload, Universe} from './universe.ts'

/** What a target hits: workloads, or one pod. */
export type Matched =
  | {readonly by: 'name' | 'alias' | 'service' | 'category' | 'glob' | 'all'; readonly workloads: readonly KnownWorkload[]}
  | {readonly by: 'pod'; readonly name: string; readonly workload: string | null}

export type TargetKind = 'deployment' | 'service' | 'pod'

// As kubectl takes them and as `-o name` prints them.
const KINDS: ReadonlyMap<string, TargetKind> = new Map([
  ['deployment', 'deployment'],
  ['deployments', 'deployment'],
  ['deploy', 'deployment'],
  ['deployment.apps', 'deployment'],
  ['deployments.apps', 'deployment'],
  ['service', 'service'],
  ['services', 'service'],
  ['svc', 'service'],
  ['pod', 'pod'],
  ['pods', 'pod'],
  ['po', 'pod'],
])

// <workload>-<hash of the replica set>-<suffix>, in the alphabet that Kubernetes uses for both (no vowels, no 0, 1 and 3).
const POD_OF_DEPLOYMENT = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{4,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/

/** `deployment/X` as kind and name; a kind of null for a bare word, undefined for one that is not known. */
export function splitTarget(target: string): {readonly kind: TargetKind | null | undefined; readonly name: string} {
  const slash = target.indexOf('/')
  if (slash === -1) return {kind: null, name: target}
  return {kind: KINDS.get(target.slice(0, slash).toLowerCase()), name: target.slice(slash + 1)}
}

/** What one target hits, null for nothing. A bare word is, in this order: `all`, a workload, an alias, a category, a glob, a pod. */
export function matchTarget(target: string, universe: Universe): Matched | null {
  const {kind, name} = splitTarget(target)
  if (name === '') return null
  switch (kind) {
    case null:
      return all(name, universe) ?? workload(name, universe) ?? category(name, universe) ?? glob(name, universe) ?? barePod(name, universe)
    case 'deployment':
      return workload(name, universe) ?? glob(name, universe)
    case 'service':
      return service(name, universe)
    case 'pod':
      return pod(name, universe)
    case undefined:
      return null
  }
}

function all(name: string, {workloads}: Universe): Matched | null {
  return name === 'all' ? {by: 'all', workloads} : null
}

function workload(name: string, {workloads}: Universe): Matched | null {
  const named = workloads.find((known) => known.name === name)
  if (named !== undefined) return {by: 'name', workloads: [named]}
  const meant = workloads.find(({listed}) => listed?.aliases.includes(name))
  return meant === undefined ? null : {by: 'alias', workloads: [meant]}
}

function category(name: string, {catalogue, workloads}: Universe): Matched | null {
  const meant = catalogue.categories.find((known) => known.name === name || known.singular === name)
  return found('category', meant === undefined ? [] : workloads.filter((known) => known.category === meant.name))
}

function glob(pattern: string, {workloads}: Universe): Matched | null {
  return found('glob', isGlob(pattern) ? workloads.filter(({name}) => matchesGlob(pattern, name)) : [])
}

function service(name: string, {catalogue, workloads}: Universe): Matched | null {
  const behind = catalogue.services.find((known) => known.name === name)?.workload
  return found(
    'service',
    workloads.filter((known) => known.name === behind),
  )
}

function found(by: 'category' | 'glob' | 'service', workloads: readonly KnownWorkload[]): Matched | null {
  return workloads.length === 0 ? null : {by, workloads}
}

/** Where the cluster's pods are known they decide; else it is believed. */
function pod(name: string, universe: Universe): Matched | null {
  if (universe.pods === null) return {by: 'pod', name, workload: ownerByShape(name, universe)}
  const owner = universe.pods.get(name)
  return owner === undefined ? null : {by: 'pod', name, workload: owner}
}

/** As `pod`, but without the cluster's pods it has to look like one. */
function barePod(name: string, universe: Universe): Matched | null {
  return universe.pods === null && ownerByShape(name, universe) === null ? null : pod(name, universe)
}

/** The workload that a pod of this name would belong to, null where it has not the name of a deployment's pod. */
export function ownerByShape(name: string, {workloads}: Universe): string | null {
  const base = POD_OF_DEPLOYMENT.exec(name)?.[1]
  return workloads.find((known) => known.name === base)?.name ?? null
}
