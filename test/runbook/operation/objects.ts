import {decodeLive, type LiveDeployment} from '../../../src/lib/runbook/operation/live.ts'
import {decodePod, decodeReplicaSet, type Pod, type ReplicaSet} from '../../../src/lib/workload/index.ts'

/** 2026-11-22 03:12:07Z, the clock of every case. */
export const NOW = Date.parse('2026-11-22T03:12:07Z')
export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString()

export interface DeploymentFacts {
  readonly name?: string
  readonly uid?: string
  readonly replicas?: number
  readonly generation?: number
  readonly observed?: number | null
  readonly revision?: number
  readonly paused?: boolean
  readonly image?: string
  readonly restartedAt?: string
  readonly strategy?: object
  readonly volumes?: readonly object[]
  /** updated, of all, ready, available */
  readonly counts?: readonly [updated: number, all: number, available: number]
  readonly conditions?: readonly object[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly managers?: readonly object[]
}

/** A deployment as the API server would send it; complete at generation 2, revision 2, unless told. */
export function rawDeployment(facts: DeploymentFacts = {}): {readonly [key: string]: unknown} {
  const {name = 'web', replicas = 1, generation = 2, revision = 2, image = 'case:1.0', restartedAt} = facts
  const [updated, all, available] = facts.counts ?? [replicas, replicas, replicas]
  const observed = facts.observed === undefined ? generation : facts.observed
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      uid: facts.uid ?? `uid-${name}`,
      resourceVersion: '7',
      generation,
      labels: facts.labels ?? {},
      annotations: {'deployment.kubernetes.io/revision': String(revision), ...facts.annotations},
      managedFields: facts.managers ?? [],
    },
    spec: {
      replicas,
      ...(facts.paused === undefined ? {} : {paused: facts.paused}),
      ...(facts.strategy === undefined ? {} : {strategy: facts.strategy}),
      progressDeadlineSeconds: 600,
      template: {
        metadata: {annotations: restartedAt === undefined ? {} : {'kubectl.kubernetes.io/restartedAt': restartedAt}},
        spec: {containers: [{name: 'app', image}], ...(facts.volumes === undefined ? {} : {volumes: facts.volumes})},
      },
    },
    status: {
      ...(observed === null ? {} : {observedGeneration: observed}),
      updatedReplicas: updated,
      replicas: all,
      readyReplicas: available,
      availableReplicas: available,
      conditions: facts.conditions ?? [],
    },
  }
}

export function deployment(facts: DeploymentFacts = {}): LiveDeployment {
  return decodeLive(rawDeployment(facts))
}

export function replicaSet(revision: number, of = 'web', image = 'case:1.0'): ReplicaSet {
  return decodeReplicaSet({
    metadata: {
      name: `${of}-rs${revision}`,
      uid: `uid-${of}-rs${revision}`,
      annotations: {'deployment.kubernetes.io/revision': String(revision)},
      ownerReferences: [{kind: 'Deployment', name: of, uid: `uid-${of}`, controller: true}],
    },
    spec: {replicas: 1, template: {spec: {containers: [{name: 'app', image}]}}},
  })
}

export interface PodFacts {
  readonly of?: string
  readonly revision?: number
  readonly suffix?: string
  /** The container's state; `ready` unless told. */
  readonly state?: 'ready' | 'starting' | 'unready' | 'crashloop' | 'config' | 'pull'
  readonly restarts?: number
  readonly isTerminating?: boolean
  readonly conditions?: readonly object[]
}

const STATES = {
  ready: {running: {startedAt: ago(60)}},
  unready: {running: {startedAt: ago(60)}},
  starting: {waiting: {reason: 'ContainerCreating'}},
  crashloop: {waiting: {reason: 'CrashLoopBackOff', message: 'back-off 10s'}},
  config: {waiting: {reason: 'CreateContainerConfigError', message: 'secret "queue-credentials" not found'}},
  pull: {waiting: {reason: 'ImagePullBackOff', message: 'Back-off pulling image "case:1.1"'}},
} as const

export function pod({of = 'web', revision = 2, suffix = 'aaaaa', state = 'ready', restarts = 0, ...facts}: PodFacts = {}): Pod {
  const owner = `${of}-rs${revision}`
  const last = restarts > 0 ? {terminated: {exitCode: 255, reason: 'Error', finishedAt: ago(40)}} : {}
  return decodePod({
    metadata: {
      name: `${owner}-${suffix}`,
      uid: `uid-${owner}-${suffix}`,
      ownerReferences: [{kind: 'ReplicaSet', name: owner, uid: `uid-${owner}`, controller: true}],
      ...(facts.isTerminating === true ? {deletionTimestamp: ago(-30), deletionGracePeriodSeconds: 30} : {}),
    },
    spec: {nodeName: 'node-a', containers: [{name: 'app', image: 'case:1.0'}]},
    status: {
      phase: state === 'ready' || state === 'unready' || state === 'crashloop' ? 'Running' : 'Pending',
      conditions: facts.conditions ?? [{type: 'Ready', status: state === 'ready' ? 'True' : 'False'}],
      containerStatuses: [{name: 'app', ready: state === 'ready', restartCount: restarts, state: STATES[state], lastState: last}],
    },
  })
}
