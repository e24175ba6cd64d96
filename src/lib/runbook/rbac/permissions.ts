/** One permission, as in a Role. */
export interface Permission {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  /** What the command can't say without it; '' where it can't run without it. */
  readonly optional: string
  /** True for what lies outside of namespaces. */
  readonly isClusterWide: boolean
}

function permission(group: string, resource: string, verbs: string, optional = ''): Permission {
  return {apiGroups: [group], resources: [resource], verbs: verbs.split(' '), optional, isClusterWide: resource === 'nodes'}
}

const core = (resource: string, verbs: string, optional?: string): Permission => permission('', resource, verbs, optional)
const apps = (resource: string, verbs: string, optional?: string): Permission => permission('apps', resource, verbs, optional)

const AUTOSCALERS = [
  permission('autoscaling', 'horizontalpodautoscalers', 'list', 'whether an autoscaler explains a count'),
  permission('keda.sh', 'scaledobjects', 'list', 'whether KEDA explains a count'),
]
const METRICS = permission('metrics.k8s.io', 'pods', 'list')
/** Which pods belong to which workload; without replica sets their names tell. */
const OWNERSHIP = [apps('deployments', 'list'), core('pods', 'list'), apps('replicasets', 'list', 'which pods belong to which workload')]
/** The same, followed while something is waited for: there a name is not enough. */
const WATCHED = [apps('deployments', 'list watch'), apps('replicasets', 'list watch'), core('pods', 'list watch')]
/** What is shown of a pod that stops a rollout. */
const EVIDENCE = [core('events', 'list', 'the events of a pod that fails'), core('pods/log', 'get', 'its last log lines')]
/** Stopping and starting, guarded, with a second look where somebody was quicker. */
const CHANGE = apps('deployments', 'get patch')
const CLAIMS = core('persistentvolumeclaims', 'get', 'whether a volume is for one pod only: without it a claim counts as such')
/** A WebSocket asks for `get` up to Kubernetes 1.34, and for `create` besides from 1.35 on. */
const EXEC = core('pods/exec', 'get create')
const TUNNEL = [core('services', 'list'), core('pods', 'list'), core('pods/portforward', 'get create')]
const CONFIGURATION = [core('configmaps', 'get', 'values that a ConfigMap holds')]
const SECRETS = core('secrets', 'get', 'only with --read-secrets')
/** Asked for where Redis is restarted, stopped, rolled back or evicted. */
const AT_STAKE = [
  core('services', 'list', 'what Redis holds before it is restarted or stopped'),
  core('pods/portforward', 'get create', 'what Redis holds before it is restarted or stopped'),
]
/** What waits in Redis and Kafka, for checks that do without. */
const DEEP = [
  core('pods/portforward', 'get create', 'only with --deep'),
  core('configmaps', 'get', 'only with --deep: values that a ConfigMap holds'),
  core('secrets', 'get', 'only with --deep --read-secrets'),
]

/**
 * What each command needs, and no more: the one table from which the Roles are made (design.md, Safety).
 * A command that is not here needs no cluster.
 */
