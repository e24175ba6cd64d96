import {mkdir, writeFile} from 'node:fs/promises'
import {once} from 'node:events'
import {createServer as createHttpServer} from 'node:http'
import {type AddressInfo, createServer, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeAll, describe, expect, test, vi} from 'vitest'
import type {RedisAccess} from '../../src/lib/clients/reach/types.ts'
import {AccessDeniedError, RedisTroubleError, ServerDownError} from '../../src/lib/clients/redis/errors.ts'
import {openQueueReader} from '../../src/lib/clients/redis/index.ts'
import type {LayoutHints, QueueReader, QueueSnapshot, RedisInfo} from '../../src/lib/clients/redis/types.ts'
import {InterruptedError, type SapocheError, UnreachableError} from '../../src/lib/errors/index.ts'
import {judgeRedis} from '../../src/lib/runbook/queue-depth/redis-findings.ts'
import {accessTo, READ_COMMANDS} from '../contract/queue-reader.ts'
import {createAuthority, type Pem, serverCertificate} from './certificates.ts'
import {freePort} from './processes.ts'
import {type RealRedis, startRedis, type RedisOptions} from './redis.ts'

// What only a real Redis can do, or be the matter with.

const signal = new AbortController().signal
const HINTS: LayoutHints = {names: ['pdf'], configured: null, prefixes: [''], database: null, horizon: false, thorough: false}

const open: {close(): unknown}[] = []
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close()
})

async function redis(options?: RedisOptions): Promise<RealRedis> {
  const started = await startRedis(options)
  open.push({close: () => started.stop()})
  return started
}

async function reader(access: RedisAccess, timeoutMs = 3000): Promise<QueueReader> {
  const opened = await openQueueReader(access, {timeoutMs, signal})
  open.push(opened)
  return opened
}

async function read(from: QueueReader, hints: Partial<LayoutHints> = {}): Promise<QueueSnapshot> {
  const layout = await from.find({...HINTS, ...hints}, signal)
  return from.read({layout, queues: ['pdf'], keys: [], asOf: 0, recentSince: null}, signal)
}

const readAt = async (port: number): Promise<QueueSnapshot> => read(await reader(accessTo(port)))

