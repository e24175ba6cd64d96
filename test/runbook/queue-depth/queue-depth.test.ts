import {describe, expect, test} from 'vitest'
import {RedisTroubleError, ServerDownError} from '../../../src/lib/clients/redis/errors.ts'
import type {QueueReader} from '../../../src/lib/clients/redis/types.ts'
import {ConfigurationError, RefusedError, UnreachableError, UsageError} from '../../../src/lib/errors/index.ts'
import type {QueueDepthReport, QueueItem} from '../../../src/lib/runbook/queue-depth/schema.ts'
import {HOUR} from '../../workload/build.ts'
import {catalogueOf, job, lab, NOW, SECONDS, worker} from './lab.ts'

const itemOf = ({items}: QueueDepthReport, name = 'pdf'): QueueItem => items.find(({queue}) => queue === name)!

describe('a report', () => {
  test('everything of one queue, and of Redis', async () => {
    const {redis, read} = await lab()
    redis('RPUSH', 'laravel_database_queues:pdf', job(90), job(30))
    redis('ZADD', 'laravel_database_queues:pdf:delayed', SECONDS + 60, 'later')
    redis('ZADD', 'laravel_database_queues:pdf:reserved', SECONDS + 60, 'held')
    const report = await read()
    expect(report).toMatchObject({
      apiVersion: 'sapoche/v1',
      kind: 'QueueDepthReport',
      generatedAt: new Date(NOW).toISOString(),
      namespace: 'sapoche',
      verdict: 'ok',
      windowSeconds: null,
      summary: {queues: 1, present: 1, absent: 0, unreadable: 0, pending: 2, delayed: 1, reserved: 1},
      failed: null,
      notChecked: ['failed jobs (--failed)', 'queues that nobody serves (--discover)'],
      warnings: [],
    })
    expect(report.items).toEqual([
      {
        queue: 'pdf',
        key: 'laravel_database_queues:pdf',
        layout: 'laravel',
        type: null,
        sources: ['argument --queue'],
        workloads: [{name: 'worker-pdf', ready: 1, desired: 1}],
        state: 'present',
        pending: 2,
        delayed: 1,
        reserved: 1,
        dueDelayed: 0,
        expiredReserved: 0,
        oldestAgeSeconds: 90,
        oldestAttempts: 0,
        failed: null,
        movement: null,
        change: null,
        thresholds: {depth: 1000, ageSeconds: 1800},
        severity: 'ok',
        reason: '',
        next: [],
      },
    ])
    expect(report.redis).toMatchObject({
      address: 'st-redis-sp:6379',
      through: 'tunnel',
      state: 'up',
      role: 'master',
      database: 0,
      prefix: 'laravel_database_',
      maxMemory: 2 * 1024 ** 3,
      policy: 'noeviction',
      persistence: {rdb: 'ok', aof: null},
      severity: 'info',
      reason: 'no replica',
    })
  })

  test('no key, an empty queue, and a key of the wrong type are three things', async () => {
    const {redis, read} = await lab({workers: [worker('worker-none'), worker('worker-empty'), worker('worker-odd')]})
    redis('ZADD', 'queues:empty:reserved', SECONDS + 60, 'held')
    redis('SET', 'queues:odd', 'Mustermann')
    const report = await read()
    expect(itemOf(report, 'none')).toMatchObject({
      state: 'absent',
      pending: null,
      delayed: null,
      severity: 'ok',
      reason: 'no such key: nothing is queued',
    })
    expect(itemOf(report, 'empty')).toMatchObject({state: 'present', pending: 0, delayed: 0, reserved: 1, severity: 'ok'})
    expect(itemOf(report, 'odd')).toMatchObject({
      state: 'unreadable',
      pending: null,
      severity: 'critical',
      reason: expect.stringMatching(/holds a string/),
    })
    expect(report).toMatchObject({verdict: 'critical', summary: {present: 1, absent: 1, unreadable: 1}})
  })

  test('what was due for less than a poll of a worker is not counted as unmoved', async () => {
    const {redis, read} = await lab()
    redis('ZADD', 'queues:pdf:delayed', SECONDS - 4, 'just now', SECONDS - 5, 'not moved')
    redis('ZADD', 'queues:pdf:reserved', SECONDS - 4, 'just now', SECONDS - 5, 'a', SECONDS - 6, 'b')
    expect(itemOf(await read())).toMatchObject({dueDelayed: 1, expiredReserved: 2})
  })

  test('a worker at zero, and KEDA', async () => {
    const scaledObject = {
      metadata: {name: 'pdf', uid: 'so'},
      spec: {scaleTargetRef: {name: 'worker-pdf'}, minReplicaCount: 0, pollingInterval: 20},
      status: {
        conditions: [
          {type: 'Ready', status: 'True'},
          {type: 'Active', status: 'False'},
        ],
      },
    }
    const workers = [worker('worker-pdf', {replicas: 0})]
    const plain = await lab({workers})
    const keda = await lab({workers, objects: {'keda.sh/scaledobjects': [scaledObject]}})
    const hidden = await lab({workers, forbidden: ['horizontalpodautoscalers']})
    for (const {redis} of [plain, keda, hidden]) redis('RPUSH', 'queues:pdf', job(190))
    expect(itemOf(await plain.read())).toMatchObject({severity: 'critical', reason: '1 job waits and worker-pdf is at 0 replicas'})
    expect(itemOf(await keda.read())).toMatchObject({severity: 'info', reason: expect.stringMatching(/KEDA starts it within 3 min$/)})
    keda.redis('DEL', 'queues:pdf')
    keda.redis('RPUSH', 'queues:pdf', job(201))
    expect(itemOf(await keda.read())).toMatchObject({severity: 'critical'})
    expect(itemOf(await hidden.read())).toMatchObject({
      severity: 'unknown',
      reason: expect.stringMatching(/autoscalers, which might explain it, can't be read$/),
    })
  })

  test('a backlog that the catalogue accepts', async () => {
    const catalogue = catalogueOf([{name: 'worker-pdf', baseline: 0, inactive: {reason: 'on hold', reviewBy: null, backlogAccepted: true}}])
    const {redis, read} = await lab({workers: [worker('worker-pdf', {replicas: 0})], catalogue})
    redis('RPUSH', 'queues:pdf', job(9000))
    const report = await read({'max-age': 24 * HOUR})
    expect(itemOf(report)).toMatchObject({severity: 'info', reason: expect.stringMatching(/which the catalogue accepts$/)})
    expect(report.verdict).toBe('ok')
  })

  test('a worker that is down', async () => {
    const {redis, read} = await lab({workers: [worker('worker-pdf', {ready: false})]})
    redis('RPUSH', 'queues:pdf', job(60))
    expect(itemOf(await read())).toMatchObject({
      severity: 'critical',
      workloads: [{name: 'worker-pdf', ready: 0, desired: 1}],
      reason: expect.stringMatching(/^1 job waits and no worker is ready: worker-pdf is down/),
      next: ['sapoche status worker-pdf', 'sapoche logs worker-pdf --previous'],
    })
  })

  test('a queue with two workers, and a worker with two queues', async () => {
    const args = ['php', 'artisan', 'queue:work', '--queue=high,low']
    const {redis, read} = await lab({
      workers: [worker('worker-a', {args}), worker('worker-b', {args: [...args.slice(0, 3), '--queue=low']})],
    })
    redis('RPUSH', 'queues:low', job(1))
    const report = await read()
    expect(report.items.map(({queue, workloads}) => [queue, workloads.map(({name}) => name)])).toEqual([
      ['high', ['worker-a']],
      ['low', ['worker-a', 'worker-b']],
    ])
  })

  test('thresholds: the flag before the catalogue of the queue before the catalogue of all', async () => {
    const queues = [{name: 'pdf', maxDepth: 2, maxAge: 60, deadLetter: null}]
    const catalogue = catalogueOf([{name: 'worker-pdf', queues}, {name: 'worker-b'}])
    const {redis, read} = await lab({workers: [worker('worker-pdf'), worker('worker-b')], catalogue})
    redis('RPUSH', 'queues:pdf', job(59), job(1))
    redis('RPUSH', 'queues:b', job(59), job(1))
    const plain = await read()
    expect(itemOf(plain)).toMatchObject({
      severity: 'warning',
      reason: '2 pending, 2 or more are too many',
      thresholds: {depth: 2, ageSeconds: 60},
    })
    expect(itemOf(plain, 'b')).toMatchObject({severity: 'ok', thresholds: {depth: 1000, ageSeconds: 1800}})
    const flagged = await read({'max-depth': 3, 'max-age': 59_000})
    for (const name of ['pdf', 'b']) {
      expect(itemOf(flagged, name)).toMatchObject({
        severity: 'warning',
        reason: expect.stringMatching(/^the oldest waits for 59 s, over 59 s$/),
      })
    }
  })
})

describe('which queues', () => {
  const workers = [worker('worker-pdf'), worker('worker-mail'), worker('worker-web', {args: ['php-fpm']})]

  test('of targets', async () => {
    const {read} = await lab({workers})
    const names = async (options: Parameters<typeof read>[0]) => (await read(options)).items.map(({queue}) => queue)
    expect(await names({targets: ['worker-mail']})).toEqual(['mail'])
    expect(await names({targets: ['workers'], except: ['worker-mail']})).toEqual(['pdf'])
    expect(await names({targets: ['worker-pdf-0']})).toEqual(['pdf'])
    expect(await names({targets: ['worker-mail'], queue: ['pdf']})).toEqual(['mail', 'pdf'])
  })

  test('of a workload that works on none: 64', async () => {
    const {read} = await lab({workers})
    await expect(read({targets: ['worker-web']})).rejects.toThrow('worker-web works on no queue that is known')
    await expect(read({targets: ['nobody']})).rejects.toThrow(UsageError)
  })

  test('a name in a Secret is said, and not passed over', async () => {
    const hidden = worker('worker-x', {args: ['php', 'artisan', 'queue:work']})
    const spec = (hidden.deployment['spec'] as {template: {spec: {containers: Record<string, unknown>[]}}}).template.spec
    spec.containers[0]!['env'] = [{name: 'REDIS_QUEUE', valueFrom: {secretKeyRef: {name: 's', key: 'q'}}}]
    const {warnings} = await (await lab({workers: [hidden]})).read()
    expect(warnings).toEqual([
      {
        code: 'queue-hidden',
        message: "the queue of worker-x is not known: REDIS_QUEUE of Secret s can't be read; name it in the catalogue",
      },
    ])
  })

  test('--queue: a queue of Laravel, a key of any type, with the prefix or without, and none', async () => {
    const {redis, read} = await lab()
    redis('RPUSH', 'a_queues:pdf', job(1))
    redis('RPUSH', 'a_queues:other', job(1), job(2))
    redis('RPUSH', 'bull:mail:wait', 'x', 'y', 'z')
    redis('HSET', 'a_things', 'f', 'v')
    redis('SET', 'word', 'Mustermann')
    const {items} = await read({queue: ['pdf', 'other', 'bull:mail:wait', 'things', 'word', 'nope']})
    expect(
      items.map(({queue, key, layout, type, state, pending, severity}) => [queue, key, layout, type, state, pending, severity]),
    ).toEqual([
      ['pdf', 'a_queues:pdf', 'laravel', null, 'present', 1, 'ok'],
      ['other', 'a_queues:other', 'laravel', null, 'present', 2, 'warning'],
      ['bull:mail:wait', 'bull:mail:wait', 'key', 'list', 'present', 3, 'ok'],
      ['things', 'a_things', 'key', 'hash', 'present', 1, 'ok'],
      ['word', 'word', 'key', 'string', 'unreadable', null, 'warning'],
      ['nope', 'nope', 'key', null, 'absent', null, 'info'],
    ])
    expect(itemOf({items} as QueueDepthReport, 'word').reason).toBe('the key word holds a string, which has no length')
  })

  test('--discover: queues that nobody serves', async () => {
    const {redis, read} = await lab()
    redis('RPUSH', 'queues:pdf', job(1))
    redis('ZADD', 'queues:lost:delayed', 1, 'x')
    const report = await read({discover: true})
    expect(report.items.map(({queue, severity}) => [queue, severity])).toEqual([
      ['pdf', 'ok'],
      ['lost', 'warning'],
    ])
    expect(itemOf(report, 'lost')).toMatchObject({sources: ['search of Redis'], reason: '1 job waits and no workload works on it'})
    expect(report.notChecked).toEqual(['failed jobs (--failed)'])
  })

  test("--failed: Horizon's, and the catalogue's dead-letter keys", async () => {
    const queues = [{name: 'pdf', maxDepth: null, maxAge: null, deadLetter: 'queues:pdf-dead'}]
    const {redis, read} = await lab({catalogue: catalogueOf([{name: 'worker-pdf', queues}])})
    redis('RPUSH', 'queues:pdf-dead', 'x', 'y')
    redis('ZADD', 'a_horizon:failed_jobs', -(SECONDS - 60), '1', -(SECONDS - 7200), '2')
    const report = await read({failed: true})
    expect(itemOf(report)).toMatchObject({state: 'absent', failed: 2, severity: 'warning'})
    expect(report.failed).toEqual({
      key: 'a_horizon:failed_jobs',
      total: 2,
      lastHour: 1,
      severity: 'warning',
      reason: '1 job failed for good in the last hour',
    })
    expect(report.verdict).toBe('warning')
  })

  test("--failed, and a dead-letter key that can't be counted: unknown, and never none", async () => {
    const queues = [{name: 'pdf', maxDepth: null, maxAge: null, deadLetter: 'queues:pdf-dead'}]
    const {redis, read} = await lab({catalogue: catalogueOf([{name: 'worker-pdf', queues}])})
    redis('SET', 'queues:pdf-dead', 'x')
    expect(itemOf(await read({failed: true}))).toMatchObject({
      failed: null,
      severity: 'unknown',
      reason: expect.stringMatching(/^the dead-letter key queues:pdf-dead holds a string;/),
    })
    expect(itemOf(await read())).toMatchObject({failed: null, severity: 'ok'})
  })

  test('--failed among very many keys: what the search did not come to is not said to be absent', async () => {
    const layout = {database: 0, prefix: '', isFound: false, isComplete: false, names: [], otherPrefixes: [], horizonPrefix: null}
    const info = {value: null, failure: {kind: 'refused', message: 'NOPERM'}} as const
    const reader: QueueReader = {
      address: {host: 'st-redis-sp', port: 6379},
      where: 'st-redis-sp:6379',
      network: 'tunnel',
      find: async () => layout,
      read: async () => ({info, queues: [], keys: [], failed: null}),
      close: () => undefined,
    }
    const {failed, warnings, notChecked} = await (await lab({openRedis: async () => reader})).read({failed: true})
    expect({failed, warnings}).toEqual({failed: null, warnings: []})
    expect(notChecked).toContain("Horizon's failed jobs (not all keys were seen; --discover looks at every key)")
  })

  test('--failed without Horizon says where they are', async () => {
    expect((await (await lab()).read({failed: true})).warnings).toEqual([
      {code: 'no-horizon', message: expect.stringMatching(/SQL database/)},
    ])
  })
})

describe('where Redis is', () => {
  const env = {REDIS_HOST: 'redis-b', REDIS_PORT: '6380'}

  test('a worker that has its queue elsewhere is not judged by this one', async () => {
    const workers = [
      worker('worker-pdf', {env: {REDIS_HOST: 'st-redis-sp.sapoche.svc'}}),
      worker('worker-b', {env}),
      worker('worker-c', {env: {REDIS_HOST: 'redis.example.com'}}),
    ]
    const report = await (await lab({workers})).read()
    expect(itemOf(report)).toMatchObject({severity: 'ok'})
    expect(itemOf(report, 'b')).toMatchObject({
      severity: 'unknown',
      reason: 'worker-b has it in the Redis at redis-b:6380 (REDIS_HOST), which was not read',
    })
    expect(itemOf(report, 'c')).toMatchObject({severity: 'unknown'})
    expect(report.verdict).toBe('unknown')
  })

  test('nor one with another database or prefix than the others', async () => {
    const usual = {REDIS_DB: '0', REDIS_PREFIX: 'a_'}
    const workers = [
      worker('worker-pdf', {env: usual}),
      worker('worker-x', {env: usual}),
      worker('worker-db', {env: {...usual, REDIS_DB: '4'}}),
      worker('worker-prefix', {env: {...usual, REDIS_PREFIX: 'b_'}}),
    ]
    const report = await (await lab({workers})).read()
    expect(report.items.map(({queue, severity, reason}) => [queue, severity, reason])).toEqual([
      ['pdf', 'ok', expect.any(String)],
      ['x', 'ok', expect.any(String)],
      ['db', 'unknown', 'worker-db has it in database 4, which was not read'],
      ['prefix', 'unknown', 'worker-prefix has it under the prefix "b_", which was not read'],
    ])
  })

  test('queues under another prefix too are said', async () => {
    const {redis, read} = await lab()
    redis('RPUSH', 'a_queues:pdf', job(1))
    redis('RPUSH', 'b_queues:other', job(1))
    expect((await read()).warnings).toEqual([{code: 'other-prefixes', message: expect.stringMatching(/other prefixes too \("b_"\)/)}])
  })

  test('it is asked for with what the workers say, where nothing else is known', async () => {
    const {read, hints} = await lab({workers: [worker('worker-pdf', {env})], isKnown: false, address: {host: 'redis-b', port: 6380}})
    expect((await read()).verdict).toBe('ok')
    expect(hints).toMatchObject([{addresses: [{host: 'redis-b', port: 6380}], workload: 'worker-pdf'}])
  })
})

describe('troubles', () => {
  test.each<[string, Error, string]>([
    ['down', new ServerDownError('Redis at st-redis-sp:6379 is down: connection refused'), 'down'],
    ['silent', new RedisTroubleError('Redis at st-redis-sp:6379', 'silent'), 'silent'],
    ['full', new RedisTroubleError('Redis at st-redis-sp:6379', 'full'), 'full'],
  ])('Redis is %s: that is the answer', async (_, error, state) => {
    for (const isKnown of [true, false]) {
      const report = await (await lab({openRedis: () => Promise.reject(error), isKnown})).read({window: 1})
      expect(report).toMatchObject({
        verdict: 'critical',
        redis: {state, severity: 'critical', reason: error.message},
        notChecked: ['queues'],
        summary: {queues: 1, unreadable: 1},
      })
      expect(itemOf(report)).toMatchObject({state: 'unreadable', pending: null, severity: 'unknown', reason: 'not read'})
    }
  })

  test.each<[string, Error]>([
    ['refused', new RefusedError('no')],
    ['out of reach', new UnreachableError('no')],
    ['nowhere', new ConfigurationError('no')],
  ])('the way to it: %s', async (_, error) => {
    for (const isKnown of [true, false]) {
      await expect((await lab({openRedis: () => Promise.reject(error), isKnown})).read()).rejects.toBe(error)
    }
  })

  test('what may not be read of the cluster', async () => {
    await expect((await lab({forbidden: ['deployments']})).read()).rejects.toMatchObject({exitCode: 77})
    const {redis, read} = await lab({forbidden: ['replicasets', 'scaledobjects', 'horizontalpodautoscalers']})
    redis('RPUSH', 'queues:pdf', job(1))
    const report = await read()
    expect(report.warnings.map(({message}) => /list (\w+)/.exec(message)?.[1])).toEqual([
      'replicasets',
      'horizontalpodautoscalers',
      'scaledobjects',
    ])
    expect(report.verdict).toBe('ok')
  })

  test('Redis loads its data: the queues are unknown, and it is the trouble', async () => {
    const {store, read} = await lab()
    store.state = {...store.state, loading: true}
    const report = await read()
    expect(report).toMatchObject({verdict: 'critical', redis: {state: 'loading', severity: 'critical'}})
    expect(itemOf(report)).toMatchObject({state: 'unreadable', severity: 'unknown', reason: expect.stringMatching(/LOADING/)})
  })
})

describe('two reads', () => {
  test('tell how a queue moves', async () => {
    const {redis, read} = await lab({tick: 6000})
    redis('RPUSH', 'queues:pdf', job(100), job(50))
    const report = await read({window: 1})
    expect(report.windowSeconds).toBe(6)
    expect(itemOf(report)).toMatchObject({
      movement: 'stuck',
      change: 0,
      severity: 'critical',
      reason: expect.stringMatching(/took nothing in 6 s/),
    })
  })

  test('another queue of the same worker tells that it is busy', async () => {
    const args = ['php', 'artisan', 'queue:work', '--queue=high,low']
    const {redis, read} = await lab({workers: [worker('worker-a', {args})], tick: 6000})
    redis('RPUSH', 'queues:low', job(100))
    redis('ZADD', 'queues:high:reserved', SECONDS + 60, 'held')
    expect((await read({queue: ['low'], window: 1})).items).toMatchObject([{queue: 'low', movement: 'stuck', severity: 'ok'}])
  })
})

test('a job whose stamp is ahead of the clock is new', async () => {
  const {redis, read} = await lab()
  redis('RPUSH', 'queues:pdf', job(-30))
  expect(itemOf(await read()).oldestAgeSeconds).toBe(0)
})
