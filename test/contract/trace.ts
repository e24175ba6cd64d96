import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import type {TraceHop, TraceReport} from '../../src/lib/runbook/trace/schema.ts'
import type {Run} from '../package/program.ts'
import {deepPeople} from './deep.ts'
import {openDeepPlace, type DeepOptions, type DeepPlace} from './deep-place.ts'
import type {LagStage} from './lag-stage.ts'
import type {StartRedis} from './queue-reader.ts'
import {deployment, reportOf, type DeploymentParts} from './scene.ts'

const PATIENCE_MS = 20_000
const HOUR = 3_600_000

export const TRACE_PEOPLE = deepPeople('trace')
const [ALLOWED, UNFORWARDED] = TRACE_PEOPLE

const job = (age: number): string => JSON.stringify({displayName: 'App\\Jobs\\Pdf', createdAt: Math.floor(Date.now() / 1000) - age})

const GATEWAY = ['requests', 'front', 'web', 'redis', 'databases']
const EVENTS = ['events', 'consumers', 'workers', 'PDFs']

const FLOWS = [
  {
    name: 'gateway',
    title: 'Requests',
    hops: [
      {kind: 'external', name: 'requests'},
      {kind: 'service', name: 'front'},
      {kind: 'workload', name: 'web', note: 'the application'},
      {kind: 'service', name: 'redis'},
      {kind: 'external', name: 'databases'},
    ],
  },
  {
    name: 'events',
    title: 'Events',
    hops: [
      {kind: 'external', name: 'events', dependencies: ['message-queue']},
      {kind: 'category', name: 'consumers'},
      {kind: 'category', name: 'workers'},
      {kind: 'external', name: 'PDFs'},
    ],
  },
]

interface WayOptions extends DeepOptions {
  readonly web?: DeploymentParts
  /** Of the service before it. */
  readonly selector?: Readonly<Record<string, string>>
  readonly frontType?: string
}

