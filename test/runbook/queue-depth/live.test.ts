import {describe, expect, test} from 'vitest'
import {UnreachableError} from '../../../src/lib/errors/index.ts'
import type {Sight as SightOf} from '../../../src/lib/runbook/polling.ts'
import {queueDepthReport, type QueueDepthReport} from '../../../src/lib/runbook/queue-depth/schema.ts'
import {job, lab, type Lab, NOW, PATIENT, worker} from './lab.ts'

type Sight = SightOf<QueueDepthReport>

const VIEW = {width: 100, colour: false, now: NOW}

/** The first so many sights; `between` happens after each. */
async function sights({live}: Lab, amount: number, between: (n: number) => void = () => {}, signal = PATIENT): Promise<Sight[]> {
  const seen: Sight[] = []
  for await (const sight of live().follow(signal)) {
    seen.push(sight)
    if (seen.length === amount) break
    between(seen.length)
  }
  return seen
}

describe('following', () => {
  test('each look beside one that is long enough ago, and the line of a row', async () => {
    const here = await lab({tick: 3000})
    here.redis('RPUSH', 'queues:pdf', job(9))
    const seen = await sights(here, 4, () => here.redis('RPUSH', 'queues:pdf', job(1), job(0)))
    expect(seen.map(({report}) => report.windowSeconds)).toEqual([null, 3, 6, 6])
    expect(seen.map(({report: {items}}) => [items[0]?.pending, items[0]?.change])).toEqual([
      [1, null],
      [3, 2],
      [5, 4],
      [7, 4],
    ])
    expect(seen.at(-1)?.history.get('pdf')).toEqual([1, 3, 5, 7])
    expect(here.live().page(seen.at(-1)!, VIEW).body.join('\n')).toMatch(/pdf +7 +\+4 +▂▄▆█/)
    for (const {report} of seen) expect(queueDepthReport.parse(report)).toEqual(report)
  })

  test('on a terminal of 80 columns too there is the line of a row, whatever its queue is called', async () => {
    const here = await lab({workers: [worker('worker-batch-publisher-notification')], tick: 3000})
    const more = (): void => void here.redis('RPUSH', 'queues:batch-publisher-notification', job(1), job(0))
    const body = here
      .live()
      .page((await sights(here, 3, more)).at(-1)!, {...VIEW, width: 80})
      .body.join('\n')
    expect(body).toMatch(/batch-publisher-notification +4 +▅█ /)
    expect(Math.max(...body.split('\n').map(({length}) => length))).toBeLessThanOrEqual(80)
  })

  test('a connection that breaks off is opened again', async () => {
    const here = await lab()
    here.redis('RPUSH', 'queues:pdf', job(1))
    const seen = await sights(here, 3, (n) => n === 1 && here.cut())
    expect(seen.map(({blind}) => blind !== null)).toEqual([false, true, false])
    expect(seen[1]).toMatchObject({
      blind: {reason: expect.stringMatching(/connection to/)},
      report: {verdict: 'unknown', items: [{pending: 1}]},
    })
    expect(seen[1]?.report.warnings).toEqual([{code: 'blind', message: expect.stringMatching(/^what follows is old: /)}])
    expect(here.live().page(seen[1]!, VIEW).head.join(' ')).toMatch(/BLIND for \d+ s: .*trying +again, what follows is old/)
    expect(here.live().isReached(seen[1]!)).toBe(false)
    expect(seen[2]).toMatchObject({report: {verdict: 'ok', windowSeconds: null, warnings: []}})
    expect(here.hints).toHaveLength(2)
  })

  test('what was not found may come, under whatever prefix', async () => {
    const here = await lab()
    const seen = await sights(here, 2, () => here.redis('RPUSH', 'a_queues:pdf', job(1)))
    expect(seen.map(({report: {items}}) => items[0]?.state)).toEqual(['absent', 'present'])
  })

  test('the first look must succeed', async () => {
    const error = new UnreachableError('no way')
    await expect(sights(await lab({openRedis: () => Promise.reject(error)}), 1)).rejects.toBe(error)
  })

  test('ends with the signal', async () => {
    const controller = new AbortController()
    expect(await sights(await lab(), 99, () => controller.abort(), controller.signal)).toHaveLength(1)
  })
})

test('what is waited for', async () => {
  const here = await lab({workers: [worker('worker-pdf', {replicas: 0}), worker('worker-b')]})
  here.redis('RPUSH', 'queues:pdf', job(1))
  const [sight] = await sights(here, 1)
  const ok = here.live({until: 'ok'})
  expect([ok.isReached(sight!), ok.waitingFor(sight!)]).toEqual([false, 'pdf is critical'])
  here.redis('DEL', 'queues:pdf')
  const [better] = await sights(here, 1)
  expect(ok.isReached(better!)).toBe(true)
})

test('a line of JSON for each look', async () => {
  const here = await lab()
  const [sight] = await sights(here, 1)
  expect(JSON.parse(here.live().jsonLines(sight!))).toEqual(sight?.report)
  expect(here.live().lines(sight!)).toBe(here.live().jsonLines(sight!))
  expect(here.live().jsonLines(sight!).split('\n')).toHaveLength(2)
})
