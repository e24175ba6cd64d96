import {describe, expect, test} from 'vitest'
import type {ConsumerLagReport} from '../../src/lib/runbook/consumer-lag/schema.ts'
import {consumerLagSuite, LAG_PEOPLE} from './consumer-lag.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {reportOf} from './scene.ts'
import {sandboxTarget} from './target.ts'

describe('on the sandbox', () => consumerLagSuite(() => sandboxLagStage(LAG_PEOPLE)))

describe('scenarios', () => {
  const lag = async (scenario: string) => {
    const target = await sandboxTarget([], scenario)
    try {
      const run = await target.sapoche(['consumer-lag', '--window', '1s', '-o', 'json'])
      return {code: run.code, report: reportOf<ConsumerLagReport>(run, 'ConsumerLagReport')}
    } finally {
      await target.close()
    }
  }
  const itemsOf = (report: ConsumerLagReport, ...severities: readonly string[]) =>
    report.items.filter(({severity}) => severities.includes(severity)).map(({group, movement, next}) => ({group, movement, next}))

  test('baseline: 14 groups and nothing behind', async () => {
    const {code, report} = await lag('baseline')
    expect(code).toBe(0)
    expect(report).toMatchObject({summary: {groups: 14, ok: 14, lag: 0}, warnings: [], notChecked: []})
  })

  test('consumer-stuck', async () => {
    const {code, report} = await lag('consumer-stuck')
    expect(code).toBe(2)
    expect(itemsOf(report, 'warning', 'critical')).toEqual([
      {
        group: 'consumer-lis-testresult',
        movement: 'not-moving',
        next: ['sapoche logs consumer-lis-testresult', 'sapoche restart consumer-lis-testresult'],
      },
    ])
    expect(report.items.find(({severity}) => severity === 'critical')).toMatchObject({members: 1, state: 'Stable', lag: 480})
  })

  test('silent-backlog: everything is ready, and lag grows', async () => {
    const {code, report} = await lag('silent-backlog')
    expect(code).toBe(1)
    expect(itemsOf(report, 'warning', 'critical')).toEqual([
      {group: 'consumer-spc-pos-orders', movement: 'falling-behind', next: ['sapoche scale consumer-spc-pos-orders --replicas 2']},
    ])
  })

  test('kafka-broker-down: what it alone holds is unknown', async () => {
    const {code, report} = await lag('kafka-broker-down')
    expect(code).toBe(3)
    expect(report.summary).toMatchObject({groups: 14, unknown: 14, critical: 0})
    expect(report.brokers.at(-1)).toMatchObject({id: 2, severity: 'warning', next: ['sapoche pods -n kafka']})
    const rows = report.items.flatMap(({partitions}) => partitions)
    expect(rows.filter(({lag: left}) => left !== null).length).toBeGreaterThan(15)
    expect(new Set(rows.filter(({lag: left}) => left === null).map(({note}) => note))).toEqual(new Set(['no leader']))
  })

  test('stopped-consumer: what has come since then waits', async () => {
    const {code, report} = await lag('stopped-consumer')
    expect(code).toBe(2)
    const [stopped] = report.items.filter(({severity}) => severity === 'critical')
    expect(stopped).toMatchObject({
      group: 'consumer-lis-testresult',
      lag: 480,
      next: ['sapoche scale consumer-lis-testresult --to-baseline'],
    })
  })
})
