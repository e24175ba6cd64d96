import type {Catalogue} from '../../catalogue/index.ts'
import type {Pod, WorkloadFacts} from '../../workload/index.ts'
import type {Group, Inventory} from './index.ts'

/** What a workload of the inventory is judged by (rules.md, section 3); `known` is what its step has read, or wants, besides. */
export function factsOf<P extends Pod>(
  {listed, deployment, replicaSets, pods}: Group<P>,
  inventory: Inventory<P>,
  {startupGrace}: Pick<Catalogue, 'startupGrace'>,
  known: Partial<WorkloadFacts> = {},
): WorkloadFacts {
  return {
    expectation: listed && {baseline: listed.baseline, startupGrace: listed.startupGrace ?? startupGrace, inactive: listed.inactive},
    strict: true,
    deployment,
    foundAs: null,
    replicaSets: inventory.replicaSets === 'unreadable' ? 'unreadable' : replicaSets,
    pods,
    // Whoever asks for one thing need not see nodes, autoscalers and events.
    nodes: 'unreadable',
    autoscaler: null,
    scaledObject: null,
    events: new Map(),
    ...known,
  }
}
