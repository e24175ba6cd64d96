/**
 * HorizontalPodAutoscaler in a cluster without a metrics API, as kube-controller-manager has it: the target is kept between minimum and
 * maximum, nothing more. Only where a scenario brings current metrics does it claim to have found any.
 */
import type {Cluster} from './cluster.ts'
import {recordWrite} from './managed-fields.ts'
import {AUTOSCALERS, DEPLOYMENTS} from './resources.ts'
import {type Autoscaler, type Condition, conditionOf, type Deployment, withCondition} from './types.ts'

const COMPONENT = 'horizontal-pod-autoscaler'
const BLIND =
  'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'

export function reconcileAutoscaler(cluster: Cluster, hpa: Autoscaler): void {
  const {scaleTargetRef, minReplicas = 1, maxReplicas} = hpa.spec
  const target =
    scaleTargetRef.kind === 'Deployment' ? cluster.store.get(DEPLOYMENTS, hpa.metadata.namespace, scaleTargetRef.name) : undefined
  const at = cluster.now()
  const {currentMetrics = null} = hpa.status
  let {conditions = []} = hpa.status
  const say = (type: string, status: Condition['status'], reason: string, message: string) => {
    conditions = withCondition(conditions, {type, status, reason, message, lastTransitionTime: at})
  }
  if (target === undefined) {
    const missing = `deployments.apps "${scaleTargetRef.name}" not found`
    say('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${missing}`)
    report(cluster, hpa, 'FailedGetScale', missing)
    cluster.store.update(AUTOSCALERS, hpa, (draft) => void (draft.status = {desiredReplicas: 0, currentMetrics, conditions}))
    return
  }
  const current = target.spec.replicas
  const desired = current === 0 ? 0 : Math.min(maxReplicas, Math.max(minReplicas, current))
  if (desired !== current) {
    const bound = current > maxReplicas ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'
    say('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`)
    rescale(cluster, hpa, target, desired, `Current number of replicas ${bound}`)
  } else if (currentMetrics === null || current === 0) {
    say('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
  } else {
    say('AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
  }
  if (current === 0) {
    say('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
  } else if (currentMetrics === null) {
    say('ScalingActive', 'False', 'FailedGetResourceMetric', `the HPA was unable to compute the replica count: ${BLIND}`)
    report(cluster, hpa, 'FailedGetResourceMetric', BLIND)
  } else {
    say('ScalingActive', 'True', 'ValidMetricFound', 'the HPA was able to successfully calculate a replica count')
    // At the maximum a scenario may have said since when.
    if (conditionOf(conditions, 'ScalingLimited') === undefined || desired < maxReplicas)
      say('ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range')
  }
  cluster.store.update(AUTOSCALERS, hpa, (draft) => {
    const {lastScaleTime} = draft.status
    const scaledAt = desired === current ? lastScaleTime : at
    draft.status = {
      currentReplicas: current,
      desiredReplicas: desired,
      currentMetrics,
      conditions,
      ...(scaledAt && {lastScaleTime: scaledAt}),
    }
  })
}

/** Sets the count of its target, and says why. */
export function rescale(cluster: Cluster, hpa: Autoscaler, target: Deployment, replicas: number, reason: string): void {
  cluster.record(hpa, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`, COMPONENT)
  cluster.store.update(DEPLOYMENTS, target, (draft) => {
    draft.spec.replicas = replicas
    recordWrite(target, draft, {manager: 'kube-controller-manager', subresource: 'scale', time: cluster.now()})
  })
}

/** A warning, once for each condition that it belongs to: reported over again with every look it would crowd out all others. */
function report(cluster: Cluster, hpa: Autoscaler, reason: string, message: string): void {
  if (!hpa.status.conditions?.some((condition) => condition.reason === reason)) cluster.record(hpa, 'Warning', reason, message, COMPONENT)
}
