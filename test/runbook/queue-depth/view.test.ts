import {describe, expect, test} from 'vitest'
import {ServerDownError} from '../../../src/lib/clients/redis/errors.ts'
import {queueDepthViews} from '../../../src/lib/runbook/queue-depth/index.ts'
import {job, lab, type Lab, type LabOptions, MARKER, NOW, SECONDS, worker} from './lab.ts'

const NARROW = {width: 80, colour: false, now: NOW}
const {table, wide, name, junit} = queueDepthViews('warning')

async function scene(options: LabOptions = {}): Promise<Lab> {
  const here = await lab({
    workers: [worker('worker-pdf'), worker('worker-pdf-en', {replicas: 0}), worker('worker-sapoche-batch-publisher-notification')],
    ...options,
  })
  here.redis('RPUSH', 'queues:pdf', job(3720), job(1))
  here.redis('RPUSH', 'queues:pdf-en', job(120))
  here.redis('ZADD', 'queues:pdf-en:reserved', SECONDS - 60, MARKER)
  return here
}

describe('the table', () => {
  test('the worst last, with reasons, commands, Redis and the verdict', async () => {
    const report = await (await scene()).read()
    expect(table(report, NARROW)).toBe(`sapoche  context test  2026-11-22 03:12:07Z

QUEUE                                 PENDING  OLDEST  WORKERS  VERDICT
sapoche-batch-publisher-notification        -       -  1/1      ok
pdf                                         2     1 h  1/1      warning
pdf-en                                      1   2 min  0/0      critical
redis  info  master, 0 % of 2Gi (noeviction), 0 evicted, RDB ok, no replica,
       st-redis-sp:6379

pdf  warning  worker-pdf 1/1
  the oldest waits for 1 h, over 30 min
  next  sapoche logs worker-pdf --tail 100
        sapoche scale worker-pdf --replicas 3 --for 1h

pdf-en  critical  worker-pdf-en 0/0
  2 jobs wait and worker-pdf-en is at 0 replicas, 1 reservation expired
  next  sapoche scale worker-pdf-en --to-baseline

CRITICAL  1 of 3 queues needs you, 1 warning; 3 pending, 0 delayed, 1 reserved
    not checked: failed jobs (--failed), queues that nobody serves (--discover)
`)
  })

  test('all well', async () => {
    const report = await (await lab()).read({failed: true, discover: true})
    expect(table(report, NARROW)).toMatch(
      /\nQUEUE +PENDING +OLDEST +DELAYED +RESERVED +WORKERS +VERDICT\npdf +- .* ok\nredis [^]*\n\nwarning {2}no failed jobs of Horizon[^]*\nOK {2}1 queue: 0 pending, 0 delayed, 0 reserved\n$/,
    )
  })

  test('Redis is down', async () => {
    const report = await (
      await lab({openRedis: () => Promise.reject(new ServerDownError('Redis at r:6379 is down: connection refused'))})
    ).read()
    const text = table(report, NARROW)
    expect(text).toMatch(/\nredis {2}critical {2}down\n/)
    expect(text).toMatch(/\nredis {2}critical\n {2}Redis at r:6379 is down: connection refused\n/)
    expect(text).toMatch(/\nCRITICAL {2}Redis itself is in trouble, 1 unknown\n/)
  })

  test('a queue that can not be read: what there is besides is the least', async () => {
    const here = await scene()
    here.redis('DEL', 'queues:pdf-en')
    here.redis('SET', 'queues:pdf-en', 'x')
    const text = table(await here.read(), NARROW)
    expect(text).toMatch(/\nCRITICAL {2}1 of 3 queues needs you, 1 warning; at least 2 pending, 0 delayed,/)
  })

  test('nothing to show', async () => {
    const report = await (await lab({workers: [worker('worker-x', {args: ['php-fpm']})]})).read()
    expect(table(report, NARROW)).toContain('\nno queues: no workload names one, and none was asked for\n')
  })

  test.each([40, 60, 80])('at %i columns no name is cut, and what can be spared goes', async (width) => {
    const text = table(await (await scene()).read(), {...NARROW, width})
    expect(text).toContain('sapoche-batch-publisher-notification')
    const rows = text.split('\n').filter((line) => line.startsWith('pdf-en  '))
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(Math.max(width, 76))
  })

  test('what comes from the cluster is safe for a terminal', async () => {
    const {redis, read} = await lab()
    redis('RPUSH', 'queues:\u001B[31mred', 'x')
    expect(table(await read({discover: true}), NARROW)).not.toContain('\u001B')
  })
})

test('wide: every number, source and key', async () => {
  const report = await (await scene({tick: 6000})).read({window: 1})
  const text = wide(report, NARROW)
  expect(text).toMatch(/QUEUE +PENDING +CHANGE +OLDEST +DELAYED +RESERVED +DUE +EXPIRED +WORKERS +VERDICT +MOVEMENT +SOURCE +KEY/)
  expect(text).toMatch(/pdf-en +1 +0 +2 min +0 +1 +0 +1 +worker-pdf-en 0\/0 +critical +stuck +argument --queue +queues:pdf-en\n/)
})

test('names', async () => {
  expect(name(await (await scene()).read(), NARROW)).toBe('pdf\npdf-en\nsapoche-batch-publisher-notification\n')
})

test('junit: a case a queue, one for Redis', async () => {
  const xml = junit(await (await scene()).read({failed: true}), NARROW)
  expect(xml).toContain('<testsuite name="sapoche queue-depth" tests="4" failures="2" errors="0">')
  expect(xml).toContain('<testcase classname="queues" name="pdf-en"><failure message="2 jobs wait and worker-pdf-en is at 0 replicas')
  expect(xml).toContain('<testcase classname="servers" name="redis"/>')
})
