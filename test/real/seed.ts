import {type Api, type KubernetesObject, watchUntil} from './api.ts'
import {configuration, deployments, NAMESPACE, services} from './manifests.ts'
import type {Progress} from './processes.ts'

const CORE = `/api/v1/namespaces/${NAMESPACE}`
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`

interface Deployment extends KubernetesObject {
  readonly metadata: NonNullable<KubernetesObject['metadata']> & {readonly generation: number}
  readonly spec: {readonly replicas: number}
  readonly status: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
  }
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints: readonly {readonly conditions?: {readonly ready?: boolean}}[] | null
}

/** Fills the namespace of the runbook: 38 deployments, 6 services, what they refer to. Resolves when all of its 40 pods are ready. */
export async function seed(api: Api, progress: Progress): Promise<void> {
  const began = performance.now()
  const {configMap, secret} = configuration()
  await api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: NAMESPACE}})
  await Promise.all([
    api.create(`${CORE}/configmaps`, configMap),
    api.create(`${CORE}/secrets`, secret),
    ...services().map((service) => api.create(`${CORE}/services`, service)),
    ...deployments().map((deployment) => api.create(`${APPS}/deployments`, deployment)),
  ])
  await settled(api)
  // Such as "ClusterIPNotAllocated", by which the API server's repair loop greets a service that it has not seen yet.
  await api.delete(`${CORE}/events?fieldSelector=type%3DWarning`)
  progress(
    `seeded ${deployments().length} deployments and ${services().length} services in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  )
}

/** Resolves when each deployment of the namespace has all the replicas that it wants, and each service of the runbook an endpoint. */
export async function settled(api: Api, timeout = 60_000): Promise<void> {
  const wanted = services().map(({metadata}) => metadata?.name)
  const allComplete = (found: readonly Deployment[]): boolean => found.length >= deployments().length && found.every(isComplete)
  const allServed = (found: readonly EndpointSlice[]): boolean => {
    const served = found.filter(({endpoints}) => endpoints?.some(({conditions}) => conditions?.ready !== false))
    const names = new Set(served.map(({metadata}) => metadata?.labels?.['kubernetes.io/service-name']))
    return wanted.every((name) => names.has(name))
  }
  await Promise.all([
    watchUntil(api, `${APPS}/deployments`, 'all deployments are complete', allComplete, timeout),
    watchUntil(api, `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`, 'all services have endpoints', allServed, timeout),
  ])
}

function isComplete({metadata, spec, status}: Deployment): boolean {
  return (
    (status.observedGeneration ?? 0) >= metadata.generation &&
    [status.replicas, status.updatedReplicas, status.availableReplicas].every((count) => (count ?? 0) === spec.replicas)
  )
}
