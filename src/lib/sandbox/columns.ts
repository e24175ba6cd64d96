/** Server-side tables, as `kubectl get` asks for them: the columns of kube-apiserver (pkg/printers/internalversion). */
import {isRecord, pick, scalar} from './json.ts'
import {
  AUTOSCALERS,
  CONFIG_MAPS,
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  type Resource,
  SERVICES,
  STATEFUL_SETS,
} from './resources.ts'
import {duration, podState, restarts} from './pod-columns.ts'
import {format} from './selectors.ts'
import {type Container, type KubeObject, type LabelSelector, type Pod, millis} from './types.ts'

type Cell = string | number

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer'
  /** Shown by `-o wide` alone. */
  readonly wide: boolean
  readonly cell: (object: KubeObject, now: number) => Cell
}

export interface TableOptions {
  readonly now: number
  /** The query's `includeObject`. */
  readonly include: string
  readonly resourceVersion: string
  /** A watch names the columns in its first event alone. */
  readonly headers: boolean
}

export function tableOf(resource: Resource, objects: readonly KubeObject[], options: TableOptions): object {
  const columns = COLUMNS.get(resource) ?? DEFAULT
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {resourceVersion: options.resourceVersion},
    columnDefinitions: options.headers
      ? columns.map(({name, type, wide}) => ({name, type, format: name === 'Name' ? 'name' : '', description: '', priority: wide ? 1 : 0}))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map(({cell}) => cell(object, options.now)),
      object: rowObject(object, options.include),
    })),
  }
}

/** What a row carries of its object: `includeObject=Object|Metadata|None`. */
export function rowObject(object: KubeObject, include: string): object | null {
  if (include === 'Object') return object
  return include === 'None' ? null : {kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata}
}

const column = (name: string, cell: Column['cell'], wide = false): Column => ({name, type: 'string', wide, cell})
const wide = (name: string, cell: Column['cell']): Column => column(name, cell, true)
const count = (name: string, path: string): Column => ({...column(name, (object) => number(object, path)), type: 'integer'})
const text = (object: unknown, path: string, otherwise = '<none>'): string => scalar(pick(object, path)) ?? otherwise
const number = (object: unknown, path: string): number => Number(pick(object, path) ?? 0)
const list = (object: unknown, path: string): Record<string, unknown>[] => {
  const value = pick(object, path)
  return Array.isArray(value) ? value.filter(isRecord) : []
}
const since = (time: unknown, now: number): string => (typeof time === 'string' ? duration(now - millis(time)) : '<unknown>')

const NAME = column('Name', ({metadata}) => metadata.name)
const AGE = column('Age', ({metadata}, now) => since(metadata.creationTimestamp, now))
const DEFAULT: readonly Column[] = [NAME, AGE]
const containersOf = (object: KubeObject) => (pick(object, 'spec.template.spec.containers') as Container[] | undefined) ?? []
const WORKLOAD: readonly Column[] = [
  wide('Containers', (object) =>
    containersOf(object)
      .map(({name}) => name)
      .join(','),
  ),
  wide('Images', (object) =>
    containersOf(object)
      .map(({image}) => image)
      .join(','),
  ),
]
const SELECTOR = wide('Selector', (object) => format(pick(object, 'spec.selector') as LabelSelector | undefined))
const READY = column('Ready', (object) => `${number(object, 'status.readyReplicas')}/${number(object, 'spec.replicas')}`)

