import type {Severity} from '../schema.ts'
import type {Consumers} from './groups.ts'
import type {GroupFacts} from './severity.ts'

/** The commands that help a group in this state, best first; none where it is well. `partitions` is how many consumers can work at once. */
export function nextCommands(workloads: readonly Consumers[], facts: GroupFacts, severity: Severity, partitions: number): string[] {
  const [workload] = workloads
  if (severity === 'ok' || severity === 'info' || severity === 'unknown' || workload === undefined) return []
  const {name, desired, ready} = workload
  const {replicas, movement, state} = facts
  if (desired === null) return ['sapoche catalogue diff']
  if (replicas !== null && replicas.desired === 0)
    return [(workload.baseline ?? 0) > 0 ? `sapoche scale ${name} --to-baseline` : `sapoche scale ${name} --replicas 1`]
  if (replicas !== null && replicas.ready === 0) return [`sapoche status ${name}`, `sapoche logs ${name} --previous`]
  if (state === 'absent') return [`sapoche logs ${name}`, `sapoche env ${name}`]
  switch (movement) {
    case 'not-moving':
    case 'no-commits':
    case 'rewound':
      return [`sapoche logs ${name}`, `sapoche restart ${name}`]
    case 'falling-behind':
    case 'catching-up': {
      const more = (ready ?? 0) + 1
      const hasRoom = more <= partitions && more <= (workload.maxReplicas ?? Infinity)
      return [hasRoom ? `sapoche scale ${name} --replicas ${more}` : `sapoche top ${name}`]
    }
    case null:
      return [`sapoche consumer-lag ${name} --window 10s`]
    case 'ok':
      return (facts.deadLetters?.added ?? 0n) > 0n ? [`sapoche logs ${name} --level error`] : []
    case 'unknown':
      return []
  }
}
