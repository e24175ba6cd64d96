import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {traceReport as reportOn} from '../../../src/lib/runbook/trace/report.ts'
import {traceReport} from '../../../src/lib/runbook/trace/schema.ts'
import {group, queue} from '../backlog-samples.ts'
import {BACKLOG, ELSEWHERE, namespace, STOPPED_PHP, trace, type Otherwise} from './sample.ts'

const hop = (otherwise: Otherwise, name: string) => trace(otherwise).items.find((each) => each.name === name)!
const states = (otherwise: Otherwise) =>
  trace(otherwise).items.map(({name, severity, broken, cutOffBy}) => [name, severity, broken, cutOffBy.join(' ')])

test.each([{}, STOPPED_PHP, BACKLOG, ELSEWHERE])('is by its schema', (otherwise) => {
  expect(traceReport.parse(trace(otherwise))).toEqual(trace(otherwise))
})

describe("the runbook's flows", () => {
  test('all well', () => {
    expect(states({})).toEqual([
      ['external requests', 'info', false, ''],
      ['APISIX gateway', 'info', false, ''],
      ['st-sapoche-nginx', 'ok', false, ''],
      ['st-bnkd-php-nginx', 'ok', false, ''],
      ['st-bnkd-php', 'ok', false, ''],
      ['st-redis-sp', 'info', false, ''],
      ['external databases and storage', 'info', false, ''],
      ['events', 'ok', false, ''],
      ['consumers', 'ok', false, ''],
      ['workers', 'info', false, ''],
      ['notifications and PDFs', 'info', false, ''],
    ])
    expect(trace()).toMatchObject({verdict: 'ok', summary: {hops: 11, checked: 7, broken: 0}})
  })

  const NO_ENDPOINTS = {readyEndpoints: 0, severity: 'critical', reason: 'no ready endpoints'} as const
  test.each<[string, Otherwise, string[]]>([
    ['is well', {}, []],
    ['has another cluster IP', {services: {'st-sapoche-nginx': {severity: 'info', reason: 'cluster IP'}}}, []],
    ['is of another type', {services: {'st-sapoche-nginx': {severity: 'warning', reason: 'type'}}}, ['sapoche catalogue diff']],
    ['is not there', ELSEWHERE, ['sapoche catalogue diff']],
    ['may not be read', {services: {'st-sapoche-nginx': {severity: 'unknown', reason: "endpoint slices can't be read"}}}, []],
    ['leads nowhere', {services: {'st-sapoche-nginx': NO_ENDPOINTS}}, ['sapoche status st-bnkd-php-nginx']],
    [
      'leads to what is down',
      {services: {'st-sapoche-nginx': NO_ENDPOINTS}, items: {'st-bnkd-php-nginx': {next: ['sapoche logs st-bnkd-php-nginx']}}},
      ['sapoche logs st-bnkd-php-nginx'],
    ],
  ])('commands for a service that %s', (_, otherwise, next) => {
    expect(trace(otherwise).services.find(({name}) => name === 'st-sapoche-nginx')?.next).toEqual(next)
    expect(hop(otherwise, 'st-sapoche-nginx').next).toEqual(next)
  })

  test('what faults have in common is said where there are any', () => {
    const findings = ['2 faulty workloads have pods on node-b']
    expect(trace({...STOPPED_PHP, findings}).findings).toEqual(findings)
    expect(trace({findings}).findings).toEqual([])
  })

  test('what is looked at, and what lies outside', () => {
    expect(trace().items.map(({target, checked}) => (checked ? target : 'outside'))).toEqual([
      'outside',
      'outside',
      'service/st-sapoche-nginx',
      'deployment/st-bnkd-php-nginx',
      'deployment/st-bnkd-php',
      'service/st-redis-sp',
      'outside',
      null,
      'consumers',
      'workers',
      'outside',
    ])
    expect(trace().notChecked).toEqual([
      'external requests',
      'APISIX gateway (other namespace)',
      'external databases and storage',
      'notifications and PDFs',
    ])
  })

  test('a service belongs to the hop that it is, or to the workload behind it; a workload to its service where it is no hop', () => {
    expect(hop({}, 'st-sapoche-nginx')).toMatchObject({service: {name: 'st-sapoche-nginx'}, workloads: []})
    expect(hop({}, 'st-bnkd-php-nginx')).toMatchObject({service: null, workloads: [{name: 'st-bnkd-php-nginx'}]})
    expect(hop({}, 'st-bnkd-php')).toMatchObject({service: {name: 'st-bnkd-php'}, workloads: [{name: 'st-bnkd-php'}]})
    expect(hop({}, 'st-redis-sp')).toMatchObject({
      service: {
        dns: 'st-redis-sp.sapoche.svc',
        expected: {type: 'ClusterIP', clusterIP: '10.27.62.167', ports: [{port: 6379, nodePort: null}]},
      },
      workloads: [{name: 'redis-master-st-sp'}],
      servers: [{name: 'redis'}],
    })
    expect(hop({}, 'consumers').workloads).toHaveLength(14)
    expect(hop({}, 'workers').workloads).toHaveLength(17)
  })

  test('all services of the catalogue; with one flow those of its hops', () => {
    expect(trace().services.map(({name}) => name)).toEqual(builtinCatalogue.services.map(({name}) => name))
    expect(trace({}, 'gateway').services.map(({name}) => name)).toEqual(['st-bnkd-php', 'st-sapoche-nginx', 'st-redis-sp'])
    expect(trace({}, 'events').services).toEqual([])
  })
})

