import {autoscalingTrouble} from './autoscaling.ts'
import {findCondition} from './decode/metadata.ts'
import type {Deployment, Pod} from './objects.ts'
import {isCurrent} from './ownership.ts'
import {DEFAULT_STARTUP_GRACE_SECONDS, type Grace, graceOf, isObserved, type Rollout, rolloutOf} from './rollout.ts'
import {type Survey, surveyPods} from './survey.ts'
import {type ScaleRecord, scaleRecord, temporaryOf} from './temporary.ts'
import type {Severity, Temporary, WorkloadFacts} from './types.ts'

/** Everything that the table of healths looks at, worked out once. */
export interface Situation {
  readonly facts: WorkloadFacts
  readonly deployment: Deployment
  readonly pods: readonly Pod[]
  readonly now: number
  readonly desired: number
  readonly survey: Survey
  readonly rollout: Rollout
  readonly grace: Grace
  readonly observed: boolean
  /** All pods are of the present template, counted by the controller, available, and ready by the rules. */
  readonly settled: boolean
  /** Why pods can't be created (a quota, an admission); null where they can. */
  readonly replicaFailure: string | null
  readonly record: ScaleRecord | null
  readonly temporary: Temporary | null
  readonly autoscaling: {readonly severity: Severity; readonly words: string} | null
}

/** Works out the situation of a deployment whose object and pods could be read. */
export function situationOf(facts: WorkloadFacts, deployment: Deployment, pods: readonly Pod[], now: number): Situation {
  const desired = deployment.replicas
  const rollout = rolloutOf(deployment, facts.replicaSets, now)
  const current = isCurrent(deployment, facts.replicaSets, pods)
  const survey = surveyPods(pods, {rollout: rollout.underWay, events: facts.events, nodes: facts.nodes, isCurrent: current, now})
  const startupGraceSeconds = facts.expectation?.startupGrace ?? DEFAULT_STARTUP_GRACE_SECONDS
  const grace = graceOf({
    deployment,
    rollout,
    serving: survey.ready > 0,
    pods,
    isCurrent: current,
    nodes: facts.nodes,
    startupGraceSeconds,
    now,
  })
  const record = scaleRecord(deployment.annotations, desired)
  const failure = findCondition(deployment.conditions, 'ReplicaFailure')
  return {
    facts,
    deployment,
    pods,
    now,
    desired,
    survey,
    rollout,
    grace,
    observed: isObserved(deployment),
    settled: isSettled(deployment, survey.ready),
    replicaFailure: failure?.status === 'True' ? `${failure.reason}: ${failure.message}` : null,
    record,
    temporary: temporaryOf(record, now),
    autoscaling: autoscalingTrouble(facts, desired, now),
  }
}

function isSettled(deployment: Deployment, ready: number): boolean {
  const {replicas: desired, status, paused} = deployment
  const counted = status.updated === desired && status.replicas === desired && status.available === desired
  return isObserved(deployment) && counted && ready >= desired && !paused
}
