import {expect, test} from 'vitest'
import {builtinCatalogue, type Dependency} from '../../../src/lib/catalogue/index.ts'
import {environmentOf, type Subject} from '../../../src/lib/runbook/bindings/index.ts'
import {nameRow} from '../../../src/lib/runbook/doctor/dependencies.ts'
import {namingsOf} from '../../../src/lib/runbook/doctor/naming.ts'
import {decodeDeployment} from '../../../src/lib/workload/index.ts'

const CONFIG = new Map([['config', new Map([['DB_HOST', 'db.example']])]])

function subject(name: string, env: readonly object[], envFrom: readonly object[] = []): Subject {
  const raw = {metadata: {name}, spec: {template: {spec: {containers: [{name: 'app', env, envFrom}]}}}}
  const environments = decodeDeployment(raw).template.containers.map((container) => environmentOf(container, CONFIG))
  return {name, category: 'workers', listed: null, environments}
}

const values = (env: Readonly<Record<string, string>>) => Object.entries(env).map(([name, value]) => ({name, value}))
const dependency = (kind: Dependency['kind']): Dependency => ({
  name: 'it',
  kind,
  where: 'outside the cluster',
  purpose: '',
  service: null,
  environment: ['DB_HOST*', 'DB_*_HOST', '*_URL', 'PGHOST', 'AWS_*', 'KAFKA_*', 'REDIS_HOST'],
})
const namings = (kind: Dependency['kind'], ...subjects: Subject[]) =>
  namingsOf(subjects, {...builtinCatalogue, dependencies: [dependency(kind)]})

test.each<[string, Dependency['kind'], Record<string, string>, (string | null)[]]>([
  ['the port of its kind', 'database', {DB_HOST: 'db.example'}, ['db.example:3306']],
  ['its own port', 'database', {DB_HOST: 'db.example:3307'}, ['db.example:3307']],
  ['the port beside it', 'database', {DB_HOST: 'db.example', DB_PORT: '3308'}, ['db.example:3308']],
  ['PostgreSQL, by the connection', 'database', {DB_HOST: 'db.example', DB_CONNECTION: 'pgsql'}, ['db.example:5432']],
  ['PostgreSQL, by the variable', 'database', {PGHOST: 'db.example', PGPORT: ''}, ['db.example:5432']],
  ['a URL, and nothing of its password', 'database', {DATABASE_URL: 'postgres://app:open-sesame@db.example/app'}, ['db.example:5432']],
  ['several', 'queue', {KAFKA_BROKERS: 'a:9093,b'}, ['a:9093', 'b:9092']],
  ['an endpoint', 'storage', {AWS_ENDPOINT: 'http://minio:9000'}, ['minio:9000']],
  ['an endpoint without a port', 'storage', {AWS_ENDPOINT: 'https://s3.example'}, ['s3.example:443']],
  ['a bucket is no address', 'storage', {AWS_BUCKET: 'documents'}, [null]],
  ['IPv6', 'cache', {REDIS_HOST: '[fd00::1]:6380'}, ['fd00::1:6380']],
  ['what a program could take for an option', 'cache', {REDIS_HOST: '-oProxy=x'}, [null]],
  ['an empty one', 'cache', {REDIS_HOST: ''}, [null]],
])('%s', (_, kind, env, expected) => {
  const found = namings(kind, subject('web', values(env)))
  expect(found.map(({address}) => address && `${address.host}:${address.port}`)).toEqual(expected)
  expect(JSON.stringify(found)).not.toContain('open-sesame')
})

test('who names it, and where; ConfigMaps followed, Secrets not read', () => {
  const secret = {name: 'DB_HOST', valueFrom: {secretKeyRef: {name: 'secrets', key: 'host'}}}
  const config = [{configMapRef: {name: 'config'}}]
  const found = namings(
    'database',
    subject('a', [], config),
    subject('b', [], config),
    subject('c', values({DB_HOST: 'db.example'})),
    subject('d', [secret]),
  )
  expect(found.map(nameRow)).toEqual([
    {
      name: 'it',
      target: 'db.example:3306',
      status: 'ok',
      ms: null,
      reason: 'DB_HOST of ConfigMap config, DB_HOST: a, b, c',
      cure: null,
      workloads: ['a', 'b', 'c'],
    },
    {name: 'it', target: null, status: 'ok', ms: null, reason: 'DB_HOST of Secret secrets: d', cure: null, workloads: ['d']},
  ])
})

test('what nobody names is not looked at', () => {
  expect(namings('database', subject('a', [])).map(nameRow)).toMatchObject([
    {status: 'skipped', reason: expect.stringMatching(/^no workload names it \(DB_HOST\*/)},
  ])
})
