import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import type {AuditInactiveReport} from '../../src/lib/runbook/audit-inactive/schema.ts'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import type {StatusItem, StatusReport} from '../../src/lib/runbook/status/schema.ts'
import type {Run, RunOptions} from '../package/program.ts'
import {openDeepPlace, type DeepOptions, type DeepPlace} from './deep-place.ts'
import type {LagStage} from './lag-stage.ts'
import type {StartRedis} from './queue-reader.ts'
import {reportOf} from './scene.ts'
import type {Person} from './target.ts'

const MARKER = 'Mustermann, Erika'
const PATIENCE_MS = 20_000
const HOUR = 3_600_000

const seconds = (): number => Math.floor(Date.now() / 1000)
const job = (age: number): string => JSON.stringify({displayName: 'App\\Jobs\\Pdf', data: {command: MARKER}, createdAt: seconds() - age})
const itemOf = ({items}: StatusReport, name: string): StatusItem => items.find((item) => item.name === name)!

/** Who may do what `sapoche rbac` says of a command, here and where the brokers are, and who may do that but the port-forward. */
export function deepPeople(command: string): readonly [Person, Person] {
  const rules = rolesFor(command, 'sapoche').items.flatMap(({rules: own}) => own)
  const less = rules.map((rule) => ({...rule, resources: rule.resources.filter((name) => name !== 'pods/portforward')}))
  return [
    {name: `allowed-${command}`, rules: [], clusterRules: rules},
    {name: `unforwarded-${command}`, rules: [], clusterRules: less.filter(({resources}) => resources.length > 0)},
  ]
}

export const STATUS_PEOPLE = deepPeople('status')
const [ALLOWED, UNFORWARDED] = STATUS_PEOPLE

