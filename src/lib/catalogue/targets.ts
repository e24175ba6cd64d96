import {UsageError} from '../errors/index.ts'
import {matchTarget, type Matched} from './match.ts'
import {nothingMatches} from './suggestions.ts'
import type {Catalogue} from './types.ts'
import {universeOf, type ClusterNames, type KnownWorkload, type Universe} from './universe.ts'

/** A target that hit a workload, as it was typed, and how: by its own name (or `deployment/NAME`), or by something that stands for it. */
export interface Hit {
  readonly target: string
  readonly by: Exclude<Matched['by'], 'pod'>
}

export interface TargetWorkload extends KnownWorkload {
  /** At least one, in the order in which the targets were given. */
  readonly hits: readonly Hit[]
}

export interface TargetPod {
  readonly name: string
  /** The workload it belongs to; null where it has none, or where that is not known. */
  readonly workload: string | null
  /** As it was typed. */
  readonly target: string
}

export interface Resolution {
  /** The catalogue's in its order, then the cluster's others by name. */
  readonly workloads: readonly TargetWorkload[]
  /** Pods that were named themselves, in the order in which they were given; that alone does not bring in their workloads. */
  readonly pods: readonly TargetPod[]
  /** Names of pods that `--except` takes out of the workloads. */
  readonly exceptPods: readonly string[]
}

/**
 * Which workloads and pods TARGETS name (design.md, "Targets"), less those of `--except`; no targets name all of them.
 * `cluster` adds the workloads that the catalogue lacks, and says which pods there are; without it a pod is known by its name's shape.
 * Throws a UsageError (64), with the nearest names, for what matches nothing, and where nothing is left.
 */
export function resolveTargets(
  targets: readonly string[],
  except: readonly string[],
  catalogue: Catalogue,
  cluster: ClusterNames | null = null,
): Resolution {
  const universe = universeOf(catalogue, cluster)
  const wanted = matchAll(targets.length === 0 ? ['all'] : targets, '', universe)
  const unwanted = matchAll(except, '--except', universe)
  const gone = new Set([...unwanted.values()].flatMap((match) => (match.by === 'pod' ? [] : match.workloads.map(({name}) => name))))
  const exceptPods = [...new Set([...unwanted.values()].flatMap((match) => (match.by === 'pod' ? [match.name] : [])))]

  const hits = new Map<string, Hit[]>()
  const pods = new Map<string, TargetPod>()
  for (const [target, match] of wanted) {
    if (match.by === 'pod') {
      const isGone = exceptPods.includes(match.name) || (match.workload !== null && gone.has(match.workload))
      if (!isGone && !pods.has(match.name)) pods.set(match.name, {name: match.name, workload: match.workload, target})
    } else {
      for (const {name} of match.workloads) hits.set(name, [...(hits.get(name) ?? []), {target, by: match.by}])
    }
  }
  const workloads = universe.workloads.flatMap((known) => {
    const found = hits.get(known.name)
    return found === undefined || gone.has(known.name) ? [] : [{...known, hits: found}]
  })
  if (except.length > 0 && workloads.length === 0 && pods.size === 0) {
    throw new UsageError(`${except.map((target) => `--except ${target}`).join(' ')} leaves nothing`)
  }
  return {workloads, pods: [...pods.values()], exceptPods}
}

/** Each target, once, with what it hits. */
function matchAll(targets: readonly string[], option: string, universe: Universe): Map<string, Matched> {
  const matched = new Map<string, Matched>()
  const lost = new Set<string>()
  for (const target of targets) {
    const match = matchTarget(target, universe)
    if (match === null) lost.add(target)
    else matched.set(target, match)
  }
  if (lost.size > 0) throw nothingMatches([...lost], option, universe)
  return matched
}
