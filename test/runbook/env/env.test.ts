import {PassThrough} from 'node:stream'
import {describe, expect, test} from 'vitest'
import type {ExecOptions, Execution, PodAccess} from '../../../src/lib/clients/kubernetes/types.ts'
import {RefusedError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {envNotice, type EnvOptions, envViews, readEnv} from '../../../src/lib/runbook/env/index.ts'
import {parseEnvironment} from '../../../src/lib/runbook/env/live.ts'
import {envReport} from '../../../src/lib/runbook/env/schema.ts'
import {ago, DAY, HOUR, MINUTE, rawDeployment, rawPod} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

type Json = Record<string, unknown>

const ENV: readonly Json[] = [
  {name: 'APP_ENV', value: 'production'},
  {name: 'QUEUE_CONNECTION', value: 'redis'},
  {name: 'APP_KEY', value: 'base64:2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10='},
  {name: 'REDIS_URL', value: 'redis://:hunter2@st-redis-sp:6379'},
  {name: 'REDIS_PASSWORD', valueFrom: {secretKeyRef: {name: 'sapoche-secrets', key: 'redis-password'}}},
  {name: 'KAFKA_BROKERS', valueFrom: {configMapKeyRef: {name: 'sapoche-config', key: 'brokers'}}},
  {name: 'KAFKA_TLS', valueFrom: {configMapKeyRef: {name: 'sapoche-config', key: 'gone'}}},
  {name: 'KAFKA_USER', valueFrom: {configMapKeyRef: {name: 'nowhere', key: 'user'}}},
  {name: 'POD_NAME', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}},
]
const ENV_FROM: readonly Json[] = [{configMapRef: {name: 'shared'}}, {secretRef: {name: 'app-env'}, prefix: 'X_'}]

function deployment(name: string, env: readonly Json[], envFrom: readonly Json[] = []): Json {
  return {
    ...rawDeployment({name}),
    spec: {
      replicas: 1,
      template: {spec: {initContainers: [{name: 'migrate', env: [{name: 'INIT', value: 'x'}]}], containers: [{name: 'app', env, envFrom}]}},
    },
  }
}

const configMap = (name: string, data: Json, changed: string): Json => ({
  metadata: {
    name,
    uid: `${name}-uid`,
    creationTimestamp: ago(30 * DAY),
    managedFields: [
      {manager: 'kubectl', time: ago(20 * DAY)},
      {manager: 'kubectl', time: changed},
    ],
  },
  data,
})

const CLUSTER = {
  deployments: [deployment('consumer-ecg', ENV, ENV_FROM), deployment('worker-booking', [{name: 'REDIS_QUEUE', value: 'booking'}])],
  replicasets: [rawReplicaSet('consumer-ecg'), rawReplicaSet('worker-booking')],
  pods: [rawPod({name: 'ecg-a', replicaSet: 'consumer-ecg-new', age: HOUR}), rawPod({name: 'booking-a', replicaSet: 'worker-booking-new'})],
  configmaps: [
    configMap('sapoche-config', {brokers: 'redpanda-0:9092,redpanda-1:9092'}, ago(5 * MINUTE)),
    configMap('shared', {APP_ENV: 'from-shared', LOG_LEVEL: 'debug', SHARED_TOKEN: 'abc'}, ago(2 * DAY)),
  ],
}

/** Pods whose `env -0` gives this. */
function accessOf(
  answer: (pod: string, asked: ExecOptions) => Readonly<Record<string, string>> | Error | number,
): PodAccess & {asked: ExecOptions[]} {
  const asked: ExecOptions[] = []
  return {
    asked,
    openTunnel: () => {
      throw new Error('no tunnels here')
    },
    async execute(pod, options): Promise<Execution> {
      asked.push(options)
      const found = answer(pod, options)
      if (found instanceof Error) throw found
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      const pairs = typeof found === 'number' ? {} : found
      stdout.end(
        Object.entries(pairs)
          .map(([name, value]) => `${name}=${value}\0`)
          .join(''),
      )
      stderr.end()
      return {
        stdin: new PassThrough(),
        stdout,
        stderr,
        canEndStdin: true,
        exit: Promise.resolve(typeof found === 'number' ? found : 0),
        resize() {},
      }
    },
  }
}

const NO_PODS = accessOf(() => new Error('nothing is run'))

async function read(options: Partial<EnvOptions> = {}, access: PodAccess = NO_PODS, more: ServedOptions = {}) {
  const sources = await served(CLUSTER, more)
  const report = await readEnv({targets: ['consumer-ecg'], live: false, ...options}, {...sources, access}, PATIENT)
  expect(envReport.parse(report)).toEqual(report)
  return {report, paths: sources.requests.map(({path}) => path)}
}

