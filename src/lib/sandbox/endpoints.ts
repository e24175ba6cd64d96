/** Service -> endpoint slices: one slice for each set of ports that the pods behind the service resolve to. */
import type {Cluster} from './cluster.ts'
import {ENDPOINT_SLICES, PODS} from './resources.ts'
import {matches} from './selectors.ts'
import {type Endpoint, type EndpointSlice, type Pod, type Service, type ServicePort, conditionOf, controllerReference} from './types.ts'

export function reconcileService(cluster: Cluster, service: Service): void {
  const {selector, ports} = service.spec
  if (selector === undefined || service.spec.type === 'ExternalName') return
  const {namespace = '', name} = service.metadata
  const pods = cluster.store
    .list(PODS, namespace)
    .filter((pod) => matches({matchLabels: selector}, pod.metadata.labels) && pod.status.podIP !== undefined)
    .filter((pod) => !['Succeeded', 'Failed'].includes(pod.status.phase))
  const groups = Map.groupBy(pods, (pod) => JSON.stringify(portsOf(ports, pod)))
  // A service without pods has one slice with neither endpoints nor ports.
  const slices = groups.size === 0 ? [['null', []] as const] : [...groups]
  const existing = cluster.ownedBy(ENDPOINT_SLICES, service)
  slices.forEach(([resolved, members], index) => {
    const body: Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'> = {
      addressType: 'IPv4',
      endpoints: members.length === 0 ? null : members.map(endpointOf),
      ports: JSON.parse(resolved) as EndpointSlice['ports'],
    }
    const old = existing[index]
    if (old !== undefined) return void cluster.store.update(ENDPOINT_SLICES, old, (draft) => Object.assign(draft, body))
    const labels = {'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io'}
    const meta = {name: `${name}-${cluster.suffix(5)}`, generateName: `${name}-`, namespace, generation: 1, labels}
    cluster.create(ENDPOINT_SLICES, {...meta, ownerReferences: [controllerReference(service)]}, body)
  })
  for (const surplus of existing.slice(slices.length)) cluster.remove(ENDPOINT_SLICES, surplus)
}

/** Null where no port resolves: a named target port that the pod lacks is left out. */
function portsOf(ports: readonly ServicePort[], {spec}: Pod): EndpointSlice['ports'] {
  const declared = spec.containers.flatMap((container) => container.ports ?? [])
  const resolved = ports.flatMap(({name = '', protocol, targetPort}) => {
    const port = typeof targetPort === 'number' ? targetPort : declared.find((candidate) => candidate.name === targetPort)?.containerPort
    return port === undefined ? [] : [{name, port, protocol}]
  })
  return resolved.length === 0 ? null : resolved
}

function endpointOf(pod: Pod): Endpoint {
  const {name, namespace, uid, deletionTimestamp} = pod.metadata
  const serving = conditionOf(pod.status.conditions, 'Ready')?.status === 'True'
  const terminating = deletionTimestamp !== undefined
  return {
    addresses: [pod.status.podIP ?? ''],
    conditions: {ready: serving && !terminating, serving, terminating},
    ...(pod.spec.nodeName !== undefined && {nodeName: pod.spec.nodeName}),
    targetRef: {kind: 'Pod', ...(namespace !== undefined && {namespace}), name, uid},
  }
}
