import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {type AddressInfo, connect} from 'node:net'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {pipeline} from 'node:stream'
import {createServer as createTlsServer} from 'node:tls'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import type {QueueDepthReport, QueueItem} from '../../src/lib/runbook/queue-depth/schema.ts'
import {PROGRAM, type Run, type RunOptions} from '../package/program.ts'
import {createAuthority, serverCertificate} from '../real/certificates.ts'
import type {Fault} from '../real/fault-plan.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {freePort} from '../real/processes.ts'
import {startProxy} from '../real/proxy.ts'
import {startTcpProxy, type TcpProxy} from '../real/tcp-proxy.ts'
import {READ_COMMANDS, type RedisCase, type RedisPerson, type StartRedis} from './queue-reader.ts'
import {deployment, openScene, reportOf, type DeploymentParts, type Scene} from './scene.ts'
import {type Person, type ServersTarget, writeFileFor} from './target.ts'

const MARKER = 'Mustermann, Erika'
const PATIENCE_MS = 30_000

const seconds = (): number => Math.floor(Date.now() / 1000)
const job = (age: number, more: object = {}): string =>
  JSON.stringify({
    uuid: `job-${age}`,
    displayName: 'App\\Jobs\\Pdf',
    data: {command: MARKER},
    createdAt: seconds() - age,
    attempts: 0,
    ...more,
  })
const itemOf = ({items}: QueueDepthReport, name = 'pdf'): QueueItem => items.find(({queue}) => queue === name)!

/** Who may do what `sapoche rbac queue-depth` says, and who may do that but the port-forward. */
export const DEPTH_PEOPLE = peopleOf()
const [ALLOWED, UNFORWARDED] = DEPTH_PEOPLE

function peopleOf(): readonly [Person, Person] {
  const rules = rolesFor('queue-depth', 'sapoche')
    .items.filter(({kind}) => kind === 'Role')
    .flatMap(({rules: own}) => own)
  const less = rules.map((rule) => ({...rule, resources: rule.resources.filter((name) => name !== 'pods/portforward')}))
  return [
    {name: 'allowed', rules, clusterRules: []},
    {name: 'unforwarded', rules: less.filter(({resources}) => resources.length > 0), clusterRules: []},
  ]
}

/** A namespace with workers, and a Redis in a pod behind a service, all of its own. */
interface Place {
  readonly scene: Scene
  readonly redis: RedisCase
  /** Before Redis. */
  readonly proxy: TcpProxy
  run(args: readonly string[], options?: RunOptions): Promise<Run>
  /** Runs until Redis is reached: a simulated kubelet takes a moment to open a port. */
  report(args?: readonly string[], options?: RunOptions): Promise<{run: Run; report: QueueDepthReport}>
}

interface PlaceOptions {
  /** Of the workers, by name; the queue of `worker-pdf` is `pdf`. */
  readonly workers?: Readonly<Record<string, DeploymentParts>>
  /** What the catalogue says of them besides. */
  readonly listed?: Readonly<Record<string, object>>
  readonly people?: readonly RedisPerson[]
  readonly redisReplicas?: number
  readonly isListening?: boolean
  readonly servers?: object
  /** Stands before Redis, at the port that it resolves with. */
  readonly front?: (port: number) => Promise<number>
}

const password = {name: 'default', password: 'open-sesame', commands: null}

