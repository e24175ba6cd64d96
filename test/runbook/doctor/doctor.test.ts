import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import {PassThrough} from 'node:stream'
import {describe, expect, test} from 'vitest'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import type {ServerConnection, ServerFacts, ServerWay} from '../../../src/lib/clients/kubernetes/types.ts'
import {ForbiddenError} from '../../../src/lib/clients/kubernetes/errors.ts'
import {AccessDeniedError, ServerDownError, UnplacedServerError} from '../../../src/lib/clients/reach/errors.ts'
import {redisInfo} from '../../../src/lib/clients/redis/info.ts'
import type {Answer, RedisInfo} from '../../../src/lib/clients/redis/types.ts'
import {
  ConfigurationError,
  InterruptedError,
  RefusedError,
  TimedOutError,
  UnreachableError,
  UsageError,
} from '../../../src/lib/errors/index.ts'
import {liveDoctor, type DoctorSources, type ServerGates} from '../../../src/lib/runbook/doctor/index.ts'
import {doctorReport, type DoctorStep} from '../../../src/lib/runbook/doctor/schema.ts'
import {temporaryFolder} from '../../clients/kubernetes/support.ts'
import {rawDeployment, rawPod} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

const DAY = 86_400_000
const OBJECTS = {
  deployments: builtinCatalogue.workloads.map(({name}) => rawDeployment({name})),
  replicasets: [rawReplicaSet('worker-sapoche-pdf')],
  pods: [rawPod({name: 'pdf-a', replicaSet: 'worker-sapoche-pdf-new'})],
  'metrics.k8s.io/pods': [{metadata: {name: 'pdf-a'}, containers: []}],
}
const TARGET = {
  where: 'st-redis-sp:6379',
  network: 'tunnel',
  source: 'servers.redis of the catalogue',
  who: 'a client without password',
  touch: async () => {},
} as const
const MASTER = {value: redisInfo(new Map([['role', 'master']])), failure: null}

interface Parts extends ServedOptions {
  readonly way?: Partial<ServerWay>
  readonly connection?: Partial<ServerConnection>
  readonly catalogue?: Catalogue
  readonly journal?: string | null
  readonly objects?: Parameters<typeof served>[0]
  readonly version?: ServerFacts['version']
  readonly info?: () => Promise<Answer<RedisInfo>>
  readonly touch?: () => Promise<void>
  readonly servers?: ServerGates
  readonly until?: 'ok' | 'warning'
  readonly sources?: Partial<DoctorSources>
}

/** A machine and a cluster on which all is well, but for what is said. */
async function doctor(parts: Parts = {}) {
  const {way = {}, connection = {}, catalogue = builtinCatalogue, journal = null, objects = OBJECTS, version, ...more} = parts
  const {cluster, requests} = await served(objects, {
    ...more,
    handle: (asked) => {
      if (more.handle?.(asked) === true) return true
      if (asked.path.endsWith('/selfsubjectreviews')) asked.json({status: {userInfo: {username: 'ops'}}})
      else if (asked.path.endsWith('/selfsubjectrulesreviews')) {
        asked.json({status: {resourceRules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}], incomplete: false}})
      } else if (asked.path.endsWith('/selfsubjectaccessreviews')) asked.json({status: {allowed: true}})
      else return false
      return true
    },
  })
  const {context, server} = cluster
  const known: ServerWay = {
    file: '/home/ops/.kube/config',
    context,
    server,
    user: 'ops',
    login: 'its token',
    certificateEnds: null,
    proxy: null,
    isChecked: true,
    ...way,
  }
  const answered = {tls: 'TLSv1.3', protocol: 'h2', certificateEnds: NOW + 80 * DAY, ...connection}
  const {info = async () => MASTER, touch = TARGET.touch} = parts
  const sources: DoctorSources = {
    program: {version: '0.1.0', node: 'v24.1.0', platform: 'linux-x64', terminal: {isTerminal: true, width: 80, colour: true}, journal},
    now: () => NOW,
    openCatalogue: async () => catalogue,
    findWay: async () => ({...known, dial: async () => answered}),
    openCluster: async () => ({
      cluster,
      version: version ?? (async () => 'v1.36.3'),
      servers: {
        redis: async () => ({...TARGET, touch, info}),
        kafka: async () => ({
          ...TARGET,
          contact: async () => [{id: 0, address: 'a:9092', ms: 1, requests: 61, newProtocol: true, error: null}],
        }),
        orthanc: async () => ({...TARGET, alive: async () => ({value: true, failure: null, ms: 1})}),
      },
      ...(parts.servers !== undefined && {servers: parts.servers}),
      access: {execute: () => Promise.reject(new Error('not asked for')), openTunnel: () => new PassThrough()},
    }),
    ...parts.sources,
  }
  const live = liveDoctor({fromPods: false, readOnly: false, namespace: undefined, output: 'table', until: parts.until}, sources, 1)
  const report = await live.read(PATIENT)
  expect(doctorReport.parse(report)).toEqual(report)
  const step = (of: DoctorStep['path'], name: string): DoctorStep => report.steps.find((each) => each.path === of && each.name === name)!
  return {report, step, live, requests}
}

