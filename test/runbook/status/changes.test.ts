import {describe, expect, test} from 'vitest'
import {changesBetween, watchChange} from '../../../src/lib/runbook/status/changes.ts'
import {statusChange, type StatusReport} from '../../../src/lib/runbook/status/schema.ts'
import {item, report} from './sample.ts'

const service = (name: string, severity: 'ok' | 'critical'): StatusReport['services'][number] => ({
  name,
  type: 'ClusterIP',
  ports: [],
  readyEndpoints: severity === 'ok' ? 1 : 0,
  clusterIP: null,
  severity,
  reason: severity === 'ok' ? '' : 'no ready endpoints',
})
const job = (name: string, severity: 'ok' | 'warning'): StatusReport['others'][number] => ({
  kind: 'Job',
  name,
  listed: false,
  severity,
  reason: severity === 'ok' ? '' : 'failed',
  desired: null,
  ready: null,
})
const down = item('worker-sapoche-pdf', {health: 'down', severity: 'critical', ready: 0, reason: 'CrashLoopBackOff'})
const well = item('worker-sapoche-pdf')
const told = (before: StatusReport | null, after: StatusReport): string[] =>
  changesBetween(before, after).map(
    ({objectKind, name, from, to, severity, reason, verdict}) =>
      `${objectKind}/${name} ${from} -> ${to} (${severity}, verdict ${verdict})${reason === '' ? '' : `: ${reason}`}`,
  )
const critical = {verdict: 'critical'} as const

describe('changes between two reports', () => {
  test('the first: the verdict, then what is not well', () =>
    expect(told(null, report([item('consumer-dicom'), down], {...critical, services: [service('st-redis-sp', 'critical')]}))).toEqual([
      'Namespace/sapoche null -> critical (critical, verdict critical): 1 of 2 workloads needs you, 1 service without ready endpoints; 2/2 pods ready',
      'Deployment/worker-sapoche-pdf null -> down (critical, verdict critical): CrashLoopBackOff',
      'Service/st-redis-sp null -> critical (critical, verdict critical): no ready endpoints',
    ]))

  test('the first, all well: the verdict alone; inactive is well', () =>
    expect(told(null, report([well, item('consumer-revenue', {health: 'inactive', desired: 0})]))).toEqual([
      'Namespace/sapoche null -> ok (ok, verdict ok): 2 workloads: 2 active; 2/2 pods ready',
    ]))

  test.each([
    ['none', report([well]), report([well]), []],
    ['a reason or a count alone', report([down], critical), report([{...down, ready: 1, reason: 'exit 255'}], critical), []],
    [
      'a fault',
      report([well]),
      report([down], critical),
      [
        'Deployment/worker-sapoche-pdf ok -> down (critical, verdict critical): CrashLoopBackOff',
        'Namespace/sapoche ok -> critical (critical, verdict critical): 1 of 1 workload needs you; 1/1 pods ready',
      ],
    ],
    [
      'its end, while another fault stays',
      report([down, {...down, name: 'other'}], critical),
      report([well, {...down, name: 'other'}], critical),
      ['Deployment/worker-sapoche-pdf down -> ok (ok, verdict critical)'],
    ],
    ['a workload more', report([]), report([well]), ['Deployment/worker-sapoche-pdf null -> ok (ok, verdict ok)']],
    [
      'one that is gone',
      report([down], critical),
      report([]),
      [
        'Deployment/worker-sapoche-pdf down -> null (info, verdict ok): gone',
        'Namespace/sapoche critical -> ok (ok, verdict ok): 0 workloads: 0 active; 0/0 pods ready',
      ],
    ],
    [
      'services and other objects, by kind and name',
      report([], {services: [service('a', 'ok')], others: [job('a', 'ok')]}),
      report([], {services: [service('a', 'critical')], others: [job('a', 'warning')]}),
      ['Service/a ok -> critical (critical, verdict ok): no ready endpoints', 'Job/a ok -> warning (warning, verdict ok): failed'],
    ],
  ])('%s', (_, before, after, changes) => expect(told(before, after)).toEqual(changes))

  test('each has the time of the report, and the shape of its schema', () => {
    const changes = [
      ...changesBetween(null, report([down], critical)),
      watchChange(report([well]), '2026-11-22T03:12:09.000Z', true, 'connection refused'),
      watchChange(report([well]), '2026-11-22T03:12:21.000Z', false, 'blind for 12 s'),
    ]
    for (const change of changes) expect(statusChange.parse(change)).toEqual(change)
    expect(changes.map(({time}) => time.slice(11, 19))).toEqual(['03:12:07', '03:12:07', '03:12:09', '03:12:21'])
    expect(changes.slice(2).map(({from, to, severity}) => [from, to, severity])).toEqual([
      ['watching', 'blind', 'unknown'],
      ['blind', 'watching', 'ok'],
    ])
  })
})
