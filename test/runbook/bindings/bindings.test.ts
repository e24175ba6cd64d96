import {describe, expect, test} from 'vitest'
import {builtinCatalogue, type CatalogueWorkload} from '../../../src/lib/catalogue/index.ts'
import {
  configMapsOf,
  environmentOf,
  groupsOf,
  isWorker,
  kafkaOf,
  originWords,
  queuesOf,
  readSubjects,
  redisOf,
  topicsOf,
  type ConfigMapData,
  type Subject,
} from '../../../src/lib/runbook/bindings/index.ts'
import {type Container, decodeDeployment} from '../../../src/lib/workload/index.ts'
import {PATIENT, served} from '../served.ts'

function containersOf(...containers: readonly object[]): readonly Container[] {
  return decodeDeployment({metadata: {name: 'x'}, spec: {template: {spec: {containers}}}}).template.containers
}

const env = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([name, value]) => ({name, value}))
const fromConfig = (name: string, key: string) => ({name, valueFrom: {configMapKeyRef: {name: 'config', key}}})
const fromSecret = (name: string, key: string) => ({name, valueFrom: {secretKeyRef: {name: 'secrets', key}}})
const CONFIG: ReadonlyMap<string, ConfigMapData> = new Map<string, ConfigMapData>([
  [
    'config',
    new Map([
      ['queue', 'mail'],
      ['REDIS_QUEUE', 'whole'],
      ['APP', 'of-the-map'],
    ]),
  ],
  ['gone', null],
  ['hidden', 'unreadable'],
])

function subject(container: object, {category = 'workers', listed = null as CatalogueWorkload | null} = {}): Subject {
  return {
    name: 'worker-x',
    category,
    listed,
    environments: containersOf({name: 'app', ...container}).map((each) => environmentOf(each, CONFIG)),
  }
}

describe('the environment of a container', () => {
  const variablesOf = (container: object) => {
    const [each] = containersOf({name: 'app', ...container})
    return Object.fromEntries([...environmentOf(each!, CONFIG).variables].map(([name, {value}]) => [name, value]))
  }

  test.each<[string, object, Readonly<Record<string, string | null>>]>([
    ['values', {env: env({A: '1', B: ''})}, {A: '1', B: ''}],
    ['a key of a ConfigMap', {env: [fromConfig('A', 'queue')]}, {A: 'mail'}],
    ['a key that the ConfigMap lacks', {env: [fromConfig('A', 'nope')]}, {A: null}],
    ['a key of a Secret is not read', {env: [fromSecret('A', 'queue')]}, {A: null}],
    ['a field of the pod', {env: [{name: 'A', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}}]}, {A: null}],
    [
      'a whole ConfigMap',
      {envFrom: [{configMapRef: {name: 'config'}, prefix: 'X_'}]},
      {X_queue: 'mail', X_REDIS_QUEUE: 'whole', X_APP: 'of-the-map'},
    ],
    [
      'env goes before envFrom',
      {env: env({APP: 'own'}), envFrom: [{configMapRef: {name: 'config'}}]},
      {queue: 'mail', REDIS_QUEUE: 'whole', APP: 'own'},
    ],
    ['the later before the earlier', {env: [...env({A: '1'}), ...env({A: '2'})]}, {A: '2'}],
    ['$(NAME) of those before', {env: env({A: '1', B: 'x-$(A)-$(C)-$$(A)', C: '3'})}, {A: '1', B: 'x-1-$(C)-$(A)', C: '3'}],
    ['ConfigMaps that are not there, or not readable', {envFrom: [{configMapRef: {name: 'gone'}}, {configMapRef: {name: 'hidden'}}]}, {}],
  ])('%s', (_, container, variables) => expect(variablesOf(container)).toEqual(variables))

  test('words of the command line, with variables, of a shell too', () => {
    const [each] = containersOf({command: ['sh', '-c'], args: ['php artisan queue:work --queue=$(Q) '], env: env({Q: 'a'})})
    expect(environmentOf(each!, CONFIG).words).toEqual(['sh', '-c', 'php', 'artisan', 'queue:work', '--queue=a'])
  })

  test('where a value stands, in words', () => {
    const [each] = containersOf({env: [...env({A: '1'}), fromConfig('B', 'queue'), fromSecret('C', 'k')]})
    expect([...environmentOf(each!, CONFIG).variables.values()].map(originWords)).toEqual([
      'A',
      'B of ConfigMap config',
      'C of Secret secrets',
    ])
  })

  test('the ConfigMaps that it refers to, once each', () => {
    const containers = containersOf(
      {env: [fromConfig('A', 'a'), fromConfig('B', 'b')], envFrom: [{configMapRef: {name: 'more'}}, {secretRef: {name: 'no'}}]},
      {env: [fromConfig('A', 'a')]},
    )
    expect(configMapsOf(containers)).toEqual(['config', 'more'])
  })
})

