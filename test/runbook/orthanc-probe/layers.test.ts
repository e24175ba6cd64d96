import {describe, expect, test} from 'vitest'
import type {Answer, EchoAnswer, Failure, OrthancJob, OrthancStatistics, OrthancSystem} from '../../../src/lib/clients/orthanc/types.ts'
import {ServerDownError} from '../../../src/lib/clients/reach/errors.ts'
import {UnreachableError} from '../../../src/lib/errors/index.ts'
import {type Layer, orthancLayers, type OrthancRules} from '../../../src/lib/runbook/orthanc-probe/orthanc-steps.ts'
import type {Asked, OrthancSight} from '../../../src/lib/runbook/orthanc-probe/types.ts'
import {NOW} from './lab.ts'

const GiB = 1024 ** 3
const SYSTEM: OrthancSystem = {
  version: '1.12.9',
  dicomAet: 'ORTHANC',
  dicomPort: 4242,
  databasePlugin: 'postgresql-index',
  storagePlugin: null,
  readOnly: true,
  maximumStorage: 100 * GiB,
  maximumStorageMode: 'Recycle',
}

const answered = <T>(value: T): Asked<Answer<T>> => ({answer: {value, failure: null, ms: 12.4}, lost: null})
const failed = (kind: Failure['kind'], status: number | null = null, orthancStatus: number | null = null): Asked<Answer<never>> => ({
  answer: {value: null, failure: {kind, status, orthancStatus, words: 'answers so'}, ms: 3},
  lost: null,
})
const lost = (isDead: boolean): Asked<never> => ({
  answer: null,
  lost: {isDead, error: isDead ? new ServerDownError('it is down') : new UnreachableError('no way')},
})
const system = (more: Partial<OrthancSystem> = {}): Asked<Answer<OrthancSystem>> => answered({...SYSTEM, ...more})
const stored = (diskSize: number | null, instances: number | null = 1000): Asked<Answer<OrthancStatistics>> =>
  answered({diskSize, instances})
const jobs = (...list: readonly OrthancJob[]): Asked<Answer<readonly OrthancJob[]>> => answered(list)
const echoed = (kind: EchoAnswer['kind'], words = 'answers so'): Asked<EchoAnswer> => ({answer: {kind, words, ms: 5}, lost: null})

const WELL: OrthancSight = {
  target: 'orthanc-0',
  who: 'user "ops"',
  alive: answered(true as const),
  open: failed('credentials', 401),
  system: system(),
  openSystem: null,
  database: answered(true as const),
  statistics: stored(10 * GiB),
  jobs: jobs(),
  echo: echoed('echoed', ''),
  echoPort: {port: 4242, isGuessed: false},
}
const RULES: OrthancRules = {
  deep: true,
  dicom: true,
  now: NOW,
  exposure: {service: 'orthanc', type: 'NodePort', nodePorts: [30_635], anonymous: false},
}

function layers(sight: Partial<OrthancSight>, rules: Partial<OrthancRules> = {}, why: string | null = null): Record<Layer['name'], Layer> {
  const all = orthancLayers({...WELL, ...sight}, {...RULES, ...rules}, why)
  return Object.fromEntries(all.map((layer) => [layer.name, layer])) as Record<Layer['name'], Layer>
}

type Expected = readonly [status: Layer['status'], reason: RegExp]

function check({status, reason}: Layer, [wanted, words]: Expected): void {
  expect({status, reason}).toEqual({status: wanted, reason: expect.stringMatching(words)})
}

test('all is well', () => {
  expect(Object.values(layers({})).map(({name, status, ms, reason}) => [name, status, ms, reason])).toEqual([
    ['http', 'ok', 12, 'Orthanc 1.12.9, read-only, database postgresql-index'],
    ['authentication', 'ok', 12, 'lets in user "ops", and nobody without'],
    ['database', 'ok', 12, ''],
    ['storage', 'ok', 12, '10Gi of 100Gi stored (10 %), Recycle'],
    ['dicom', 'ok', 5, 'C-ECHO'],
  ])
})

test('not asked at all', () => {
  expect(Object.values(layers({alive: null}, {}, 'the pod does not run')).map(({status, ms, reason}) => [status, ms, reason])).toEqual(
    Array.from({length: 5}, () => ['skipped', null, 'the pod does not run']),
  )
})

