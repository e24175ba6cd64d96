import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Servers, type ServerOptions} from '../../src/lib/app/servers.ts'
import {builtinCatalogue, type Catalogue} from '../../src/lib/catalogue/index.ts'
import type {Environment} from '../../src/lib/cli/environment.ts'
import {ServerDownError} from '../../src/lib/clients/redis/errors.ts'
import {ConfigurationError, RefusedError, type SapocheError, UnreachableError, UsageError} from '../../src/lib/errors/index.ts'
import type {ServerHint} from '../../src/lib/runbook/bindings/index.ts'
import {rawPod} from '../workload/build.ts'
import {NOW, PATIENT, served, type ServedOptions} from '../runbook/served.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sapoche-servers-'))
  writeFileSync(path.join(folder, 'password'), 'of the file\n')
  writeFileSync(path.join(folder, 'ca.pem'), 'PEM')
})
afterAll(() => rmSync(folder, {recursive: true}))

const redisPod = rawPod({name: 'redis-0'}) as Record<string, unknown>
const SERVICE = {metadata: {name: 'st-redis-sp'}, spec: {selector: {app: 'redis'}, ports: [{port: 6379, targetPort: 6380}]}}
const POD = {...redisPod, metadata: {...(redisPod['metadata'] as object), labels: {app: 'redis'}}}
const SECRET = {
  metadata: {name: 'app'},
  data: {pw: Buffer.from('of the Secret').toString('base64'), user: Buffer.from('app-user').toString('base64')},
}
const OBJECTS = {services: [SERVICE], pods: [POD], secrets: [SECRET]}

interface Scene extends ServedOptions {
  readonly options?: ServerOptions
  readonly variables?: Environment['variables']
  readonly objects?: Record<string, readonly Record<string, unknown>[]>
  readonly catalogue?: Catalogue
}

async function servers({options = {}, variables = {}, objects = OBJECTS, ...more}: Scene = {}) {
  const sources = await served(objects, more)
  const environment: Environment = {variables, cwd: folder, home: folder, configDir: folder, now: () => NOW, random: () => 0.5}
  const session = {...sources, close: async () => {}}
  return {servers: new Servers(session, options, environment, PATIENT), requests: sources.requests}
}

const withPlace = (place: Partial<Catalogue['servers']['redis']>): Catalogue => ({
  ...builtinCatalogue,
  servers: {...builtinCatalogue.servers, redis: {url: null, address: null, tls: false, ...place}},
})

const hint = (fields: Partial<ServerHint> = {}): ServerHint => ({
  workload: 'worker-x',
  addresses: [{host: 'st-redis-sp', port: 6379}],
  source: 'REDIS_HOST',
  tls: false,
  username: null,
  password: {
    kind: 'Secret',
    candidates: [
      {name: 'gone', key: 'pw'},
      {name: 'app', key: 'pw'},
    ],
  },
  mechanism: null,
  ...fields,
})

