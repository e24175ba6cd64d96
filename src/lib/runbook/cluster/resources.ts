import type {Resource} from '../../clients/kubernetes/types.ts'

const core = (name: string, kind: string): Resource => ({group: '', version: 'v1', name, kind, namespaced: true})
const apps = (name: string, kind: string): Resource => ({group: 'apps', version: 'v1', name, kind, namespaced: true})
const batch = (name: string, kind: string): Resource => ({group: 'batch', version: 'v1', name, kind, namespaced: true})

/** The resources that the runbook's steps read. */
export const RESOURCES = {
  deployments: apps('deployments', 'Deployment'),
  replicaSets: apps('replicasets', 'ReplicaSet'),
  statefulSets: apps('statefulsets', 'StatefulSet'),
  daemonSets: apps('daemonsets', 'DaemonSet'),
  jobs: batch('jobs', 'Job'),
  cronJobs: batch('cronjobs', 'CronJob'),
  pods: core('pods', 'Pod'),
  services: core('services', 'Service'),
  configMaps: core('configmaps', 'ConfigMap'),
  secrets: core('secrets', 'Secret'),
  events: core('events', 'Event'),
  nodes: {...core('nodes', 'Node'), namespaced: false},
  namespaces: {...core('namespaces', 'Namespace'), namespaced: false},
  endpointSlices: {group: 'discovery.k8s.io', version: 'v1', name: 'endpointslices', kind: 'EndpointSlice', namespaced: true},
  autoscalers: {group: 'autoscaling', version: 'v2', name: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true},
  scaledObjects: {group: 'keda.sh', version: 'v1alpha1', name: 'scaledobjects', kind: 'ScaledObject', namespaced: true},
} as const satisfies Record<string, Resource>