/** `--deep` of `status` and `audit-inactive` on any cluster with any Redis and Kafka. */
export function deepSuite(open: () => Promise<LagStage>, startRedis: StartRedis): void {
  let stage: LagStage
  const ending: (() => unknown)[] = []
  beforeAll(async () => {
    stage = await open()
  }, 240_000)
  afterAll(() => stage?.close(), 60_000)
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  const place = (options: DeepOptions = {}): Promise<DeepPlace> => openDeepPlace(stage, startRedis, options, (end) => void ending.push(end))

  /** Runs until Redis is reached: a simulated kubelet takes a moment to open a port. */
  async function status(
    {args}: DeepPlace,
    more: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<{run: Run; report: StatusReport}> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const run = await stage.target.sapoche(['status', '--deep', '-o', 'json', ...args, ...more], options)
      const report = reportOf<StatusReport>(run, 'StatusReport')
      const isDown = report.servers.some(({name, reason}) => name === 'redis' && reason.includes(' is down'))
      if (!isDown || Date.now() > deadline) return {run, report}
    }
  }

  describe('status --deep', () => {
    test('well: what waits stands beside the workloads, and nothing of a job', async () => {
      const here = await place({workers: {'worker-pdf': {}, 'worker-idle': {}}})
      await here.redis.run('RPUSH', 'queues:pdf', job(5), job(1))
      await stage.produce(`${here.consumer}-topic`, 0, 7)
      await stage.commit(here.consumer, `${here.consumer}-topic`, [4])
      const {run, report} = await status(here)
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(itemOf(report, 'worker-pdf')).toMatchObject({
        health: 'ok',
        queues: [{queue: 'pdf', state: 'present', pending: 2, delayed: 0, reserved: 0, severity: 'ok', next: []}],
        groups: [],
      })
      expect(itemOf(report, 'worker-idle').queues).toMatchObject([{queue: 'idle', state: 'absent', pending: null, severity: 'ok'}])
      expect(itemOf(report, here.consumer)).toMatchObject({queues: [], groups: [{group: here.consumer, lag: 3, severity: 'ok'}]})
      expect(itemOf(report, 'redis')).toMatchObject({queues: [], groups: []})
      expect(report.servers.map(({name, severity}) => [name, severity])).toEqual([
        ['redis', 'info'],
        ['kafka', 'ok'],
      ])
      expect(report.notChecked).toContain('DICOM')
      expect(report.notChecked).not.toContain('queues')
      expect(report.notChecked).not.toContain('lag')
      for (const format of ['table', 'wide', 'yaml', 'junit']) {
        const {stdout, stderr} = await stage.target.sapoche(['status', '--deep', '-o', format, ...here.args])
        expect(stdout).toContain('pdf')
        expect(stdout + stderr).not.toContain('Mustermann')
      }
    })

    test('--request-timeout 0s: no limit, for Redis and Kafka neither', async () => {
      const {run, report} = await status(await place(), ['--request-timeout', '0s'])
      expect({code: run.code, servers: report.servers.map(({severity}) => severity)}).toEqual({code: 0, servers: ['info', 'ok']})
    })

    test('without it nobody looked, which is not zero', async () => {
      const {args} = await place()
      const run = await stage.target.sapoche(['status', '-o', 'json', ...args])
      const report = reportOf<StatusReport>(run, 'StatusReport')
      expect(report.items.map(({queues, groups}) => [queues, groups])).toEqual(report.items.map(() => [null, null]))
      expect(report).toMatchObject({servers: [], notChecked: ['queues', 'lag', 'DICOM']})
    })

    test('a backlog and nobody to work on it: critical, also where the zero itself is allowed', async () => {
      const here = await place({workers: {'worker-pdf': {replicas: 0}}, consumer: {replicas: 0}})
      await here.redis.run('RPUSH', 'queues:pdf', job(60))
      await stage.produce(`${here.consumer}-topic`, 0, 5, HOUR)
      const {run, report} = await status(here, ['--allow', 'stopped'])
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 2, verdict: 'critical'})
      expect(itemOf(report, 'worker-pdf').queues).toMatchObject([
        {severity: 'critical', reason: '1 job waits and worker-pdf is at 0 replicas', next: ['sapoche scale worker-pdf --to-baseline']},
      ])
      expect(itemOf(report, here.consumer).groups).toMatchObject([
        {severity: 'critical', lag: 5, reason: expect.stringMatching(/^5 events unread.* no consumer is to run/)},
      ])
      const {stdout} = await stage.target.sapoche(['status', '--deep', '--problems', ...here.args])
      expect(stdout).toMatch(
        /worker-pdf {2}stopped[^]*queue pdf: 1 job waits[^]*next {2}sapoche scale worker-pdf --to-baseline --catalogue \S+\n\n/,
      )
    })

    test('a zero that is accepted with its backlog: no fault', async () => {
      const accepted = {baseline: 0, inactive: {reason: 'on hold', backlogAccepted: true}}
      const here = await place({workers: {'worker-pdf': {replicas: 0}}, listed: {'worker-pdf': accepted}})
      await here.redis.run('RPUSH', 'queues:pdf', job(60))
      const {run, report} = await status(here)
      expect(itemOf(report, 'worker-pdf')).toMatchObject({health: 'inactive', queues: [{severity: 'info', pending: 1}]})
      expect(run.code).toBe(0)
    })

    test('two looks: a group that does not move is critical', async () => {
      const here = await place()
      await stage.produce(`${here.consumer}-topic`, 0, 5, HOUR)
      const one = await status(here, [here.consumer])
      expect(itemOf(one.report, here.consumer).groups).toMatchObject([{movement: null, severity: 'warning'}])
      expect(one.report.notChecked).toContain('how lag moves (--window 10s)')
      const two = await status(here, [here.consumer, '--window', '1s'])
      expect(itemOf(two.report, here.consumer).groups).toMatchObject([{movement: 'not-moving', severity: 'critical'}])
      expect(two.report.servers.map(({name}) => name)).toEqual(['kafka'])
      expect([one.run.code, two.run.code]).toEqual([1, 2])
    })

    test('a key that is no queue is not read as zero', async () => {
      const here = await place()
      await here.redis.run('SET', 'queues:pdf', MARKER)
      const {run, report} = await status(here)
      expect(itemOf(report, 'worker-pdf').queues).toMatchObject([{state: 'unreadable', pending: null, severity: 'critical'}])
      expect(run.code).toBe(2)
    })

    test('its own Role suffices; without the port-forward the queues and groups are unknown, and the rest is told', async () => {
      const here = await place()
      const allowed = await status(here, ['--kubeconfig', await stage.target.kubeconfigOf(ALLOWED)])
      expect({code: allowed.run.code, warnings: allowed.report.warnings}).toEqual({code: 0, warnings: []})
      const {run, report} = await status(here, ['--kubeconfig', await stage.target.kubeconfigOf(UNFORWARDED)])
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 3, verdict: 'unknown'})
      expect(report.servers).toMatchObject([
        {name: 'redis', severity: 'unknown', reason: expect.stringMatching(/pods\/portforward.*needs apiGroups/)},
        {name: 'kafka', severity: 'unknown', reason: expect.stringMatching(/pods\/portforward in namespace kafka.*needs apiGroups/)},
      ])
      expect(itemOf(report, 'worker-pdf')).toMatchObject({
        health: 'ok',
        queues: [{state: 'unreadable', pending: null, severity: 'unknown'}],
      })
      expect(itemOf(report, here.consumer)).toMatchObject({health: 'ok', groups: [{state: null, lag: null, severity: 'unknown'}]})
      expect(report.notChecked).toEqual(['queues', 'lag', 'DICOM'])
    })

    test('Redis is down: critical, and its queues unknown', async () => {
      const here = await place()
      await stage.target.api.patch(here.scene.at('apps/v1', 'deployments', 'redis'), {spec: {replicas: 0}}, 'strategic-merge')
      const isGone = (pods: unknown): boolean =>
        (pods as {items: {metadata: {labels: {app: string}}}[]}).items.every(({metadata}) => metadata.labels.app !== 'redis')
      await here.scene.waitFor(here.scene.at('v1', 'pods'), isGone)
      const run = await stage.target.sapoche(['status', '--deep', '-o', 'json', ...here.args])
      const report = reportOf<StatusReport>(run, 'StatusReport')
      expect(report.servers[0]).toMatchObject({
        name: 'redis',
        severity: 'critical',
        reason: expect.stringMatching(/^Redis is down: no pod behind service redis/),
      })
      expect(itemOf(report, 'worker-pdf').queues).toMatchObject([{state: 'unreadable', pending: null, severity: 'unknown'}])
      expect(itemOf(report, here.consumer).groups).toMatchObject([{lag: 0, severity: 'ok'}])
      expect(run.code).toBe(2)
    })
  })
  describe('audit-inactive --deep', () => {
    const audit = async ({args}: DeepPlace, ...more: readonly string[]): Promise<{run: Run; report: AuditInactiveReport}> => {
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const run = await stage.target.sapoche(['audit-inactive', '-o', 'json', ...args, ...more])
        const report = reportOf<AuditInactiveReport>(run, 'AuditInactiveReport')
        if (!report.warnings.some(({message}) => message.includes(' is down')) || Date.now() > deadline) return {run, report}
      }
    }
    const backlogs = ({items}: AuditInactiveReport) =>
      items.flatMap(({name, findings}) =>
        findings.filter(({id}) => id.startsWith('backlog')).map(({id, severity, recommendation}) => [name, id, severity, recommendation]),
      )
    const expected = {baseline: 0, inactive: {reason: 'on hold'}}
    const accepted = {baseline: 0, inactive: {reason: 'on hold', backlogAccepted: true}}
    const zero = {replicas: 0}

    test('what piles up is critical, unless it is accepted; what does not is said', async () => {
      const here = await place({
        workers: {'worker-pdf': zero, 'worker-taken': zero, 'worker-idle': zero, 'worker-on': {}},
        consumer: zero,
        listed: {'worker-pdf': expected, 'worker-taken': accepted, 'worker-idle': expected, consumer: expected},
      })
      for (const queue of ['pdf', 'taken', 'on']) await here.redis.run('RPUSH', `queues:${queue}`, job(60), job(50))
      await stage.produce(`${here.consumer}-topic`, 0, 5, HOUR)
      const {run, report} = await audit(here, '--deep')
      expect({code: run.code, stderr: run.stderr, verdict: report.verdict}).toEqual({code: 2, stderr: '', verdict: 'critical'})
      expect(backlogs(report)).toEqual([
        [here.consumer, 'backlog', 'critical', 'reactivate'],
        ['worker-pdf', 'backlog', 'critical', 'reactivate'],
        ['worker-taken', 'backlog', 'info', 'keep'],
        ['worker-idle', 'backlog-none', 'info', 'keep'],
      ])
      const pdf = report.items.find(({name}) => name === 'worker-pdf')!
      expect(pdf).toMatchObject({expected: true, severity: 'critical', queues: [{queue: 'pdf', pending: 2}], groups: []})
      expect(pdf.findings.at(-1)?.evidence).toBe('queue pdf: 2 jobs wait and worker-pdf is at 0 replicas')
      expect(pdf.next[0]).toBe('sapoche scale worker-pdf --replicas 1')
      const table = await stage.target.sapoche(['audit-inactive', '--deep', ...here.args])
      expect(table.stdout).toMatch(/critical {3}queue pdf: 2 jobs wait and worker-pdf is at 0 replicas\s+\[backlog:\s+reactivate\]/)
      expect(table.stdout).not.toContain('Mustermann')
    })

    test('without it the zeros are as expected, and the backlogs not checked', async () => {
      const here = await place({workers: {'worker-pdf': zero}, listed: {'worker-pdf': expected}})
      await here.redis.run('RPUSH', 'queues:pdf', job(60))
      const {run, report} = await audit(here)
      expect({code: run.code, notChecked: report.notChecked}).toEqual({
        code: 0,
        notChecked: ['backlogs of queues and topics of what is inactive (--deep)'],
      })
      expect(report.items.map(({queues, groups}) => [queues, groups])).toEqual([[null, null]])
    })

    test('servers that nobody may reach: unclear, and the rest is told', async () => {
      const here = await place({workers: {'worker-pdf': zero}, consumer: zero, listed: {'worker-pdf': expected, consumer: expected}})
      const {run, report} = await audit(here, '--deep', '--kubeconfig', await stage.target.kubeconfigOf(UNFORWARDED))
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 3, verdict: 'unknown'})
      expect(backlogs(report)).toEqual([
        [here.consumer, 'backlog-unclear', 'unknown', 'keep'],
        ['worker-pdf', 'backlog-unclear', 'unknown', 'keep'],
      ])
      expect(report.warnings.filter(({code}) => code === 'redis' || code === 'kafka').map(({message}) => message)).toEqual([
        expect.stringMatching(/^redis: .*pods\/portforward/),
        expect.stringMatching(/^kafka: .*pods\/portforward/),
      ])
    })
  })
}
