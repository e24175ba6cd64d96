import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {readFile} from 'node:fs/promises'
import {readCatalogue} from '../../src/lib/catalogue/index.ts'
import {InterruptedError} from '../../src/lib/errors/index.ts'
import type {EvictReport} from '../../src/lib/runbook/evict/index.ts'
import type {Confirmation} from '../../src/lib/runbook/operation/index.ts'
import {restart, type RestartReport} from '../../src/lib/runbook/restart/index.ts'
import type {RollbackReport} from '../../src/lib/runbook/rollback/index.ts'
import type {ScaleReport} from '../../src/lib/runbook/scale/index.ts'
import type {Run} from '../package/program.ts'
import {freePort} from '../real/processes.ts'
import {bareOperator} from './operations-kit.ts'
import type {RedisCase, StartRedis} from './queue-reader.ts'
import {deployment, openScene, reportOf, type Scene} from './scene.ts'
import {type ServersTarget, writeFileFor} from './target.ts'

const MARKER = 'Mustermann, Erika'
const seconds = (): number => Math.floor(Date.now() / 1000)
/** A simulated kubelet takes a moment to open a port. */
const PATIENCE_MS = 30_000
/** No volume claim here: a claim would have to be bound first. */
const HELD =
  /^redis holds 6 jobs in 2 queues \(3 pending, 2 delayed, 1 reserved\); no append-only file, .* changes since; its pods mount no volume claim: all of it goes with them$/

