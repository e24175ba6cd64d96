import {resolveTargets, type Catalogue} from '../../catalogue/index.ts'
import type {Layout} from '../../clients/redis/types.ts'
import {UsageError} from '../../errors/index.ts'
import {count} from '../../text/view.ts'
import type {World} from './world.ts'

export interface DepthOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Queues and keys by name. */
  readonly queue?: readonly string[] | undefined
  /** Lists queues that nobody is known to serve. */
  readonly discover: boolean
  /** Counts jobs that failed for good. */
  readonly failed: boolean
  /** Milliseconds between two reads; none, or 0, for one. */
  readonly window?: number | undefined
  /** Thresholds that go before the catalogue's: jobs, and milliseconds. */
  readonly 'max-depth'?: number | undefined
  readonly 'max-age'?: number | undefined
}

/** What is to be read, and what of it is shown. */
export interface Wanted {
  /** Queues that are shown, in the order of their workloads; those of `--discover` come after them. */
  readonly rows: readonly string[]
  /** Names that were asked for and that no workload is known to work on: a queue of Laravel's, or a key of any kind. */
  readonly asked: readonly string[]
  /** All names of queues that are expected to be there. */
  readonly names: readonly string[]
  readonly discover: boolean
  readonly failed: boolean
  request(layout: Layout): {readonly queues: readonly string[]; readonly keys: readonly string[]}
}

/** Throws a UsageError (64) for targets that nothing matches, or that work on no queue. Pure. */
export function wantedOf(world: World, options: DepthOptions, catalogue: Catalogue): Wanted {
  const {targets, except = [], queue: asked = [], discover, failed} = options
  const byName = [...new Set(asked)]
  const known = byName.filter((name) => world.queues.has(name))
  const targeted = targets.length > 0 || except.length > 0 ? queuesOfTargets(world, targets, except, catalogue) : null
  const rows = [...world.queues.keys()].filter((name) => targeted?.has(name) ?? (asked.length === 0 || known.includes(name)))
  for (const name of known) if (!rows.includes(name)) rows.push(name)
  const unknown = byName.filter((name) => !known.includes(name))
  // Whether a worker is busy shows in the other queues that it serves.
  const related = rows.flatMap(
    (name) => world.queues.get(name)?.workloads.flatMap((workload) => world.workers.get(workload)?.queues ?? []) ?? [],
  )
  const deadLetters = rows.flatMap((name) => world.queues.get(name)?.deadLetter ?? [])
  return {
    rows,
    asked: unknown,
    names: [...world.queues.keys()],
    discover,
    failed,
    request: (layout) => ({
      queues: [...new Set([...rows, ...related, ...unknown, ...(discover ? layout.names : [])])],
      keys: [...unknown, ...(failed ? deadLetters : [])].flatMap((key) => keysOf(key, layout)),
    }),
  }
}

/** A key may be meant with the prefix or without. */
export function keysOf(key: string, {prefix}: Layout): string[] {
  return prefix === '' ? [key] : [key, prefix + key]
}

function queuesOfTargets(world: World, targets: readonly string[], except: readonly string[], catalogue: Catalogue): ReadonlySet<string> {
  const {inventory, workers} = world
  const resolution = resolveTargets(targets, except, catalogue, {
    workloads: inventory.deployments.map(({name}) => name),
    pods: inventory.pods.map((pod) => ({name: pod.name, workload: inventory.workloadOf(pod)})),
  })
  const named = new Set([...resolution.workloads.map(({name}) => name), ...resolution.pods.flatMap(({workload}) => workload ?? [])])
  const queues = new Set([...workers].flatMap(([name, {queues: own}]) => (named.has(name) ? own : [])))
  if (queues.size > 0) return queues
  const [first = '', ...others] = named
  const who = others.length === 0 ? `${first} works` : `${first} and ${count(others.length, 'other')} work`
  throw new UsageError(`${who} on no queue that is known`, {
    hints: [{label: 'next', text: 'sapoche queue-depth lists the queues; the catalogue names those that the environment hides'}],
  })
}
