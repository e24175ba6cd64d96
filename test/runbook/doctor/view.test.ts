import {describe, expect, test} from 'vitest'
import {doctorViews} from '../../../src/lib/runbook/doctor/index.ts'
import {doctorReport} from '../../../src/lib/runbook/doctor/report.ts'
import {doctorReport as schema, type DoctorPath, type DoctorReport, type DoctorStep} from '../../../src/lib/runbook/doctor/schema.ts'

const NOW = Date.parse('2026-11-22T03:12:07Z')
const NARROW = {width: 80, colour: false, now: NOW}
const {table, wide, junit} = doctorViews('warning')

const step = (path: DoctorPath, name: string, more: Partial<DoctorStep> = {}): DoctorStep => ({
  path,
  name,
  target: null,
  status: 'ok',
  ms: null,
  reason: '',
  cure: null,
  ...more,
})

function report(steps: readonly DoctorStep[], more: Partial<Parameters<typeof doctorReport>[0]> = {}): DoctorReport {
  const place = {context: 'prod-eu', namespace: 'sapoche', server: 'https://10.0.0.1:6443'}
  const made = doctorReport({steps, ...place, fromPods: false, warnings: [], now: NOW, ...more})
  expect(schema.parse(made)).toEqual(made)
  return made
}

const SERVER = 'https://10.0.0.1:6443'
const REDIS = 'st-redis-sp:6379 (pod redis-0)'
const BROKER = 'redpanda-0.redpanda.kafka.svc.cluster.local:9092 (pod redpanda-0)'

const TROUBLED = report([
  step('program', 'sapoche', {reason: '0.1.0 on Node v24.1.0, linux-x64'}),
  step('cluster', 'kubeconfig', {target: '/home/ops/.kube/config', ms: 2, reason: 'context prod-eu, user "ops", login by its token'}),
  step('cluster', 'connection', {target: SERVER, ms: 12, reason: 'TLSv1.3, h2, its certificate ends in 80 d'}),
  step('cluster', 'API server', {target: SERVER, ms: 5, reason: 'v1.36.3'}),
  step('commands', 'permissions', {target: 'namespace sapoche', ms: 9, reason: '43 of 44 rights that commands may need'}),
  step('commands', 'logs'),
  step('commands', 'scale', {
    status: 'warning',
    reason: "can't run: not allowed to patch deployments.apps",
    cure: 'sapoche rbac scale | kubectl apply -f -  (ask whoever may)',
  }),
  step('redis', 'address', {target: REDIS, ms: 31, reason: 'through the API server'}),
  step('redis', 'login', {
    target: REDIS,
    status: 'critical',
    ms: 14,
    reason: `Redis at ${REDIS} refuses a client without password`,
    cure: 'SAPOCHE_REDIS_PASSWORD, or --read-secrets',
  }),
  step('redis', 'role', {target: REDIS, status: 'skipped', reason: 'needs login'}),
  step('kafka', 'broker 0', {target: BROKER, ms: 1200, reason: 'speaks 61 requests, knows groups of KIP-848'}),
  step('orthanc', 'address', {status: 'skipped', reason: 'needs tunnel'}),
  step('orthanc', 'http', {status: 'skipped', reason: 'needs tunnel'}),
  step('dependencies', 'apisix', {status: 'skipped', reason: 'in another namespace; nothing here names it'}),
  step('dependencies', 'database', {target: 'mysql.databases.example:3306', reason: 'DB_HOST: 32 workloads'}),
])

