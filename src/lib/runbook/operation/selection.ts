import {resolveTargets, type Catalogue, type ClusterNames, type TargetWorkload} from '../../catalogue/index.ts'
import {UsageError} from '../../errors/index.ts'
import type {LiveDeployment} from './live.ts'
import type {Outcome} from './outcome.ts'

/** A workload that an operation may change. */
export interface Chosen {
  readonly workload: TargetWorkload
  readonly deployment: LiveDeployment
}

/** A workload that it leaves alone, and why. */
export interface LeftAlone {
  readonly name: string
  readonly category: string | null
  readonly before: number | null
  readonly outcome: Outcome
  readonly reason: string
}

export interface Selection {
  readonly chosen: readonly Chosen[]
  readonly leftAlone: readonly LeftAlone[]
  /** Of both, in the order of the catalogue. */
  readonly names: readonly string[]
  /** True where the target `all` was among those given. */
  readonly all: boolean
}

/** What an operation needs of its command line to choose. */
export interface TargetOptions {
  readonly targets: readonly string[]
  readonly except: readonly string[]
}

/**
 * Which workloads TARGETS name, and which of them an operation may touch: protected ones by their own name alone, those with baseline 0
 * by no category, glob or `all` (rules.md, section 6). `targets` is never empty. Throws a UsageError (64) for pods, and for what matches nothing.
 */
export function selectWorkloads(
  command: string,
  {targets, except}: TargetOptions,
  catalogue: Catalogue,
  cluster: ClusterNames,
  deploymentOf: (name: string) => LiveDeployment | null,
): Selection {
  const resolution = resolveTargets(targets, except, catalogue, cluster)
  const [pod] = resolution.pods
  if (pod !== undefined) throw aPod(command, pod.name, pod.workload)
  const chosen: Chosen[] = []
  const leftAlone: LeftAlone[] = []
  for (const workload of resolution.workloads) {
    const {name, category} = workload
    const deployment = deploymentOf(name)
    const why = reasonToLeave(workload, deployment)
    if (why !== null) leftAlone.push({name, category, before: null, ...why})
    else if (deployment !== null) chosen.push({workload, deployment})
  }
  const names = resolution.workloads.map(({name}) => name)
  return {chosen, leftAlone, names, all: resolution.workloads.some(({hits}) => hits.some(({by}) => by === 'all'))}
}

function reasonToLeave(
  {name, listed, hits}: TargetWorkload,
  deployment: LiveDeployment | null,
): Pick<LeftAlone, 'outcome' | 'reason'> | null {
  const isSwept = hits.every(({by}) => by === 'category' || by === 'glob' || by === 'all')
  if (listed !== null && listed.protected !== null && !isNamed({hits})) {
    return {outcome: 'skipped', reason: `protected (${listed.protected}): only by its own name, ${name}`}
  }
  if (isSwept && listed?.baseline === 0) return {outcome: 'inactive', reason: 'its baseline is 0: only by its own name'}
  if (deployment !== null) return null
  return {outcome: 'failed', reason: 'there is no such deployment in the cluster'}
}

/** Whether one of the targets was its own name. */
export function isNamed({hits}: Pick<TargetWorkload, 'hits'>): boolean {
  return hits.some(({by}) => by === 'name')
}

function aPod(command: string, pod: string, workload: string | null): UsageError {
  return new UsageError(`${pod} is a pod; ${command} changes workloads`, {
    suggestions: workload === null ? [] : [workload],
    hints: [{label: 'next', text: workload === null ? `sapoche evict ${pod}` : `sapoche ${command} ${workload}, or sapoche evict ${pod}`}],
  })
}