describe('what is broken, and what is cut off', () => {
  test('a workload that is down', () => {
    expect(hop(STOPPED_PHP, 'st-bnkd-php')).toMatchObject({
      broken: true,
      severity: 'critical',
      reason:
        'service st-bnkd-php: no ready endpoints; the workload behind it is down; ' +
        'st-bnkd-php: down, container app: CrashLoopBackOff, exit 255, 7 restarts',
      upstream: ['external requests', 'APISIX gateway', 'st-sapoche-nginx', 'st-bnkd-php-nginx'],
      downstream: ['st-redis-sp', 'external databases and storage'],
      next: ['sapoche logs st-bnkd-php --previous', 'sapoche rollback st-bnkd-php'],
    })
    expect(hop(STOPPED_PHP, 'st-redis-sp')).toMatchObject({broken: false, cutOffBy: ['st-bnkd-php']})
    expect(hop(STOPPED_PHP, 'consumers').cutOffBy).toEqual([])
  })

  test('degraded, or in its grace: it passes', () => {
    for (const health of ['degraded', 'progressing', 'drifted'] as const) {
      const otherwise: Otherwise = {items: {'st-bnkd-php': {health, severity: 'warning', ready: 2}}}
      expect(hop(otherwise, 'st-bnkd-php')).toMatchObject({broken: false, severity: 'warning'})
    }
  })

  test('a category is broken where none that should work does; those at zero as expected do not count', () => {
    expect(hop(BACKLOG, 'workers')).toMatchObject({broken: false, severity: 'critical'})
    expect(hop(BACKLOG, 'workers').workloads.filter(({broken}) => broken)).toMatchObject([{name: 'worker-sapoche-pdf-en'}])
    const names = builtinCatalogue.workloads.flatMap(({name, category, baseline}) => (category === 'workers' && baseline > 0 ? [name] : []))
    const all = Object.fromEntries(
      names.map((name) => [name, {health: 'stopped' as const, severity: 'critical' as const, desired: 0, ready: 0}]),
    )
    expect(hop({items: all}, 'workers').broken).toBe(true)
    expect(hop({items: all}, 'notifications and PDFs').cutOffBy).toEqual(['workers'])
  })

  test('a backlog at zero that is accepted breaks nothing', () => {
    const accepted = [queue({pending: 3, severity: 'info', reason: 'accepted'})]
    const otherwise: Otherwise = {items: {'worker-sapoche-batch-publisher-notification': {queues: accepted}}}
    expect(hop(otherwise, 'workers')).toMatchObject({broken: false, severity: 'info'})
  })

  test('a ready consumer that does not move is broken too', () => {
    const stuck = [group({lag: 480, movement: 'not-moving', severity: 'critical', reason: 'no commit between the looks'})]
    const [found] = hop({items: {'consumer-ecg': {groups: stuck}}}, 'consumers').workloads.filter(({broken}) => broken)
    expect(found).toMatchObject({name: 'consumer-ecg', health: 'ok'})
  })

  test('Redis itself stands for its service, and for the workers whose queues it holds', () => {
    const servers = [{name: 'redis', severity: 'critical', reason: 'its memory is full', next: ['sapoche queue-depth --discover']}] as const
    const otherwise: Otherwise = {servers: servers.map((server) => ({...server, next: [...server.next]}))}
    for (const name of ['st-redis-sp', 'workers']) {
      expect(hop(otherwise, name)).toMatchObject({broken: true, severity: 'critical', reason: 'redis: its memory is full'})
    }
    expect(hop(otherwise, 'notifications and PDFs').cutOffBy).toEqual(['workers'])
  })

  test('servers that can not be reached: unknown there, and nowhere else', () => {
    const unknown = {state: 'unreadable', pending: null, severity: 'unknown', reason: 'Redis was not reached'} as const
    const workers = builtinCatalogue.workloads.filter(({category}) => category === 'workers')
    const found = trace({
      items: Object.fromEntries(workers.map(({name}) => [name, {queues: [queue(unknown)]}])),
      servers: [
        {name: 'redis', severity: 'unknown', reason: 'no port-forward', next: []},
        {name: 'kafka', severity: 'ok', reason: '', next: []},
      ],
    })
    expect(found.items.filter(({severity}) => severity === 'unknown').map(({name}) => name)).toEqual(['st-redis-sp', 'workers'])
    expect(found).toMatchObject({verdict: 'unknown', summary: {broken: 0}})
  })

  test('where no hop stands for the brokers, Kafka stands behind the consumers', () => {
    const status = namespace({servers: [{name: 'kafka', severity: 'critical', reason: 'no broker answers', next: []}]})
    const hops = [{kind: 'category', name: 'consumers', note: null, dependencies: []}] as const
    const found = reportOn(status, [{name: 'short', title: 'Short', hops}], false, builtinCatalogue)
    expect(found.items).toMatchObject([{broken: true, reason: 'kafka: no broker answers', servers: [{name: 'kafka'}]}])
  })

  test('a service beside the flows counts for the verdict', () => {
    const found = trace({services: {'orthanc-read-api-service': {severity: 'warning', reason: 'node port 30636 of port 80'}}})
    expect(found.verdict).toBe('warning')
    expect(found.flows.map(({verdict}) => verdict)).toEqual(['ok', 'ok'])
  })
})
