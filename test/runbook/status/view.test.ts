import {describe, expect, test} from 'vitest'
import {statusNames, statusProblems, statusTable, statusViews, statusWide} from '../../../src/lib/runbook/status/view.ts'
import type {StatusReport} from '../../../src/lib/runbook/status/schema.ts'
import {item, NOW, report} from './sample.ts'

const options = {width: 80, colour: false, now: NOW}
const lines = (text: string): string => `\n${text}`

describe('status, all well', () => {
  const well = report(
    [
      item('consumer-dicom'),
      item('consumer-revenue', {health: 'inactive', desired: 0, ready: 0, reason: 'on hold, as the catalogue says'}),
    ],
    {
      summary: {
        workloads: 2,
        active: 1,
        inactive: 1,
        pods: {desired: 1, ready: 1},
        categories: [{name: 'consumers', workloads: 2, active: 1, desired: 1, ready: 1, verdict: 'ok'}],
      },
      services: [
        {
          name: 'st-redis-sp',
          type: 'ClusterIP',
          ports: [{name: null, port: 6379, nodePort: null, targetPort: 6379, readyEndpoints: 1}],
          readyEndpoints: 1,
          clusterIP: null,
          severity: 'ok',
          reason: '',
        },
      ],
    },
  )

  test('table', () =>
    expect(lines(statusTable(well, options))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

CONSUMERS  1 of 2 active, 1/1 pods ready
  consumer-dicom                                 1/1  ok
  consumer-revenue                               0/0  inactive     as expected

SERVICES  1 of 1 with ready endpoints

OK  2 workloads: 1 active, 1 inactive as expected; 1/1 pods ready
    not checked: queues, lag, DICOM (add --deep)
`))

  describe('a count that is meant for a while', () => {
    const temporary = (until: string): StatusReport['items'][number]['temporary'] => ({
      until,
      overdue: false,
      previous: 1,
      by: 'ops',
      reason: null,
    })
    test.each([
      ['2026-11-22T03:42:07.000Z', 'until 03:42Z', 'until 2026-11-22 03:42:07Z'],
      ['2026-11-23T03:12:06.000Z', 'until 03:12Z', 'until 2026-11-23 03:12:06Z'],
      ['2026-11-23T21:12:07.000Z', 'for 42 h more', 'until 2026-11-23 21:12:07Z'],
      ['2026-12-22T03:12:07.000Z', 'for 30 d more', 'until 2026-12-22 03:12:07Z'],
    ])('until %s: %s, and the whole where there is room', (until, short, whole) => {
      const rows = report([item('worker-booking', {desired: 2, ready: 2, temporary: temporary(until)})])
      expect(statusTable(rows, options)).toMatch(new RegExp(` {2}worker-booking +2/2 {2}ok {11}${short}\n`))
      expect(statusTable(rows, {...options, width: 140})).toContain(`temporary ${whole}, was 1`)
    })

    test('at zero, and where something is wrong with it', () => {
      const rows = report([
        item('worker-booking', {
          health: 'inactive',
          desired: 0,
          ready: 0,
          reason: 'temporarily at 0 until 2026-11-22 03:42:07Z (in 30 min), was 1',
          temporary: temporary('2026-11-22T03:42:07.000Z'),
        }),
        item('worker-sapoche-pdf', {
          health: 'degraded',
          severity: 'warning',
          reason: '1 of 2 ready for 4 min',
          temporary: temporary('2026-11-22T03:42:07.000Z'),
        }),
      ])
      expect(statusTable(rows, options)).toMatch(/ worker-booking +0\/0 {2}inactive {5}until 03:42Z\n.* degraded {5}1 of 2 rea\.\.\.\n/)
    })
  })

  test('the columns stand in line behind a name that is longer than any of the catalogue', () => {
    const rows = report([item('worker-of-a-team-that-likes-names-as-long-as-they-can-be'), item('worker-booking')])
    expect(statusTable(rows, options)).toContain(`
  worker-of-a-team-that-likes-names-as-long-as-they-can-be    1/1  ok
  worker-booking                                              1/1  ok
`)
  })

  test('name', () => expect(statusNames(well)).toBe('deployment.apps/consumer-dicom\ndeployment.apps/consumer-revenue\n'))

  test('wide', () =>
    expect(lines(statusWide(well, {...options, width: 200}))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

CONSUMERS  1 of 2 active, 1/1 pods ready
  NAME              READY  HEALTH    UPDATED  AVAILABLE  BASELINE  RESTARTS  CHANGED  NOTE
  consumer-dicom      1/1  ok        1        1          1         0         -        DICOM medical imaging
  consumer-revenue    0/0  inactive  1        1          1         0         -        on hold, as the catalogue says; DICOM medical imaging

SERVICES  1 of 1 with ready endpoints
  st-redis-sp  ok  ClusterIP 6379

OK  2 workloads: 1 active, 1 inactive as expected; 1/1 pods ready
    not checked: queues, lag, DICOM (add --deep)
`))
})