const COLUMNS = new Map<Resource, readonly Column[]>([
  [NAMESPACES, [NAME, column('Status', (object) => text(object, 'status.phase')), AGE]],
  [
    NODES,
    [
      NAME,
      column('Status', (object) => {
        const ready = list(object, 'status.conditions').find(({type}) => type === 'Ready')?.['status'] === 'True'
        return `${ready ? 'Ready' : 'NotReady'}${pick(object, 'spec.unschedulable') === true ? ',SchedulingDisabled' : ''}`
      }),
      column('Roles', () => '<none>'),
      AGE,
      column('Version', (object) => text(object, 'status.nodeInfo.kubeletVersion')),
      wide(
        'Internal-IP',
        (object) => scalar(list(object, 'status.addresses').find(({type}) => type === 'InternalIP')?.['address']) ?? '<none>',
      ),
      wide('External-IP', () => '<none>'),
      wide('OS-Image', (object) => text(object, 'status.nodeInfo.osImage')),
      wide('Kernel-Version', (object) => text(object, 'status.nodeInfo.kernelVersion')),
      wide('Container-Runtime', (object) => text(object, 'status.nodeInfo.containerRuntimeVersion')),
    ],
  ],
  [
    PODS,
    [
      NAME,
      column('Ready', (object) => podState(object as Pod).ready),
      column('Status', (object) => podState(object as Pod).reason),
      column('Restarts', (object, now) => restarts(object as Pod, now)),
      AGE,
      wide('IP', (object) => text(object, 'status.podIP')),
      wide('Node', (object) => text(object, 'spec.nodeName')),
      wide('Nominated Node', (object) => text(object, 'status.nominatedNodeName')),
      wide('Readiness Gates', (object) => {
        const gates = list(object, 'spec.readinessGates')
        const held = gates.filter(({conditionType}) =>
          list(object, 'status.conditions').some(({type, status}) => type === conditionType && status === 'True'),
        )
        return gates.length === 0 ? '<none>' : `${held.length}/${gates.length}`
      }),
    ],
  ],
  [
    SERVICES,
    [
      NAME,
      column('Type', (object) => text(object, 'spec.type')),
      column('Cluster-IP', (object) => text(object, 'spec.clusterIP')),
      column('External-IP', (object) => text(object, 'spec.externalName')),
      column('Port(s)', (object) => {
        const ports = list(object, 'spec.ports').map(
          ({port, nodePort, protocol}) =>
            [scalar(port), ...(nodePort === undefined ? [] : [scalar(nodePort)])].join(':') + `/${scalar(protocol)}`,
        )
        return ports.join(',') || '<none>'
      }),
      AGE,
      wide('Selector', (object) => format({matchLabels: (pick(object, 'spec.selector') ?? {}) as Record<string, string>})),
    ],
  ],
  [
    EVENTS,
    [
      column('Last Seen', (object, now) =>
        since(pick(object, 'series.lastObservedTime') ?? object['lastTimestamp'] ?? object['eventTime'], now),
      ),
      column('Type', (object) => text(object, 'type')),
      column('Reason', (object) => text(object, 'reason')),
      column('Object', (object) => `${text(object, 'involvedObject.kind').toLowerCase()}/${text(object, 'involvedObject.name')}`),
      wide('Subobject', (object) => text(object, 'involvedObject.fieldPath', '')),
      wide('Source', (object) => text(object, 'source.component', '')),
      column('Message', (object) => text(object, 'message', '').trim()),
      wide('First Seen', (object, now) => since(object['firstTimestamp'] ?? object['eventTime'], now)),
      wide('Count', (object) => scalar(pick(object, 'series.count') ?? object['count']) ?? '1'),
      {...NAME, wide: true},
    ],
  ],
  [CONFIG_MAPS, [NAME, column('Data', (object) => String(Object.keys((object['data'] as object | undefined) ?? {}).length)), AGE]],
  [
    DEPLOYMENTS,
    [
      NAME,
      READY,
      column('Up-to-date', (object) => number(object, 'status.updatedReplicas')),
      column('Available', (object) => number(object, 'status.availableReplicas')),
      AGE,
      ...WORKLOAD,
      SELECTOR,
    ],
  ],
  [
    REPLICA_SETS,
    [
      NAME,
      count('Desired', 'spec.replicas'),
      count('Current', 'status.replicas'),
      count('Ready', 'status.readyReplicas'),
      AGE,
      ...WORKLOAD,
      SELECTOR,
    ],
  ],
  [STATEFUL_SETS, [NAME, READY, AGE, ...WORKLOAD]],
  [
    DAEMON_SETS,
    [
      NAME,
      count('Desired', 'status.desiredNumberScheduled'),
      count('Current', 'status.currentNumberScheduled'),
      count('Ready', 'status.numberReady'),
      count('Up-to-date', 'status.updatedNumberScheduled'),
      count('Available', 'status.numberAvailable'),
      column('Node Selector', (object) =>
        format({matchLabels: (pick(object, 'spec.template.spec.nodeSelector') ?? {}) as Record<string, string>}),
      ),
      AGE,
      ...WORKLOAD,
      SELECTOR,
    ],
  ],
  [
    JOBS,
    [
      NAME,
      column('Status', (object) => {
        const ended = list(object, 'status.conditions').findLast(({type}) => type === 'Complete' || type === 'Failed')
        return scalar(ended?.['type']) ?? 'Running'
      }),
      column('Completions', (object) => `${number(object, 'status.succeeded')}/${text(object, 'spec.completions', '1')}`),
      column('Duration', (object, now) => {
        const end = pick(object, 'status.completionTime')
        return since(pick(object, 'status.startTime'), typeof end === 'string' ? millis(end) : now)
      }),
      AGE,
      ...WORKLOAD,
      SELECTOR,
    ],
  ],
  [
    CRON_JOBS,
    [
      NAME,
      column('Schedule', (object) => text(object, 'spec.schedule')),
      column('Timezone', (object) => text(object, 'spec.timeZone')),
      column('Suspend', (object) => text(object, 'spec.suspend', 'False')),
      column('Active', (object) => list(object, 'status.active').length),
      column('Last Schedule', (object, now) =>
        pick(object, 'status.lastScheduleTime') === undefined ? '<none>' : since(pick(object, 'status.lastScheduleTime'), now),
      ),
      AGE,
    ],
  ],
  [
    AUTOSCALERS,
    [
      NAME,
      column('Reference', (object) => `${text(object, 'spec.scaleTargetRef.kind')}/${text(object, 'spec.scaleTargetRef.name')}`),
      column('Targets', targets),
      column('MinPods', (object) => text(object, 'spec.minReplicas', '<unset>')),
      column('MaxPods', (object) => number(object, 'spec.maxReplicas')),
      column('Replicas', (object) => number(object, 'status.currentReplicas')),
      AGE,
    ],
  ],
  [
    ENDPOINT_SLICES,
    [
      NAME,
      column('AddressType', (object) => text(object, 'addressType')),
      column('Ports', (object) => some(list(object, 'ports').map(({port}) => String(port)))),
      column('Endpoints', (object) =>
        some(list(object, 'endpoints').flatMap(({addresses}) => (Array.isArray(addresses) ? addresses.map(String) : []))),
      ),
      AGE,
    ],
  ],
])

function some(values: readonly string[]): string {
  if (values.length === 0) return '<unset>'
  return values.length > 3 ? `${values.slice(0, 3).join(',')} + ${values.length - 3} more...` : values.join(',')
}

function targets(hpa: KubeObject): string {
  const now = list(hpa, 'status.currentMetrics')
  const texts = list(hpa, 'spec.metrics').map((metric, index) => {
    const target = number(metric, 'resource.target.averageUtilization')
    const current = pick(now[index], 'resource.current.averageUtilization')
    if (target > 0) return `${text(metric, 'resource.name')}: ${current === undefined ? '<unknown>' : `${Number(current)}%`}/${target}%`
    return `${text(now[index], 'external.current.averageValue', '<unknown>')}/${text(metric, 'external.target.averageValue')} (avg)`
  })
  return texts.join(', ') || '<none>'
}
