import type {StatusItem, StatusReport} from '../../../src/lib/runbook/status/schema.ts'

export const NOW = Date.parse('2026-11-22T03:12:07Z')

/** One row of a report, well unless told otherwise. */
export function item(name: string, over: Partial<StatusItem> = {}): StatusItem {
  return {
    name,
    kind: 'Deployment',
    category: 'consumers',
    purpose: 'DICOM medical imaging',
    listed: true,
    health: 'ok',
    severity: 'ok',
    reason: '',
    since: null,
    desired: 1,
    ready: 1,
    updated: 1,
    available: 1,
    baseline: 1,
    restarts: {total: 0, lastAt: null, lastReason: null, exitCode: null, container: null},
    autoscaler: null,
    temporary: null,
    changed: null,
    pods: [],
    leftovers: [],
    evidence: [],
    queues: null,
    groups: null,
    next: [],
    ...over,
  }
}

export function report(items: StatusItem[], over: Partial<StatusReport> = {}): StatusReport {
  return {
    apiVersion: 'sapoche/v1',
    kind: 'StatusReport',
    generatedAt: '2026-11-22T03:12:07.000Z',
    context: 'prod-eu',
    namespace: 'sapoche',
    verdict: 'ok',
    allow: [],
    summary: {
      workloads: items.length,
      active: items.length,
      inactive: 0,
      pods: {desired: items.length, ready: items.length},
      categories: [
        {name: 'consumers', workloads: items.length, active: items.length, desired: items.length, ready: items.length, verdict: 'ok'},
      ],
    },
    items,
    services: [],
    others: [],
    servers: [],
    findings: [],
    notChecked: ['queues', 'lag', 'DICOM'],
    warnings: [],
    ...over,
  }
}
