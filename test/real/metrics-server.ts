import type {Api} from './api.ts'
import {freePort, type Running, waitUntil} from './processes.ts'
import {metricsServerArguments} from './server-arguments.ts'

const SERVICE = {name: 'metrics-server', namespace: 'kube-system'}

export interface MetricsServerOptions {
  readonly api: Api
  readonly kubeconfig: string
  readonly dir: string
  readonly start: (args: readonly string[]) => Promise<Running>
}

/** Starts metrics-server and puts `metrics.k8s.io` behind the API server; resolves when the API has figures of pods. */
export async function startMetricsServer({api, kubeconfig, dir, start}: MetricsServerOptions): Promise<void> {
  const port = await freePort()
  const running = await start(metricsServerArguments(kubeconfig, dir, port))
  await api.create(`/api/v1/namespaces/${SERVICE.namespace}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: SERVICE,
    spec: {type: 'ExternalName', externalName: 'localhost', ports: [{port}]},
  })
  await api.create('/apis/apiregistration.k8s.io/v1/apiservices', {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {name: 'v1beta1.metrics.k8s.io'},
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      service: {...SERVICE, port},
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  })
  await waitUntil(
    'the first metrics of pods',
    async () => (await api.get<{items: unknown[]}>('/apis/metrics.k8s.io/v1beta1/pods')).items.length > 0,
    {needs: [running], timeout: 120_000},
  )
}