describe('as declared', () => {
  test('values, ConfigMaps followed, secrets named, what looks secret hidden', async () => {
    const {report} = await read()
    expect(
      report.items.map(({name, value, masked, source, note}) => [
        name,
        value,
        masked,
        [source.kind, source.name, source.key].filter(Boolean).join(' '),
        note,
      ]),
    ).toEqual([
      ['APP_ENV', 'production', false, 'template', ''],
      ['LOG_LEVEL', 'debug', false, 'ConfigMap shared LOG_LEVEL', ''],
      ['SHARED_TOKEN', '***', true, 'ConfigMap shared SHARED_TOKEN', ''],
      ['QUEUE_CONNECTION', 'redis', false, 'template', ''],
      ['APP_KEY', '***', true, 'template', ''],
      ['REDIS_URL', 'redis://:***@st-redis-sp:6379', true, 'template', ''],
      ['REDIS_PASSWORD', null, false, 'Secret sapoche-secrets redis-password', 'not read'],
      ['KAFKA_BROKERS', 'redpanda-0:9092,redpanda-1:9092', false, 'ConfigMap sapoche-config brokers', ''],
      ['KAFKA_TLS', null, false, 'ConfigMap sapoche-config gone', 'ConfigMap sapoche-config has no key gone'],
      ['KAFKA_USER', null, false, 'ConfigMap nowhere user', 'there is no ConfigMap nowhere'],
      ['POD_NAME', null, false, 'field metadata.name', 'filled in by the kubelet'],
    ])
    expect(report.items[0]).toMatchObject({workload: 'consumer-ecg', category: 'consumers', container: 'app', pod: null})
  })

  test('no Secret is ever asked for, and each ConfigMap once', async () => {
    const {paths} = await read({targets: []})
    expect(paths.filter((path) => path.includes('secrets'))).toEqual([])
    expect(paths.filter((path) => path.includes('configmaps')).toSorted((a, b) => a.localeCompare(b))).toEqual(
      ['nowhere', 'sapoche-config', 'shared'].map((name) => `/api/v1/namespaces/sapoche/configmaps/${name}`),
    )
  })

  test.each<[string, string[]]>([
    ['QUEUE', ['QUEUE_CONNECTION']],
    ['queue', ['QUEUE_CONNECTION']],
    ['redpanda', ['KAFKA_BROKERS']],
    ['KAFKA_*', ['KAFKA_BROKERS', 'KAFKA_TLS', 'KAFKA_USER']],
    ['hunter2', []],
    ['base64', []],
  ])('--match %s', async (match, names) => {
    const {report} = await read({match})
    expect(report.items.map(({name}) => name)).toEqual(names)
    expect(report.match).toBe(match)
    // What was not read may match.
    expect(report.secrets).toEqual([{workload: 'consumer-ecg', container: 'app', secret: 'app-env', prefix: 'X_'}])
  })

  test('a ConfigMap that was changed after a pod started is told; one before is not', async () => {
    const {report} = await read({targets: []})
    expect(report.stale).toEqual([
      {workload: 'consumer-ecg', configMap: 'sapoche-config', changedAt: ago(5 * MINUTE), pod: 'ecg-a', startedAt: ago(HOUR)},
    ])
  })

  test('ConfigMaps that may not be read are a warning, and their variables are named', async () => {
    const {report} = await read({match: 'KAFKA_BROKERS'}, NO_PODS, {forbidden: ['configmaps']})
    expect(report.items[0]).toMatchObject({value: null, note: "ConfigMap sapoche-config can't be read"})
    const message = /^ConfigMaps sapoche-config, \S+, \S+ can't be read: not allowed to \w+ configmaps .*; needs apiGroups/
    expect(report.warnings).toEqual([{code: 'refused', message: expect.stringMatching(message)}])
  })
})