async function errorOf(promise: Promise<unknown>): Promise<SapocheError> {
  const outcome: unknown = await promise.then(
    (value) => value,
    (reason: unknown) => reason,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as SapocheError
}

async function infoWhen(port: number, enough: (info: RedisInfo) => boolean): Promise<RedisInfo> {
  const limit = Date.now() + 10_000
  for (;;) {
    const {info} = await readAt(port)
    if (info.value !== null && enough(info.value)) return info.value
    if (Date.now() > limit) throw new Error(`never as wished for: ${JSON.stringify(info)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const wordsOf = (info: RedisInfo): [string, string][] =>
  judgeRedis(info, null, 'redis-master-st-sp').map(({severity, words}) => [severity, words])

describe('troubles of Redis', () => {
  test('LOADING: nothing but INFO is answered', async () => {
    const server = await redis({config: ['key-load-delay 3000', 'loading-process-events-interval-bytes 1024'], impatient: true})
    for (let n = 0; n < 3000; n += 1000) {
      await server.run('MSET', ...Array.from({length: 1000}, (_, index) => [`key:${n + index}`, 'x'.repeat(50)]).flat())
    }
    await server.run('SAVE')
    await server.restart()
    const {info, queues} = await readAt(server.port)
    expect(info.value?.loading).toBe(true)
    expect(queues[0]?.pending.failure?.kind).toBe('loading')
    expect(wordsOf(info.value!)[0]).toEqual(['critical', expect.stringMatching(/^it is loading its data from disk/)])
  })

  test('maxmemory reached with noeviction: writes are refused', async () => {
    const server = await redis({config: ['maxmemory-policy noeviction']})
    await server.fill()
    expect((await errorOf(server.run('RPUSH', 'queues:pdf', 'x'.repeat(10_000)))).message).toMatch(/^OOM/)
    const {info} = await readAt(server.port)
    expect(info.value?.refusedWrites).toBeGreaterThan(0)
    expect(wordsOf(info.value!)[0]).toEqual(['critical', expect.stringMatching(/^its memory is full .*noeviction\): writes are refused/)])
  })

  test('maxmemory reached with a policy that evicts: jobs may be lost', async () => {
    const server = await redis({config: ['maxmemory 3mb', 'maxmemory-policy allkeys-lru']})
    for (let n = 0; n < 100; n++) await server.run('SET', `cache:${n}`, 'x'.repeat(100_000))
    const {info} = await readAt(server.port)
    expect(info.value?.evictedKeys).toBeGreaterThan(0)
    expect(wordsOf(info.value!)[0]).toEqual(['warning', expect.stringMatching(/keys evicted since its start \(allkeys-lru\)/)])
  })

  test('a save that fails: writes are refused, as the finding says', async () => {
    const server = await redis({config: ['save 3600 1', 'dbfilename dump.rdb']})
    await mkdir(join(server.dir, 'dump.rdb'))
    await server.run('SET', 'a', 'b')
    await server.run('BGSAVE')
    const info = await infoWhen(server.port, ({rdbStatus}) => rdbStatus === 'err')
    expect(wordsOf(info)[0]).toEqual(['critical', expect.stringMatching(/^its last save to disk failed/)])
    expect((await errorOf(server.run('RPUSH', 'queues:pdf', 'x'))).message).toMatch(/^MISCONF/)
  })

  test('a replica whose master is gone: the numbers are old', async () => {
    const server = await redis({config: [`replicaof 127.0.0.1 ${await freePort()}`]})
    const {info, queues} = await readAt(server.port)
    expect(info.value).toMatchObject({role: 'replica', link: {isUp: false}})
    expect(queues[0]?.pending.value).toBe(0)
    expect(wordsOf(info.value!)[0]).toEqual([
      'critical',
      expect.stringMatching(/^this is a replica that has lost its master.*the numbers are old$/),
    ])
  })

  test('a replica that answers nothing without its master', async () => {
    const server = await redis({config: [`replicaof 127.0.0.1 ${await freePort()}`, 'replica-serve-stale-data no'], impatient: true})
    const {info, queues} = await readAt(server.port)
    expect(info.value?.role).toBe('replica')
    expect(queues[0]?.pending.failure).toMatchObject({kind: 'stale', message: expect.stringMatching(/^MASTERDOWN/)})
  })

  test('a master says how its replicas are', async () => {
    const master = await redis({config: ['repl-diskless-sync-delay 0']})
    await redis({config: [`replicaof 127.0.0.1 ${master.port}`]})
    const info = await infoWhen(master.port, ({replicas}) => replicas[0]?.state === 'online')
    expect(info.replicas).toEqual([{address: expect.stringMatching(/^127\.0\.0\.1:\d+$/), state: 'online', lag: expect.any(Number)}])
    expect(wordsOf(info)).toEqual([])
  })

  test('as many clients as it takes', async () => {
    const server = await redis({config: ['maxclients 1']})
    const error = await errorOf(readAt(server.port))
    expect(error).toBeInstanceOf(RedisTroubleError)
    expect(error.message).toMatch(/refuses connections: it has as many clients as it takes/)
  })

  test('busy with a script', async () => {
    const server = await redis({config: ['busy-reply-threshold 50']})
    const from = await reader(accessTo(server.port))
    const script = server.run('EVAL', 'while true do end', 0).catch(() => {})
    const error = await vi.waitFor(async () => {
      const found = await errorOf(read(from))
      expect(found).toBeInstanceOf(RedisTroubleError)
      return found
    })
    expect(error.message).toMatch(/is busy with a script and answers nothing else$/)
    await server.restart()
    await script
  })

  test('held: it takes the connection and does not answer', async () => {
    const server = await redis()
    server.freeze(true)
    try {
      const error = await errorOf(reader(accessTo(server.port), 300).then((from) => read(from)))
      expect(error).toMatchObject({trouble: 'silent', message: expect.stringMatching(/took the connection and does not answer$/)})
    } finally {
      server.freeze(false)
    }
  })

  test('killed between two reads: the connection is lost', async () => {
    const server = await redis()
    const from = await reader(accessTo(server.port))
    await read(from)
    await server.restart()
    const error = await errorOf(read(from))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error.message).toMatch(/^(the connection to|can't reach) Redis at 127\.0\.0\.1:\d+/)
  })

  test('nothing listens: Redis is down', async () => {
    const error = await errorOf(readAt(await freePort()))
    expect(error).toBeInstanceOf(ServerDownError)
    expect(error.message).toMatch(/^Redis at 127\.0\.0\.1:\d+ is down: connection refused$/)
  })

  test('Ctrl-C while it does not answer', async () => {
    const server = await redis()
    const from = await reader(accessTo(server.port))
    server.freeze(true)
    try {
      const controller = new AbortController()
      const answer = errorOf(from.find(HINTS, controller.signal))
      controller.abort(new InterruptedError())
      expect(await answer).toBeInstanceOf(InterruptedError)
    } finally {
      server.freeze(false)
    }
  })
})

describe('what is no Redis', () => {
  const listen = async (server: Server): Promise<number> => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    open.push({close: () => server.close()})
    return (server.address() as AddressInfo).port
  }

  test('a web server', async () => {
    const web = createHttpServer((_, answer) => answer.end('hello'))
    expect((await errorOf(readAt(await listen(web)))).message).toMatch(/answers, and not as a Redis$/)
  })

  test('somebody who hangs up', async () => {
    const rude = createServer((socket) => socket.end())
    expect((await errorOf(readAt(await listen(rude)))).message).toMatch(/was closed by the other side$/)
  })
})

test('it asks for nothing that a reader may not do, and changes nothing', async () => {
  const server = await redis()
  await server.run('RPUSH', 'queues:pdf', 'x')
  await server.run('ZADD', 'h:failed_jobs', -1, 'x')
  await server.run('CONFIG', 'RESETSTAT')
  const from = await reader(accessTo(server.port))
  const layout = await from.find({...HINTS, horizon: true}, signal)
  await from.read({layout, queues: ['pdf', 'other'], keys: ['queues:pdf'], asOf: 1, recentSince: 1}, signal)
  const stats = String(await server.run('INFO', 'commandstats'))
  const used = [...stats.matchAll(/cmdstat_([^:]+):/g)]
    .map(([, name = '']) => name.toUpperCase())
    .filter((name) => name !== 'CONFIG|RESETSTAT')
  expect(used.filter((name) => !READ_COMMANDS.includes(name))).toEqual([])
  expect(await server.run('DBSIZE')).toBe(2)
})

describe('where the queues lie', () => {
  test('in another database than was thought', async () => {
    const server = await redis()
    await server.run('SET', 'cache', 'x')
    await server.run('SELECT', 3)
    await server.run('RPUSH', 'a_queues:pdf', 'x')
    await server.run('SELECT', 0)
    const from = await reader(accessTo(server.port))
    expect(await from.find(HINTS, signal)).toMatchObject({database: 3, prefix: 'a_', names: ['pdf']})
    expect((await read(from)).queues[0]?.pending.value).toBe(1)
  })

  test("the URL's database, whatever is elsewhere", async () => {
    const server = await redis()
    await server.run('RPUSH', 'a_queues:pdf', 'x')
    const from = await reader({...accessTo(server.port), database: 5})
    expect(await from.find(HINTS, signal)).toMatchObject({database: 5, isFound: false, isComplete: true})
  })

  test('among very many keys the search ends, and the likely ones are asked for', async () => {
    const server = await redis()
    for (let n = 0; n < 60; n++) {
      await server.run('MSET', ...Array.from({length: 1000}, (_, index) => [`cache:${n * 1000 + index}`, 'x']).flat())
    }
    const from = await reader(accessTo(server.port))
    expect(await from.find(HINTS, signal)).toMatchObject({isFound: false, isComplete: false})
    await server.run('ZADD', 'laravel_database_queues:pdf:delayed', 1, 'x')
    const layout = await from.find({...HINTS, prefixes: ['', 'laravel_database_']}, signal)
    expect(layout).toMatchObject({prefix: 'laravel_database_', isFound: true})
    await server.run('ZADD', 'app_horizon:failed_jobs', 1, 'x')
    const all = await from.find({...HINTS, thorough: true, horizon: true}, signal)
    expect(all).toMatchObject({isComplete: true, isFound: true, horizonPrefix: 'app_horizon:'})
  })
})

describe('TLS', () => {
  let authority: Pem
  let files: {readonly [name: string]: string}
  beforeAll(async () => {
    authority = await createAuthority('sapoche-test-redis')
    const {key, cert} = await serverCertificate(authority, ['st-redis-sp'])
    const at = (name: string): string => join(tmpdir(), `sapoche-redis-${process.pid}-${name}`)
    files = {key: at('key.pem'), cert: at('cert.pem'), ca: at('ca.pem')}
    await Promise.all([writeFile(files['key']!, key), writeFile(files['cert']!, cert), writeFile(files['ca']!, authority.cert)])
  })
  const secured = async () => {
    const tlsPort = await freePort()
    const {key, cert, ca} = files
    const config = [`tls-port ${tlsPort}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`, 'tls-auth-clients no']
    return {server: await redis({config}), tlsPort}
  }

  test('by its authority, and by another of its names', async () => {
    const {tlsPort} = await secured()
    for (const servername of [null, 'st-redis-sp']) {
      const {info} = await read(await reader({...accessTo(tlsPort), tls: {ca: authority.cert, servername}}))
      expect(info.value?.role).toBe('master')
    }
  })

  test.each<[string, RedisAccess['tls'] | 'own', RegExp, RegExp]>([
    [
      'an unknown authority',
      {ca: null, servername: null},
      /^no safe connection to Redis at .*: its certificate is signed by an unknown authority/,
      /--tls-ca/,
    ],
    ['another name', 'own', /its certificate is for another name \(.*DNS:st-redis-sp/, /--tls-server-name/],
  ])('%s: 69, and the cure', async (_, tls, message, cure) => {
    const {tlsPort} = await secured()
    const error = await errorOf(
      reader({...accessTo(tlsPort), tls: tls === 'own' ? {ca: authority.cert, servername: 'other.example'} : tls}),
    )
    expect(error.exitCode).toBe(69)
    expect(error.message).toMatch(message)
    expect(error.hints[0]?.text).toMatch(cure)
  })

  test('TLS to a port without: 75, and what it may be', async () => {
    const {server} = await secured()
    const error = await errorOf(reader({...accessTo(server.port), tls: {ca: authority.cert, servername: null}}, 500))
    expect(error).toMatchObject({
      exitCode: 75,
      message: expect.stringMatching(/^no safe connection to Redis at .* within 0.5 s: does it speak TLS\?$/),
    })
  })

  test('no TLS to a port with: not as a Redis', async () => {
    const {tlsPort} = await secured()
    expect(await errorOf(readAt(tlsPort))).toBeInstanceOf(UnreachableError)
  })
})

describe('Sentinel', () => {
  test('names the master, which is asked as whom the credentials say', async () => {
    const master = await redis({config: ['requirepass secret'], password: 'secret'})
    await master.run('RPUSH', 'queues:pdf', 'x')
    const sentinel = await redis({
      sentinel: true,
      config: [`sentinel monitor main 127.0.0.1 ${master.port} 1`, 'sentinel auth-pass main secret'],
    })
    const dead = {host: '127.0.0.1', port: await freePort()}
    const base = accessTo(sentinel.port, {password: 'secret'})
    const access: RedisAccess = {...base, addresses: [dead, ...base.addresses], sentinel: 'main'}
    const from = await reader(access)
    expect(from.address).toEqual({host: '127.0.0.1', port: master.port})
    expect((await read(from)).queues[0]?.pending.value).toBe(1)
    const unknown = await errorOf(reader({...access, sentinel: 'other'}))
    expect(unknown.message).toMatch(/^Sentinel at .* does not say where Redis is: it knows no master "other"$/)
  })
})

test('a user who may not look into the database of the configuration', async () => {
  const server = await redis({config: ['user reader on >reads ~* -@all +llen +scan']})
  const from = await reader(accessTo(server.port, {username: 'reader', password: 'reads'}))
  const error = await errorOf(from.find({...HINTS, database: 2}, signal))
  expect(error).toBeInstanceOf(AccessDeniedError)
  expect(error.message).toMatch(/does not let us into database 2/)
})
