/** Deployment -> replica sets, as kube-controller-manager 1.36 does it (pkg/controller/deployment: sync, rolling, recreate, progress). */
import type {Cluster} from './cluster.ts'
import {REVISION, type Rollout, available, bounds, markPaused, progress, sum, updateStatus, wanted} from './deployment-status.ts'
import {same} from './json.ts'
import {PODS, REPLICA_SETS} from './resources.ts'
import {type Deployment, type Labels, type PodTemplate, type ReplicaSet, controllerReference} from './types.ts'

const PREFIX = 'deployment.kubernetes.io/'
const HISTORY = `${PREFIX}revision-history`
const DESIRED = `${PREFIX}desired-replicas`
const MAXIMUM = `${PREFIX}max-replicas`
const HASH = 'pod-template-hash'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

export function reconcileDeployment(cluster: Cluster, deployment: Deployment): void {
  const sets = cluster.ownedBy(REPLICA_SETS, deployment).toSorted((a, b) => revisionOf(a) - revisionOf(b))
  const current = sets.findLast((set) => sameTemplate(set.spec.template, deployment.spec.template)) ?? null
  const rollout: Rollout = {
    cluster,
    deployment,
    old: sets.filter((set) => set !== current),
    current: current && claim(cluster, deployment, current, sets),
    conditions: [...(deployment.status.conditions ?? [])],
  }
  markPaused(rollout)
  const active = sets.filter((set) => set.spec.replicas > 0)
  const scaled = active.some((set) => Number(set.metadata.annotations?.[DESIRED]) !== deployment.spec.replicas)
  const recreating = deployment.spec.strategy.type === 'Recreate' && active.length > 1
  if (deployment.spec.paused === true || (scaled && !recreating)) {
    scale(rollout)
    updateStatus(rollout, false)
    return
  }
  if (deployment.spec.strategy.type === 'Recreate') recreate(rollout)
  else roll(rollout)
  updateStatus(rollout, true)
}

function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0)
}

function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  const bare = ({metadata, spec}: PodTemplate) => {
    const {[HASH]: _hash, ...labels} = metadata.labels ?? {}
    return {labels, annotations: metadata.annotations ?? {}, spec}
  }
  return same(bare(a), bare(b))
}

/** The annotations that a replica set has from its deployment. */
function inherited(deployment: Deployment, revision: number): Labels {
  const {[REVISION]: _revision, [LAST_APPLIED]: _applied, ...others} = deployment.metadata.annotations ?? {}
  return {...others, [REVISION]: String(revision), ...sizes(deployment)}
}

function sizes(deployment: Deployment): Labels {
  return {[DESIRED]: String(deployment.spec.replicas), [MAXIMUM]: String(deployment.spec.replicas + bounds(deployment).surge)}
}

/** A template that was rolled out before (a rollback) becomes the newest revision. */
function claim(cluster: Cluster, deployment: Deployment, set: ReplicaSet, sets: readonly ReplicaSet[]): ReplicaSet {
  const next = Math.max(0, ...sets.filter((other) => other !== set).map(revisionOf)) + 1
  const {[DESIRED]: _desired, [MAXIMUM]: _maximum, ...copied} = inherited(deployment, Math.max(next, revisionOf(set)))
  const old = set.metadata.annotations ?? {}
  const history = revisionOf(set) < next && {[HISTORY]: [old[HISTORY], revisionOf(set)].filter(Boolean).join(',')}
  const annotations = {...old, ...copied, ...history}
  const {minReadySeconds = 0} = deployment.spec
  if (same(annotations, old) && minReadySeconds === (set.spec.minReadySeconds ?? 0)) return set
  return cluster.store.update(REPLICA_SETS, set, (draft) => {
    draft.metadata.annotations = annotations
    if (minReadySeconds === 0) delete draft.spec.minReadySeconds
    else draft.spec.minReadySeconds = minReadySeconds
  })
}

/** What stands for a pod template in names, by Kubernetes' way: FNV-1a in digits, each put as a letter. */
export function templateHash(template: PodTemplate): string {
  let sum = 0x811c9dc5
  for (const letter of JSON.stringify(template)) sum = Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return String(sum >>> 0).replace(/\d/g, (digit) => 'bcdfghjklmnpqrstvwxz2456789'[digit.charCodeAt(0) % 27] ?? '')
}

function newReplicaSet(rollout: Rollout, replicas: number): ReplicaSet {
  const {cluster, deployment, old} = rollout
  const {selector, template, minReadySeconds} = deployment.spec
  const hash = templateHash(template)
  const labels = {...template.metadata.labels, [HASH]: hash}
  const set = cluster.create(
    REPLICA_SETS,
    {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      generation: 1,
      labels,
      annotations: inherited(deployment, Math.max(0, ...old.map(revisionOf)) + 1),
      ownerReferences: [controllerReference(deployment)],
    },
    {
      spec: {
        replicas,
        ...(minReadySeconds !== undefined && {minReadySeconds}),
        selector: {...selector, matchLabels: {...selector.matchLabels, [HASH]: hash}},
        template: {...template, metadata: {...template.metadata, labels}},
      },
      status: {replicas: 0},
    },
  )
  if (replicas > 0) announce(rollout, set, 0, replicas)
  progress(rollout, 'True', 'NewReplicaSetCreated', `Created new replica set "${set.metadata.name}"`)
  return set
}