describe('status, three in the morning', () => {
  const down = item('worker-sapoche-pdf', {
    category: 'consumers',
    health: 'down',
    severity: 'critical',
    ready: 0,
    reason: 'container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
    since: '2026-11-22T03:08:07.000Z',
    changed: {revision: 12, at: '2026-11-22T03:06:07.000Z', what: 'image worker:1.4 -> worker:1.5'},
    next: ['sapoche logs worker-sapoche-pdf --previous', 'sapoche rollback worker-sapoche-pdf'],
  })
  const degraded = item('st-bnkd-php', {
    health: 'degraded',
    severity: 'warning',
    desired: 3,
    ready: 2,
    reason: 'st-bnkd-php-7c9f-x2x is on node-b, which is NotReady for 3 min',
  })
  const bad = report([down, degraded], {
    verdict: 'critical',
    warnings: [{code: 'refused', message: 'not allowed to list nodes'}],
    findings: ['both run on node-b'],
  })

  test('--problems: warnings first, the worst last, then the verdict', () =>
    expect(lines(statusProblems(bad, options))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

warning  not allowed to list nodes
  next  sapoche rbac status -n sapoche | kubectl apply -f -  (ask whoever may)

st-bnkd-php  degraded, 2/3 ready
  st-bnkd-php-7c9f-x2x is on node-b, which is NotReady for 3 min

worker-sapoche-pdf  down for 4 min
  container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago
  changed 6 min ago: image worker:1.4 -> worker:1.5 (revision 12)
  next  sapoche logs worker-sapoche-pdf --previous
        sapoche rollback worker-sapoche-pdf

both run on node-b

CRITICAL  1 of 2 workloads needs you, 1 warning; 2/2 pods ready
    not checked: queues, lag, DICOM (add --deep)
`))

  test('no line is wider than the terminal, but for names', () => {
    const text = statusTable(bad, options)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('colour underlines words that are there without it', () => {
    const plain = statusProblems(bad, options)
    const coloured = statusProblems(bad, {...options, colour: true})
    expect(coloured).toContain('\u001B[31mdown for 4 min\u001B[39m')
    // oxlint-disable-next-line no-control-regex -- colours are what is taken away
    expect(coloured.replace(/\u001B\[\d+m/g, '')).toBe(plain)
  })

  test('escapes that came from the cluster are gone', () => {
    const evil = report([item('x', {severity: 'critical', health: 'down', reason: 'a\u001B]0;owned\u0007b\u001B[2J'})])
    expect(statusTable(evil, options)).not.toContain('\u001B')
  })
})

describe('services and the closing line', () => {
  const service = (name: string, over: Partial<StatusReport['services'][number]>): StatusReport['services'][number] => ({
    name,
    type: 'ClusterIP',
    ports: [],
    readyEndpoints: 1,
    clusterIP: null,
    severity: 'ok',
    reason: '',
    ...over,
  })
  const down = item('orthanc-read-api', {health: 'down', severity: 'critical', ready: 0})
  const drifted = item('st-bnkd-php', {health: 'drifted', severity: 'warning', reason: '5 replicas'})
  const silent = service('orthanc-read-api-service', {
    readyEndpoints: 0,
    severity: 'critical',
    reason: 'no ready endpoints; the workload behind it is down',
  })
  const closed = (text: string): string[] => text.trimEnd().split('\n').slice(-3)

  test('a service that fails stands among the worst, and its row keeps to the width', () => {
    const text = statusTable(report([drifted, down], {verdict: 'critical', services: [silent, service('st-redis-sp', {})]}), options)
    expect(text).toContain(
      'SERVICES  1 of 2 with ready endpoints\n  orthanc-read-api-service  critical  no ready endpoints; the workload behind...\n',
    )
    expect(text.indexOf('\nst-bnkd-php  drifted')).toBeLessThan(text.indexOf('\nservice/orthanc-read-api-service  critical'))
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('services that may not be read are no services without endpoints', () => {
    const unread = {type: null, readyEndpoints: null, severity: 'unknown', reason: "services can't be read"} as const
    const text = statusTable(report([drifted], {verdict: 'unknown', services: [service('a', unread), service('b', unread)]}), options)
    expect(text).toContain('SERVICES  2 unknown\n')
    expect(text).toContain("\n2 services  unknown\n  services can't be read\n")
    expect(text).toContain('\nUNKNOWN  2 unknown, 1 warning; ')
  })

  test('a service without a selector is counted apart', () => {
    const unjudged = service('kubernetes', {readyEndpoints: null, severity: 'info', reason: 'not judged: no selector'})
    expect(statusTable(report([], {services: [service('a', {}), unjudged]}), options)).toContain(
      'SERVICES  1 of 1 with ready endpoints, 1 not judged\n  kubernetes  info  not judged: no selector\n',
    )
  })

  test('the verdict wraps under itself, in colour too', () => {
    const much = report([down, drifted, item('a', {severity: 'unknown', health: 'unknown'})], {verdict: 'critical', services: [silent]})
    expect(closed(statusProblems(much, options))).toEqual([
      'CRITICAL  1 of 3 workloads needs you, 1 service without ready endpoints, 1',
      '          unknown, 1 warning; 3/3 pods ready',
      '    not checked: queues, lag, DICOM (add --deep)',
    ])
    expect(closed(statusProblems(much, {...options, colour: true})).slice(1)).toEqual(closed(statusProblems(much, options)).slice(1))
  })

  test('a missing permission wraps under itself', () => {
    const message =
      'not allowed to list nodes at the cluster scope (as user lean); needs apiGroups: [""], resources: [nodes], verbs: [list]'
    expect(statusProblems(report([], {warnings: [{code: 'refused', message}]}), {...options, colour: true})).toContain(
      'lean); needs\n         apiGroups: [""], resources: [nodes], verbs: [list]\n',
    )
  })

  test('what --allow takes out of the verdict needs nobody, and is said', () => {
    const allowed = report([down, drifted, item('a')], {allow: ['down', 'drifted']})
    expect(closed(statusProblems(allowed, options))[1]).toBe('OK  3 workloads: 3 active; 2 allowed (down, drifted); 3/3 pods ready')
    expect(closed(statusProblems({...allowed, verdict: 'warning', allow: ['down']}, options))[1]).toBe(
      'WARNING  1 warning; 1 allowed (down); 3/3 pods ready',
    )
    expect(statusViews(false, 'warning').junit!(allowed, options)).toMatch(/tests="3" failures="0" errors="0"/)
  })
})
