/** HorizontalPodAutoscaler without metrics: it keeps its target between minimum and maximum, and says so in its conditions. */
import type {Cluster} from './cluster.ts'
import {recordWrite} from './managed-fields.ts'
import {AUTOSCALERS, DEPLOYMENTS} from './resources.ts'
import {type Autoscaler, type Condition, conditionOf, withCondition} from './types.ts'

export function reconcileAutoscaler(cluster: Cluster, hpa: Autoscaler): void {
  const {scaleTargetRef, minReplicas = 1, maxReplicas} = hpa.spec
  const target =
    scaleTargetRef.kind === 'Deployment' ? cluster.store.get(DEPLOYMENTS, hpa.metadata.namespace, scaleTargetRef.name) : undefined
  const at = cluster.now()
  let {conditions = []} = hpa.status
  const say = (type: string, status: Condition['status'], reason: string, message: string) => {
    conditions = withCondition(conditions, {type, status, reason, message, lastTransitionTime: at})
  }
  if (target === undefined) {
    say('AbleToScale', 'False', 'FailedGetScale', `deployments/scale.apps "${scaleTargetRef.name}" not found`)
    cluster.store.update(AUTOSCALERS, hpa, (draft) => void (draft.status.conditions = conditions))
    return
  }
  const current = target.spec.replicas
  const desired = current === 0 ? 0 : Math.min(maxReplicas, Math.max(minReplicas, current))
  say('AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
  if (current === 0) {
    say('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')
  } else {
    say('ScalingActive', 'True', 'ValidMetricFound', 'the HPA was able to successfully calculate a replica count')
    // At the maximum a scenario may have said since when; without metrics there is no wish for more.
    if (conditionOf(conditions, 'ScalingLimited') === undefined || desired < maxReplicas)
      say('ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range')
  }
  if (desired !== current) {
    const bound = current > maxReplicas ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'
    const message = `New size: ${desired}; reason: Current number of replicas ${bound}`
    cluster.record(hpa, 'Normal', 'SuccessfulRescale', message, 'horizontal-pod-autoscaler')
    cluster.store.update(DEPLOYMENTS, target, (draft) => {
      draft.spec.replicas = desired
      recordWrite(target, draft, {manager: 'kube-controller-manager', subresource: 'scale', time: at})
    })
  }
  cluster.store.update(AUTOSCALERS, hpa, (draft) => {
    const {lastScaleTime = at, currentMetrics = null} = draft.status
    draft.status = {
      currentReplicas: target.status.replicas ?? 0,
      desiredReplicas: desired,
      currentMetrics,
      conditions,
      ...((desired !== current || draft.status.lastScaleTime !== undefined) && {lastScaleTime: desired === current ? lastScaleTime : at}),
    }
  })
}