describe('queues', () => {
  const work = ['php', 'artisan', 'queue:work', 'redis']
  const listed: CatalogueWorkload = {
    ...builtinCatalogue.workloads.find(({name}) => name === 'worker-sapoche-pdf')!,
    queues: [{name: 'pdf', maxDepth: null, maxAge: null, deadLetter: null}],
  }
  const found = (of: Subject) => queuesOf(of, builtinCatalogue).found.map(({name, source}) => `${name}: ${source}`)

  test.each<[string, Subject, readonly string[]]>([
    [
      'of the catalogue, whatever else',
      subject({args: [...work, '--queue=x'], env: env({REDIS_QUEUE: 'y'})}, {listed}),
      ['pdf: catalogue'],
    ],
    ['of a variable', subject({args: work, env: env({REDIS_QUEUE: 'a, b,'})}), ['a: REDIS_QUEUE', 'b: REDIS_QUEUE']],
    ['of a variable of a ConfigMap', subject({env: [fromConfig('QUEUE_NAME', 'queue')]}), ['mail: QUEUE_NAME of ConfigMap config']],
    ['of an argument', subject({args: [...work, '--queue=high,low']}), ['high: argument --queue', 'low: argument --queue']],
    [
      'of an argument in two words, and in quotes',
      subject({args: ['sh', '-c', "php artisan queue:work --queue 'a,b'"]}),
      ['a: argument --queue', 'b: argument --queue'],
    ],
    [
      "Laravel's own argument goes before the variable, as in Laravel",
      subject({args: [...work, '--queue=a'], env: env({REDIS_QUEUE: 'b'})}),
      ['a: argument --queue'],
    ],
    ['a worker that names none', subject({args: work}, {category: 'others'}), ["default: Laravel's default"]],
    ['variables that are no queues', subject({env: env({QUEUE_CONNECTION: 'redis', QUEUE_RETRY_AFTER: '90'})}), []],
    ['of who only adds jobs', subject({env: env({REDIS_QUEUE: 'a'})}, {category: 'backend'}), []],
    ['--queue of another program', subject({args: ['rabbit', '--queue=a']}), []],
  ])('%s', (_, of, queues) => expect(found(of)).toEqual(queues))

  test('a name in a Secret is known to be hidden', () => {
    expect(queuesOf(subject({args: work, env: [fromSecret('REDIS_QUEUE', 'q')]}), builtinCatalogue)).toEqual({
      found: [],
      hidden: ['REDIS_QUEUE of Secret secrets'],
    })
  })

  test('whose environment is worth reading', () => {
    const group = (category: string, args: readonly string[] = [], of: CatalogueWorkload | null = null) => ({
      category,
      listed: of,
      deployment: decodeDeployment({metadata: {name: 'x'}, spec: {template: {spec: {containers: [{args}]}}}}),
    })
    expect(isWorker(group('workers'))).toBe(true)
    expect(isWorker(group('backend', ['php artisan horizon']))).toBe(true)
    expect(isWorker(group('backend', [], listed))).toBe(true)
    expect(isWorker(group('backend', ['php-fpm']))).toBe(false)
  })
})

test('groups and topics, of the catalogue before the environment', () => {
  const environment = {env: env({KAFKA_GROUP_ID: 'g', KAFKA_TOPIC: 'a,b', KAFKA_TOPIC_PREFIX: 'no'})}
  const consumer = builtinCatalogue.workloads.find(({name}) => name === 'consumer-dicom')!
  const listed = {...consumer, groups: [{name: 'G', topics: ['T'], allowedLag: null, maxAge: null, deadLetter: null}]}
  expect(groupsOf(subject(environment), builtinCatalogue).found).toEqual([{name: 'g', source: 'KAFKA_GROUP_ID'}])
  expect(topicsOf(subject(environment), builtinCatalogue).found.map(({name}) => name)).toEqual(['a', 'b'])
  expect(groupsOf(subject(environment, {listed}), builtinCatalogue).found).toEqual([{name: 'G', source: 'catalogue'}])
  expect(topicsOf(subject(environment, {listed}), builtinCatalogue).found).toEqual([{name: 'T', source: 'catalogue'}])
})

