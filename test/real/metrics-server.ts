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

/** Starts metrics-server and puts `metrics.k8s.io` behind the API server; resolves when it has figures of all running pods. */
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
  const count = async (path: string): Promise<number> => (await api.get<{items: unknown[]}>(path)).items.length
  const isComplete = async (): Promise<boolean> =>
    (await count('/apis/metrics.k8s.io/v1beta1/pods')) >= (await count('/api/v1/pods?fieldSelector=status.phase%3DRunning'))
  await waitUntil('the first metrics of all pods', isComplete, {needs: [running], timeout: 120_000})
}