/** `sapoche trace` on any cluster with any Redis and Kafka. */
export function traceSuite(open: () => Promise<LagStage>, startRedis: StartRedis): void {
  let stage: LagStage
  const ending: (() => unknown)[] = []
  beforeAll(async () => {
    stage = await open()
  }, 240_000)
  afterAll(() => stage?.close(), 60_000)
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  /** The place with both flows: `front` before `web`, Redis, a consumer and workers. */
  async function way({web = {}, selector = {app: 'web'}, frontType = 'ClusterIP', ...options}: WayOptions = {}): Promise<DeepPlace> {
    const ports = [{name: 'http', port: 80, targetPort: 8080}]
    const place = await openDeepPlace(
      stage,
      startRedis,
      {
        ...options,
        listed: {...options.listed, web: {name: 'web', category: 'backend', baseline: 1}},
        objects: [
          {apiVersion: 'v1', kind: 'Service', metadata: {name: 'front'}, spec: {selector, ports}},
          deployment('web', {container: {ports: [{containerPort: 8080}]}, ...web}),
        ],
        catalogue: {flows: FLOWS},
        services: (port) => [
          {name: 'front', type: frontType, clusterIP: '192.0.2.7', ports: [{port: 80}], workload: 'web', purpose: 'a case'},
          {name: 'redis', type: 'ClusterIP', ports: [{port}], workload: 'redis', purpose: 'a case'},
        ],
      },
      (end) => void ending.push(end),
    )
    const {replicas = 1, labels} = web
    await place.scene.waitFor(place.scene.at('apps/v1', 'deployments', 'web'), (object) => {
      const {status} = object as {status?: {observedGeneration?: number; readyReplicas?: number}}
      return (status?.observedGeneration ?? 0) > 0 && (labels !== undefined || (status?.readyReplicas ?? 0) === replicas)
    })
    return place
  }

  /** Runs until Redis is reached, and the report is as wished for: endpoints follow their pods. */
  async function trace(
    {args}: DeepPlace,
    more: readonly string[] = [],
    enough: (report: TraceReport) => boolean = () => true,
  ): Promise<{run: Run; report: TraceReport}> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const run = await stage.target.sapoche(['trace', '-o', 'json', ...args, ...more])
      const report = reportOf<TraceReport>(run, 'TraceReport')
      const isDown = report.items.some(({servers}) => servers.some(({reason}) => reason.includes(' is down')))
      if ((!isDown && enough(report)) || Date.now() > deadline) return {run, report}
    }
  }
  const hop = ({items}: TraceReport, name: string): TraceHop => items.find((each) => each.name === name)!
  const isServed = (report: TraceReport): boolean => (hop(report, 'front').service?.readyEndpoints ?? 0) > 0

  test('well: both flows, each hop with its health, and what was not looked at', async () => {
    const here = await way()
    await here.redis.run('RPUSH', 'queues:pdf', job(5))
    const {run, report} = await trace(here, [], isServed)
    expect({code: run.code, stderr: run.stderr, verdict: report.verdict}).toEqual({code: 0, stderr: '', verdict: 'ok'})
    expect(report.items.map(({flow, name, kind, target, checked, broken}) => [flow, name, kind, target, checked, broken])).toEqual([
      ['gateway', 'requests', 'external', null, false, false],
      ['gateway', 'front', 'service', 'service/front', true, false],
      ['gateway', 'web', 'workload', 'deployment/web', true, false],
      ['gateway', 'redis', 'service', 'service/redis', true, false],
      ['gateway', 'databases', 'external', null, false, false],
      ['events', 'events', 'external', null, true, false],
      ['events', 'consumers', 'category', 'consumers', true, false],
      ['events', 'workers', 'category', 'workers', true, false],
      ['events', 'PDFs', 'external', null, false, false],
    ])
    expect(hop(report, 'front')).toMatchObject({
      severity: 'info',
      reason: expect.stringMatching(/^service front: cluster IP \S+ where the catalogue expects 192\.0\.2\.7$/),
      service: {dns: `front.${here.scene.namespace}.svc`, readyEndpoints: 1, clusterIP: expect.stringMatching(/^\d+\./)},
      upstream: ['requests'],
      downstream: ['web', 'redis', 'databases'],
    })
    expect(hop(report, 'web')).toMatchObject({severity: 'ok', service: null, workloads: [{name: 'web', ready: 1, desired: 1}]})
    expect(hop(report, 'redis')).toMatchObject({servers: [{name: 'redis', severity: 'info'}], workloads: [{name: 'redis', ready: 1}]})
    expect(hop(report, 'events')).toMatchObject({servers: [{name: 'kafka', severity: 'ok'}]})
    expect(hop(report, 'consumers').workloads).toMatchObject([{name: here.consumer, groups: [{lag: 0}]}])
    expect(hop(report, 'workers').workloads).toMatchObject([{name: 'worker-pdf', queues: [{state: 'present', pending: 1}]}])
    expect(report.notChecked).toEqual(expect.arrayContaining(['requests', 'databases', 'PDFs']))
    const table = await stage.target.sapoche(['trace', ...here.args])
    expect(table.stdout).toMatch(/OK {2}gateway passes; events passes/)
    const mermaid = await stage.target.sapoche(['trace', '-o', 'mermaid', ...here.args])
    expect(mermaid.stdout).toMatch(/^flowchart TD\n[^]*hop2 --> hop3[^]*1 queued/)
  })

  test('a workload that is stopped: broken there, and what is cut off', async () => {
    const here = await way({web: {replicas: 0}})
    const {run, report} = await trace(here, ['--from', 'gateway'])
    expect(run.code).toBe(2)
    expect(report.items.map(({name}) => name)).toEqual(GATEWAY)
    expect(hop(report, 'web')).toMatchObject({
      broken: true,
      severity: 'critical',
      reason: expect.stringMatching(/^web: stopped, 0 replicas where the catalogue expects 1/),
      upstream: ['requests', 'front'],
      downstream: ['redis', 'databases'],
      next: ['sapoche scale web --to-baseline'],
    })
    expect(hop(report, 'front')).toMatchObject({broken: true, reason: expect.stringMatching(/^service front: no ready endpoints/)})
    expect(hop(report, 'redis')).toMatchObject({broken: false, cutOffBy: ['front', 'web']})
    expect(report.summary).toEqual({hops: 5, checked: 3, broken: 2})
    const {stdout} = await stage.target.sapoche(['trace', '--from', 'gateway', ...here.args])
    expect(stdout).toMatch(/web \(the application\) +critical +0\/0 ready\n {2}x {2}broken here\n {2}x {2}upstream +requests, front\n/)
    expect(stdout).toMatch(/CRITICAL {2}gateway is broken at front and web; 1 service/)
    const mermaid = await stage.target.sapoche(['trace', '--from', 'gateway', '-o', 'mermaid', ...here.args])
    expect(mermaid.stdout).toMatch(/hop3 -\. cut off \.-> hop4/)
  })

  test('a service that leads nowhere, before a workload that is well', async () => {
    const {run, report} = await trace(await way({selector: {app: 'wbe'}}))
    expect(run.code).toBe(2)
    expect(hop(report, 'front')).toMatchObject({broken: true, severity: 'critical', service: {readyEndpoints: 0}})
    expect(hop(report, 'web')).toMatchObject({broken: false, severity: 'ok', cutOffBy: ['front']})
    expect(report.flows.map(({name, verdict}) => [name, verdict])).toEqual([
      ['gateway', 'critical'],
      ['events', 'ok'],
    ])
  })

  test('one worker of two has a backlog and is off: the hop is not broken as a whole', async () => {
    const here = await way({workers: {'worker-pdf': {replicas: 0}, 'worker-csv': {}}})
    await here.redis.run('RPUSH', 'queues:pdf', job(60))
    const {run, report} = await trace(here, ['--from', 'events'])
    expect(run.code).toBe(2)
    expect(report.items.map(({name}) => name)).toEqual(EVENTS)
    expect(report.services).toEqual([])
    expect(hop(report, 'workers')).toMatchObject({broken: false, severity: 'critical', next: ['sapoche scale worker-pdf --to-baseline']})
    expect(hop(report, 'workers').workloads.map(({name, broken}) => [name, broken])).toEqual([
      ['worker-pdf', true],
      ['worker-csv', false],
    ])
    const {stdout} = await stage.target.sapoche(['trace', '--from', 'events', ...here.args])
    expect(stdout).toMatch(/broken for worker-pdf; the others pass\n/)
    expect(stdout).toMatch(/CRITICAL {2}events is broken for 1 of 2 workers\n/)
  })

  test('the only consumer is off while events come: broken, and the workers are cut off', async () => {
    const here = await way({consumer: {replicas: 0}})
    await stage.produce(`${here.consumer}-topic`, 0, 5, HOUR)
    const {report} = await trace(here, ['--from', 'events'])
    expect(hop(report, 'consumers')).toMatchObject({
      broken: true,
      severity: 'critical',
      reason: expect.stringMatching(/5 events unread/),
      upstream: ['events'],
      downstream: ['workers', 'PDFs'],
    })
    expect(hop(report, 'workers')).toMatchObject({broken: false, severity: 'info', cutOffBy: ['consumers']})
  })

  test('a service of another type than the catalogue has: a warning', async () => {
    const {run, report} = await trace(await way({frontType: 'NodePort'}), [], isServed)
    expect(run.code).toBe(1)
    expect(report.services[0]).toMatchObject({
      name: 'front',
      severity: 'warning',
      reason: expect.stringMatching(/^type ClusterIP where the catalogue expects NodePort/),
      expected: {type: 'NodePort', clusterIP: '192.0.2.7', ports: [{port: 80, nodePort: null}]},
    })
    expect(hop(report, 'front')).toMatchObject({broken: false, severity: 'warning'})
  })

  test('its own Role suffices; without the port-forward what the servers hold is unknown, and nothing else', async () => {
    const here = await way()
    const allowed = await trace(here, ['--kubeconfig', await stage.target.kubeconfigOf(ALLOWED)], isServed)
    expect({code: allowed.run.code, warnings: allowed.report.warnings}).toEqual({code: 0, warnings: []})
    const {run, report} = await trace(here, ['--kubeconfig', await stage.target.kubeconfigOf(UNFORWARDED)])
    expect({code: run.code, verdict: report.verdict, broken: report.summary.broken}).toEqual({code: 3, verdict: 'unknown', broken: 0})
    expect(report.items.filter(({severity}) => severity === 'unknown').map(({name}) => name)).toEqual([
      'redis',
      'events',
      'consumers',
      'workers',
    ])
    expect(hop(report, 'web').severity).toBe('ok')
    expect(report.notChecked).toEqual(expect.arrayContaining(['queues', 'lag']))
  })

  describe('what is said wrongly', () => {
    test('a flow that there is not: 64, with the names', async () => {
      const run = await stage.target.sapoche(['trace', '--from', 'gatway', '-o', 'json'])
      expect(run.code).toBe(64)
      expect(JSON.parse(run.stdout)).toMatchObject({
        kind: 'Error',
        error: {message: 'no flow "gatway" in the catalogue; it has gateway, events', suggestions: ['gateway']},
      })
    })
  })
}