test('all is well', async () => {
  const {report} = await doctor()
  expect(report.steps.filter(({status}) => status !== 'ok' && status !== 'skipped')).toEqual([])
  expect(report).toMatchObject({verdict: 'ok', context: 'test', namespace: 'sapoche'})
  const paths = [...new Set(report.steps.map(({path: of}) => of))]
  expect(paths).toEqual(['program', 'cluster', 'commands', 'port-forward', 'redis', 'kafka', 'orthanc', 'dependencies'])
})

test('few requests: four lists, who we are, all rights at once, and each that lies outside of namespaces', async () => {
  const {requests} = await doctor()
  expect(requests.map(({method, path: asked}) => `${method} ${asked.split('/').at(-1)}`).sort()).toEqual([
    'GET deployments',
    'GET pods',
    'GET pods',
    'GET replicasets',
    'POST selfsubjectaccessreviews',
    'POST selfsubjectaccessreviews',
    'POST selfsubjectreviews',
    'POST selfsubjectrulesreviews',
  ])
})

describe('the way to the cluster', () => {
  test.each<[string, Parts, string, Partial<DoctorStep>]>([
    [
      'a client certificate that ends soon',
      {way: {certificateEnds: NOW + 3 * DAY}},
      'kubeconfig',
      {status: 'warning', reason: expect.stringContaining('which ends in 3 d')},
    ],
    [
      'a client certificate that has ended',
      {way: {certificateEnds: NOW - 3 * DAY}},
      'kubeconfig',
      {status: 'warning', reason: expect.stringContaining('which ended 3 d ago')},
    ],
    ['a client certificate with time left', {way: {certificateEnds: NOW + 30 * DAY}}, 'kubeconfig', {status: 'ok'}],
    [
      'a cluster that the catalogue is not meant for',
      {catalogue: {...builtinCatalogue, clusters: ['prod-eu']}},
      'kubeconfig',
      {status: 'warning', reason: expect.stringContaining('(prod-eu)'), cure: expect.stringContaining('--context')},
    ],
    [
      'the service account of a pod',
      {way: {context: null, file: '/run/token'}},
      'kubeconfig',
      {target: '/run/token', reason: expect.stringMatching(/^of this pod, /)},
    ],
    [
      'a server that is not checked',
      {way: {isChecked: false}},
      'connection',
      {status: 'warning', cure: expect.stringContaining('certificate-authority')},
    ],
    [
      'plain http',
      {connection: {tls: null, protocol: 'http/1.1', certificateEnds: null}},
      'connection',
      {status: 'ok', reason: 'plain http, http/1.1: no credentials are sent'},
    ],
    [
      'a proxy',
      {way: {proxy: 'proxy.example:3128'}},
      'connection',
      {reason: expect.stringContaining('through the proxy proxy.example:3128')},
    ],
    [
      'a server certificate that ends soon',
      {connection: {certificateEnds: NOW + DAY}},
      'connection',
      {status: 'warning', cure: 'renew it on the server'},
    ],
    [
      'a version that may not be read',
      {version: () => Promise.reject(new ForbiddenError('no', null))},
      'API server',
      {status: 'ok', reason: 'answers; its version may not be read'},
    ],
    [
      'a login plugin that fails',
      {version: () => Promise.reject(new RefusedError('auth plugin aws failed (1)'))},
      'login',
      {status: 'critical', reason: 'auth plugin aws failed (1)'},
    ],
    [
      'a login plugin that is not there',
      {version: () => Promise.reject(new ConfigurationError("auth plugin aws can't be run"))},
      'API server',
      {status: 'skipped', reason: 'needs login'},
    ],
    [
      'an API server that says nothing',
      {version: () => Promise.reject(new TimedOutError('no answer within 10 s'))},
      'API server',
      {status: 'critical', reason: 'no answer within 10 s'},
    ],
    ['a server that can not say who one is', {handle: refuse('/selfsubjectreviews')}, 'login', {status: 'ok', reason: 'accepted'}],
    [
      'no metrics',
      {objects: {...OBJECTS, 'metrics.k8s.io/pods': undefined as never}},
      'metrics',
      {status: 'warning', cure: expect.stringContaining('metrics-server')},
    ],
    [
      'most of the catalogue is not there',
      {objects: {...OBJECTS, deployments: [rawDeployment({name: 'consumer-ecg'})]}},
      'namespace',
      {status: 'warning', reason: expect.stringContaining('37 of 38 workloads')},
    ],
  ])('%s', async (_, parts, name, expected) => {
    expect((await doctor(parts)).step('cluster', name)).toMatchObject(expected)
  })

  test('who may not ask for rights is told so, and the rest goes on', async () => {
    const {step, report} = await doctor({handle: refuse('/selfsubjectrulesreviews')})
    expect(step('commands', 'permissions')).toMatchObject({status: 'unknown'})
    expect(report.verdict).toBe('unknown')
    expect(step('redis', 'role').status).toBe('ok')
    expect(report.steps.some(({path: of, name}) => of === 'commands' && name === 'scale')).toBe(false)
  })

  test.each([
    ['Ctrl-C', new InterruptedError()],
    ['a wrong command line', new UsageError('--redis-url: expected')],
    ['a fault of ours', new TypeError('x is not a function')],
  ])('%s is no hop', async (_, error) => {
    await expect(doctor({sources: {findWay: () => Promise.reject(error)}})).rejects.toBe(error)
  })
})