async function errorOf(promise: Promise<unknown>): Promise<SapocheError> {
  const outcome: unknown = await promise.then(
    (value) => value,
    (reason: unknown) => reason,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as SapocheError
}

describe('where Redis is', () => {
  const FLAG = 'redis://flag:1/2'
  const VARIABLE = 'rediss://variable:2'
  test.each<[string, Scene, string, 'direct' | 'tunnel', boolean]>([
    ['the flag', {options: {'redis-url': FLAG}, variables: {SAPOCHE_REDIS_URL: VARIABLE}}, 'flag:1', 'direct', false],
    [
      'the environment',
      {variables: {SAPOCHE_REDIS_URL: VARIABLE}, catalogue: withPlace({url: 'redis://catalogue:3'})},
      'variable:2',
      'direct',
      true,
    ],
    [
      'an empty variable is none',
      {variables: {SAPOCHE_REDIS_URL: ''}, catalogue: withPlace({url: 'redis://catalogue:3'})},
      'catalogue:3',
      'direct',
      false,
    ],
    [
      "the catalogue's URL",
      {catalogue: withPlace({url: 'redis://catalogue:3', address: 'st-redis-sp:6379'})},
      'catalogue:3',
      'direct',
      false,
    ],
    ["the catalogue's address", {}, 'st-redis-sp:6379 (pod redis-0)', 'tunnel', false],
    [
      "the catalogue's address, with TLS",
      {catalogue: withPlace({address: 'st-redis-sp:6379', tls: true})},
      'st-redis-sp:6379 (pod redis-0)',
      'tunnel',
      true,
    ],
    ['the environment of a workload', {catalogue: withPlace({})}, 'st-redis-sp:6379 (pod redis-0)', 'tunnel', false],
    [
      'of the sandbox neither environment nor URL of the catalogue',
      {
        options: {sandbox: 'baseline'},
        variables: {SAPOCHE_REDIS_URL: VARIABLE},
        catalogue: withPlace({url: 'redis://catalogue:3', address: 'st-redis-sp:6379'}),
      },
      'st-redis-sp:6379 (pod redis-0)',
      'tunnel',
      false,
    ],
    ['of the sandbox the flag', {options: {sandbox: 'baseline', 'redis-url': FLAG}}, 'flag:1', 'direct', false],
  ])('%s', async (_, scene, where, kind, tls) => {
    const access = await (await servers(scene)).servers.redis(hint())
    expect([access.network.describe(access.addresses[0]), access.network.kind, access.tls !== null]).toEqual([where, kind, tls])
  })

  test('directly nothing of the cluster is read', async () => {
    const scene = await servers({options: {'redis-url': FLAG}})
    expect(await scene.servers.redis(null)).toMatchObject({database: 2, sentinel: null})
    expect(scene.requests).toEqual([])
  })

  test('through the cluster services and pods are, once', async () => {
    const scene = await servers()
    await scene.servers.redis(null)
    expect(scene.requests.map(({path: asked}) => asked).toSorted()).toEqual([
      '/api/v1/namespaces/sapoche/pods',
      '/api/v1/namespaces/sapoche/services',
    ])
  })

  test.each<[string, Scene, new (message: string) => Error, RegExp, RegExp | null]>([
    [
      'a password in the flag',
      {options: {'redis-url': 'redis://:secret@r'}},
      UsageError,
      /^--redis-url holds a password, which others can see/,
      /SAPOCHE_REDIS_PASSWORD/,
    ],
    ['a flag that is no URL', {options: {'redis-url': 'r:1'}}, UsageError, /^--redis-url: expected redis:/, null],
    ['a variable that is none', {variables: {SAPOCHE_REDIS_URL: 'r:1'}}, ConfigurationError, /^SAPOCHE_REDIS_URL: expected/, null],
    [
      'a catalogue’s that is none',
      {catalogue: withPlace({url: 'r:1'})},
      ConfigurationError,
      /^servers\.redis\.url of the catalogue: expected/,
      null,
    ],
    [
      'no pod that runs',
      {objects: {services: [SERVICE], pods: []}},
      ServerDownError,
      /^Redis is down: no pod behind service st-redis-sp in namespace sapoche runs$/,
      null,
    ],
    [
      'no such service',
      {objects: {}},
      UnreachableError,
      /^Redis at st-redis-sp:6379 \(the catalogue's servers\.redis\) is no service or pod of the cluster$/,
      /--redis-url reaches it directly/,
    ],
    ['services that may not be read', {forbidden: ['services']}, RefusedError, /not allowed to list services/, null],
  ])('%s', async (_, scene, kind, message, cure) => {
    const error = await errorOf((await servers(scene)).servers.redis(null))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('secret')
    if (cure !== null) expect(error.hints.map(({text}) => text).join()).toMatch(cure)
  })

  test('nobody says: 78', async () => {
    const error = await errorOf((await servers({catalogue: withPlace({})})).servers.redis(null))
    expect(error).toMatchObject({exitCode: 78, message: expect.stringMatching(/^nothing says where Redis is/)})
  })

  test.each<[string, Scene, boolean]>([
    ['by the catalogue', {}, true],
    ['by a URL', {options: {'redis-url': FLAG}, catalogue: withPlace({})}, true],
    ['by workloads alone', {catalogue: withPlace({})}, false],
    ['with the credentials of a workload', {options: {'read-secrets': true}}, false],
  ])('whether it is known before the workloads are: %s', async (_, scene, known) => {
    expect((await servers(scene)).servers.isRedisKnown).toBe(known)
  })

  test.each<[string, Scene, boolean]>([
    ['by the catalogue, and TLS by the workloads', {}, false],
    ['by a URL', {options: {brokers: 'kafka-0:9092'}}, true],
    ['with a login, and its mechanism by the workloads', {options: {brokers: 'kafka-0:9092', 'password-file': 'password'}}, false],
    [
      'with a login and its mechanism',
      {options: {brokers: 'kafka-0:9092'}, variables: {SAPOCHE_KAFKA_PASSWORD: 'p', SAPOCHE_KAFKA_MECHANISM: 'plain'}},
      true,
    ],
    ['with the credentials of a workload', {options: {brokers: 'kafka-0:9092', 'read-secrets': true}}, false],
  ])('whether Kafka is known before the workloads are: %s', async (_, scene, known) => {
    expect((await servers(scene)).servers.isKafkaKnown).toBe(known)
  })
})

describe('as whom', () => {
  const variables = {SAPOCHE_REDIS_USERNAME: 'ops', SAPOCHE_REDIS_PASSWORD: 'of the environment'}
  test.each<[string, Scene, object | null]>([
    ['nobody', {}, null],
    ['the environment', {variables}, {username: 'ops', password: 'of the environment', source: 'SAPOCHE_REDIS_PASSWORD'}],
    [
      'the file, before the environment',
      {variables, options: {'password-file': 'password'}},
      {username: 'ops', password: 'of the file', source: 'the file password'},
    ],
    [
      'the URL of the environment',
      {variables: {SAPOCHE_REDIS_URL: 'redis://u:p@r'}},
      {username: 'u', password: 'p', source: 'SAPOCHE_REDIS_URL'},
    ],
    [
      'a user of the flag, a password of the environment',
      {options: {'redis-url': 'redis://u@r'}, variables: {SAPOCHE_REDIS_PASSWORD: 'x'}},
      {username: 'u', password: 'x', source: 'SAPOCHE_REDIS_PASSWORD'},
    ],
    [
      'a user without a password',
      {variables: {SAPOCHE_REDIS_USERNAME: 'ops'}},
      {username: 'ops', password: null, source: 'SAPOCHE_REDIS_USERNAME'},
    ],
    [
      'the Secret of a workload, where that is asked for',
      {options: {'read-secrets': true}},
      {username: null, password: 'of the Secret', source: 'Secret app (key pw)'},
    ],
    [
      'not the Secret where there is a password',
      {options: {'read-secrets': true}, variables},
      {username: 'ops', password: 'of the environment', source: 'SAPOCHE_REDIS_PASSWORD'},
    ],
    ['of the sandbox not the environment', {options: {sandbox: 'baseline'}, variables}, null],
  ])('%s', async (_, scene, credentials) => {
    expect((await (await servers(scene)).servers.redis(hint())).credentials).toEqual(credentials)
  })

  test("user and password of a workload, be they Secret's or plain", async () => {
    const scene = await servers({options: {'read-secrets': true}})
    const own = hint({
      username: {kind: 'Secret', candidates: [{name: 'app', key: 'user'}]},
      password: {kind: 'value', value: 'plain', source: 'REDIS_PASSWORD'},
    })
    expect((await scene.servers.redis(own)).credentials).toEqual({username: 'app-user', password: 'plain', source: 'REDIS_PASSWORD'})
  })

  test('without --read-secrets no Secret is read', async () => {
    const scene = await servers()
    await scene.servers.redis(hint())
    expect(scene.requests.filter(({path: asked}) => asked.includes('secrets'))).toEqual([])
  })

  test('a Secret that may not be read: 77', async () => {
    const scene = await servers({options: {'read-secrets': true}, forbidden: ['secrets']})
    expect(await errorOf(scene.servers.redis(hint()))).toBeInstanceOf(RefusedError)
  })

  test('a file that is not there: 78', async () => {
    const error = await errorOf((await servers({options: {'password-file': 'nowhere'}})).servers.redis(null))
    expect(error).toMatchObject({exitCode: 78, message: expect.stringMatching(/^the file of --password-file can't be read/)})
  })
})

test('TLS: by flag, environment and workload, with what to trust', async () => {
  const tls = async (scene: Scene, of: ServerHint | null = null) => (await (await servers(scene)).servers.redis(of)).tls
  expect(await tls({options: {tls: true}})).toEqual({ca: null, servername: null})
  expect(await tls({options: {tls: true, 'tls-ca': 'ca.pem', 'tls-server-name': 'x'}})).toEqual({ca: 'PEM', servername: 'x'})
  const variables = {SAPOCHE_REDIS_TLS: '1', SAPOCHE_REDIS_CA: 'ca.pem', SAPOCHE_REDIS_SERVER_NAME: 'y'}
  expect(await tls({variables})).toEqual({ca: 'PEM', servername: 'y'})
  expect(await tls({}, hint({tls: true}))).toEqual({ca: null, servername: null})
  expect(await tls({variables: {SAPOCHE_REDIS_CA: 'ca.pem'}})).toBeNull()
})

describe('Kafka', () => {
  const kafka = hint({
    addresses: [
      {host: 'redpanda-0.redpanda.kafka', port: 9092},
      {host: 'redpanda-1.redpanda.kafka', port: 9092},
    ],
    source: 'KAFKA_BROKERS',
  })
  const labels = {app: 'redpanda'}
  const brokers = ['redpanda-0', 'redpanda-1'].map((name) => {
    const raw = rawPod({name}) as Record<string, unknown>
    return {...raw, metadata: {...(raw['metadata'] as object), labels}}
  })
  const objects = {
    services: [{metadata: {name: 'redpanda'}, spec: {clusterIP: 'None', selector: labels, ports: [{port: 9092}]}}],
    pods: brokers,
  }

  test('advertised names lead to pods of the namespace that the first brokers are in', async () => {
    const scene = await servers({objects})
    const access = await scene.servers.kafka(kafka)
    const describe = (host: string) => access.network.describe({host, port: 9093})
    expect(describe('redpanda-1.redpanda.kafka.svc.cluster.local')).toBe(
      'redpanda-1.redpanda.kafka.svc.cluster.local:9093 (pod redpanda-1)',
    )
    expect(describe('broker.example.com')).toBe('broker.example.com:9093')
    const lost = access.network.connect({host: 'broker.example.com', port: 9093})
    const error = await new Promise((resolve) => lost.once('error', resolve))
    expect(error).toEqual(new UnreachableError('broker.example.com:9093 is no service or pod of the cluster'))
    expect(scene.requests.map(({path: asked}) => asked).toSorted()).toEqual([
      '/api/v1/namespaces/kafka/pods',
      '/api/v1/namespaces/kafka/services',
    ])
  })

  test('directly, with a mechanism', async () => {
    const scene = (variables: Environment['variables']) => servers({options: {brokers: 'a:1,b:2'}, variables})
    const secret = {SAPOCHE_KAFKA_USERNAME: 'u', SAPOCHE_KAFKA_PASSWORD: 'p'}
    const access = async (more: Environment['variables']) => (await scene(more)).servers.kafka(null)
    expect(await access({})).toMatchObject({
      addresses: [
        {host: 'a', port: 1},
        {host: 'b', port: 2},
      ],
      mechanism: null,
      credentials: null,
    })
    expect((await access(secret)).mechanism).toBe('plain')
    expect((await access({...secret, SAPOCHE_KAFKA_MECHANISM: 'SCRAM-SHA-512'})).mechanism).toBe('scram-sha-512')
    expect(await errorOf(access({...secret, SAPOCHE_KAFKA_MECHANISM: 'GSSAPI'}))).toMatchObject({exitCode: 78})
  })
})

test('Orthanc: of the catalogue, or by a URL with a path', async () => {
  const direct = await servers({options: {'orthanc-url': 'https://o.example/orthanc/'}})
  expect(await direct.servers.orthanc()).toMatchObject({path: '/orthanc', tls: {}, addresses: [{host: 'o.example', port: 443}]})
  const error = await errorOf((await servers({objects: {}})).servers.orthanc())
  expect(error.message).toMatch(/^Orthanc at orthanc-read-api-service:80/)
})
