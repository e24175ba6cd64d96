import {expect, test} from 'vitest'
import {ServerDownError} from '../../../src/lib/clients/reach/errors.ts'
import {RefusedError, TimedOutError} from '../../../src/lib/errors/index.ts'
import {liveLag} from '../../../src/lib/runbook/consumer-lag/index.ts'
import type {ConsumerLagReport} from '../../../src/lib/runbook/consumer-lag/schema.ts'
import type {LiveLagOptions} from '../../../src/lib/runbook/consumer-lag/watch.ts'
import type {Sight} from '../../../src/lib/runbook/polling.ts'
import {KafkaModel} from './kafka-model.ts'
import {item, labOf, MINUTE, NOW} from './lab.ts'

const VIEW = {width: 100, colour: false, now: NOW}

function kafkaOf(events: number): KafkaModel {
  const kafka = new KafkaModel()
  kafka.topic('ecg')
  kafka.produce('ecg', events, NOW)
  kafka.group('consumer-ecg', ['ecg'])
  kafka.commit('consumer-ecg', 'ecg', 0)
  return kafka
}

/** So many moments; `step` happens before each look, which are a minute apart. */
async function watch(
  kafka: KafkaModel,
  moments: number,
  step: (look: number) => void = () => undefined,
  more: Partial<LiveLagOptions> = {},
) {
  let [looks, now] = [0, NOW]
  const {sources} = await labOf(kafka, {})
  const begin = (): void => {
    step(looks++)
    now += MINUTE
  }
  kafka.onSurvey = begin
  const options: LiveLagOptions = {targets: [], window: 1, output: 'table', ...more}
  const live = liveLag(options, {...sources, now: () => now})
  const controller = new AbortController()
  const seen: Sight<ConsumerLagReport>[] = []
  for await (const moment of live.follow(controller.signal)) {
    seen.push(moment)
    if (seen.length === moments) controller.abort()
  }
  return {seen, live, reports: seen.map(({report}) => report)}
}

const movements = (reports: readonly ConsumerLagReport[]): unknown[] => reports.map((report) => item(report).movement)

test('each look is compared with the one before', async () => {
  const kafka = kafkaOf(100)
  const {seen, live, reports} = await watch(kafka, 4, (look) => void kafka.commit('consumer-ecg', 'ecg', [0, 40, 40, 100][look]!))
  expect(movements(reports)).toEqual([null, 'catching-up', 'not-moving', 'ok'])
  expect(seen.at(-1)?.history.get('consumer-ecg')).toEqual([100, 60, 60, 0])
  expect(live.page(seen.at(-1)!, VIEW).body.join('\n')).toContain('█▅▅▁')
  expect(live.page(seen.at(-1)!, VIEW).head[0]).toMatch(/watching$/)
  expect(kafka.closed).toBe(1)
})

test('on a terminal of 80 columns too there is the line of a row, whatever its group is called', async () => {
  const kafka = kafkaOf(30_000)
  const {seen, live} = await watch(kafka, 2, (look) => {
    kafka.produce('ecg', 100 * look, NOW)
    kafka.commit('consumer-ecg', 'ecg', look)
  })
  const group = 'consumer-spc-pdf-generate-examination'
  const {report, history} = seen.at(-1)!
  const named = {...report, items: report.items.map((each) => ({...each, group}))}
  const {body} = live.page({report: named, blind: null, history: new Map([[group, history.get('consumer-ecg')!]])}, {...VIEW, width: 80})
  expect(body.join('\n')).toMatch(/consumer-spc-pdf-generate-examination +30099 +██ +falling behind +\d\/\d\n/)
  expect(Math.max(...body.map(({length}) => length))).toBeLessThanOrEqual(80)
})

test('a line of JSON for each look', async () => {
  const {seen, live} = await watch(kafkaOf(5), 1)
  expect(live.lines(seen[0]!)).toBe(live.jsonLines(seen[0]!))
  expect(JSON.parse(live.jsonLines(seen[0]!))).toEqual(seen[0]!.report)
  expect(live.jsonLines(seen[0]!).match(/\n/g)).toHaveLength(1)
})

test('rebalancing for two minutes becomes a warning', async () => {
  const kafka = kafkaOf(5)
  kafka.group('consumer-ecg').state = 'PreparingRebalance'
  const {reports} = await watch(kafka, 4)
  expect(reports.map((report) => item(report).severity)).toEqual(['unknown', 'unknown', 'warning', 'warning'])
})

test('Kafka goes down and comes back', async () => {
  const kafka = kafkaOf(5)
  const {reports} = await watch(kafka, 4, (look) => {
    if (look === 1) throw new ServerDownError('Kafka is down')
  })
  expect(reports.map(({verdict}) => verdict)).toEqual(['ok', 'critical', 'ok', 'warning'])
  // Its groups have another past then.
  expect(movements(reports)).toEqual([null, null, null, 'not-moving'])
})

test.each([
  ['the way is blocked later', new TimedOutError('no answer')],
  ['the login is refused later', new RefusedError('no answer')],
])('%s: unknown, and it goes on', async (_, error) => {
  const {seen, reports} = await watch(kafkaOf(5), 3, (look) => {
    if (look === 1) throw error
  })
  expect(reports.map(({verdict}) => verdict)).toEqual(['ok', 'unknown', 'ok'])
  expect(seen.map(({blind}) => blind?.reason ?? null)).toEqual([null, 'no answer', null])
  // Its groups have another past then.
  expect(movements(reports)).toEqual([null, null, null])
})

test('the way is blocked from the start: an error', async () => {
  const blocked = watch(kafkaOf(5), 1, () => {
    throw new TimedOutError('no answer')
  })
  await expect(blocked).rejects.toThrow(TimedOutError)
})

test('no window to compare over', async () => {
  await expect(watch(kafkaOf(5), 1, undefined, {window: 0})).rejects.toMatchObject({code: 'usage'})
})

test('what is waited for', async () => {
  const {seen, live} = await watch(kafkaOf(5), 2)
  expect(seen.map((moment) => live.isReached(moment))).toEqual([true, false])
  expect(live.waitingFor(seen[1]!)).toBe('1 warning; 5 events behind in all')
})
