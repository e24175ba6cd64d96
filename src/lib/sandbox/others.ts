/** The other controllers of pods, in little: StatefulSet, DaemonSet and Job. */
import type {Cluster} from './cluster.ts'
import {templateHash} from './deployments.ts'
import {createPod, deletePod, isReady} from './pods.ts'
import {DAEMON_SETS, JOBS, NODES, PODS, STATEFUL_SETS} from './resources.ts'
import {type Condition, type DaemonSet, type Job, type Pod, type StatefulSet, withCondition, isLive} from './types.ts'

const HASH = 'controller-revision-hash'

/** The counts that the API leaves out at zero. */
function positive(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}

const isStaying = ({metadata}: Pod): boolean => metadata.deletionTimestamp === undefined

/** One pod for each ordinal, in their order; a changed template replaces them from the last one on, one at a time. */
export function reconcileStatefulSet(cluster: Cluster, set: StatefulSet): void {
  const {replicas = 1, template, podManagementPolicy} = set.spec
  const hash = templateHash(template)
  const pods = cluster.ownedBy(PODS, set)
  const ordinal = (pod: Pod) => Number(pod.metadata.name.slice(set.metadata.name.length + 1))
  const component = 'statefulset-controller'
  const surplus = pods.filter((pod) => ordinal(pod) >= replicas && isStaying(pod)).toSorted((a, b) => ordinal(b) - ordinal(a))
  for (const pod of surplus) deletePod(cluster, set, pod, component)
  for (let index = 0; index < replicas; index += 1) {
    const name = `${set.metadata.name}-${index}`
    const pod = pods.find((candidate) => candidate.metadata.name === name)
    const labels = {
      [HASH]: `${set.metadata.name}-${hash}`,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': `${index}`,
    }
    if (pod === undefined) createPod(cluster, set, template, {name, labels, spec: {hostname: name}}, component)
    if (podManagementPolicy !== 'Parallel' && (pod === undefined || !isReady(pod))) break
  }
  const isNew = (pod: Pod) => pod.metadata.labels?.[HASH] === `${set.metadata.name}-${hash}`
  const outdated = pods.filter((pod) => !isNew(pod)).toSorted((a, b) => ordinal(b) - ordinal(a))
  const [last] = outdated
  if (last !== undefined && isStaying(last) && pods.length === replicas && pods.every((pod) => pod === last || isReady(pod))) {
    deletePod(cluster, set, last, component)
  }
  const now = cluster.ownedBy(PODS, set).filter(isLive)
  const ready = now.filter(isReady).length
  const counts = positive({readyReplicas: ready, currentReplicas: now.length, updatedReplicas: now.filter(isNew).length})
  cluster.store.update(STATEFUL_SETS, set, (draft) => {
    const updateRevision = `${set.metadata.name}-${hash}`
    const currentRevision = now.every(isNew) ? updateRevision : (outdated[0]?.metadata.labels?.[HASH] ?? updateRevision)
    draft.status = {
      observedGeneration: set.metadata.generation,
      replicas: now.length,
      ...counts,
      availableReplicas: ready,
      currentRevision,
      updateRevision,
      collisionCount: 0,
    }
  })
}

/** One pod on each node that its selector takes. */
export function reconcileDaemonSet(cluster: Cluster, set: DaemonSet): void {
  const {template} = set.spec
  const wanted = Object.entries(template.spec.nodeSelector ?? {})
  const nodes = cluster.store.list(NODES).filter(({metadata}) => wanted.every(([label, value]) => metadata.labels?.[label] === value))
  const labels = {[HASH]: templateHash(template)}
  const pods = cluster.ownedBy(PODS, set).filter(isLive)
  const component = 'daemonset-controller'
  for (const {metadata} of nodes) {
    const [pod] = pods.filter(({spec}) => spec.nodeName === metadata.name)
    const name = `${set.metadata.name}-${cluster.suffix(5)}`
    if (pod === undefined) createPod(cluster, set, template, {name, labels, spec: {nodeName: metadata.name}}, component)
    else if (isStaying(pod) && pod.metadata.labels?.[HASH] !== labels[HASH]) deletePod(cluster, set, pod, component)
  }
  const now = cluster.ownedBy(PODS, set).filter(isLive)
  const ready = now.filter(isReady).length
  const updated = now.filter(({metadata}) => metadata.labels?.[HASH] === labels[HASH]).length
  cluster.store.update(DAEMON_SETS, set, (draft) => {
    draft.status = {
      observedGeneration: set.metadata.generation,
      currentNumberScheduled: now.length,
      numberMisscheduled: 0,
      desiredNumberScheduled: nodes.length,
      numberReady: ready,
      ...positive({updatedNumberScheduled: updated, numberAvailable: ready, numberUnavailable: nodes.length - ready}),
    }
  })
}

/** Pods until enough have succeeded, or too many have failed. */
export function reconcileJob(cluster: Cluster, job: Job): void {
  const {parallelism = 1, completions = 1, backoffLimit = 6, template} = job.spec
  if (job.status.conditions?.some(({type}) => type === 'Complete' || type === 'Failed')) return
  const pods = cluster.ownedBy(PODS, job)
  const count = (phase: string) => pods.filter(({status}) => status.phase === phase).length
  const [succeeded, failed] = [count('Succeeded'), count('Failed')]
  const active = pods.filter(isLive)
  const done = succeeded >= completions
  const component = 'job-controller'
  const labels = {'batch.kubernetes.io/job-name': job.metadata.name, 'job-name': job.metadata.name}
  const missing = done || failed > backoffLimit ? 0 : Math.min(parallelism, completions - succeeded) - active.length
  for (let i = 0; i < missing; i += 1) {
    createPod(cluster, job, template, {name: `${job.metadata.name}-${cluster.suffix(5)}`, labels}, component)
  }
  if (failed > backoffLimit) for (const pod of active) deletePod(cluster, job, pod, component)
  const at = cluster.now()
  const end = done
    ? {types: ['SuccessCriteriaMet', 'Complete'], reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods'}
    : {types: ['FailureTarget', 'Failed'], reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit'}
  const over = done || failed > backoffLimit
  const conditions = (over ? end.types : []).reduce<Condition[]>(
    (known, type) => withCondition(known, {type, status: 'True', reason: end.reason, message: end.message, lastTransitionTime: at}),
    [],
  )
  const now = cluster.ownedBy(PODS, job).filter(isLive)
  cluster.store.update(JOBS, job, (draft) => {
    draft.status = {
      startTime: draft.status.startTime ?? at,
      ...positive({active: over ? 0 : now.length, succeeded, failed}),
      ready: over ? 0 : now.filter(isReady).length,
      terminating: 0,
      uncountedTerminatedPods: {},
      ...(conditions.length > 0 && {conditions}),
      ...(done && {completionTime: at}),
    }
  })
  if (over)
    cluster.record(job, done ? 'Normal' : 'Warning', done ? 'Completed' : end.reason, done ? 'Job completed' : end.message, component)
}