function announce({cluster, deployment}: Rollout, set: ReplicaSet, from: number, to: number): void {
  const message = `Scaled ${from < to ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
  cluster.record(deployment, 'Normal', 'ScalingReplicaSet', message, 'deployment-controller')
}

/** Whether anything changed. */
function resize(rollout: Rollout, set: ReplicaSet, replicas: number): boolean {
  const {[DESIRED]: desired, [MAXIMUM]: maximum} = set.metadata.annotations ?? {}
  if (set.spec.replicas === replicas && same({[DESIRED]: desired, [MAXIMUM]: maximum}, sizes(rollout.deployment))) return false
  const updated = rollout.cluster.store.update(REPLICA_SETS, set, (draft) => {
    draft.spec.replicas = replicas
    Object.assign((draft.metadata.annotations ??= {}), sizes(rollout.deployment))
  })
  if (set.spec.replicas !== replicas) announce(rollout, set, set.spec.replicas, replicas)
  if (set === rollout.current) rollout.current = updated
  else rollout.old[rollout.old.indexOf(set)] = updated
  return set.spec.replicas !== replicas
}

/** A change of replicas, or anything while paused: the one active set takes all; in the middle of a rollout each takes its share. */
function scale(rollout: Rollout): void {
  const {deployment, old, current} = rollout
  const {replicas} = deployment.spec
  const all = [...old, ...(current ? [current] : [])]
  const active = all.filter((set) => set.spec.replicas > 0)
  const only = active.length === 0 ? all.at(-1) : active[0]
  if (active.length <= 1) {
    if (only !== undefined) resize(rollout, only, replicas)
    return
  }
  if (current !== null && current.spec.replicas === replicas && (current.status.availableReplicas ?? 0) === replicas) {
    for (const set of active.filter((other) => other !== current)) resize(rollout, set, 0)
    return
  }
  if (deployment.spec.strategy.type === 'Recreate') return
  const size = replicas === 0 ? 0 : replicas + bounds(deployment).surge
  const missing = size - sum(active, wanted)
  const sorted = active.toSorted((a, b) => wanted(b) - wanted(a) || (revisionOf(b) - revisionOf(a)) * Math.sign(missing))
  let given = 0
  const shares = sorted.map((set) => {
    const before = Number(set.metadata.annotations?.[MAXIMUM]) || deployment.status.replicas || size
    const share = (replicas === 0 ? 0 : Math.round((wanted(set) * size) / before)) - wanted(set)
    const allowed = missing > 0 ? Math.min(share, missing - given) : Math.max(share, missing - given)
    given += missing === 0 ? 0 : allowed
    return missing === 0 ? 0 : allowed
  })
  sorted.forEach((set, index) =>
    resize(rollout, set, Math.max(0, wanted(set) + (shares[index] ?? 0) + (index === 0 ? missing - given : 0))),
  )
}

function roll(rollout: Rollout): void {
  const {deployment, old} = rollout
  const {replicas} = deployment.spec
  const {surge, unavailable} = bounds(deployment)
  const room = Math.max(0, replicas + surge - sum([...old, rollout.current], wanted))
  const before = rollout.current
  if (before === null) {
    rollout.current = newReplicaSet(rollout, Math.min(room, replicas))
    return
  }
  if (resize(rollout, before, Math.min(wanted(before) + room, replicas))) return
  const active = () => old.filter((set) => set.spec.replicas > 0)
  const least = replicas - unavailable
  let unhealthy = sum([...old, before], wanted) - least - (wanted(before) - (available(before) ?? 0))
  if (unhealthy <= 0 || active().length === 0) return trim(rollout)
  for (const set of active()) {
    const dead = Math.min(unhealthy, wanted(set) - (available(set) ?? 0))
    if (dead > 0) resize(rollout, set, wanted(set) - dead)
    unhealthy -= Math.max(0, dead)
  }
  let spare = sum([...old, before], available) - least
  for (const set of active()) {
    const less = Math.min(wanted(set), spare)
    if (less > 0) resize(rollout, set, wanted(set) - less)
    spare -= Math.max(0, less)
  }
  trim(rollout)
}

function recreate(rollout: Rollout): void {
  const {cluster, deployment, old} = rollout
  const stopped = old.map((set) => resize(rollout, set, 0)).some(Boolean)
  const pods = old.flatMap((set) => cluster.ownedBy(PODS, set))
  if (stopped || pods.some(({status}) => !['Succeeded', 'Failed'].includes(status.phase))) return
  if (rollout.current === null) rollout.current = newReplicaSet(rollout, deployment.spec.replicas)
  else resize(rollout, rollout.current, deployment.spec.replicas)
  trim(rollout)
}

/** Keeps revisionHistoryLimit old replica sets once the rollout is complete. */
function trim({cluster, deployment, old}: Rollout): void {
  const {updatedReplicas = 0, replicas = 0, availableReplicas = 0} = deployment.status
  if ([updatedReplicas, replicas, availableReplicas].some((count) => count !== deployment.spec.replicas)) return
  const idle = old.filter((set) => set.spec.replicas === 0 && set.status.replicas === 0)
  for (const set of idle.slice(0, Math.max(0, old.length - deployment.spec.revisionHistoryLimit))) cluster.remove(REPLICA_SETS, set)
}