function refuse(suffix: string): NonNullable<ServedOptions['handle']> {
  return ({path: asked, status}) => {
    if (!asked.endsWith(suffix)) return false
    status(403, {reason: 'Forbidden', message: 'forbidden'})
    return true
  }
}

describe('the servers', () => {
  const info = (fields: Readonly<Record<string, string>>): Parts => ({
    info: async () => ({value: redisInfo(new Map(Object.entries(fields))), failure: null}),
  })
  test.each<[string, Parts, string, Partial<DoctorStep>]>([
    ['a master', info({role: 'master', redis_version: '7.0.15'}), 'role', {status: 'ok', reason: 'master, Redis 7.0.15'}],
    [
      'a replica',
      info({role: 'slave', master_link_status: 'up'}),
      'role',
      {status: 'warning', reason: 'replica: its master is another one'},
    ],
    [
      'a replica without its master',
      info({role: 'slave', master_link_status: 'down'}),
      'role',
      {status: 'warning', reason: 'replica: it has lost its master'},
    ],
    [
      'one that loads',
      info({role: 'master', loading: '1'}),
      'role',
      {status: 'warning', reason: expect.stringContaining('loading its data')},
    ],
    [
      'INFO is not allowed',
      {info: async () => ({value: null, failure: {kind: 'refused', message: 'NOPERM'}})},
      'role',
      {status: 'unknown', cure: 'allow it the command INFO'},
    ],
    [
      'it answers with an error',
      {info: async () => ({value: null, failure: {kind: 'loading', message: 'LOADING x'}})},
      'login',
      {status: 'critical', reason: expect.stringContaining('LOADING x')},
    ],
    [
      'it is down: the cure is its workload',
      {info: () => Promise.reject(new ServerDownError('Redis is down'))},
      'login',
      {status: 'critical', cure: 'sapoche status redis-master-st-sp'},
    ],
    [
      'it refuses: the cure is of the error',
      {info: () => Promise.reject(new AccessDeniedError('refuses', {hints: [{label: 'cure', text: 'a password'}]}))},
      'login',
      {status: 'critical', cure: 'a password'},
    ],
  ])('Redis: %s', async (_, parts, name, expected) => {
    expect((await doctor(parts)).step('redis', name)).toMatchObject(expected)
  })

  test('nothing listens behind a tunnel that is well', async () => {
    const {step} = await doctor({touch: () => Promise.reject(new ServerDownError('refused'))})
    expect(step('port-forward', 'tunnel')).toMatchObject({status: 'ok', reason: 'the pod is reached; nothing listens there'})
    expect(step('redis', 'role').status).toBe('ok')
  })

  test('the node of one pod is lost: the port-forward is tried with another', async () => {
    const lost = () => Promise.reject(new UnreachableError('answers 500: no route to host'))
    const {step} = await doctor({touch: lost, info: lost})
    expect(step('port-forward', 'tunnel')).toMatchObject({status: 'ok', reason: 'open'})
    expect(step('redis', 'login')).toMatchObject({status: 'critical', reason: 'answers 500: no route to host'})
    expect(step('orthanc', 'http').status).toBe('ok')
  })

  test('a server that nothing names is not looked at, and that is said', async () => {
    const unplaced = () =>
      Promise.reject(new UnplacedServerError('nothing says where it is', {hints: [{label: 'cure', text: '--brokers'}]}))
    const {report, step} = await doctor({servers: {redis: unplaced, kafka: unplaced, orthanc: unplaced}})
    expect(report.verdict).toBe('ok')
    expect(step('kafka', 'address')).toMatchObject({status: 'skipped', cure: '--brokers'})
    expect(step('kafka', 'brokers')).toMatchObject({status: 'skipped', reason: 'needs address'})
    expect(step('port-forward', 'tunnel').status).toBe('skipped')
    expect(report.notChecked).toEqual(expect.arrayContaining(['redis: nothing says where it is', 'kafka: nothing says where it is']))
  })
})

