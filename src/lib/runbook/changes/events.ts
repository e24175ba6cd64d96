import {stripLine} from '../../text/strip.ts'
import type {ReplicaSet} from '../../workload/index.ts'
import type {OwnerOf, SeenEvent} from '../events/index.ts'
import type {Inventory} from '../inventory/index.ts'
import {type Change, changeOf} from './change.ts'

const EVICTIONS: ReadonlySet<string> = new Set([
  'Evicted',
  'Preempted',
  'Preempting',
  'TaintManagerEviction',
  'NodeShutdown',
  'EvictedByVPA',
])
// As the deployment controller has worded it: since 1.29, in 1.27, and before.
const SCALED = /^Scaled (?:up|down) replica set (\S+)(?: from (\d+))? to (\d+)(?: from (\d+))?/

/** A replica set gets its first pods within so many milliseconds of its creation. */
const FRESH = 15_000

interface Step {
  readonly event: SeenEvent
  readonly at: number
  readonly workload: string
  readonly replicaSet: string
  readonly from: number | null
  readonly to: number
}

/** What events tell: scalings, evictions, moves of autoscalers. The steps of a rollout are no scalings. */
export function changesOfEvents(events: readonly SeenEvent[], ownerOf: OwnerOf, {groups}: Inventory): Change[] {
  const steps: Step[] = []
  const changes: Change[] = []
  for (const event of events) {
    const workload = ownerOf(event.involved)
    const {at, reason, involved} = event
    if (at === null) continue
    const object = {kind: involved.kind, name: involved.name}
    const [, replicaSet, fromA, to, fromB] = reason === 'ScalingReplicaSet' ? (SCALED.exec(event.message) ?? []) : []
    if (replicaSet !== undefined && to !== undefined && workload !== null) {
      const from = fromA ?? fromB
      steps.push({event, at, workload, replicaSet, from: from === undefined ? null : Number(from), to: Number(to)})
    } else if (EVICTIONS.has(reason) && involved.kind === 'Pod') {
      changes.push(
        changeOf({
          at,
          kind: 'eviction',
          workload,
          object,
          what: `pod ${involved.name}: ${reason}, ${stripLine(event.message)}`,
          sources: ['event'],
        }),
      )
    } else if (isMove(event)) {
      const size = /^New size: (\d+)/.exec(event.message)?.[1]
      changes.push(
        changeOf({
          at,
          kind: 'autoscaler',
          workload,
          object,
          what: stripLine(event.message),
          by: `${involved.kind === 'HorizontalPodAutoscaler' ? 'HPA' : involved.kind} ${involved.name}`,
          reason: reasonIn(event.message),
          to: size === undefined ? null : Number(size),
          sources: ['event of an autoscaler'],
        }),
      )
    }
  }
  const scalings = groups.flatMap(({name, replicaSets}) =>
    scalingsAmong(
      steps.filter(({workload}) => workload === name),
      replicaSets,
    ),
  )
  return [...changes, ...scalings]
}

/** Without the selector of an external metric, which the controller prints as Go has it. */
function reasonIn(message: string): string | null {
  return /reason: (.*)$/.exec(message)?.[1]?.replace(/\(&LabelSelector\{.*\}\)/, '') ?? null
}

function isMove({reason, involved}: SeenEvent): boolean {
  if (involved.kind === 'HorizontalPodAutoscaler') return reason === 'SuccessfulRescale'
  return involved.kind === 'ScaledObject' && /^KEDAScaleTarget(Activated|Deactivated)$/.test(reason)
}

/**
 * A rollout scales the new replica set up and the old ones down, in turns: from the first step of a replica set from 0 to the last step
 * of another one nothing is a scaling of its own. A Recreate rollout begins with the old ones; a first one has none.
 */
function scalingsAmong(steps: readonly Step[], replicaSets: readonly ReplicaSet[]): Change[] {
  const ordered = steps.toSorted((a, b) => a.at - b.at)
  const created = new Map(replicaSets.map(({name, createdAt}) => [name, createdAt]))
  const isFresh = ({replicaSet, from, at}: Step): boolean => from === 0 && Math.abs(at - (created.get(replicaSet) ?? -Infinity)) < FRESH
  const inRollout = new Set<Step>()
  for (const [start, first] of ordered.entries()) {
    if (first.from !== 0) continue
    if (isFresh(first)) inRollout.add(first)
    const before = ordered[start - 1]
    if (before !== undefined && before.to === 0 && before.replicaSet !== first.replicaSet && isFresh(first)) inRollout.add(before)
    const rest = ordered.slice(start)
    const next = rest.find(({from, replicaSet}) => from === 0 && replicaSet !== first.replicaSet)
    const end = rest.findLast(({replicaSet, at}) => replicaSet !== first.replicaSet && (next === undefined || at < next.at))
    if (end !== undefined) for (const step of rest) if (step.at <= end.at) inRollout.add(step)
  }
  return ordered
    .filter((step) => !inRollout.has(step))
    .map(({at, workload, from, to}) =>
      changeOf({
        at,
        kind: 'scaling',
        workload,
        object: {kind: 'Deployment', name: workload},
        what: `${from === null ? '' : `${from} -> `}${to} replicas`,
        to,
        sources: ['event'],
      }),
    )
}
