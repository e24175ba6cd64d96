import type {Cluster} from './cluster-handle.ts'
import type {Kafka} from './kafka.ts'
import {waitUntil} from './processes.ts'

const NAMESPACE = 'kafka'
const SERVICE = 'redpanda'
const CORE = `/api/v1/namespaces/${NAMESPACE}`
const FORWARDS = `/apis/kwok.x-k8s.io/v1alpha1/namespaces/${NAMESPACE}/portforwards`

interface PodList {
  readonly items: readonly {readonly metadata: {readonly name: string}; readonly status: {readonly phase?: string}}[]
}

/** Puts the brokers behind pods of a headless service in a namespace of their own, as the advertised names have it. */
export async function givePods({api}: Cluster, kafka: Kafka): Promise<{remove(): Promise<void>}> {
  await api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: NAMESPACE}})
  const labels = {app: SERVICE}
  await api.create(`${CORE}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: SERVICE},
    spec: {clusterIP: 'None', selector: labels, ports: [{name: 'kafka', port: 9092}]},
  })
  for (const [id, {plain, secure}] of kafka.cluster.entries()) {
    const name = `${SERVICE}-${id}`
    const forwards = [
      {ports: [9092], target: {address: '127.0.0.1', port: plain}},
      {ports: [9093], target: {address: '127.0.0.1', port: secure}},
    ]
    await api.create(FORWARDS, {apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'PortForward', metadata: {name}, spec: {forwards}})
    await api.create(`${CORE}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name, labels},
      spec: {containers: [{name: 'kafka', image: 'registry.example/kafka:4.1', ports: [{containerPort: 9092}, {containerPort: 9093}]}]},
    })
  }
  await waitUntil('the pods of the brokers run', async () => {
    const {items} = await api.get<PodList>(`${CORE}/pods`)
    return items.length === kafka.cluster.length && items.every(({status}) => status.phase === 'Running')
  })
  return {
    async remove() {
      for (const id of kafka.cluster.keys()) await api.delete(`${FORWARDS}/${SERVICE}-${id}`)
      await api.delete(`/api/v1/namespaces/${NAMESPACE}`)
      await waitUntil(
        'the namespace of the brokers is gone',
        async () => (await api.request('GET', `/api/v1/namespaces/${NAMESPACE}`)).status === 404,
      )
    },
  }
}