test.each<[string, OrthancSight['alive'], Expected]>([
  ['refuses', lost(true), ['critical', /^it is down$/]],
  ['the way is lost', lost(false), ['unknown', /^no way$/]],
  ['401', failed('credentials', 401), ['ok', /Orthanc/]],
  ['403', failed('forbidden', 403), ['ok', /Orthanc/]],
  ['404', failed('absent', 404), ['critical', /answers so/]],
  ['400', failed('error', 400), ['unknown', /answers so/]],
  ['500', failed('error', 500), ['critical', /answers so/]],
  ['a redirect', failed('redirect', 302), ['unknown', /answers so/]],
  ['something else', failed('foreign', 200), ['critical', /answers so/]],
  ['a broken answer', failed('broken'), ['critical', /answers so/]],
  ['silence', failed('silent'), ['critical', /answers so/]],
])('http: %s', (_, alive, expected) => check(layers({alive}).http, expected))

describe('authentication', () => {
  const nobody = {who: null, system: failed('credentials', 401)}
  test.each<[string, Partial<OrthancSight>, Partial<OrthancRules>, Expected]>([
    ['none given', nobody, {}, ['ok', /none were given/]],
    ['a filter that keeps studies alone', {who: null}, {}, ['ok', /studies are kept/]],
    [
      'none given, and the server fails',
      {who: null, system: failed('error', 500), open: failed('error', 500)},
      {},
      ['unknown', /answers so/],
    ],
    ['/system is kept from this user', {system: failed('forbidden', 403)}, {}, ['ok', /lets in user "ops"/]],
    ['the server fails', {system: failed('error', 500)}, {}, ['unknown', /answers so/]],
    ['its database is gone, and its /system with it', {system: failed('error', 503, 36)}, {}, ['ok', /lets in user "ops"/]],
    ['the way is lost', {system: lost(false)}, {}, ['unknown', /no way/]],
    ['open', {open: answered(true as const)}, {}, ['critical', /NodePort 30635/]],
    ['open, which shows in /system alone', {open: failed('error', 503), openSystem: system()}, {}, ['critical', /NodePort 30635/]],
    ['open but for studies', {open: failed('forbidden', 403), openSystem: system()}, {}, ['ok', /lets in/]],
    ['open, to whom is not known', {open: answered(true as const)}, {exposure: {...RULES.exposure, type: null}}, ['warning', /not known/]],
    ['open, as meant', {open: answered(true as const)}, {exposure: {...RULES.exposure, anonymous: true}}, ['ok', /as the catalogue says/]],
  ])('%s', (_, sight, rules, expected) => check(layers(sight, rules).authentication, expected))
})

describe('database', () => {
  test.each<[string, OrthancSight['database'], Expected]>([
    ['down', failed('error', 503, 36), ['critical', /^\/changes\?last answers so$/]],
    ['a collision of transactions', failed('error', 503, 42), ['warning', /answers so/]],
    ['silence', failed('silent'), ['critical', /answers so/]],
    ['a broken answer', failed('broken'), ['critical', /answers so/]],
    ['not for this user', failed('forbidden', 403), ['unknown', /not permitted/]],
    ['not without credentials', failed('credentials', 401), ['skipped', /needs credentials/]],
    ['a route that is not there', failed('absent', 404), ['unknown', /answers so/]],
    ['a page', failed('foreign', 200), ['unknown', /answers so/]],
    ['the way is lost', lost(false), ['unknown', /no way/]],
    ['it went down meanwhile', lost(true), ['critical', /it is down/]],
  ])('%s', (_, database, expected) => check(layers({database}).database, expected))
})

