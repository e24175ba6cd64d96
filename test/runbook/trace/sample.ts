import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {traceReport} from '../../../src/lib/runbook/trace/report.ts'
import type {TraceReport} from '../../../src/lib/runbook/trace/schema.ts'
import type {StatusItem, StatusReport, StatusService} from '../../../src/lib/runbook/status/schema.ts'
import {group, queue} from '../backlog-samples.ts'
import {item, report} from '../status/sample.ts'

export {NOW} from '../status/sample.ts'

/** What is otherwise than the runbook has it. */
export interface Otherwise {
  readonly items?: Readonly<Record<string, Partial<StatusItem>>>
  readonly services?: Readonly<Record<string, Partial<StatusService>>>
  readonly servers?: StatusReport['servers']
  readonly notChecked?: string[]
  readonly findings?: string[]
}

/** The runbook's namespace with all that it has, well unless told otherwise. */
export function namespace({items = {}, services = {}, servers, notChecked = ['DICOM'], findings = []}: Otherwise = {}): StatusReport {
  const workloads = builtinCatalogue.workloads.map(({name, category, baseline}) => {
    const queues = category === 'workers' ? [queue({queue: name.replace('worker-', ''), state: 'absent', pending: null})] : []
    const groups = category === 'consumers' ? [group({group: name})] : []
    const rest = baseline === 0 ? ({health: 'inactive', desired: 0, ready: 0} as const) : {desired: baseline, ready: baseline}
    return item(name, {category, queues, groups, ...rest, ...items[name]})
  })
  const found = builtinCatalogue.services.map(({name, type, clusterIP, ports}) => {
    const ready = name.startsWith('st-redis') || type === 'NodePort' ? 1 : 3
    return {
      name,
      type,
      clusterIP,
      ports: ports.map((port) => ({...port, name: null, targetPort: port.port, readyEndpoints: ready})),
      readyEndpoints: ready,
      severity: 'ok' as const,
      reason: '',
      ...services[name],
    }
  })
  const well: StatusReport['servers'] = [
    {name: 'redis', severity: 'info', reason: 'no replica', next: []},
    {name: 'kafka', severity: 'ok', reason: '', next: []},
  ]
  return report(workloads, {services: found, servers: servers ?? well, notChecked, findings})
}

/** The report of `trace` on such a namespace. */
export function trace(otherwise: Otherwise = {}, from?: string): TraceReport {
  const flows = builtinCatalogue.flows.filter(({name}) => from === undefined || name === from)
  return traceReport(namespace(otherwise), flows, from === undefined, builtinCatalogue)
}

export const STOPPED_PHP: Otherwise = {
  items: {
    'st-bnkd-php': {
      health: 'down',
      severity: 'critical',
      ready: 0,
      reason: 'container app: CrashLoopBackOff, exit 255, 7 restarts',
      since: '2026-11-22T03:08:07.000Z',
      changed: {revision: 12, at: '2026-11-22T03:06:07.000Z', what: 'image php:1.4 -> php:1.5'},
      next: ['sapoche logs st-bnkd-php --previous', 'sapoche rollback st-bnkd-php'],
    },
  },
  services: {
    'st-bnkd-php': {readyEndpoints: 0, severity: 'critical', reason: 'no ready endpoints; the workload behind it is down'},
  },
}

/** A namespace that the catalogue is not for. */
export const ELSEWHERE: Otherwise = {
  items: Object.fromEntries(
    builtinCatalogue.workloads.map(({name}) => [
      name,
      {health: 'missing', severity: 'critical', desired: null, ready: null, reason: 'not in the cluster', queues: [], groups: []},
    ]),
  ),
  services: Object.fromEntries(
    builtinCatalogue.services.map(({name}) => [
      name,
      {severity: 'critical', reason: 'not in the cluster', readyEndpoints: null, clusterIP: null, ports: []},
    ]),
  ),
  servers: [],
  findings: ['38 of the 38 workloads of the catalogue are missing: wrong context or namespace?'],
}

export const BACKLOG: Otherwise = {
  items: {
    'worker-sapoche-pdf-en': {
      health: 'stopped',
      severity: 'critical',
      desired: 0,
      ready: 0,
      reason: '0 replicas where the catalogue expects 1',
      next: ['sapoche scale worker-sapoche-pdf-en --to-baseline'],
      queues: [
        queue({
          queue: 'pdf-en',
          pending: 137,
          oldestAgeSeconds: 1500,
          severity: 'critical',
          reason: '137 jobs wait and worker-sapoche-pdf-en is at 0 replicas',
          next: ['sapoche scale worker-sapoche-pdf-en --to-baseline'],
        }),
      ],
    },
    'consumer-lis-testresult': {
      groups: [
        group({
          group: 'consumer-lis-testresult',
          lag: 480,
          oldestUnreadSeconds: {from: 900, to: 3600},
          severity: 'warning',
          reason: '480 events unread, the oldest 15 min to 1 h',
          next: ['sapoche consumer-lag consumer-lis-testresult --window 10s'],
        }),
      ],
    },
  },
}