export const PERMISSIONS: Readonly<Record<string, readonly Permission[]>> = {
  'audit-inactive': [
    ...OWNERSHIP,
    ...AUTOSCALERS,
    core('events', 'list', 'since when'),
    core('services', 'list', 'services that are left'),
    permission('policy', 'poddisruptionbudgets', 'list', 'budgets that are left'),
    ...['statefulsets', 'daemonsets'].map((kind) => apps(kind, 'list', 'who else uses a ConfigMap or Secret')),
    ...['jobs', 'cronjobs'].map((kind) => permission('batch', kind, 'list', 'who else uses a ConfigMap or Secret')),
    ...DEEP,
  ],
  'catalogue diff': [
    apps('deployments', 'list'),
    core('services', 'list', 'services'),
    ...AUTOSCALERS,
    apps('statefulsets', 'list', 'other kinds'),
    apps('daemonsets', 'list', 'other kinds'),
  ],
  changes: [
    ...OWNERSHIP,
    ...AUTOSCALERS,
    core('events', 'list', 'scalings, evictions and moves of autoscalers'),
    core('configmaps', 'list', 'when ConfigMaps were written'),
    core('secrets', 'list', 'when Secrets were written; their metadata alone is asked for'),
  ],
  'consumer-lag': [...OWNERSHIP, ...TUNNEL, ...CONFIGURATION, SECRETS],
  doctor: [
    ...OWNERSHIP,
    core('services', 'list', 'the ways to Redis, Kafka and Orthanc'),
    core('pods/portforward', 'get create', 'the ways to Redis, Kafka and Orthanc'),
    ...CONFIGURATION,
    {...METRICS, optional: 'metrics'},
    SECRETS,
    {...EXEC, optional: 'only with --from-pods'},
  ],
  env: [...OWNERSHIP, ...CONFIGURATION, {...EXEC, optional: 'only with --live'}],
  events: [...OWNERSHIP, core('events', 'list watch'), ...AUTOSCALERS],
  evict: [
    ...WATCHED,
    core('pods', 'get', 'whether it was evicted, where the answer is lost'),
    core('pods/eviction', 'create'),
    ...AT_STAKE,
    ...EVIDENCE,
  ],
  exec: [...OWNERSHIP, EXEC],
  forward: [...OWNERSHIP, ...TUNNEL],
  history: [apps('deployments', 'list'), apps('replicasets', 'list')],
  logs: [...OWNERSHIP, core('pods', 'watch'), apps('replicasets', 'get', 'whose a pod is that is born meanwhile'), core('pods/log', 'get')],
  'orthanc-probe': [...OWNERSHIP, ...TUNNEL, permission('discovery.k8s.io', 'endpointslices', 'list', 'ready endpoints'), SECRETS],
  pods: [...OWNERSHIP, core('nodes', 'list', 'whether the node of a pod is ready')],
  'queue-depth': [...OWNERSHIP, ...TUNNEL, ...AUTOSCALERS, ...CONFIGURATION, SECRETS],
  restart: [...WATCHED, CHANGE, CLAIMS, ...AT_STAKE, ...EVIDENCE],
  rollback: [...WATCHED, CHANGE, CLAIMS, ...AT_STAKE, ...EVIDENCE],
  scale: [...WATCHED, CHANGE, ...AUTOSCALERS, ...AT_STAKE, ...EVIDENCE],
  shell: [...OWNERSHIP, EXEC],
  status: [
    apps('deployments', 'list watch'),
    core('pods', 'list watch'),
    apps('replicasets', 'list watch', 'what changed last'),
    core('services', 'list watch', 'services'),
    permission('discovery.k8s.io', 'endpointslices', 'list watch', 'endpoints of services'),
    permission('autoscaling', 'horizontalpodautoscalers', 'list watch', 'whether an autoscaler explains a count'),
    permission('keda.sh', 'scaledobjects', 'list watch', 'whether KEDA explains a count'),
    core('events', 'list watch', 'evidence'),
    apps('statefulsets', 'list watch', 'other kinds'),
    apps('daemonsets', 'list watch', 'other kinds'),
    permission('batch', 'jobs', 'list watch', 'other kinds'),
    permission('batch', 'cronjobs', 'list watch', 'other kinds'),
    core('namespaces', 'get', 'whether an empty namespace exists'),
    core('nodes', 'list watch', 'whether the node of a pod is ready'),
    ...DEEP,
  ],
  top: [...OWNERSHIP, METRICS],
  trace: [
    ...OWNERSHIP,
    core('services', 'list', 'services, queues and lag'),
    permission('discovery.k8s.io', 'endpointslices', 'list', 'endpoints of services'),
    core('pods/portforward', 'get create', 'queues and lag'),
    ...AUTOSCALERS,
    ...CONFIGURATION,
    SECRETS,
    core('events', 'list', 'evidence'),
    apps('statefulsets', 'list', 'whether another kind has the name of a workload'),
    apps('daemonsets', 'list', 'whether another kind has the name of a workload'),
    core('nodes', 'list', 'whether the node of a pod is ready'),
  ],
}
