import {describe, expect, test} from 'vitest'
import type {ConsumerLagReport} from '../../src/lib/runbook/consumer-lag/schema.ts'
import type {Run} from '../package/program.ts'
import {consumerLagSuite, LAG_PEOPLE} from './consumer-lag.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {expectLagScenario} from './lag-scenarios.ts'
import {reportOf} from './scene.ts'
import {sandboxTarget} from './target.ts'

describe('on the sandbox', () => consumerLagSuite(() => sandboxLagStage(LAG_PEOPLE)))

describe('scenarios', () => {
  const lag = async (scenario: string): Promise<Run> => {
    const target = await sandboxTarget([], scenario)
    try {
      return await target.sapoche(['consumer-lag', '--window', '1s', '-o', 'json'])
    } finally {
      await target.close()
    }
  }

  test('baseline: 14 groups and nothing behind', async () => {
    const run = await lag('baseline')
    expect(run.code).toBe(0)
    const report = reportOf<ConsumerLagReport>(run, 'ConsumerLagReport')
    expect(report).toMatchObject({summary: {groups: 14, ok: 14, lag: 0}, warnings: [], notChecked: []})
  })

  test.each(['consumer-stuck', 'silent-backlog', 'kafka-broker-down'] as const)('%s', async (scenario) =>
    expectLagScenario(scenario, await lag(scenario)),
  )

  test('stopped-consumer: what has come since then waits', async () => {
    const run = await lag('stopped-consumer')
    expect(run.code).toBe(2)
    const [stopped] = reportOf<ConsumerLagReport>(run, 'ConsumerLagReport').items.filter(({severity}) => severity === 'critical')
    expect(stopped).toMatchObject({
      group: 'consumer-lis-testresult',
      lag: 480,
      next: ['sapoche scale consumer-lis-testresult --to-baseline'],
    })
  })
})