describe('storage', () => {
  const recent = {state: 'Failure', completedAt: NOW - 60_000}
  const old = {state: 'Failure', completedAt: NOW - 2 * 3_600_000}
  test.each<[string, Partial<OrthancSight>, Expected]>([
    ['at nine tenths', {statistics: stored(90 * GiB)}, ['ok', /90 %/]],
    [
      'over nine tenths',
      {statistics: stored(91 * GiB)},
      ['warning', /once it is full, it deletes the oldest patients silently \(Recycle\)/],
    ],
    ['full', {statistics: stored(100 * GiB)}, ['warning', /full, and it deletes the oldest patients silently/]],
    [
      'over nine tenths, refuses',
      {statistics: stored(91 * GiB), system: system({maximumStorageMode: 'Reject'})},
      ['warning', /Reject, 507/],
    ],
    [
      'room for less than one more',
      {statistics: stored(99.95 * GiB), system: system({maximumStorageMode: 'Reject'})},
      ['critical', /full, and it refuses new images \(Reject, 507\)/],
    ],
    [
      'room for a few more',
      {statistics: stored(99.8 * GiB), system: system({maximumStorageMode: 'Reject'})},
      ['warning', /once it is full/],
    ],
    [
      'full, of an unknown number',
      {statistics: stored(100 * GiB, null), system: system({maximumStorageMode: 'Reject'})},
      ['critical', /full/],
    ],
    [
      'a mode that is not said is the default',
      {statistics: stored(95 * GiB), system: system({maximumStorageMode: null})},
      ['warning', /Recycle, where nothing else is set/],
    ],
    ['no limit', {system: system({maximumStorage: 0})}, ['ok', /^10Gi stored, no limit$/]],
    [
      'a limit that is not said is not 0',
      {system: system({maximumStorage: null, maximumStorageMode: null})},
      ['ok', /does not say of how much/],
    ],
    ['a size that is not said is not 0', {statistics: stored(null)}, ['unknown', /does not say/]],
    ['not for this user', {statistics: failed('forbidden', 403)}, ['unknown', /\/statistics is not permitted/]],
    ['an error', {statistics: failed('error', 500)}, ['critical', /\/statistics answers so/]],
    ['not asked, for the database is down', {statistics: null, jobs: null}, ['skipped', /needs database/]],
    [
      'jobs that failed now and long ago',
      {jobs: jobs(recent, old, {state: 'Success', completedAt: NOW})},
      ['warning', /; 1 job failed in the last hour$/],
    ],
    ['a job that failed, and nothing says when', {jobs: jobs({state: 'Failure', completedAt: null})}, ['warning', /1 job failed/]],
    ['jobs that failed long ago', {jobs: jobs(old, old)}, ['ok', /; 2 jobs failed, over an hour ago$/]],
    ['a job that is tried again', {jobs: jobs({state: 'Retry', completedAt: null})}, ['warning', /to be tried again/]],
    ['jobs are not for this user', {jobs: failed('forbidden', 403)}, ['unknown', /\/jobs is not permitted/]],
  ])('%s', (_, sight, expected) => check(layers(sight).storage, expected))

  test('without --deep', () => check(layers({statistics: null, jobs: null}, {deep: false}).storage, ['skipped', /^only with --deep$/]))
})

test('dicom: at a port that was guessed', () => {
  const echoPort = {port: 4242, isGuessed: true}
  for (const echo of [lost(true), echoed('foreign')]) check(layers({echo, echoPort}).dicom, ['unknown', /; port 4242 is a guess/])
  check(layers({echoPort}).dicom, ['ok', /^C-ECHO$/])
})

test('dicom: a title that was guessed is rejected', () => {
  const echo = echoed('rejected', 'rejects it: called AE title not recognized')
  check(layers({echo, who: null, system: failed('credentials', 401)}).dicom, ['ok', /its own is not known without credentials$/])
  check(layers({echo}).dicom, ['warning', /not recognized$/])
})

test.each<[string, OrthancSight['echo'], Partial<OrthancRules>, Expected]>([
  ['rejected', echoed('rejected'), {}, ['warning', /answers so/]],
  ['TLS', echoed('tls'), {}, ['unknown', /answers so/]],
  ['failed', echoed('failed'), {}, ['critical', /answers so/]],
  ['silence', echoed('silent'), {}, ['critical', /answers so/]],
  ['nothing listens', lost(true), {}, ['critical', /it is down/]],
  ['the way is lost', lost(false), {}, ['unknown', /no way/]],
  ['without --dicom', null, {dicom: false}, ['skipped', /^only with --dicom$/]],
])('dicom: %s', (_, echo, rules, expected) => check(layers({echo}, rules).dicom, expected))
