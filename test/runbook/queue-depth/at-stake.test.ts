import {describe, expect, test} from 'vitest'
import type {Catalogue} from '../../../src/lib/catalogue/index.ts'
import {AccessDeniedError, ServerDownError} from '../../../src/lib/clients/reach/errors.ts'
import type {QueueReading, RedisInfo} from '../../../src/lib/clients/redis/types.ts'
import {InterruptedError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {redisAtStake as schema} from '../../../src/lib/runbook/queue-depth/schema.ts'
import {stakeOf} from '../../../src/lib/runbook/queue-depth/at-stake.ts'
import {redisAtStake, type RedisGate} from '../../../src/lib/runbook/queue-depth/index.ts'
import {job, lab, MARKER, NOW, PATIENT, SECONDS} from './lab.ts'

const CLAIMS = ['redis-data']
const HOUR = 3600
const said = <T>(value: T) => ({value, failure: null})
const info: Pick<
  RedisInfo,
  'loading' | 'uptimeSeconds' | 'lastSaveAt' | 'changesSinceSave' | 'rdbStatus' | 'aofEnabled' | 'aofWriteStatus'
> = {
  loading: false,
  uptimeSeconds: 30 * HOUR,
  lastSaveAt: SECONDS - HOUR,
  changesSinceSave: 0,
  rdbStatus: 'ok',
  aofEnabled: false,
  aofWriteStatus: 'ok',
}
const queue = (pending: number, delayed = 0, reserved = 0): QueueReading =>
  ({name: 'pdf', pending: said(pending), delayed: said(delayed), reserved: said(reserved)}) as QueueReading
const refused = {value: null, failure: {kind: 'refused', message: 'NOPERM'}} as const

const stake = (parts: {queues?: readonly QueueReading[]; info?: Partial<RedisInfo> | null; claims?: readonly string[]; layout?: object}) =>
  stakeOf({
    redis: 'redis',
    claims: parts.claims ?? CLAIMS,
    layout: {names: ['pdf', 'mail'], isComplete: true, isFound: true, otherPrefixes: [], ...parts.layout} as never,
    snapshot: {
      queues: parts.queues ?? [queue(3, 2, 1), queue(1)],
      info: parts.info === null ? refused : said({...info, ...parts.info} as RedisInfo),
    },
    now: NOW,
  })

describe('what is lost', () => {
  test.each<[string, Parameters<typeof stake>[0], string]>([
    [
      'all is saved',
      {},
      'redis holds 7 jobs in 2 queues (4 pending, 2 delayed, 1 reserved); no append-only file, last saved 1 h ago with 0 changes since; nothing is lost',
    ],
    [
      'changes since the last save',
      {info: {changesSinceSave: 12}},
      'last saved 1 h ago with 12 changes since; the changes since then are lost, unless it saves as it ends',
    ],
    [
      'never saved: what it says is the time of its start',
      {info: {lastSaveAt: SECONDS - 30 * HOUR + 1, changesSinceSave: 1}},
      'not saved since it was started with 1 change since; the changes since then are lost, unless it saves as it ends',
    ],
    [
      'the last save failed',
      {info: {rdbStatus: 'err', changesSinceSave: 1}},
      '1 change since, and the last save failed; the changes since',
    ],
    ['an append-only file', {info: {aofEnabled: true}}, 'append-only file on; at most the last second or so is lost'],
    [
      'an append-only file that fails',
      {info: {aofEnabled: true, aofWriteStatus: 'err'}},
      'append-only file on, and it can not be written; what was not written is lost',
    ],
    [
      'no claim, whatever is saved',
      {claims: [], info: {aofEnabled: true}},
      'append-only file on; its pods mount no volume claim: all of it goes with them',
    ],
    ['it does not say', {info: {lastSaveAt: null}}, 'no append-only file, and it does not say when it was saved; nothing is lost'],
    ['INFO is refused', {info: null}, 'its persistence is not known: NOPERM; its jobs may be lost'],
    ['nothing is queued', {queues: [queue(0)]}, 'redis holds no job; '],
    ['a queue that can not be read', {queues: [{...queue(1), pending: refused}]}, 'redis holds jobs that could not all be counted; '],
    ['not all keys were seen', {queues: [], layout: {isComplete: false}}, 'redis holds jobs that could not all be counted; '],
    ['other prefixes', {layout: {otherPrefixes: ['b_']}}, '(4 pending, 2 delayed, 1 reserved), and more under other prefixes; '],
  ])('%s', (_, parts, words) => {
    const found = stake(parts)
    expect(schema.parse(found)).toEqual(found)
    expect(found.reason).toContain(words)
  })

  test('numbers that are not known are null, and not zero', () => {
    expect(stake({queues: [{...queue(1), pending: refused}], info: null})).toMatchObject({
      pending: null,
      delayed: 0,
      appendOnly: null,
      lastSaveAt: null,
      changesSinceSave: null,
    })
  })
})

describe('the look', () => {
  const service = {
    name: 'st-redis-sp',
    workload: 'redis',
    type: 'ClusterIP',
    clusterIP: null,
    ports: [],
    purpose: '',
    anonymous: false,
  } as const
  const withRedis = (catalogue: Catalogue): Catalogue => {
    const redis = {address: 'st-redis-sp:6379', url: null, tls: false}
    return {...catalogue, services: [service], servers: {...catalogue.servers, redis}}
  }

  async function sources(open?: RedisGate['open']) {
    const here = await lab(open === undefined ? {} : {openRedis: open})
    return {here, sources: {...here.sources, catalogue: withRedis(here.sources.catalogue)}}
  }

  test('all queues of Redis, in numbers alone', async () => {
    const {here, sources: from} = await sources()
    here.redis('RPUSH', 'app_queues:pdf', job(5), job(1))
    here.redis('ZADD', 'app_queues:mail:delayed', SECONDS + 60, 'x')
    const found = await redisAtStake(
      [
        {name: 'web', claims: []},
        {name: 'redis', claims: CLAIMS},
      ],
      from,
      PATIENT,
    )
    expect(found).toMatchObject({workload: 'redis', state: 'up', queues: 2, pending: 2, delayed: 1, reserved: 0, appendOnly: false})
    expect(JSON.stringify(found)).not.toContain(MARKER)
    expect(from.requests).toEqual([])
  })

  test('another workload: nothing is asked', async () => {
    const {here, sources: from} = await sources()
    expect(await redisAtStake([{name: 'web', claims: []}], from, PATIENT)).toBeNull()
    expect({hints: here.hints, requests: from.requests}).toEqual({hints: [], requests: []})
  })

  test.each<[string, Error, string, RegExp]>([
    ['is down', new ServerDownError('Redis is down'), 'down', /is not known: Redis is down; its jobs may be lost$/],
    ['refuses us', new AccessDeniedError('Redis refuses a client without password'), 'unreachable', /without password; its jobs/],
    ['can not be reached', new UnreachableError('no way'), 'unreachable', /no way/],
  ])('a Redis that %s keeps nobody from it', async (_, error, state, reason) => {
    const {sources: from} = await sources(() => Promise.reject(error))
    const found = await redisAtStake([{name: 'redis', claims: CLAIMS}], from, PATIENT)
    expect(schema.parse(found)).toEqual(found)
    expect(found).toMatchObject({state, pending: null, reason: expect.stringMatching(reason)})
  })

  test('Ctrl-C ends it', async () => {
    const controller = new AbortController()
    const {sources: from} = await sources(() => {
      controller.abort(new InterruptedError())
      return Promise.reject(new InterruptedError())
    })
    await expect(redisAtStake([{name: 'redis', claims: CLAIMS}], from, controller.signal)).rejects.toThrow(InterruptedError)
  })
})
