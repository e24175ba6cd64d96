import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ConsumerLagReport, LagItem} from '../../src/lib/runbook/consumer-lag/schema.ts'
import type {Run} from '../package/program.ts'
import {waitUntil} from '../real/processes.ts'
import {type LagStage, meanwhile} from './lag-stage.ts'
import {deployment, reportOf} from './scene.ts'
import {type Person, type Target, writeFileFor} from './target.ts'

const HOUR = 3_600_000
const BROKERS = [0, 1, 2].map((id) => `redpanda-${id}.redpanda.kafka.svc.cluster.local:9092`).join(',')

/** What reading lag takes: in the namespace of the consumers, and in that of the brokers. */
const READS = [
  {apiGroups: ['apps'], resources: ['deployments'], verbs: ['list']},
  {apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list']},
  {apiGroups: [''], resources: ['pods', 'services'], verbs: ['list']},
  {apiGroups: [''], resources: ['configmaps'], verbs: ['get']},
]
const FORWARD = {apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create']}
const ALLOWED: Person = {name: 'lag', rules: [], clusterRules: [...READS, FORWARD]}
const WITHOUT_FORWARD: Person = {name: 'lag-without-forward', rules: [], clusterRules: READS}
export const LAG_PEOPLE: readonly Person[] = [ALLOWED, WITHOUT_FORWARD]

/** A workload of a case: by its name also its group; its topic is `NAME-topic`. */
interface Consumer {
  readonly name: string
  readonly replicas?: number
  /** Of the catalogue. */
  readonly listed?: object
}

interface Case {
  lag(...args: readonly string[]): Promise<{run: Run; report: ConsumerLagReport}>
  /** The program's arguments that lead to this case. */
  readonly args: readonly string[]
}

let cases = 0

/** A namespace of its own with these consumers, all of them settled. */
async function openCase(target: Target, consumers: readonly Consumer[]): Promise<Case> {
  const namespace = `lag-${process.pid}-${++cases}`
  await target.api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}})
  const catalogue = {
    namespace,
    categories: [{name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['*']}],
    workloads: consumers.map(({name, listed}) => ({name, category: 'consumers', purpose: 'a case', baseline: 1, ...listed})),
    dependencies: [
      {name: 'message-queue', kind: 'queue', where: 'in another namespace', purpose: 'events', environment: ['KAFKA_BROKER*']},
    ],
  }
  const file = await writeFileFor(target, `${namespace}.yaml`, JSON.stringify(catalogue))
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
  for (const {name, replicas = 1} of consumers) {
    const env = [
      {name: 'KAFKA_BROKERS', value: BROKERS},
      {name: 'KAFKA_GROUP_ID', value: name},
      {name: 'KAFKA_TOPIC', value: `${name}-topic`},
    ]
    await target.api.create(path, deployment(name, {replicas, container: {env}}))
  }
  await waitUntil(`the consumers of ${namespace} are ready`, async () => {
    const {items} = await target.api.get<{items: {spec: {replicas: number}; status: {readyReplicas?: number}}[]}>(path)
    return items.length === consumers.length && items.every(({spec, status}) => (status.readyReplicas ?? 0) === spec.replicas)
  })
  const args = ['--catalogue', file]
  return {
    args,
    async lag(...more) {
      const window = more.includes('--window') ? [] : ['--window', '1s']
      const run = await target.sapoche(['consumer-lag', '-o', 'json', ...window, ...args, ...more])
      return {run, report: reportOf<ConsumerLagReport>(run, 'ConsumerLagReport')}
    },
  }
}

const itemOf = (report: ConsumerLagReport, group: string): LagItem => report.items.find((item) => item.group === group)!

