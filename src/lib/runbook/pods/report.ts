import {isoTime, isoTimeOrNull} from '../../text/time.ts'
import {
  containerTrouble,
  doomOf,
  findCondition,
  judgeWorkload,
  lastEndOf,
  type Node,
  type Pod,
  podState,
  standing,
  type Unreadable,
} from '../../workload/index.ts'
import type {Group, Inventory} from '../inventory/index.ts'
import type {Severity, Warning} from '../schema.ts'
import type {PodItem, PodsReport, UncountedPod} from './schema.ts'

export interface PodsReportOptions {
  readonly problems: boolean
  /** Names of the catalogue's categories, in its order. */
  readonly categories: readonly string[]
  readonly context: string | null
  readonly namespace: string
  readonly now: number
  readonly warnings: readonly Warning[]
}

/** What is said of a pod besides its own state. */
interface Opinion {
  readonly ready: boolean
  readonly reason: string
  readonly severity: Severity
}

const UNCOUNTED = {succeeded: 'succeeded', leftover: 'failed', terminating: 'terminating'} as const

/** The report on what was read. Pure. */
export function podsReport(inventory: Inventory, nodes: readonly Node[] | Unreadable, options: PodsReportOptions): PodsReport {
  const nodesByName = nodes === 'unreadable' ? nodes : new Map(nodes.map((node) => [node.name, node]))
  const {now} = options
  const items: PodItem[] = []
  const uncounted: UncountedPod[] = []
  const add = (pod: Pod, group: Group | null, opinion: Opinion): void => {
    const state = standing(pod)
    const belongs = {name: pod.name, workload: group?.name ?? null, category: group?.category ?? null}
    if (state === 'counted') items.push({...belongs, ...rowOf(pod), ...opinion})
    else {
      const {word} = podState(pod)
      const {node, reason} = {...pod, reason: state === 'leftover' && opinion.reason === '' ? pod.reason : opinion.reason}
      uncounted.push({...belongs, standing: UNCOUNTED[state], status: word, node, createdAt: isoTimeOrNull(pod.createdAt), reason})
    }
  }
  for (const group of inventory.groups) {
    const opinions = opinionsOf(group, inventory, nodesByName, now)
    for (const pod of group.pods) add(pod, group, opinions.get(pod.name) ?? opinionOfStray(pod, now))
  }
  for (const pod of inventory.strays) add(pod, null, opinionOfStray(pod, now))
  const isProblem = ({severity}: PodItem): boolean => severity !== 'ok'
  const category = (name: string) => {
    const members = items.filter((item) => item.category === name)
    return {name, pods: members.length, ready: members.filter(({ready}) => ready).length}
  }
  return {
    apiVersion: 'sapoche/v1',
    kind: 'PodsReport',
    generatedAt: isoTime(now),
    context: options.context,
    namespace: options.namespace,
    summary: {
      pods: items.length,
      ready: items.filter(({ready}) => ready).length,
      problems: items.filter(isProblem).length,
      categories: options.categories.map(category).filter(({pods}) => pods > 0),
    },
    items: options.problems ? items.filter(isProblem) : items,
    uncounted: options.problems ? uncounted.filter(({standing, reason}) => standing === 'failed' || reason !== '') : uncounted,
    warnings: [...options.warnings],
  }
}

/** The rules' opinion on the pods of a deployment, all of them seen together: whether a rollout is under way decides what is forgiven. */
function opinionsOf(
  {deployment, replicaSets, name}: Group,
  inventory: Inventory,
  nodes: ReadonlyMap<string, Node> | Unreadable,
  now: number,
): ReadonlyMap<string, Opinion> {
  const judgement = judgeWorkload(
    {
      expectation: null,
      strict: false,
      deployment,
      foundAs: null,
      replicaSets: inventory.replicaSets === 'unreadable' ? 'unreadable' : replicaSets,
      pods: inventory.pods.filter((pod) => inventory.workloadOf(pod) === name),
      nodes,
      autoscaler: null,
      scaledObject: null,
      events: new Map(),
    },
    now,
  )
  return new Map(
    judgement.pods.map((row) => [
      row.name,
      {ready: row.ready, reason: row.reason, severity: row.doomed ? 'critical' : row.ready && row.reason === '' ? 'ok' : 'warning'},
    ]),
  )
}

/** On a pod that no deployment owns. */
function opinionOfStray(pod: Pod, now: number): Opinion {
  if (findCondition(pod.conditions, 'Ready')?.status === 'True') return {ready: true, reason: '', severity: 'ok'}
  const doom = doomOf(pod, {rollout: false, events: new Map(), now})
  if (doom !== null) return {ready: false, reason: doom.reason, severity: 'critical'}
  const container = pod.containers.find(({role, status}) => role !== 'init' && status !== null && !status.ready)
  return {ready: false, reason: container === undefined ? '' : containerTrouble(container, now), severity: 'warning'}
}

function rowOf(pod: Pod): Pick<PodItem, 'containers' | 'status' | 'restarts' | 'node' | 'createdAt' | 'startedAt'> {
  const {word, ready, total, restarts} = podState(pod)
  const {lastAt, ...last} = lastEndOf([pod])
  return {
    containers: {ready, total},
    status: word,
    restarts: {total: restarts, lastAt: isoTimeOrNull(lastAt), ...last},
    node: pod.node,
    createdAt: isoTimeOrNull(pod.createdAt),
    startedAt: isoTimeOrNull(pod.startedAt),
  }
}
