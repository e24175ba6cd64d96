import {afterEach, describe, expect, test} from 'vitest'
import {directNetwork} from '../../src/lib/clients/reach/index.ts'
import type {Credentials, RedisAccess} from '../../src/lib/clients/reach/types.ts'
import {openQueueReader} from '../../src/lib/clients/redis/index.ts'
import type {Layout, LayoutHints, QueueReader, ReadRequest} from '../../src/lib/clients/redis/types.ts'
import {SapocheError} from '../../src/lib/errors/index.ts'

/** A Redis that a case has for itself. */
export interface RedisCase {
  readonly port: number
  /** As somebody who may do everything. */
  run(name: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** Uses its memory up, so that it refuses writes. */
  fill(): Promise<void>
  stop(): Promise<void>
}

/** Who may come in; nobody named: everybody, without a password. */
export interface RedisPerson {
  readonly name: string
  readonly password: string
  /** In capitals; null for all. */
  readonly commands: readonly string[] | null
}

export type StartRedis = (people?: readonly RedisPerson[]) => Promise<RedisCase>

/** What a reader of queues needs to be allowed, and no more. */
export const READ_COMMANDS = ['LLEN', 'LINDEX', 'ZCARD', 'ZCOUNT', 'SCAN', 'TYPE', 'INFO', 'SELECT', 'EXISTS', 'SCARD', 'HLEN', 'XLEN']

const signal = new AbortController().signal
const NOW = 1_790_000_000
const MARKER = 'Mustermann, Erika'
const job = (fields: object): string =>
  JSON.stringify({uuid: 'a', displayName: 'App\\Jobs\\Pdf', data: {command: MARKER}, attempts: 0, ...fields})
const HINTS: LayoutHints = {
  names: ['pdf', 'default'],
  configured: null,
  prefixes: ['', 'laravel_database_'],
  database: null,
  horizon: false,
  thorough: false,
}

export function accessTo(port: number, credentials: Partial<Credentials> | null = null): RedisAccess {
  return {
    server: 'Redis',
    addresses: [{host: '127.0.0.1', port}],
    network: directNetwork,
    tls: null,
    credentials: credentials && {username: null, password: null, source: 'SAPOCHE_REDIS_PASSWORD', ...credentials},
    database: null,
    sentinel: null,
  }
}

/** Reading queues over the wire, of any Redis. */
export function queueReaderSuite(start: StartRedis): void {
  const open: {close(): void | Promise<void>}[] = []
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close()
  })

  async function redis(people?: readonly RedisPerson[]): Promise<RedisCase> {
    const started = await start(people)
    open.push({close: () => started.stop()})
    return started
  }
  async function reader(server: RedisCase, credentials: Partial<Credentials> | null = null): Promise<QueueReader> {
    const opened = await openQueueReader(accessTo(server.port, credentials), {timeoutMs: 5000, signal})
    open.push(opened)
    return opened
  }
  const layoutOf = (from: QueueReader, hints: Partial<LayoutHints> = {}): Promise<Layout> => from.find({...HINTS, ...hints}, signal)
  async function read(from: QueueReader, request: Partial<ReadRequest> = {}, hints: Partial<LayoutHints> = {}) {
    const layout = await layoutOf(from, hints)
    return from.read({layout, queues: ['pdf'], keys: [], asOf: NOW, recentSince: null, ...request}, signal)
  }
  const refusal = async (promise: Promise<unknown>): Promise<SapocheError> => {
    const error: unknown = await promise.then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(SapocheError)
    return error as SapocheError
  }

  describe('a queue', () => {
    test('with everything that a queue can have', async () => {
      const server = await redis()
      await server.run('RPUSH', 'queues:pdf', job({createdAt: NOW - 90, delay: 30, attempts: 2}), job({createdAt: NOW}))
      await server.run('ZADD', 'queues:pdf:delayed', NOW - 1, 'due', NOW + 60, 'later')
      await server.run('ZADD', 'queues:pdf:reserved', NOW - 1, 'expired', NOW + 60, 'held', NOW + 61, 'held too')
      const {queues} = await read(await reader(server))
      expect(queues).toEqual([
        {
          name: 'pdf',
          key: 'queues:pdf',
          pending: {value: 2, failure: null},
          delayed: {value: 2, failure: null},
          reserved: {value: 3, failure: null},
          dueDelayed: {value: 1, failure: null},
          expiredReserved: {value: 1, failure: null},
          head: {value: {readySince: NOW - 60, attempts: 2, identity: expect.any(String)}, failure: null},
          wrongType: null,
        },
      ])
      expect(JSON.stringify(queues)).not.toContain(MARKER)
    })

    test.each<[string, string, number | null]>([
      ["Horizon's stamp goes before Laravel's", job({createdAt: NOW - 90, pushedAt: NOW - 10.5}), NOW - 10.5],
      ['a stamp as text', job({pushedAt: `${NOW - 7}.25`}), NOW - 6.75],
      ['without a stamp (before Laravel 12.11)', job({}), null],
      ['no JSON', 'O:8:"stdClass":0:{}', null],
      ['JSON, and no object', '42', null],
    ])('the head: %s', async (_, payload, readySince) => {
      const server = await redis()
      await server.run('RPUSH', 'queues:pdf', payload)
      const {queues} = await read(await reader(server))
      expect(queues[0]?.head.value?.readySince).toBe(readySince)
    })

    test('the head is the same job as long as nobody takes it', async () => {
      const server = await redis()
      await server.run('RPUSH', 'queues:pdf', job({uuid: 'one'}), job({uuid: 'two'}))
      const from = await reader(server)
      const identity = async () => (await read(from)).queues[0]?.head.value?.identity
      const first = await identity()
      expect(await identity()).toBe(first)
      await server.run('DEL', 'queues:pdf')
      await server.run('RPUSH', 'queues:pdf', job({uuid: 'two'}))
      expect(await identity()).not.toBe(first)
    })

    test('a payload of 400 kB', async () => {
      const server = await redis()
      await server.run('RPUSH', 'queues:pdf', job({createdAt: NOW - 5, data: {command: MARKER.repeat(25_000)}}))
      const {queues} = await read(await reader(server))
      expect(queues[0]?.head.value?.readySince).toBe(NOW - 5)
      expect(JSON.stringify(queues).length).toBeLessThan(1000)
    })

    test('a key of the wrong type costs its own row, and says what it holds', async () => {
      const server = await redis()
      await server.run('SET', 'queues:pdf', MARKER)
      await server.run('SET', 'queues:mail:delayed', MARKER)
      await server.run('RPUSH', 'queues:default', 'x')
      const {queues} = await read(await reader(server), {queues: ['pdf', 'mail', 'default']})
      const row = (name: string) => queues.find((queue) => queue.name === name)
      expect(row('pdf')).toMatchObject({wrongType: 'string', pending: {failure: {kind: 'wrong-type'}}})
      expect(row('mail')).toMatchObject({wrongType: 'string', pending: {value: 0}, delayed: {failure: {kind: 'wrong-type'}}})
      expect(row('default')).toMatchObject({wrongType: null, pending: {value: 1}})
      expect(JSON.stringify(queues)).not.toContain(MARKER)
    })
  })

  test('keys of every type, by their type', async () => {
    const server = await redis()
    await server.run('RPUSH', 'list', 'a', 'b')
    await server.run('ZADD', 'zset', 1, 'a')
    await server.run('SADD', 'set', 'a', 'b', 'c')
    await server.run('HSET', 'hash', 'f', 'v')
    await server.run('XADD', 'stream', '*', 'f', 'v')
    await server.run('SET', 'string', MARKER)
    const {keys} = await read(await reader(server), {keys: ['list', 'zset', 'set', 'hash', 'stream', 'string', 'none']})
    expect(keys.map(({key, type, length}) => [key, type.value, length.value])).toEqual([
      ['list', 'list', 2],
      ['zset', 'zset', 1],
      ['set', 'set', 3],
      ['hash', 'hash', 1],
      ['stream', 'stream', 1],
      ['string', 'string', null],
      ['none', 'none', null],
    ])
  })

  describe('prefix', () => {
    test('of the queues that are there', async () => {
      const server = await redis()
      await server.run('RPUSH', 'sapoche_database_queues:pdf', 'x')
      await server.run('ZADD', 'sapoche_database_queues:mail:delayed', 1, 'x')
      expect(await layoutOf(await reader(server))).toEqual({
        database: 0,
        prefix: 'sapoche_database_',
        isFound: true,
        isComplete: true,
        names: ['mail', 'pdf'],
        otherPrefixes: [],
        horizonPrefix: null,
      })
    })

    test.each<[string, readonly string[], Partial<LayoutHints>, string]>([
      ['the configured one where it has queues', ['a_queues:pdf', 'b_queues:pdf', 'b_queues:default'], {configured: 'a_'}, 'a_'],
      ['not the configured one where it has none', ['b_queues:pdf'], {configured: 'a_'}, 'b_'],
      ['the one with most of the expected queues', ['a_queues:x', 'a_queues:y', 'a_queues:z', 'b_queues:pdf'], {}, 'b_'],
      ['the likelier one of equals', ['a_queues:pdf', 'laravel_database_queues:pdf'], {}, 'laravel_database_'],
      ['the configured one where there is nothing', [], {configured: 'a_'}, 'a_'],
      ['the likeliest where there is nothing', [], {}, ''],
    ])('%s', async (_, keys, hints, prefix) => {
      const server = await redis()
      for (const key of keys) await server.run('RPUSH', key, 'x')
      const layout = await layoutOf(await reader(server), hints)
      const others = [...new Set(keys.map((key) => key.split('queues:')[0] ?? ''))].filter((other) => other !== prefix)
      expect(layout).toMatchObject({
        prefix,
        isFound: keys.some((key) => key.startsWith(`${prefix}queues:`)),
        isComplete: true,
        otherPrefixes: others,
      })
    })

    test("Horizon's own", async () => {
      const server = await redis()
      await server.run('ZADD', 'sapoche_horizon:recent_failed_jobs', -NOW, '1')
      await server.run('ZADD', 'sapoche_horizon:failed_jobs', -NOW, '1', -(NOW - 7200), '2', -(NOW - 8000), '3')
      const from = await reader(server)
      const {failed} = await read(from, {recentSince: NOW - 3600}, {horizon: true})
      expect(failed).toEqual({
        key: 'sapoche_horizon:failed_jobs',
        total: {value: 3, failure: null},
        recent: {value: 1, failure: null},
      })
    })
  })

  describe('who may read', () => {
    const ops: RedisPerson = {name: 'default', password: 'open-sesame', commands: null}
    const narrow: RedisPerson = {name: 'reader', password: 'reads', commands: READ_COMMANDS}
    const narrower: RedisPerson = {name: 'reader', password: 'reads', commands: ['LLEN', 'SCAN']}
    const seeded = async (...people: readonly RedisPerson[]): Promise<RedisCase> => {
      const server = await redis([ops, ...people])
      await server.run('RPUSH', 'queues:pdf', 'x')
      return server
    }

    test('the password of the default user', async () => {
      const {queues, info} = await read(await reader(await seeded(), {password: ops.password}))
      expect(queues[0]?.pending.value).toBe(1)
      expect(info.value?.role).toBe('master')
    })

    test('a user who may only read', async () => {
      const {queues, info} = await read(await reader(await seeded(narrow), {username: 'reader', password: 'reads'}), {keys: ['queues:pdf']})
      expect(queues[0]).toMatchObject({pending: {value: 1}, delayed: {value: 0}, head: {failure: null}, wrongType: null})
      expect(info.failure).toBeNull()
    })

    test('a user who may do less: what is refused says so', async () => {
      const {queues, info} = await read(await reader(await seeded(narrower), {username: 'reader', password: 'reads'}))
      expect(queues[0]).toMatchObject({pending: {value: 1}, delayed: {failure: {kind: 'refused', message: expect.stringMatching(/zcard/)}}})
      expect(info.failure?.kind).toBe('refused')
    })

    test.each<[string, Partial<Credentials> | null, RegExp]>([
      ['no password', null, /^Redis at 127\.0\.0\.1:\d+ refuses a client without password$/],
      ['a wrong password', {password: 'wrong'}, /refuses the default user with the password of SAPOCHE_REDIS_PASSWORD$/],
      ['an unknown user', {username: 'nobody', password: 'wrong'}, /refuses user "nobody" with the password of SAPOCHE_REDIS_PASSWORD$/],
    ])('%s: 77, saying who was refused', async (_, credentials, message) => {
      const server = await seeded()
      const error = await refusal(reader(server, credentials).then((from) => read(from)))
      expect({code: error.exitCode, message: error.message}).toEqual({code: 77, message: expect.stringMatching(message)})
      expect(JSON.stringify(error)).not.toContain('"wrong"')
    })

    test('a password for a Redis that has none: 77, and what to do', async () => {
      const server = await redis()
      const error = await refusal(reader(server, {password: 'wrong'}))
      expect({code: error.exitCode, message: error.message}).toEqual({
        code: 77,
        message: expect.stringMatching(/has no password for its default user/),
      })
    })

    test('by its name the default user comes in, where it has none, with any', async () => {
      const server = await redis()
      expect((await read(await reader(server, {username: 'default', password: 'any'}))).info.value?.role).toBe('master')
    })
  })

  test('Redis of itself', async () => {
    const server = await redis()
    const {info} = await read(await reader(server))
    expect(info.value).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      mode: 'standalone',
      role: 'master',
      loading: false,
      usedMemory: expect.any(Number),
      policy: 'noeviction',
      evictedKeys: 0,
      maxClients: 10_000,
      rejectedConnections: 0,
      rdbStatus: 'ok',
      aofEnabled: false,
      replicas: [],
      link: null,
    })
  })
}