/** `sapoche consumer-lag` on any cluster. `more` are tests that one kind of stage alone can do. */
export function consumerLagSuite<S extends LagStage>(open: () => Promise<S>, more: (stage: () => S) => void = () => undefined): void {
  let stage: S
  let serial = 0
  beforeAll(async () => {
    stage = await open()
  }, 240_000)
  afterAll(() => stage?.close(), 60_000)

  /** One consumer, of which it is told what its group and topic are called. */
  async function one(options: Partial<Consumer> = {}) {
    const name = `consumer-${++serial}`
    const found = await openCase(stage.target, [{...options, name}])
    return {name, topic: `${name}-topic`, ...found}
  }

  describe('movement', () => {
    test('well', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0, 1, 2])
      await stage.produce(topic, 1, 5)
      await stage.commit(name, topic, [0, 5, 0])
      const {run, report} = await lag()
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(itemOf(report, name)).toMatchObject({
        sources: ['KAFKA_GROUP_ID'],
        workloads: [{name, ready: 1, desired: 1}],
        state: 'Empty',
        members: 0,
        movement: 'ok',
        lag: 0,
        idleConsumers: 0,
      })
      expect(itemOf(report, name).partitions.map(({partition, committed, start, end}) => [partition, committed, start, end])).toEqual([
        [0, 0, 0, 0],
        [1, 5, 0, 5],
        [2, 0, 0, 0],
      ])
      expect(report.brokers.map(({id, severity}) => [id, severity])).toEqual([
        [0, 'ok'],
        [1, 'ok'],
        [2, 'ok'],
      ])
    })

    test('stuck for long: critical', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0])
      await stage.produce(topic, 0, 50, 2 * HOUR)
      await stage.commit(name, topic, [10])
      const member = await stage.join(`${name}-other`, topic)
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({
        movement: 'not-moving',
        lag: 40,
        oldestUnreadSeconds: {from: 3600, to: 21_600},
        severity: 'critical',
        next: [`sapoche logs ${name}`, `sapoche restart ${name}`],
      })
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 2, verdict: 'critical'})
      await member.stop()
    })

    test('stuck for a moment: a warning', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [1])
      await stage.produce(topic, 0, 5, 2 * 60_000)
      await stage.commit(name, topic, [0])
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({movement: 'not-moving', lag: 5, oldestUnreadSeconds: {from: 60, to: 300}})
      expect(run.code).toBe(1)
    })

    test('catching up', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [2])
      await stage.produce(topic, 0, 5000)
      const {run, report} = await meanwhile(
        (round) => stage.commit(name, topic, [round]),
        () => lag(),
      )
      const {movement, lag: left, etaSeconds, severity} = itemOf(report, name)
      expect({movement, severity, code: run.code}).toEqual({movement: 'catching-up', severity: 'info', code: 0})
      expect(Number(left)).toBeGreaterThan(4000)
      expect(etaSeconds).toBeGreaterThan(60)
    })

    test('falling behind, and the oldest is old: a warning', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0, 1])
      await stage.produce(topic, 0, 5000, HOUR / 2)
      const {run, report} = await meanwhile(
        async (round) => {
          await stage.commit(name, topic, [round, 0])
          await stage.produce(topic, 0, 20)
        },
        () => lag(),
      )
      expect(itemOf(report, name)).toMatchObject({
        movement: 'falling-behind',
        oldestUnreadSeconds: {from: 300, to: 3600},
        severity: 'warning',
        next: [`sapoche scale ${name} --replicas 2`],
      })
      expect(run.code).toBe(1)
    })

    test('going back', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [1])
      await stage.produce(topic, 0, 5000)
      const {report} = await meanwhile(
        (round) => stage.commit(name, topic, [4000 - round]),
        () => lag(),
      )
      expect(itemOf(report, name)).toMatchObject({movement: 'rewound', severity: 'warning'})
    })

    test('one look: numbers alone', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [1])
      await stage.produce(topic, 0, 5)
      await stage.commit(name, topic, [2])
      const {run, report} = await lag('--window', '0s')
      expect(itemOf(report, name)).toMatchObject({movement: null, lag: 3})
      expect({code: run.code, window: report.windowSeconds}).toEqual({code: 0, window: null})
    })
  })

  describe('what is no plain number', () => {
    test('a group without commits', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0])
      const member = await stage.join(name, topic)
      await stage.produce(topic, 0, 7)
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({state: 'Stable', members: 1, movement: 'no-commits', lag: null, severity: 'warning'})
      expect(itemOf(report, name).partitions).toMatchObject([{committed: null, end: 7, lag: null, note: 'no commit, 7 events to read'}])
      expect(run.code).toBe(1)
      await member.stop()
    })

    test('a group that is not there', async () => {
      const {name, lag} = await one()
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({state: 'absent', lag: null, members: null, partitions: [], severity: 'warning'})
      expect(itemOf(report, name).next).toEqual([`sapoche logs ${name}`, `sapoche env ${name}`])
      expect(run.code).toBe(1)
    })

    test('a commit beyond the end', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0, 1])
      await stage.produce(topic, 0, 16)
      await stage.produce(topic, 1, 4)
      await stage.commit(name, topic, [500, 4])
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({
        lag: 0,
        severity: 'warning',
        reason: expect.stringMatching(/beyond the end in .*-topic 0/),
      })
      expect(itemOf(report, name).partitions[0]).toMatchObject({committed: 500, end: 16, lag: null})
      expect(run.code).toBe(1)
    })

    test('a commit below the start of the log', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [2])
      await stage.produce(topic, 0, 100)
      await stage.commit(name, topic, [10])
      await stage.trim(topic, 0, 60)
      const {run, report} = await lag()
      expect(itemOf(report, name).partitions).toMatchObject([
        {committed: 10, start: 60, end: 100, lag: 40, note: '50 events deleted unread'},
      ])
      expect(itemOf(report, name)).toMatchObject({lag: 40, severity: 'warning'})
      expect(run.code).toBe(1)
    })

    test('no lag, and events that fail for good', async () => {
      const name = `consumer-${++serial}`
      const groups = [{name, topics: [`${name}-topic`], deadLetter: `${name}-dead`}]
      const {lag} = await openCase(stage.target, [{name, listed: {groups}}])
      await stage.createTopic(`${name}-topic`, [0])
      await stage.createTopic(`${name}-dead`, [1, 2])
      await stage.commit(name, `${name}-topic`, [0])
      await stage.produce(`${name}-dead`, 0, 3)
      const calm = await lag()
      expect({code: calm.run.code, item: itemOf(calm.report, name)}).toMatchObject({
        code: 0,
        item: {lag: 0, severity: 'info', deadLetters: {topic: `${name}-dead`, events: 3, added: 0}},
      })
      const {run, report} = await meanwhile(
        () => stage.produce(`${name}-dead`, 1, 1),
        () => lag(),
      )
      expect({code: run.code, lag: itemOf(report, name).lag}).toEqual({code: 1, lag: 0})
      expect(itemOf(report, name).reason).toMatch(/\d+ events? failed for good between the looks \(consumer-\d+-dead\)$/)
    })

    test('an open transaction', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0])
      await stage.produce(topic, 0, 3)
      const transaction = await stage.hold(topic, 0, 4)
      await stage.commit(name, topic, [3])
      const {report} = await lag()
      expect(itemOf(report, name)).toMatchObject({lag: 4, movement: 'not-moving', reason: expect.stringMatching(/holds 4 of them back/)})
      await transaction.stop()
    })

    test('a group of the new protocol', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [1])
      const consumer = await stage.joinNewProtocol(name, topic)
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({state: 'new-protocol', members: null, movement: 'ok', lag: 0, severity: 'ok'})
      expect(run.code).toBe(0)
      await consumer.stop()
    })

    test('a group that rebalances', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0])
      const busy = await stage.rebalance(name, topic)
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({state: 'PreparingRebalance', movement: 'unknown', severity: 'unknown'})
      expect(run.code).toBe(3)
      await busy.stop()
    })
  })

  describe('beside the consumers', () => {
    test('nobody is to run: critical, unless the catalogue accepts it', async () => {
      const name = `consumer-${++serial}`
      const accepted = `consumer-${++serial}`
      const inactive = {reason: 'on hold', backlogAccepted: true}
      const {lag} = await openCase(stage.target, [
        {name, replicas: 0},
        {name: accepted, replicas: 0, listed: {baseline: 0, inactive}},
      ])
      for (const group of [name, accepted]) {
        await stage.createTopic(`${group}-topic`, [0])
        await stage.produce(`${group}-topic`, 0, 3)
        await stage.commit(group, `${group}-topic`, [1])
      }
      const {run, report} = await lag()
      expect(itemOf(report, name)).toMatchObject({severity: 'critical', lag: 2, next: [`sapoche scale ${name} --to-baseline`]})
      expect(itemOf(report, accepted)).toMatchObject({severity: 'info', lag: 2, next: []})
      expect(run.code).toBe(2)
      expect((await lag(accepted)).run.code).toBe(0)
    })

    test('groups by name and glob, and one that nobody has', async () => {
      const {name, topic, args} = await one()
      await stage.createTopic(topic, [0])
      await stage.commit(`${name}-a`, topic, [0])
      await stage.commit(`${name}-b`, topic, [0])
      const names = await stage.target.sapoche(['consumer-lag', '--window', '0s', '-o', 'name', '--group', `${name}-?`, ...args])
      expect(names).toMatchObject({code: 0, stdout: `${name}-a\n${name}-b\n`})
      const none = await stage.target.sapoche(['consumer-lag', '--window', '0s', '-o', 'json', '--group', `${name}-aa`, ...args])
      expect(none.code).toBe(64)
      expect(JSON.parse(none.stdout)).toMatchObject({error: {code: 'usage', suggestions: expect.arrayContaining([`${name}-a`])}})
    })

    test('watched: a report a line', async () => {
      const {name, topic, args} = await one()
      await stage.createTopic(topic, [0])
      await stage.produce(topic, 0, 9)
      await stage.commit(name, topic, [2])
      let lines = ''
      const run = await stage.target.sapoche(['consumer-lag', '--watch', '--window', '500ms', '-o', 'json', ...args], {
        started: (child) =>
          child.stdout?.on('data', (text: string) => {
            lines += text
            if (lines.split('\n').length > 3) child.kill('SIGINT')
          }),
      })
      const reports = run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as ConsumerLagReport)
      expect(reports.length).toBeGreaterThanOrEqual(3)
      expect(reports.slice(0, 3).map((report) => itemOf(report, name).movement)).toEqual([null, 'not-moving', 'not-moving'])
      expect(run.code).toBe(1)
    })
  })

  describe('permissions', () => {
    test('its own rules suffice', async () => {
      const {name, topic, lag} = await one()
      await stage.createTopic(topic, [0])
      await stage.commit(name, topic, [0])
      const {run, report} = await lag('--kubeconfig', await stage.target.kubeconfigOf(ALLOWED))
      expect({code: run.code, warnings: report.warnings}).toEqual({code: 0, warnings: []})
    })

    test('without port-forward: 77, with the rule that is missing', async () => {
      const {args} = await one()
      const kubeconfig = await stage.target.kubeconfigOf(WITHOUT_FORWARD)
      const run = await stage.target.sapoche(['consumer-lag', '--window', '0s', ...args, '--kubeconfig', kubeconfig])
      expect(run.code).toBe(77)
      expect(run.stderr).toMatch(/pods\/portforward in namespace kafka[^]*needs.*pods\/portforward/)
    })
  })

  more(() => stage)

  describe('brokers that are lost', () => {
    /** Whatever comes of it, the next test has them again, where they are real. */
    async function without<T>(brokers: readonly number[], look: () => Promise<T>): Promise<T> {
      try {
        await stage.lose(brokers)
        return await look()
      } finally {
        await stage.restore()
      }
    }

    test('one of three costs its own rows', async () => {
      const names = [`consumer-${++serial}`, `consumer-${++serial}`]
      const {lag} = await openCase(
        stage.target,
        names.map((name) => ({name})),
      )
      const [here = '', there = ''] = names
      await stage.createTopic(`${here}-topic`, [0, 1])
      await stage.createTopic(`${there}-topic`, [0, 2])
      for (const name of names) {
        await stage.produce(`${name}-topic`, 1, 3)
        await stage.commit(name, `${name}-topic`, [0, 3])
      }
      const {run, report} = await without([2], lag)
      // Which of the two the lost broker coordinates is chance; what it led is not.
      const rows = report.items.filter(({state}) => state !== null)
      for (const {group, lag: sum, partitions, severity} of rows) {
        const isThere = group === there
        expect({sum, severity, lags: partitions.map((each) => each.lag)}).toEqual(
          isThere ? {sum: null, severity: 'unknown', lags: [0, null]} : {sum: 0, severity: expect.stringMatching(/ok|info/), lags: [0, 0]},
        )
      }
      for (const {severity, lag: sum, reason} of report.items.filter(({state}) => state === null)) {
        expect({severity, sum}).toEqual({severity: 'unknown', sum: null})
        expect(reason).toMatch(/can't be read/)
      }
      expect(report.brokers.map(({id}) => id)).toEqual(expect.arrayContaining([0, 1]))
      expect(report.brokers.find(({severity}) => severity !== 'ok')).toMatchObject({id: 2, next: ['sapoche pods -n kafka']})
      expect(run.code).toBe(3)
    })

    test('all of them: Kafka is down, which is the answer', async () => {
      const {name, lag} = await one()
      const {run, report} = await without([0, 1, 2], lag)
      expect(run.code).toBe(2)
      expect(report).toMatchObject({verdict: 'critical', brokers: [{id: null, severity: 'critical', next: ['sapoche pods -n kafka']}]})
      expect(report.brokers[0]?.reason).toMatch(/down/)
      expect(itemOf(report, name)).toMatchObject({severity: 'unknown', state: null, lag: null})
    })
  })
}
