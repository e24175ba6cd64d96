import {once} from 'node:events'
import {createServer, request as httpsRequest} from 'node:https'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import type {DoctorReport, DoctorStep} from '../../src/lib/runbook/doctor/schema.ts'
import {PERMISSIONS, rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import type {RunOptions} from '../package/program.ts'
import {createAuthority, serverCertificate} from '../real/certificates.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {freePort} from '../real/processes.ts'
import {startProxy} from '../real/proxy.ts'
import {openDeepPlace, type DeepOptions, type DeepPlace} from './deep-place.ts'
import type {LagStage} from './lag-stage.ts'
import type {OrthancServers} from './orthanc-stage.ts'
import type {StartRedis} from './queue-reader.ts'
import {deployment, reportOf} from './scene.ts'
import type {Person, Target} from './target.ts'

const PATIENCE_MS = 20_000
const HOUR = 3_600_000
const PASSWORD = 'open-sesame'

/** What all commands together need. */
const ROLES = rolesFor(null, 'sapoche').items
const ruled = (kind: string) => ROLES.filter((role) => role.kind === kind).flatMap(({rules}) => rules)
const less = (resource: string, verb: string) =>
  ruled('Role').flatMap((rule) => {
    const verbs = rule.verbs.filter((each) => !(rule.resources.includes(resource) && each === verb))
    return verbs.length === 0 ? [] : [{...rule, verbs}]
  })
const ALL: Person = {name: 'all', rules: ruled('Role'), clusterRules: ruled('ClusterRole')}
const NO_PATCH: Person = {...ALL, name: 'no-patch', rules: less('deployments', 'patch')}
const NO_FORWARD: Person = {...ALL, name: 'no-forward', rules: less('pods/portforward', 'create')}
const NO_NODES: Person = {...ALL, name: 'no-nodes', clusterRules: []}
const OWN: Person = {name: 'own', rules: rolesFor('doctor', 'sapoche').items.flatMap(({rules}) => rules), clusterRules: []}
const NOBODY: Person = {name: 'nobody', rules: [], clusterRules: []}
export const DOCTOR_PEOPLE: readonly Person[] = [ALL, NO_PATCH, NO_FORWARD, NO_NODES, OWN, NOBODY]

export interface DoctorStage {
  readonly lag: () => Promise<LagStage>
  readonly startRedis: StartRedis
  readonly orthanc: OrthancServers
  /** Lets programs run in the pods; false where connections of pods are made believe. */
  letPodsConnect(target: Target): Promise<boolean>
}

/** `sapoche doctor` on any cluster, with any servers behind it. */
export function doctorSuite({lag, startRedis, orthanc, letPodsConnect}: DoctorStage): void {
  let stage: LagStage
  const ending: (() => unknown)[] = []
  beforeAll(async () => {
    stage = await lag()
  }, 240_000)
  afterAll(() => stage?.close(), 60_000)
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  interface Found {
    readonly code: number | null
    readonly output: string
    readonly report: DoctorReport
    /** A hop; fails where there is none. */
    step(path: DoctorStep['path'], name: string): DoctorStep
  }

  async function doctor(args: readonly string[] = [], options?: RunOptions): Promise<Found> {
    const run = await stage.target.sapoche(['doctor', '-o', 'json', ...args], options)
    if (run.stdout.includes('"Error"')) throw new Error(`no report (exit code ${run.code}): ${run.stdout}`)
    const report = reportOf<DoctorReport>(run, 'DoctorReport')
    expect(report.steps.filter(({status, cure}) => status === 'critical' && cure === null)).toEqual([])
    return {
      code: run.code,
      output: run.stdout + run.stderr,
      report,
      step(of, name) {
        const found = report.steps.find((each) => each.path === of && each.name === name)
        if (found === undefined)
          throw new Error(`no hop ${of} ${name}: ${report.steps.map((each) => `${each.path} ${each.name}`).join(', ')}`)
        return found
      },
    }
  }

  const skippedAfter = ({report}: Found, needs: string): string[] =>
    report.steps
      .filter(({status, reason}) => status === 'skipped' && reason === `needs ${needs}`)
      .map((step) => `${step.path} ${step.name}`)

  const place = (options: DeepOptions = {}): Promise<DeepPlace> => openDeepPlace(stage, startRedis, options, (end) => void ending.push(end))

  /** Until a simulated kubelet has opened its ports. */
  async function until(enough: (found: Found) => boolean, args: readonly string[], options?: RunOptions): Promise<Found> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const found = await doctor(args, options)
      if (enough(found) || Date.now() > deadline) return found
    }
  }
  const hasRedis = (found: Found): boolean => !found.step('redis', 'login').reason.includes('is down')

  /** A service, and a pod of it in which something listens on a port of loopback. */
  async function server(name: string, port: number): Promise<{objects: readonly object[]; address: string}> {
    const inside = await freePort()
    await stage.target.openPort(inside, port)
    const ports = [{port: inside, targetPort: inside}]
    return {
      objects: [
        {apiVersion: 'v1', kind: 'Service', metadata: {name}, spec: {selector: {app: name}, ports}},
        deployment(name, {container: {ports: [{containerPort: inside}]}}),
      ],
      address: `${name}:${inside}`,
    }
  }

  const kubeconfig = (name: string, access: {server: string; ca?: string; token?: string}) =>
    writeKubeconfig(path.join(stage.target.folder, name), {ca: stage.target.ca, token: 'wrong-token', ...access})

  describe('the cluster', () => {
    test('all is well, and each hop says how long it took', async () => {
      const {port, stop} = await orthanc.startOrthanc({users: [{name: 'doctor', password: PASSWORD, forbidden: []}]})
      ending.push(stop)
      const {objects, address} = await server('orthanc', port)
      const {args, consumer} = await place({objects, servers: {orthanc: {address}}})
      const isUp = (each: Found): boolean => hasRedis(each) && each.step('orthanc', 'http').status === 'ok'
      const found = await until(isUp, args)
      expect(found.report.steps.filter(({status}) => status !== 'ok' && status !== 'skipped')).toEqual([])
      expect({code: found.code, verdict: found.report.verdict}).toEqual({code: 0, verdict: 'ok'})
      expect(found.step('cluster', 'kubeconfig').reason).toMatch(/^context sapoche-test, user "sapoche-test", login by its token$/)
      expect(found.step('cluster', 'connection')).toMatchObject({
        target: stage.target.server,
        reason: expect.stringContaining('TLSv1.3, h2'),
      })
      expect(found.step('cluster', 'API server').reason).toMatch(/^v1\.\d+/)
      expect(found.step('cluster', 'login').reason).toMatch(/^as \w+/)
      expect(found.step('commands', 'scale')).toMatchObject({status: 'ok', reason: ''})
      expect(found.step('redis', 'address').reason).toBe('through the API server (servers.redis of the catalogue)')
      expect(found.step('kafka', 'address').reason).toBe(`through the API server (KAFKA_BROKERS of ${consumer})`)
      expect(found.step('redis', 'role').reason).toMatch(/^master, Redis \d/)
      expect(found.step('kafka', 'broker 2')).toMatchObject({target: expect.stringMatching(/^redpanda-2\..*\(pod redpanda-2\)$/)})
      expect(found.step('kafka', 'broker 2').reason).toMatch(/^speaks \d+ requests, knows groups of KIP-848$/)
      expect(found.step('orthanc', 'http').reason).toBe('alive, and wants credentials (401)')
      expect(found.report.steps.find(({path: of}) => of === 'dependencies')).toMatchObject({
        name: 'message-queue',
        target: expect.stringContaining('redpanda-0'),
        reason: `KAFKA_BROKERS: ${consumer}`,
      })
      for (const [of, name] of [
        ['cluster', 'connection'],
        ['cluster', 'namespace'],
        ['commands', 'permissions'],
        ['port-forward', 'tunnel'],
        ['redis', 'login'],
        ['kafka', 'broker 0'],
        ['orthanc', 'http'],
      ] as const) {
        expect(found.step(of, name).ms).toBeGreaterThanOrEqual(0)
      }
    })

    test('no kubeconfig', async () => {
      const found = await doctor([], {env: {KUBECONFIG: path.join(stage.target.folder, 'nowhere')}})
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'kubeconfig')).toMatchObject({
        status: 'critical',
        reason: expect.stringContaining('nowhere'),
        cure: 'name a file that exists with --kubeconfig or KUBECONFIG',
      })
      expect(found.report).toMatchObject({server: null, context: null})
      expect(skippedAfter(found, 'kubeconfig')).toEqual(
        expect.arrayContaining([
          'cluster login',
          'commands permissions',
          'redis login',
          'kafka brokers',
          'orthanc http',
          'dependencies environment',
        ]),
      )
    })

    test('a context that there is not: those that there are', async () => {
      const found = await doctor(['--context', 'prod-us'])
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'kubeconfig')).toMatchObject({status: 'critical', cure: 'contexts sapoche-test'})
    })

    test('nobody listens where the API server should be', async () => {
      const dead = await kubeconfig('dead', {server: `https://127.0.0.1:${await freePort()}`})
      const found = await doctor(['--kubeconfig', dead])
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'kubeconfig').status).toBe('ok')
      expect(found.step('cluster', 'connection')).toMatchObject({
        status: 'critical',
        reason: expect.stringContaining('connection refused'),
        cure: expect.stringContaining('VPN'),
      })
      expect(skippedAfter(found, 'connection')).toContain('redis address')
    })

    test('a certificate of somebody else', async () => {
      const {cert} = await createAuthority('stranger')
      const found = await doctor(['--kubeconfig', await kubeconfig('stranger', {server: stage.target.server, ca: cert})])
      expect(found.step('cluster', 'connection')).toMatchObject({
        status: 'critical',
        reason: expect.stringContaining('unknown authority'),
        cure: expect.stringContaining('certificate-authority'),
      })
    })

    test('an API server that fails', async () => {
      const proxy = await startProxy({server: stage.target.server, ca: stage.target.ca})
      ending.push(() => proxy.close())
      proxy.fail({kind: 'answer', status: 503})
      const found = await doctor(['--kubeconfig', await kubeconfig('failing', proxy)])
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'API server')).toMatchObject({status: 'critical', reason: expect.stringContaining('503')})
      expect(skippedAfter(found, 'API server')).toContain('cluster login')
    })

    test('a token that is refused, and is not shown', async () => {
      const found = await doctor(['--kubeconfig', await kubeconfig('refused', {server: stage.target.server})])
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'API server')).toMatchObject({status: 'ok', reason: 'answers 401'})
      expect(found.step('cluster', 'login')).toMatchObject({status: 'critical', cure: expect.stringContaining('log in again')})
      expect(skippedAfter(found, 'login')).toContain('commands permissions')
      expect(found.output).not.toContain('wrong-token')
    })

    test.each([
      ['ahead of', HOUR, 'behind'],
      ['behind', -HOUR, 'ahead of'],
    ])('a server whose clock is an hour %s ours', async (_, by, ours) => {
      const proxy = await startClockProxy(stage.target, by)
      ending.push(proxy.close)
      const token = /"?token"?: "?([^"\n]+)/.exec(await readText(stage.target.kubeconfig))![1]!
      const found = await doctor(['--kubeconfig', await kubeconfig('clock', {...proxy, token})])
      expect(found.step('cluster', 'clock')).toMatchObject({
        status: 'warning',
        reason: expect.stringMatching(new RegExp(`^this machine's clock is 3(599|600|601) s ${ours} the API server's$`)),
        cure: expect.stringContaining('clock'),
      })
    })

    test('a namespace that there is not', async () => {
      const found = await doctor(['-n', 'no-such-namespace'])
      expect(found.code).toBe(2)
      expect(found.step('cluster', 'namespace')).toMatchObject({status: 'critical', reason: expect.stringContaining('no-such-namespace')})
      expect(found.step('cluster', 'metrics').status).not.toBe('skipped')
      expect(skippedAfter(found, 'namespace')).toEqual(expect.arrayContaining(['redis login', 'kafka address', 'dependencies environment']))
    })

    test('a catalogue that is none: the cluster all the same', async () => {
      const found = await doctor(['--catalogue', stage.target.kubeconfig])
      expect(found.code).toBe(2)
      expect(found.step('program', 'catalogue')).toMatchObject({status: 'critical'})
      expect(found.step('cluster', 'login').status).toBe('ok')
      expect(skippedAfter(found, 'catalogue')).toContain('redis address')
    })
  })

  describe('permissions', () => {
    const commands = (found: Found): readonly DoctorStep[] =>
      found.report.steps.filter(({path: of, name}) => of === 'commands' && name !== 'permissions')
    const as = async (person: Person, options: RunOptions = {}): Promise<Found> =>
      await doctor(['--kubeconfig', await stage.target.kubeconfigOf(person)], options)

    test('those of the table suffice for all commands', async () => {
      const rows = commands(await as(ALL))
      expect(rows.map(({name}) => name)).toEqual(Object.keys(PERMISSIONS).sort())
      expect(rows.filter(({status}) => status !== 'ok')).toEqual([])
    })

    test('its own suffice for every hop of the namespace', async () => {
      const found = await as(OWN)
      const refused = found.report.steps.filter(({path: of, reason}) => of !== 'commands' && reason.includes('not allowed'))
      // The brokers are in another namespace, for which these rights are not.
      expect(refused.filter(({path: of}) => of !== 'kafka')).toEqual([])
      expect(found.report.warnings).toEqual([])
      expect(found.step('commands', 'doctor')).toMatchObject({status: 'ok', reason: ''})
      expect(found.step('commands', 'scale').status).toBe('warning')
    })

    test('one is missing: the commands that need it, and how to get it', async () => {
      const found = await as(NO_PATCH)
      const unable = commands(found).filter(({status}) => status === 'warning')
      expect(unable.map(({name}) => name)).toEqual(['restart', 'rollback', 'scale'])
      expect(unable[2]).toMatchObject({
        reason: "can't run: not allowed to patch deployments.apps",
        cure: 'sapoche rbac scale | kubectl apply -f -  (ask whoever may)',
      })
      const readOnly = await as(NO_PATCH, {env: {SAPOCHE_READ_ONLY: '1'}})
      expect(commands(readOnly).filter(({status}) => status === 'warning')).toEqual([])
      expect(readOnly.step('commands', 'scale')).toMatchObject({status: 'skipped', reason: 'refused by --read-only'})
    })

    test('what a command does without is said, and no fault', async () => {
      const found = await as(NO_NODES)
      expect(found.step('commands', 'pods')).toMatchObject({
        status: 'ok',
        reason: 'may not list nodes (whether the node of a pod is ready)',
      })
    })

    test('the port-forward is missing: what it leads to is not looked at', async () => {
      const found = await as(NO_FORWARD)
      expect(found.code).toBe(2)
      expect(found.step('port-forward', 'tunnel')).toMatchObject({
        status: 'critical',
        reason: expect.stringContaining('not allowed to create pods/portforward'),
        cure: expect.stringContaining('sapoche rbac doctor'),
      })
      // The brokers are in another namespace.
      const brokers = found.report.steps.find(({path: of, status}) => of === 'kafka' && status === 'critical')
      expect(brokers?.cure).toMatch(/^sapoche rbac doctor -n kafka \| kubectl apply -f - /)
      expect(skippedAfter(found, 'tunnel')).toEqual(['redis login', 'redis role', 'orthanc http'])
      expect(found.step('commands', 'queue-depth')).toMatchObject({status: 'warning'})
      expect(found.step('commands', 'trace')).toMatchObject({status: 'ok', reason: 'may not create pods/portforward (queues and lag)'})
    })

    test('nothing is allowed: every command says so', async () => {
      const found = await as(NOBODY)
      expect(found.step('cluster', 'login').status).toBe('ok')
      expect(found.step('cluster', 'namespace')).toMatchObject({status: 'critical', reason: expect.stringContaining('not allowed to list')})
      expect(commands(found).every(({status}) => status === 'warning')).toBe(true)
    })
  })

  describe('servers', () => {
    test('Redis is down: the tunnel is well', async () => {
      const {args, redis} = await place()
      await until(hasRedis, args)
      await redis.stop()
      ending.splice(0, 1)
      const found = await doctor(args)
      expect(found.code).toBe(2)
      expect(found.step('port-forward', 'tunnel').status).toBe('ok')
      expect(found.step('redis', 'login')).toMatchObject({
        status: 'critical',
        reason: expect.stringMatching(/ is down| was lost|closed by the other side/),
      })
      expect(found.step('redis', 'login').cure).toMatch(/^sapoche status /)
      expect(skippedAfter(found, 'login')).toEqual(['redis role'])
    })

    test('Redis with a password: none, a wrong one, and the right one', async () => {
      const {args} = await place({people: [{name: 'default', password: PASSWORD, commands: null}]})
      const none = await until(hasRedis, args)
      expect(none.code).toBe(2)
      expect(none.step('redis', 'login')).toMatchObject({
        status: 'critical',
        reason: expect.stringContaining('refuses a client without password'),
        // No flag that doctor lacks.
        cure: "SAPOCHE_REDIS_PASSWORD, or --read-secrets for the workloads' own",
      })
      const wrong = await doctor(args, {env: {SAPOCHE_REDIS_PASSWORD: 'guessed'}})
      expect(wrong.code).toBe(2)
      expect(wrong.step('redis', 'login').reason).toMatch(/refuses the default user with the password of SAPOCHE_REDIS_PASSWORD$/)
      const right = await doctor(args, {env: {SAPOCHE_REDIS_PASSWORD: PASSWORD}})
      expect(right.step('redis', 'login')).toMatchObject({
        status: 'ok',
        reason: 'as the default user with the password of SAPOCHE_REDIS_PASSWORD',
      })
      expect(wrong.output + right.output).not.toMatch(/guessed|open-sesame/)
    })

    test('--request-timeout 0s: no limit on any of the ways', async () => {
      const {args} = await place()
      const found = await until(hasRedis, [...args, '--request-timeout', '0s'])
      const ways = found.report.steps.filter(({path: of}) => of === 'port-forward' || of === 'redis' || of === 'kafka')
      expect(ways.filter(({status}) => status !== 'ok')).toEqual([])
    })

    test('Redis by its URL takes no tunnel', async () => {
      const {args, redis} = await place()
      const found = await doctor([...args, '--redis-url', `redis://127.0.0.1:${redis.port}`])
      expect(found.step('redis', 'address')).toMatchObject({target: `127.0.0.1:${redis.port}`, reason: 'reached directly'})
      expect(found.step('redis', 'role').status).toBe('ok')
      expect(found.step('port-forward', 'tunnel')).toMatchObject({status: 'skipped'})
    })

    test('Orthanc answers nothing', async () => {
      const {objects, address} = await server('orthanc', await freePort())
      const {args} = await place({objects, servers: {orthanc: {address}}})
      const isThere = (found: Found): boolean => hasRedis(found) && found.step('orthanc', 'http').status !== 'skipped'
      const found = await until(isThere, args)
      expect(found.code).toBe(2)
      expect(found.step('orthanc', 'http')).toMatchObject({status: 'critical', cure: expect.stringMatching(/^sapoche status /)})
    })
  })

  describe('dependencies', () => {
    const dependencies = [
      {name: 'database', kind: 'database', where: 'outside', purpose: 'MySQL', environment: ['DB_HOST', 'DATABASE_URL']},
      {name: 'gateway', kind: 'gateway', where: 'in another namespace', purpose: 'a gateway', environment: []},
    ]

    test('named by whom, without passwords; not tried unless asked for', async () => {
      const {args, consumer} = await place({
        catalogue: {dependencies},
        env: {DB_HOST: 'db.example', DATABASE_URL: `mysql://app:${PASSWORD}@other.example:3307/app`},
      })
      const found = await until(hasRedis, args)
      const rows = found.report.steps.filter(({path: of}) => of === 'dependencies')
      expect(rows.map(({name, target, status, reason}) => [name, target, status, reason])).toEqual([
        ['database', 'db.example:3306', 'ok', `DB_HOST: ${consumer}`],
        ['database', 'other.example:3307', 'ok', `DATABASE_URL: ${consumer}`],
        ['gateway', null, 'skipped', 'in another namespace; nothing here names it'],
      ])
      expect(found.report.notChecked).toContain('whether pods reach what they depend on (--from-pods)')
      expect(found.output).not.toContain(PASSWORD)
    })

    test('from within pods', async () => {
      const isReal = await letPodsConnect(stage.target)
      const [dead, live] = [await freePort(), await startProxy(stage.target)]
      ending.push(() => live.close())
      const url = `https://127.0.0.1:${new URL(live.server).port}`
      const {args} = await place({
        catalogue: {dependencies},
        env: {DB_HOST: `no-such-host.invalid,127.0.0.1:${dead}`, DATABASE_URL: url},
      })
      const tried = (found: Found): readonly DoctorStep[] =>
        found.report.steps.filter(({path: of, target}) => of === 'dependencies' && target !== null)
      const found = await until((each) => hasRedis(each) && tried(each).every(({status}) => status !== 'unknown'), [...args, '--from-pods'])
      const [unresolved, refused, connected] = tried(found)
      expect(connected).toMatchObject({status: 'ok', reason: expect.stringMatching(/^reachable, by (php|bash) in pod consumer-/)})
      if (isReal) {
        expect(unresolved).toMatchObject({status: 'critical', reason: expect.stringMatching(/^its name is not known, by /)})
        expect(refused).toMatchObject({status: 'critical', reason: expect.stringMatching(/^refuses connections, by /)})
      }
    })

    test('no program runs in a pod under --read-only', async () => {
      const run = await stage.target.sapoche(['doctor', '--from-pods', '--read-only'])
      expect(run.code).toBe(77)
      expect(run.stdout).toBe('')
    })
  })

  test('every format, on a terminal of 80 columns', async () => {
    const {stdout} = await stage.target.sapoche(['doctor'])
    expect(stdout).toMatch(/^CLUSTER$/m)
    expect(stdout).toMatch(/^(OK|WARNING|CRITICAL|UNKNOWN) {2}/m)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    const junit = await stage.target.sapoche(['doctor', '-o', 'junit', '--fail-on', 'never'])
    expect({code: junit.code, start: junit.stdout.slice(0, 5)}).toEqual({code: 0, start: '<?xml'})
  })

  // Last: the embedded cluster does not get back what it has lost.
  test('one broker is down', async () => {
    const {args} = await place()
    await until(hasRedis, args)
    ending.push(() => stage.restore())
    await stage.lose([2])
    const found = await doctor(args)
    expect(found.code).toBe(2)
    expect(found.step('kafka', 'broker 0').status).toBe('ok')
    const lost = found.report.steps.find(({path: of, target}) => of === 'kafka' && target?.startsWith('redpanda-2') === true)
    expect(lost).toMatchObject({status: 'critical', reason: expect.stringContaining('down')})
  })
}

/** The API server through a proxy that adds to the time of its answers. */
async function startClockProxy(
  {server, ca}: {readonly server: string; readonly ca: string},
  addMs: number,
): Promise<{server: string; ca: string; close(): Promise<void>}> {
  const authority = await createAuthority('sapoche-test-clock')
  const proxy = createServer(await serverCertificate(authority), (incoming, outgoing) => {
    const {method, headers, url = '/'} = incoming
    const upstream = httpsRequest(new URL(url, server), {method, headers, ca}, (answer) => {
      const date = new Date(Date.parse(answer.headers.date ?? '') + addMs).toUTCString()
      outgoing.writeHead(answer.statusCode ?? 502, {...answer.headers, date})
      answer.pipe(outgoing)
    })
    upstream.on('error', () => outgoing.destroy())
    incoming.pipe(upstream)
  })
  // No tunnels: what is behind the cluster is not what it is for.
  proxy.on('upgrade', (_, socket) => socket.destroy())
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  return {
    server: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    ca: authority.cert,
    async close() {
      proxy.closeAllConnections()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

async function readText(file: string): Promise<string> {
  return (await import('node:fs/promises')).readFile(file, 'utf8')
}
