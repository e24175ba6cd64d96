/** What every controller of pods does: create them, within quotas, and count them. */
import type {Cluster} from './cluster.ts'
import {isRecord, same} from './json.ts'
import {overQuota} from './quotas.ts'
import {PODS} from './resources.ts'
import {type KubeObject, type Labels, type Pod, type PodSpec, type PodTemplate, conditionOf, controllerReference} from './types.ts'

const TOLERATIONS = ['not-ready', 'unreachable'].map((trouble) => ({
  key: `node.kubernetes.io/${trouble}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}))

/** A pod as the API server admits it: with the tolerations and the quality of service that every pod has. */
export function newPod(spec: PodSpec): Pick<Pod, 'spec' | 'status'> {
  const resources = spec.containers.map((container) => (isRecord(container['resources']) ? container['resources'] : {}))
  const guaranteed = resources.every(({requests, limits}) => requests !== undefined && same(requests, limits))
  const qosClass = resources.every((wants) => Object.keys(wants).length === 0) ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable'
  return {
    spec: {enableServiceLinks: true, priority: 0, preemptionPolicy: 'PreemptLowerPriority', tolerations: TOLERATIONS, ...spec},
    status: {phase: 'Pending', qosClass},
  }
}

export function isReady({status}: Pod): boolean {
  return conditionOf(status.conditions, 'Ready')?.status === 'True'
}

export interface PodIdentity {
  readonly name: string
  /** Beside those of the template. */
  readonly labels?: Labels
  readonly spec?: Partial<PodSpec>
}

/** Creates a pod from a template, with an event on its owner. Returns why it was refused, null where it was not. */
export function createPod(
  cluster: Cluster,
  owner: KubeObject,
  template: PodTemplate,
  identity: PodIdentity,
  component: string,
): string | null {
  const {namespace = '', name} = owner.metadata
  const refusal = overQuota(cluster, namespace, identity.name)
  if (refusal !== null) {
    cluster.record(owner, 'Warning', 'FailedCreate', `Error creating: ${refusal}`, component)
    return refusal
  }
  const {labels, annotations} = template.metadata
  const metadata = {
    name: identity.name,
    generateName: `${name}-`,
    namespace,
    generation: 1,
    labels: {...labels, ...identity.labels},
    ...(annotations && {annotations}),
    ownerReferences: [controllerReference(owner)],
  }
  cluster.create(PODS, metadata, newPod({...template.spec, ...identity.spec}))
  cluster.record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${identity.name}`, component)
  return null
}

export function deletePod(cluster: Cluster, owner: KubeObject, pod: Pod, component: string): void {
  cluster.remove(PODS, pod)
  cluster.record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, component)
}
