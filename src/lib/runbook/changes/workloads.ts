import {
  compareTemplates,
  type Deployment,
  differenceWords,
  exitWords,
  findCondition,
  type ReplicaSet,
  scaleRecord,
  standing,
} from '../../workload/index.ts'
import type {Inventory, PodWithSpec} from '../inventory/index.ts'
import {type Change, changeOf} from './change.ts'

/** What the objects of the workloads themselves tell: rollouts, recorded scalings, restarts of containers, evictions. */
export function changesOfWorkloads({groups, strays}: Inventory<PodWithSpec>): Change[] {
  return [
    ...groups.flatMap((group) => {
      const {name, deployment, replicaSets, isWhole, pods} = group
      const ofDeployment = deployment === null || !isWhole ? [] : [...rollouts(deployment, replicaSets), ...recordedScaling(deployment)]
      return [...ofDeployment, ...pods.flatMap((pod) => changesOfPod(pod, name))]
    }),
    ...strays.flatMap((pod) => changesOfPod(pod, null)),
  ]
}

/** Each revision beside the one before it. Of one that a rollback took up again the time is known while it is the current one. */
function rollouts(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Change[] {
  const revisions = replicaSets.filter(({revision}) => revision !== null).toSorted((a, b) => (a.revision ?? 0) - (b.revision ?? 0))
  return revisions.flatMap((each, index) => {
    const before = revisions[index - 1]
    const isCurrent = each.revision === deployment.revision
    const resumed = isCurrent ? (findCondition(deployment.conditions, 'Progressing')?.lastUpdateAt ?? null) : null
    const at = each.reused ? resumed : each.createdAt
    if (at === null) return []
    const words = before === undefined ? 'first rollout that is kept' : differenceWords(compareTemplates(before.template, each.template))
    return [
      changeOf({
        at,
        kind: 'rollout',
        workload: deployment.name,
        object: {kind: 'Deployment', name: deployment.name},
        what: `${each.reused ? 'rolled back: ' : ''}${words} (revision ${each.revision})`,
        sources: ['replica set'],
      }),
    ]
  })
}

function recordedScaling(deployment: Deployment): Change[] {
  const record = scaleRecord(deployment.annotations, deployment.replicas)
  if (record === null || record.at === null) return []
  const {at, previous, to, by, reason} = record
  return [
    changeOf({
      at,
      kind: 'scaling',
      workload: deployment.name,
      object: {kind: 'Deployment', name: deployment.name},
      what: `${previous === null ? '' : `${previous} -> `}${to} replicas`,
      by,
      reason,
      to,
      sources: ['annotation'],
    }),
  ]
}

function changesOfPod(pod: PodWithSpec, workload: string | null): Change[] {
  const object = {kind: 'Pod', name: pod.name}
  const restarts = pod.containers.flatMap(({name, role, status}) => {
    const end = status?.lastTermination ?? null
    if (role === 'init' || status === null || end === null || end.finishedAt === null || status.restarts === 0) return []
    const count = status.restarts === 1 ? '1 restart' : `${status.restarts} restarts`
    return [
      changeOf({
        at: end.finishedAt,
        kind: 'restart',
        workload,
        object,
        what: `container ${name} restarted: ${exitWords(end)}, ${count} so far`,
        sources: ['pod'],
      }),
    ]
  })
  const disruption = findCondition(pod.conditions, 'DisruptionTarget')
  if (disruption?.status !== 'True' || disruption.lastTransitionAt === null) return restarts
  const gone = standing(pod) === 'leftover' && pod.reason !== '' ? pod.reason : disruption.reason
  return [
    ...restarts,
    changeOf({
      at: disruption.lastTransitionAt,
      kind: 'eviction',
      workload,
      object,
      what: `pod ${pod.name} moved off ${pod.node ?? 'its node'}: ${gone}`,
      sources: ['pod'],
    }),
  ]
}