describe('the journal', () => {
  test.each<[string, (folder: string) => Promise<string>, Partial<DoctorStep>]>([
    ['there', async (folder) => (await writeFile(path.join(folder, 'j'), ''), path.join(folder, 'j')), {status: 'ok', reason: 'writable'}],
    ['not there yet', async (folder) => path.join(folder, 'a', 'b', 'j'), {status: 'ok', reason: 'none yet; can be written'}],
    [
      'below a file',
      async (folder) => (await writeFile(path.join(folder, 'f'), ''), path.join(folder, 'f', 'j')),
      {status: 'warning', cure: expect.stringContaining('XDG_STATE_HOME')},
    ],
  ])('%s', async (_, prepare, expected) => {
    expect((await doctor({journal: await prepare(temporaryFolder())})).step('program', 'journal')).toMatchObject(expected)
  })
})

describe('a watch', () => {
  test('looks again and again, all hops anew, until it is left', async () => {
    let asked = 0
    const {live} = await doctor({
      info: async () => ((asked += 1) % 2 === 0 ? Promise.reject(new ServerDownError('Redis is down')) : MASTER),
    })
    const leave = new AbortController()
    const verdicts: string[] = []
    for await (const {report} of live.follow(leave.signal)) {
      verdicts.push(report.verdict)
      if (verdicts.length === 4) leave.abort(new InterruptedError())
    }
    expect(verdicts).toEqual(['critical', 'ok', 'critical', 'ok'])
  })

  test('left in the middle of a look', async () => {
    const leave = new AbortController()
    let looks = 0
    const {live} = await doctor({
      sources: {
        async openCatalogue() {
          looks += 1
          if (looks === 3) leave.abort(new InterruptedError())
          leave.signal.throwIfAborted()
          return builtinCatalogue
        },
      },
    })
    const seen: unknown[] = []
    for await (const sight of live.follow(leave.signal)) seen.push(sight)
    expect(seen).toHaveLength(1)
  })

  test.each([
    ['ok', undefined, false],
    ['a warning', 'warning', true],
  ] as const)('waits for %s', async (_, until, reached) => {
    const {live, report} = await doctor({connection: {certificateEnds: NOW + DAY}, until})
    const sight = {report, blind: null, history: new Map()}
    expect(live.isReached(sight)).toBe(reached)
    expect(live.waitingFor(sight)).toMatch(/^1 warning, \d skipped$/)
  })

  test('a page has a line of bars for each hop, a line of JSON the report', async () => {
    const {live, report} = await doctor()
    const sight = {report, blind: null, history: new Map([['redis login st-redis-sp:6379', [10, 20, null, 80]]])}
    const {head, body} = live.page(sight, {width: 80, colour: false, now: NOW})
    expect(head).toEqual(['sapoche  context test  2026-11-22 03:12:07Z  watching'])
    expect(body.find((line) => /^ {2}login .*▂▃ █/.test(line))).toBeDefined()
    expect(body.filter((line) => line.length > 80)).toEqual([])
    expect(JSON.parse(live.jsonLines(sight))).toEqual(report)
  })
})