describe('--live', () => {
  const LIVE = {
    PATH: '/bin',
    QUEUE_CONNECTION: 'redis',
    REDIS_PASSWORD: 'innocent',
    KAFKA_BROKERS: 'old-broker:9092',
    X_QUEUE: 'from a secret',
    PEM: '-----BEGIN PRIVATE KEY-----\nMIIE=\n-----END PRIVATE KEY-----',
    TWO: 'lines\nhere',
  }

  test('what a pod has, hidden by name, by shape, and where the template says that it is of a Secret', async () => {
    const access = accessOf(() => LIVE)
    const {report, paths} = await read({live: true}, access)
    expect(access.asked).toEqual([expect.objectContaining({container: 'app', command: ['env', '-0'], tty: false, stdin: false})])
    expect(report.items.map(({name, value, source, pod}) => [name, value, source.kind, pod])).toEqual([
      ['PATH', '/bin', 'image', 'ecg-a'],
      ['QUEUE_CONNECTION', 'redis', 'template', 'ecg-a'],
      ['REDIS_PASSWORD', '***', 'Secret', 'ecg-a'],
      ['KAFKA_BROKERS', 'old-broker:9092', 'ConfigMap', 'ecg-a'],
      ['X_QUEUE', 'from a secret', 'image', 'ecg-a'],
      ['PEM', '***', 'image', 'ecg-a'],
      ['TWO', 'lines\nhere', 'image', 'ecg-a'],
    ])
    expect(report.secrets).toEqual([])
    expect(paths.filter((path) => path.includes('configmaps'))).toEqual([])
  })

  test('a pod that can’t be asked is a warning, and does not hide the others', async () => {
    const access = accessOf((pod) => (pod === 'ecg-a' ? new UnreachableError("can't run env") : {REDIS_QUEUE: 'booking'}))
    const {report} = await read({live: true, targets: ['consumer-ecg', 'worker-booking']}, access)
    expect(report.items.map(({name}) => name)).toEqual(['REDIS_QUEUE'])
    expect(report.warnings).toEqual([{code: 'unreachable', message: "consumer-ecg: can't run env"}])
  })

  test('an env that fails is one too', async () => {
    const access = accessOf((pod) => (pod === 'ecg-a' ? 125 : {REDIS_QUEUE: 'booking'}))
    const {report} = await read({live: true, targets: ['consumer-ecg', 'worker-booking']}, access)
    expect(report.warnings).toEqual([{code: 'unreachable', message: 'consumer-ecg: env -0 in pod ecg-a ended with exit code 125'}])
  })

  test('where none can be asked nothing is left to report: the error', async () => {
    const refusal = new RefusedError('not allowed to create pods/exec')
    const access = accessOf(() => refusal)
    await expect(read({live: true, targets: ['consumer-ecg', 'worker-booking']}, access)).rejects.toBe(refusal)
  })

  test('lines of a value are no variables', () => {
    expect([...parseEnvironment('A=1\0B=x\nC=3\0D=\0nonsense\0')]).toEqual([
      ['A', '1'],
      ['B', 'x\nC=3'],
      ['D', ''],
    ])
  })
})

describe('views', () => {
  const options = {width: 100, colour: false, now: NOW}

  test('table', async () => {
    const {report} = await read({match: 'K'})
    expect(envViews().table(report, options)).toBe(
      [
        'sapoche  context test  2026-11-22 03:12:07Z',
        '',
        'consumer-ecg  container app',
        '  SHARED_TOKEN   ***',
        '  APP_KEY        ***',
        '  KAFKA_BROKERS  redpanda-0:9092,redpanda-1:9092',
        '  KAFKA_TLS      (ConfigMap sapoche-config, key gone: ConfigMap sapoche-config has no key gone)',
        '  KAFKA_USER     (ConfigMap nowhere, key user: there is no ConfigMap nowhere)',
        '  Secret app-env may hold matches (as X_...): --live',
        '  warning  ConfigMap sapoche-config changed 5 min ago, after pod ecg-a started: it runs with the old',
        '  values',
        '',
      ].join('\n'),
    )
  })

  test('wide says where each value stands', async () => {
    const {report} = await read({match: 'KAFKA_BROKERS'})
    expect(envViews().wide(report, options)).toContain('redpanda-1:9092  ConfigMap sapoche-config, key brokers')
  })

  test('what comes from the cluster is stripped of escapes', async () => {
    const {report} = await read(
      {live: true},
      accessOf(() => ({QUEUE: 'a\u001b[2Jb\u0007'})),
    )
    expect(envViews().table(report, options)).toContain('QUEUE  ab\n')
  })

  test('nothing found is said; a Secret that was not read is no nothing', async () => {
    expect(envNotice((await read({match: 'nonsense', targets: ['worker-booking']})).report)).toBe('no variable matches "nonsense"')
    const {report} = await read({match: 'nonsense'})
    expect(envNotice(report)).toBe(null)
    expect(envViews().table(report, options)).toContain('consumer-ecg  container app\n  Secret app-env may hold matches')
  })
})