describe('servers', () => {
  test('the Redis of a worker', () => {
    const of = subject({
      env: [...env({REDIS_HOST: 'st-redis-sp', REDIS_PORT: '6380', REDIS_USERNAME: 'app'}), fromSecret('REDIS_PASSWORD', 'pw')],
    })
    expect(redisOf(of)).toEqual({
      workload: 'worker-x',
      addresses: [{host: 'st-redis-sp', port: 6380}],
      source: 'REDIS_HOST',
      tls: false,
      username: {kind: 'value', value: 'app', source: 'REDIS_USERNAME'},
      password: {kind: 'Secret', candidates: [{name: 'secrets', key: 'pw'}]},
      mechanism: null,
    })
  })

  test.each([
    [
      'by its URL, of which the password is not taken',
      env({REDIS_URL: 'rediss://:secret@r.example:7000/0', REDIS_HOST: 'x'}),
      {host: 'r.example', port: 7000},
      true,
    ],
    ['with TLS as phpredis is told', env({REDIS_HOST: 'tls://r', REDIS_PORT: '7'}), {host: 'r', port: 7}, true],
    ['with TLS as predis is told', env({REDIS_HOST: 'r', REDIS_SCHEME: 'tls'}), {host: 'r', port: 6379}, true],
  ])('Redis %s', (_, variables, address, tls) => {
    expect(redisOf(subject({env: variables}))).toMatchObject({addresses: [address], tls})
  })

  test('a password of a whole Secret, or none', () => {
    const whole = {env: env({REDIS_HOST: 'r'}), envFrom: [{secretRef: {name: 's', prefix: ''}}, {secretRef: {name: 'p'}, prefix: 'REDIS_'}]}
    expect(redisOf(subject(whole))?.password).toEqual({
      kind: 'Secret',
      candidates: [
        {name: 'p', key: 'PASSWORD'},
        {name: 's', key: 'REDIS_PASSWORD'},
      ],
    })
    expect(redisOf(subject({env: env({REDIS_HOST: 'r', REDIS_PASSWORD: 'null'})}))?.password).toBeNull()
    expect(redisOf(subject({env: [fromSecret('REDIS_HOST', 'h')]}))).toBeNull()
  })

  test('brokers, by the variables of the catalogue, with TLS and a mechanism', () => {
    const of = subject({
      env: env({
        KAFKA_BROKERS: 'a:1,b',
        KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
        KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
        KAFKA_SASL_USERNAME: 'u',
      }),
    })
    expect(kafkaOf(of, builtinCatalogue)).toMatchObject({
      addresses: [
        {host: 'a', port: 1},
        {host: 'b', port: 9092},
      ],
      source: 'KAFKA_BROKERS',
      tls: true,
      mechanism: 'SCRAM-SHA-512',
      username: {value: 'u'},
    })
  })
})

describe('reading', () => {
  const deployment = decodeDeployment({
    metadata: {name: 'worker-x'},
    spec: {
      template: {
        spec: {
          initContainers: [{name: 'migrate', env: [{name: 'A', valueFrom: {configMapKeyRef: {name: 'of-init', key: 'a'}}}]}],
          containers: [{name: 'app', env: [fromConfig('REDIS_QUEUE', 'queue')]}],
        },
      },
    },
  })
  const group = {name: 'worker-x', category: 'workers', listed: null, deployment}
  const configMap = {metadata: {name: 'config'}, data: {queue: 'mail'}}

  test('follows ConfigMaps, a request each, and not those of init containers', async () => {
    const {cluster, requests} = await served({configmaps: [configMap]})
    const {subjects, warnings} = await readSubjects(cluster, [group], PATIENT)
    expect(subjects[0]?.environments.map(({container, variables}) => [container, variables.get('REDIS_QUEUE')?.value])).toEqual([
      ['app', 'mail'],
    ])
    expect(warnings).toEqual([])
    expect(requests.map(({path}) => path)).toEqual(['/api/v1/namespaces/sapoche/configmaps/config'])
  })

  test('one that may not be read is a warning', async () => {
    const {cluster} = await served({configmaps: [configMap]}, {forbidden: ['configmaps']})
    const {subjects, warnings} = await readSubjects(cluster, [group], PATIENT)
    expect(subjects[0]?.environments[0]?.variables.get('REDIS_QUEUE')?.value).toBeNull()
    expect(warnings).toEqual([{code: 'refused', message: expect.stringMatching(/^ConfigMap config can't be read: not allowed/)}])
  })
})