/** What is said of Redis before it is restarted or stopped, on any cluster with any Redis. */
export function redisAtStakeSuite(open: () => Promise<ServersTarget>, startRedis: StartRedis): void {
  let target: ServersTarget
  let redis: RedisCase | null = null
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())
  afterEach(async () => {
    await redis?.stop()
    redis = null
  })

  interface Place {
    readonly scene: Scene
    readonly file: string
    operate(...args: readonly string[]): Promise<Run>
  }

  /** A namespace with a Redis in a pod that is stopped before it starts again, and a web beside it. */
  async function place(password?: string): Promise<Place> {
    redis = await startRedis(password === undefined ? [] : [{name: 'default', password, commands: null}])
    await redis.run('RPUSH', 'app_queues:pdf', MARKER, MARKER, MARKER)
    await redis.run('ZADD', 'app_queues:pdf:reserved', seconds() + 60, MARKER)
    await redis.run('ZADD', 'app_queues:mail:delayed', seconds() + 60, 'a', seconds() + 61, 'b')
    const port = await freePort()
    await target.openPort(port, redis.port)
    const scene = await openScene(target, [])
    const workload = {category: 'consumers', purpose: 'a case', baseline: 1}
    const catalogue = {
      namespace: scene.namespace,
      categories: [{name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['*']}],
      workloads: [
        {name: 'redis', ...workload},
        {name: 'web', ...workload},
      ],
      services: [{name: 'redis', type: 'ClusterIP', ports: [{port}], workload: 'redis', purpose: 'a case'}],
      servers: {redis: {address: `redis:${port}`}},
    }
    const file = await writeFileFor(target, `stake-${scene.namespace}.yaml`, JSON.stringify(catalogue))
    const service = {selector: {app: 'redis'}, ports: [{name: 'redis', port, targetPort: port}]}
    await scene.create(
      {apiVersion: 'v1', kind: 'Service', metadata: {name: 'redis'}, spec: service},
      deployment('redis', {spec: {strategy: {type: 'Recreate'}}, container: {ports: [{name: 'redis', containerPort: port}]}}),
      deployment('web'),
    )
    for (const name of ['redis', 'web']) {
      await scene.waitFor(
        scene.at('apps/v1', 'deployments', name),
        (found) => (found as {status?: {readyReplicas?: number}}).status?.readyReplicas === 1,
      )
    }
    const env = {XDG_STATE_HOME: target.folder}
    return {scene, file, operate: (...args) => target.sapoche([...args, '--catalogue', file], {env})}
  }

  /** Asked again until the port is open. */
  async function reached<R extends EvictReport | RestartReport | RollbackReport | ScaleReport>(
    kind: R['kind'],
    ask: () => Promise<Run>,
  ): Promise<{run: Run; report: R}> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const run = await ask()
      const report = reportOf<R>(run, kind)
      if (report.redis?.state === 'up') return {run, report}
      if (Date.now() > deadline) throw new Error(`Redis is never reached: ${run.stdout}`)
    }
  }

  describe('before Redis is', () => {
    test('restarted: its jobs and its persistence, in numbers alone', async () => {
      const {operate} = await place()
      const {run, report} = await reached<RestartReport>('RestartReport', () => operate('restart', 'redis', '--dry-run', '-o', 'json'))
      expect({code: run.code, stderr: run.stderr, redis: report.redis}).toMatchObject({
        code: 0,
        stderr: '',
        redis: {workload: 'redis', queues: 2, pending: 3, delayed: 2, reserved: 1, appendOnly: false, volumeClaims: []},
      })
      expect(report.redis?.reason).toMatch(HELD)
      const table = await operate('restart', 'redis', '--yes')
      expect({code: table.code, text: table.stdout.replace(/\s+/g, ' ')}).toEqual({
        code: 0,
        text: expect.stringMatching(/redis .* restarted .* warning redis holds 6 jobs in 2 queues \(3 pending, 2 delayed, 1 reserved\);/),
      })
      expect(run.stdout + table.stdout).not.toContain('Mustermann')
    })

    test('restarted via zero, and stopped', async () => {
      const {operate, scene} = await place()
      const {run} = await reached<RestartReport>('RestartReport', () => operate('restart', 'redis', '--via-zero', '--yes', '-o', 'json'))
      expect({code: run.code, report: JSON.parse(run.stdout)}).toMatchObject({code: 0, report: {items: [{outcome: 'restarted'}]}})
      const {report} = await reached<ScaleReport>('ScaleReport', () =>
        operate('scale', 'redis', '--replicas', '0', '--dry-run', '-o', 'json'),
      )
      expect(report.redis?.reason).toMatch(HELD)
      expect(report.warnings.map(({code}) => code)).toEqual(['stops', 'redis'])
      expect((await operate('scale', 'redis', '--replicas', '0', '--yes')).code).toBe(0)
      await scene.waitFor(scene.at('apps/v1', 'deployments', 'redis'), (found) => (found as {spec: {replicas: number}}).spec.replicas === 0)
      const up = await operate('scale', 'redis', '--replicas', '1', '--yes', '-o', 'json')
      expect({code: up.code, redis: reportOf<ScaleReport>(up, 'ScaleReport').redis}).toEqual({code: 0, redis: null})
    })

    test('evicted, and rolled back', async () => {
      const {operate, scene} = await place()
      const {items} = await target.api.get<{items: {metadata: {name: string; labels: {app: string}}}[]}>(scene.at('v1', 'pods'))
      const podOf = (app: string): string => items.find(({metadata}) => metadata.labels.app === app)?.metadata.name ?? ''
      const evicted = await reached<EvictReport>('EvictReport', () => operate('evict', podOf('redis'), '--dry-run', '-o', 'json'))
      expect({outcome: evicted.report.items[0]?.outcome, warnings: evicted.report.warnings}).toEqual({
        outcome: 'planned',
        warnings: [{code: 'redis', message: expect.stringMatching(HELD)}],
      })
      const beside = await operate('evict', podOf('web'), '--dry-run', '-o', 'json')
      expect(reportOf<EvictReport>(beside, 'EvictReport')).toMatchObject({redis: null, warnings: []})

      expect((await operate('restart', 'redis', '--yes')).code).toBe(0)
      const {report} = await reached<RollbackReport>('RollbackReport', () => operate('rollback', 'redis', '--dry-run', '-o', 'json'))
      expect({outcome: report.items[0]?.outcome, warnings: report.warnings}).toEqual({
        outcome: 'planned',
        warnings: [{code: 'redis', message: expect.stringMatching(HELD)}],
      })
      const done = await operate('rollback', 'redis', '--yes', '-o', 'json')
      expect({code: done.code, report: reportOf<RollbackReport>(done, 'RollbackReport')}).toMatchObject({
        code: 0,
        report: {items: [{outcome: 'rolled-back'}], redis: {workload: 'redis'}},
      })
    })

    test('asked about: the question comes after it', async () => {
      const {file, scene, operate} = await place()
      await reached<RestartReport>('RestartReport', () => operate('restart', 'redis', '--dry-run', '-o', 'json'))
      const {redis: held} = reportOf<RestartReport>(await operate('restart', 'redis', '--dry-run', '-o', 'json'), 'RestartReport')
      const catalogue = await readCatalogue(file, '/', (name) => readFile(name, 'utf8'))
      const operator = await bareOperator(target, {kubeconfig: target.kubeconfig, namespace: scene.namespace, catalogue, journal: null})
      const asked: Confirmation[] = []
      const options = {targets: ['redis'], except: [], parallel: 1, viaZero: false, keepGoing: false, undoOnFailure: false, wait: true}
      const gate = {isKnown: true, open: () => Promise.reject(new InterruptedError('gone'))}
      const confirm = async (question: Confirmation): Promise<void> => {
        asked.push(question)
        throw new InterruptedError('no')
      }
      try {
        const running = restart(
          {...options, timeoutMs: 10_000, dryRun: false, withLogs: false},
          {...operator, redis: gate, confirm},
          new AbortController().signal,
        )
        await expect(running).rejects.toThrow('no')
      } finally {
        operator.close()
      }
      expect(held?.reason).toMatch(HELD)
      expect(asked[0]?.notes).toContainEqual(expect.stringMatching(/^what redis holds is not known: gone; its pods mount no volume claim/))
    })

    test('restarted, though it is dead, or refuses us: that is said, and it is restarted', async () => {
      const {operate} = await place('open-sesame')
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const {redis: held} = reportOf<RestartReport>(await operate('restart', 'redis', '--dry-run', '-o', 'json'), 'RestartReport')
        if (held?.state === 'unreachable') {
          expect(held).toMatchObject({pending: null, reason: expect.stringMatching(/refuses a client without password; its pods mount/)})
          break
        }
        if (Date.now() > deadline) throw new Error(`never refused: ${JSON.stringify(held)}`)
      }
      await redis?.stop()
      redis = null
      const run = await operate('restart', 'redis', '--yes', '-o', 'json')
      const report = reportOf<RestartReport>(run, 'RestartReport')
      expect({code: run.code, outcome: report.items[0]?.outcome}).toEqual({code: 0, outcome: 'restarted'})
      // A tunnel to a port that nobody listens on may be refused, or break off.
      expect(report.redis).toMatchObject({
        state: expect.stringMatching(/^(down|unreachable)$/),
        pending: null,
        reason: expect.stringMatching(/^what redis holds is not known: /),
      })
    })
  })

  test('another workload is restarted: nothing is said of Redis', async () => {
    const {operate} = await place()
    const run = await operate('restart', 'web', '--yes', '-o', 'json')
    expect({code: run.code, report: reportOf<RestartReport>(run, 'RestartReport')}).toMatchObject({
      code: 0,
      report: {redis: null, warnings: []},
    })
  })
}