/** `sapoche queue-depth` on any cluster with any Redis. */
export function queueDepthSuite(open: () => Promise<ServersTarget>, startRedis: StartRedis): void {
  let target: ServersTarget
  const ending: (() => unknown)[] = []
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  async function place({
    workers = {'worker-pdf': {}},
    listed = {},
    people,
    redisReplicas = 1,
    isListening = true,
    servers,
    front = (port) => Promise.resolve(port),
  }: PlaceOptions = {}): Promise<Place> {
    const redis = await startRedis(people)
    ending.push(() => redis.stop())
    const proxy = await startTcpProxy({host: '127.0.0.1', port: await front(redis.port)})
    ending.push(() => proxy.close())
    const port = await freePort()
    if (isListening) await target.openPort(port, proxy.port)
    const scene = await openScene(target, [])
    const catalogue = {
      namespace: scene.namespace,
      startupGrace: 0,
      categories: [{name: 'workers', singular: 'worker', title: 'Workers', match: ['worker-*']}],
      workloads: Object.keys(workers).map((name) => ({name, category: 'workers', baseline: 1, ...listed[name]})),
      servers: {redis: {address: `redis:${port}`}, ...servers},
    }
    const file = await writeFileFor(target, `depth-${scene.namespace}.yaml`, JSON.stringify(catalogue))
    await scene.create(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {name: 'redis'},
        spec: {selector: {app: 'redis'}, ports: [{name: 'redis', port, targetPort: port}]},
      },
      deployment('redis', {replicas: redisReplicas, container: {ports: [{name: 'redis', containerPort: port}]}}),
      ...Object.entries(workers).map(([name, parts]) => deployment(name, workerParts(name, port, parts))),
    )
    await settled(scene, 'redis', redisReplicas)
    for (const [name, {labels, replicas = 1}] of Object.entries(workers)) if (labels === undefined) await settled(scene, name, replicas)
    const run: Place['run'] = (args, options) => target.sapoche(['queue-depth', '--catalogue', file, ...args], options)
    const report: Place['report'] = async (args = [], options = {}) => {
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const found = await run(['-o', 'json', ...args], options)
        const isReport = found.stdout.includes('"QueueDepthReport"')
        const reached = isReport ? reportOf<QueueDepthReport>(found, 'QueueDepthReport') : null
        if (reached !== null && reached.redis.state !== 'down') return {run: found, report: reached}
        if (Date.now() > deadline) throw new Error(`Redis is never reached: ${found.stdout}${found.stderr}`)
      }
    }
    return {scene, redis, proxy, run, report}
  }

  function workerParts(name: string, port: number, parts: DeploymentParts): DeploymentParts {
    const container: {readonly env?: readonly object[]} = parts.container ?? {}
    const env = [{name: 'REDIS_HOST', value: 'redis'}, {name: 'REDIS_PORT', value: String(port)}, ...(container.env ?? [])]
    const args = ['php', 'artisan', 'queue:work', 'redis', `--queue=${name.replace('worker-', '')}`]
    return {...parts, container: {args, ...parts.container, env}}
  }

  const settled = (scene: Scene, name: string, replicas: number): Promise<void> =>
    scene.waitFor(scene.at('apps/v1', 'deployments', name), (object) => {
      const {status} = object as {status?: {observedGeneration?: number; readyReplicas?: number}}
      return (status?.observedGeneration ?? 0) > 0 && (status?.readyReplicas ?? 0) === replicas
    })

  describe('queues and workers', () => {
    test('work under way: every number, and nothing of a job', async () => {
      const {redis, report, run} = await place()
      await redis.run('RPUSH', 'app_database_queues:pdf', job(90, {data: {command: MARKER.repeat(25_000)}}), job(1))
      await redis.run('ZADD', 'app_database_queues:pdf:delayed', seconds() + 600, MARKER)
      await redis.run('ZADD', 'app_database_queues:pdf:reserved', seconds() + 600, `${MARKER} 2`)
      const {run: first, report: found} = await report()
      expect({code: first.code, stderr: first.stderr}).toEqual({code: 0, stderr: ''})
      expect(itemOf(found)).toMatchObject({
        key: 'app_database_queues:pdf',
        workloads: [{name: 'worker-pdf', ready: 1, desired: 1}],
        state: 'present',
        pending: 2,
        delayed: 1,
        reserved: 1,
        dueDelayed: 0,
        expiredReserved: 0,
        severity: 'ok',
      })
      expect(itemOf(found).oldestAgeSeconds).toBeGreaterThanOrEqual(90)
      expect(found.redis).toMatchObject({through: 'tunnel', state: 'up', role: 'master', prefix: 'app_database_', database: 0})
      expect(found.redis.address).toMatch(/^redis:\d+ \(pod redis-/)
      for (const format of ['json', 'table', 'wide', 'yaml', 'junit', 'name']) {
        const {stdout, stderr} = await run(['-o', format, '--queue', 'app_database_queues:pdf'])
        expect(stdout + stderr).not.toContain('Mustermann')
      }
    })

    test.each<[string, PlaceOptions, number, object]>([
      [
        'nobody is there',
        {workers: {'worker-pdf': {replicas: 0}}},
        2,
        {severity: 'critical', reason: '1 job waits and worker-pdf is at 0 replicas', next: ['sapoche scale worker-pdf --to-baseline']},
      ],
      [
        'nobody is there, which is accepted',
        {
          workers: {'worker-pdf': {replicas: 0}},
          listed: {'worker-pdf': {baseline: 0, inactive: {reason: 'on hold', backlogAccepted: true}}},
        },
        0,
        {severity: 'info', reason: expect.stringMatching(/which the catalogue accepts$/)},
      ],
      [
        'the worker crashes',
        {workers: {'worker-pdf': {labels: {'sapoche.test/state': 'crashloop'}}}},
        2,
        {
          severity: 'critical',
          reason: expect.stringMatching(/no worker is ready: worker-pdf is down \(container app: CrashLoopBackOff/),
          next: ['sapoche status worker-pdf', 'sapoche logs worker-pdf --previous'],
        },
      ],
      [
        'an old job',
        {listed: {'worker-pdf': {queues: [{name: 'pdf', maxAge: 50}]}}},
        1,
        {
          severity: 'warning',
          reason: expect.stringMatching(/^the oldest waits for .*, over 50 s$/),
          next: expect.arrayContaining(['sapoche logs worker-pdf --tail 100']),
        },
      ],
    ])('a job, and %s', async (_, options, code, item) => {
      const {redis, report} = await place(options)
      await redis.run('RPUSH', 'queues:pdf', job(60))
      const wished = async (): Promise<{run: Run; report: QueueDepthReport}> => {
        for (const deadline = Date.now() + PATIENCE_MS; ;) {
          const found = await report()
          // A crash takes its time to be one.
          if (found.run.code === code || Date.now() > deadline) return found
        }
      }
      const {run, report: found} = await wished()
      expect(itemOf(found)).toMatchObject(item)
      expect(run.code).toBe(code)
    })

    test('no key, an empty list beside held jobs, and a key of the wrong type', async () => {
      const {redis, report} = await place({workers: {'worker-none': {}, 'worker-held': {}, 'worker-odd': {}}})
      await redis.run('ZADD', 'queues:held:reserved', seconds() + 600, 'x')
      await redis.run('SET', 'queues:odd', MARKER)
      const {run, report: found} = await report()
      expect(found.items.map(({queue, state, pending, severity}) => [queue, state, pending, severity])).toEqual([
        ['none', 'absent', null, 'ok'],
        ['held', 'present', 0, 'ok'],
        ['odd', 'unreadable', null, 'critical'],
      ])
      expect(itemOf(found, 'odd').reason).toMatch(/holds a string where a queue should be: every poll of worker-odd fails$/)
      expect(run.code).toBe(2)
    })

    test('two reads: a ready worker that takes nothing', async () => {
      const {redis, report} = await place()
      await redis.run('RPUSH', 'queues:pdf', job(60))
      const {run, report: found} = await report(['--window', '5s'])
      expect(itemOf(found)).toMatchObject({
        movement: 'stuck',
        change: 0,
        severity: 'critical',
        next: ['sapoche logs worker-pdf --tail 100', 'sapoche restart worker-pdf'],
      })
      expect(run.code).toBe(2)
    })

    test("the runbook's LLEN queue_name, and keys of every type", async () => {
      const {redis, report, run} = await place()
      await redis.run('RPUSH', 'queue_name', 'a', 'b')
      await redis.run('ZADD', 'zset', 1, 'a')
      await redis.run('SADD', 'set', 'a')
      await redis.run('HSET', 'hash', 'f', 'v')
      await redis.run('XADD', 'stream', '*', 'f', 'v')
      const {report: found} = await report(['queue_name', 'zset', 'set', 'hash', 'stream', 'none'].flatMap((key) => ['--queue', key]))
      expect(found.items.map(({queue, type, state, pending}) => [queue, type, state, pending])).toEqual([
        ['queue_name', 'list', 'present', 2],
        ['zset', 'zset', 'present', 1],
        ['set', 'set', 'present', 1],
        ['hash', 'hash', 'present', 1],
        ['stream', 'stream', 'present', 1],
        ['none', null, 'absent', null],
      ])
      expect((await run(['--queue', 'queue_name', '--max-depth', '2'])).code).toBe(1)
    })

    test('--discover and --failed', async () => {
      const {redis, report} = await place()
      await redis.run('RPUSH', 'queues:lost', 'x')
      await redis.run('ZADD', 'app_horizon:failed_jobs', -seconds(), '1')
      const {report: found} = await report(['--discover', '--failed'])
      expect(itemOf(found, 'lost')).toMatchObject({severity: 'warning', reason: '1 job waits and no workload works on it'})
      expect(found.failed).toMatchObject({key: 'app_horizon:failed_jobs', total: 1, lastHour: 1, severity: 'warning'})
      expect(found.notChecked).toEqual([])
    })

    test('a target that works on no queue: 64', async () => {
      const {run} = await place({workers: {'worker-pdf': {}, 'worker-web': {container: {args: ['php-fpm']}}}})
      const {code, stderr} = await run(['worker-web'])
      expect({code, stderr}).toEqual({code: 64, stderr: expect.stringMatching(/^sapoche: worker-web works on no queue that is known\n/)})
    })
  })

  describe('Redis itself', () => {
    test('its memory is used up', async () => {
      const {redis, report} = await place()
      await redis.fill()
      const {run, report: found} = await report()
      expect(found.redis).toMatchObject({severity: 'critical', reason: expect.stringMatching(/^its memory is full .*writes are refused/)})
      expect(found.redis.next[0]).toBe('sapoche queue-depth --discover')
      expect(run.code).toBe(2)
    })

    test('nothing listens in its pod: that is the answer', async () => {
      const {run} = await place({isListening: false})
      const found = await run(['-o', 'json'])
      const report = reportOf<QueueDepthReport>(found, 'QueueDepthReport')
      expect(report.redis).toMatchObject({
        state: 'down',
        severity: 'critical',
        reason: expect.stringMatching(/^Redis at redis:\d+ \(pod redis-.*\) is down: port \d+ of pod/),
      })
      expect(found.code).toBe(2)
    })

    test('its service has no pod: that is the answer, and where to look', async () => {
      const {run} = await place({redisReplicas: 0})
      const found = await run(['-o', 'json'])
      const report = reportOf<QueueDepthReport>(found, 'QueueDepthReport')
      expect(report.redis).toMatchObject({
        state: 'down',
        severity: 'critical',
        reason: expect.stringMatching(/^Redis is down: no pod behind service redis in namespace/),
      })
      expect(itemOf(report)).toMatchObject({state: 'unreadable', pending: null, severity: 'unknown'})
      expect(found.code).toBe(2)
    })

    test('it takes the connection and does not answer', async () => {
      const {proxy, report, run} = await place()
      await report()
      proxy.fail({kind: 'hang'})
      const found = await run(['-o', 'json', '--request-timeout', '1s'])
      expect(reportOf<QueueDepthReport>(found, 'QueueDepthReport').redis).toMatchObject({
        state: 'silent',
        reason: expect.stringMatching(/took the connection and does not answer$/),
      })
      expect(found.code).toBe(2)
    })

    test.each([0, 9, 400])('the connection breaks off after %i bytes: 69, and never an empty queue', async (afterBytes) => {
      const {redis, proxy, report, run} = await place()
      await redis.run('RPUSH', 'queues:pdf', job(1, {data: 'x'.repeat(5000)}))
      await report()
      proxy.fail({kind: 'reset', afterBytes})
      const {code, stdout, stderr} = await run(['-o', 'json', '--request-timeout', '1s'])
      expect({code, kind: (JSON.parse(stdout) as {kind: string}).kind}).toEqual({code: 69, kind: 'Error'})
      expect(stderr).toMatch(/^sapoche: the connection to port \d+ of pod redis-.* was lost: .*connection reset by peer/)
    })

    test.each<[string, Fault]>([
      ['in the handshake', {kind: 'reset', afterBytes: 0}],
      ['in the middle of an answer', {kind: 'reset', afterBytes: 2000}],
      ['in order, in the middle of an answer', {kind: 'end', afterBytes: 2000}],
    ])('the tunnel is cut %s: 69, which says nothing of Redis', async (_, fault) => {
      const {redis, report, run} = await place()
      await redis.run('RPUSH', 'queues:pdf', job(1, {data: 'x'.repeat(5000)}))
      const way = await startProxy(target)
      ending.push(() => way.close())
      const token = /"?token"?: "?([^"\n]+)/.exec(await readFile(target.kubeconfig, 'utf8'))![1]!
      const kubeconfig = await writeKubeconfig(path.join(target.folder, 'kubeconfig-cut'), {...way, token})
      expect((await report(['--kubeconfig', kubeconfig])).run.code).toBe(0)
      way.fail(fault, {path: /portforward/})
      const {code, stdout, stderr} = await run(['-o', 'json', '--kubeconfig', kubeconfig])
      expect({code, kind: (JSON.parse(stdout) as {kind: string}).kind}).toEqual({code: 69, kind: 'Error'})
      expect(stderr).toMatch(/^sapoche: (the connection to port \d+ of pod redis-.* was lost|can't reach https:)/)
    })
  })

  describe('who may read', () => {
    const reader = {name: 'reader', password: 'reads-only', commands: READ_COMMANDS}
    const asReader = {SAPOCHE_REDIS_USERNAME: 'reader', SAPOCHE_REDIS_PASSWORD: 'reads-only'}

    test('a user with the reading commands, by the environment', async () => {
      const {redis, report} = await place({people: [password, reader]})
      await redis.run('RPUSH', 'queues:pdf', job(1))
      const {run, report: found} = await report([], {env: asReader})
      expect({code: run.code, pending: itemOf(found).pending, warnings: found.warnings}).toEqual({code: 0, pending: 1, warnings: []})
    })

    test.each<[string, readonly string[], RunOptions]>([
      ['by a file', ['--password-file', 'FILE'], {}],
      ['by stdin', ['--password-stdin'], {input: 'open-sesame\n'}],
      ['by the Secret that the workers have it from', ['--read-secrets'], {}],
    ])('the password %s', async (_, args, options) => {
      const env = [{name: 'REDIS_PASSWORD', valueFrom: {secretKeyRef: {name: 'app', key: 'redis'}}}]
      const {redis, scene, report} = await place({people: [password], workers: {'worker-pdf': {container: {env}}}})
      await scene.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {name: 'app'},
        data: {redis: Buffer.from('open-sesame').toString('base64')},
      })
      await redis.run('RPUSH', 'queues:pdf', job(1))
      const file = await writeFileFor(target, 'password', 'open-sesame\n')
      const {run, report: found} = await report(
        args.map((word) => (word === 'FILE' ? file : word)),
        options,
      )
      expect({code: run.code, pending: itemOf(found).pending}).toEqual({code: 0, pending: 1})
      expect(run.stdout + run.stderr).not.toContain('open-sesame')
    })

    test.each<[string, RunOptions['env'], RegExp]>([
      ['none', {}, /^sapoche: Redis at redis:\d+ \(pod redis-.*\) refuses a client without password\n {2}cure {2}SAPOCHE_REDIS_PASSWORD/],
      ['a wrong one', {SAPOCHE_REDIS_PASSWORD: 'wrong'}, /refuses the default user with the password of SAPOCHE_REDIS_PASSWORD\n/],
      [
        'one of nobody',
        {...asReader, SAPOCHE_REDIS_PASSWORD: 'wrong'},
        /refuses user "reader" with the password of SAPOCHE_REDIS_PASSWORD\n/,
      ],
    ])('the password: %s: 77, saying which server refused whom', async (_, env, message) => {
      const {report, run} = await place({people: [password]})
      await report([], {env: {SAPOCHE_REDIS_PASSWORD: 'open-sesame'}})
      const {code, stdout, stderr} = await run([], {env})
      expect({code, stdout}).toEqual({code: 77, stdout: ''})
      expect(stderr).toMatch(message)
      expect(stderr).not.toContain('wrong\n')
    })

    test('TLS inside the port-forward, by the name of the service', async () => {
      const authority = await createAuthority('sapoche-test-redis')
      const pem = await serverCertificate(authority, ['redis'])
      const ca = await writeFileFor(target, 'redis-ca.pem', authority.cert)
      const {redis, report, run} = await place({
        async front(port) {
          const server = createTlsServer(pem, (socket) => pipeline(socket, connect(port, '127.0.0.1'), socket, () => {}))
          ending.push(() => server.close())
          await once(server.listen(0, '127.0.0.1'), 'listening')
          return (server.address() as AddressInfo).port
        },
      })
      await redis.run('RPUSH', 'queues:pdf', job(1))
      const {run: safe, report: found} = await report(['--tls', '--tls-ca', ca])
      expect({code: safe.code, pending: itemOf(found).pending, through: found.redis.through}).toEqual({
        code: 0,
        pending: 1,
        through: 'tunnel',
      })
      const {code, stderr} = await run(['--tls'])
      expect(code).toBe(69)
      expect(stderr).toMatch(/no safe connection to Redis at redis:\d+ .*unknown authority[^]*--tls-ca/)
    })

    test('TLS where the server has none: never without it', async () => {
      const {report, run} = await place()
      await report()
      const {code, stderr} = await run(['--tls', '--request-timeout', '1s'])
      expect(code).toBe(75)
      expect(stderr).toMatch(/no safe connection to Redis at redis:\d+ .* does it speak TLS\?/)
    })
  })

  describe('the runbook’s namespace', () => {
    let redis: RedisCase
    beforeAll(async () => {
      redis = await startRedis()
      await target.openPort(6379, redis.port)
    })
    afterAll(() => redis.stop())
    const reached = async (args: readonly string[] = []): Promise<{run: Run; report: QueueDepthReport}> => {
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const run = await target.sapoche(['queue-depth', '--json', ...args])
        if (run.stdout.includes('"QueueDepthReport"') && run.code !== 2)
          return {run, report: reportOf<QueueDepthReport>(run, 'QueueDepthReport')}
        if (Date.now() > deadline) throw new Error(`never reached: ${run.stdout}${run.stderr}`)
      }
    }

    test('at baseline: the 17 queues of the workers, all well', async () => {
      const {run, report} = await reached()
      expect({code: run.code, stderr: run.stderr, warnings: report.warnings}).toEqual({code: 0, stderr: '', warnings: []})
      expect(report.items.map(({workloads}) => workloads[0]?.name)).toEqual(
        expect.arrayContaining(['worker-booking', 'worker-sapoche-pdf', 'worker-sapoche-batch-publisher-notification']),
      )
      expect(report).toMatchObject({verdict: 'ok', summary: {queues: 17}, redis: {through: 'tunnel', role: 'master'}})
    })

    test('its Role suffices; without the port-forward: 77, and what is needed', async () => {
      await reached()
      const allowed = await target.sapoche(['queue-depth', '--json', '--kubeconfig', await target.kubeconfigOf(ALLOWED)])
      expect({code: allowed.code, stderr: allowed.stderr}).toEqual({code: 0, stderr: ''})
      const refused = await target.sapoche(['queue-depth', '--kubeconfig', await target.kubeconfigOf(UNFORWARDED)])
      expect(refused.code).toBe(77)
      expect(refused.stderr).toMatch(/not allowed to (create|get) pods\/portforward in namespace sapoche[^]*needs[^]*pods\/portforward/)
    })

    test('--watch: a line for each look until Ctrl-C, with the code of the last verdict', async () => {
      await reached()
      const watch = spawn(
        process.execPath,
        [PROGRAM, 'queue-depth', 'worker-sapoche-pdf', '--watch', '--interval', '300ms', '-o', 'json'],
        {
          env: {PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: target.kubeconfig},
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      ending.push(() => watch.kill('SIGKILL'))
      const lines = createInterface(watch.stdout)[Symbol.asyncIterator]()
      const next = async (): Promise<QueueDepthReport> => JSON.parse(String((await lines.next()).value)) as QueueDepthReport
      expect(await next()).toMatchObject({kind: 'QueueDepthReport', windowSeconds: null, items: [{queue: 'pdf', state: 'absent'}]})
      await redis.run('SET', 'queues:pdf', 'x')
      let report = await next()
      while (report.items[0]?.state === 'absent') report = await next()
      expect(report).toMatchObject({verdict: 'critical', items: [{state: 'unreadable', severity: 'critical'}]})
      watch.kill('SIGINT')
      const [code] = (await once(watch, 'close')) as [number | null]
      expect(code).toBe(2)
      await redis.run('DEL', 'queues:pdf')
    })
  })
}