describe('the table', () => {
  test('at 80 columns: commands that lack something alone, a skipped path in one row, what fails and its cure last', () => {
    expect(table(TROUBLED, NARROW)).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z

PROGRAM
  sapoche      ok                 0.1.0 on Node v24.1.0, linux-x64

CLUSTER
  kubeconfig   ok           2 ms  /home/ops/.kube/config, context prod-eu, user
                                  "ops", login by its token
  connection   ok          12 ms  https://10.0.0.1:6443, TLSv1.3, h2, its
                                  certificate ends in 80 d
  API server   ok           5 ms  v1.36.3

COMMANDS  1 of 2 may run
  permissions  ok           9 ms  namespace sapoche, 43 of 44 rights that
                                  commands may need
  scale        warning            can't run: not allowed to patch
                                  deployments.apps
    cure  sapoche rbac scale | kubectl apply -f -  (ask whoever may)

REDIS
  address      ok          31 ms  st-redis-sp:6379 (pod redis-0), through the
                                  API server
  login        critical    14 ms  Redis at st-redis-sp:6379 (pod redis-0)
                                  refuses a client without password
    cure  SAPOCHE_REDIS_PASSWORD, or --read-secrets
  role         skipped            needs login

KAFKA
  broker 0     ok        1200 ms
    redpanda-0.redpanda.kafka.svc.cluster.local:9092 (pod redpanda-0), speaks 61
    requests, knows groups of KIP-848

ORTHANC
               skipped            address, http: needs tunnel

DEPENDENCIES
  apisix       skipped            in another namespace; nothing here names it
  database     ok                 mysql.databases.example:3306, DB_HOST: 32
                                  workloads

CRITICAL  1 hop of 15 fails, 1 warning, 4 skipped: redis login
    cure  SAPOCHE_REDIS_PASSWORD, or --read-secrets
    not checked: whether pods reach what they depend on (--from-pods)
    not checked: apisix: in another namespace; nothing here names it
`)
  })

  test('wide, at 200 columns: every command, each hop in one line', () => {
    expect(wide(TROUBLED, {...NARROW, width: 200})).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z

PROGRAM
  sapoche      ok                 0.1.0 on Node v24.1.0, linux-x64

CLUSTER
  kubeconfig   ok           2 ms  /home/ops/.kube/config, context prod-eu, user "ops", login by its token
  connection   ok          12 ms  https://10.0.0.1:6443, TLSv1.3, h2, its certificate ends in 80 d
  API server   ok           5 ms  v1.36.3

COMMANDS  1 of 2 may run
  permissions  ok           9 ms  namespace sapoche, 43 of 44 rights that commands may need
  logs         ok
  scale        warning            can't run: not allowed to patch deployments.apps
    cure  sapoche rbac scale | kubectl apply -f -  (ask whoever may)

REDIS
  address      ok          31 ms  st-redis-sp:6379 (pod redis-0), through the API server
  login        critical    14 ms  Redis at st-redis-sp:6379 (pod redis-0) refuses a client without password
    cure  SAPOCHE_REDIS_PASSWORD, or --read-secrets
  role         skipped            needs login

KAFKA
  broker 0     ok        1200 ms  redpanda-0.redpanda.kafka.svc.cluster.local:9092 (pod redpanda-0), speaks 61 requests, knows groups of KIP-848

ORTHANC
               skipped            address, http: needs tunnel

DEPENDENCIES
  apisix       skipped            in another namespace; nothing here names it
  database     ok                 mysql.databases.example:3306, DB_HOST: 32 workloads

CRITICAL  1 hop of 15 fails, 1 warning, 4 skipped: redis login
    cure  SAPOCHE_REDIS_PASSWORD, or --read-secrets
    not checked: whether pods reach what they depend on (--from-pods)
    not checked: apisix: in another namespace; nothing here names it
`)
  })

  test('all is well', () => {
    const well = report([step('program', 'sapoche', {reason: 'x'}), step('cluster', 'login', {reason: 'as ops'})])
    expect(table(well, NARROW).split('\n').slice(-2)).toEqual(['OK  2 of 2 hops are well', ''])
  })

  test('without a kubeconfig there is no context', () => {
    const lost = report([step('cluster', 'kubeconfig', {status: 'critical', reason: 'none'})], {server: null, context: null})
    expect(table(lost, NARROW)).toMatch(/^sapoche {2}no cluster {2}2026/)
  })

  test('what came from outside can not write to the terminal', () => {
    const evil = report([step('cluster', 'login', {reason: 'as \u001B[31mops\u0007\nroot', cure: '\u001B]0;x\u0007do'})])
    // oxlint-disable-next-line no-control-regex
    expect(table(evil, NARROW)).not.toMatch(/[\u001B\u0007]/)
  })
})

test('junit: failures, and what was skipped as such', () => {
  const xml = junit(TROUBLED, NARROW)
  expect(xml).toContain('tests="15" failures="2" errors="0" skipped="4"')
  expect(xml).toContain('<testcase classname="redis" name="role"><skipped message="needs login"/></testcase>')
  expect(xml).toContain('<testcase classname="redis" name="login"><failure message="Redis at st-redis-sp')
})

describe('the report', () => {
  test.each<[string, readonly DoctorStep['status'][], string]>([
    ['nothing but skipped', ['skipped'], 'ok'],
    ['a warning', ['ok', 'warning'], 'warning'],
    ['unknown goes before a warning', ['unknown', 'warning'], 'unknown'],
    ['critical goes before all', ['unknown', 'critical', 'skipped'], 'critical'],
  ])('%s', (_, statuses, verdict) => {
    expect(report(statuses.map((status, index) => step('cluster', String(index), {status}))).verdict).toBe(verdict)
  })

  test('what was not looked at, and what for', () => {
    expect(TROUBLED.notChecked).toEqual([
      'whether pods reach what they depend on (--from-pods)',
      'apisix: in another namespace; nothing here names it',
    ])
    const bucket = step('dependencies', 'object-storage', {reason: 'AWS_BUCKET: worker-pdf'})
    expect(report([bucket], {fromPods: true}).notChecked).toEqual(['whether pods reach object-storage: no workload names its address'])
    expect(TROUBLED.summary).toEqual({hops: 15, ok: 9, warning: 1, critical: 1, unknown: 0, skipped: 4})
  })
})
