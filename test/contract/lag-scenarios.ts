import {expect} from 'vitest'
import type {ConsumerLagReport} from '../../src/lib/runbook/consumer-lag/schema.ts'
import type {Run} from '../package/program.ts'
import {reportOf} from './scene.ts'

export type LagScenario = 'consumer-stuck' | 'silent-backlog' | 'kafka-broker-down'

/** What `consumer-lag -o json` says of a scenario of the sandbox, or of its like on real servers: verdict, exit code and next commands. */
export function expectLagScenario(scenario: LagScenario, run: Run): void {
  const report = reportOf<ConsumerLagReport>(run, 'ConsumerLagReport')
  const wrong = report.items.filter(({severity}) => severity === 'warning' || severity === 'critical')
  expect(report.summary.groups).toBe(14)
  switch (scenario) {
    case 'consumer-stuck':
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 2, verdict: 'critical'})
      expect(wrong).toMatchObject([
        {
          group: 'consumer-lis-testresult',
          workloads: [{name: 'consumer-lis-testresult', ready: 1, desired: 1}],
          movement: 'not-moving',
          severity: 'critical',
          members: 1,
          state: 'Stable',
          lag: 480,
          next: ['sapoche logs consumer-lis-testresult', 'sapoche restart consumer-lis-testresult'],
        },
      ])
      return
    case 'silent-backlog':
      expect({code: run.code, verdict: report.verdict}).toEqual({code: 1, verdict: 'warning'})
      expect(wrong).toMatchObject([
        {
          group: 'consumer-spc-pos-orders',
          workloads: [{ready: 1, desired: 1}],
          movement: 'falling-behind',
          severity: 'warning',
          next: ['sapoche scale consumer-spc-pos-orders --replicas 2'],
        },
      ])
      return
    case 'kafka-broker-down': {
      expect({code: run.code, verdict: report.verdict, wrong}).toEqual({code: 3, verdict: 'unknown', wrong: []})
      expect(report.summary).toMatchObject({unknown: 14, critical: 0})
      expect(report.brokers.at(-1)).toMatchObject({id: 2, severity: 'warning', next: ['sapoche pods -n kafka']})
      // What the lost broker led is not known, and what the others lead is.
      const rows = report.items.flatMap(({partitions}) => partitions)
      expect(rows.filter(({lag}) => lag !== null).length).toBeGreaterThan(9)
      const lost = rows.filter(({lag}) => lag === null)
      expect(new Set(lost.map(({note}) => note))).toEqual(new Set(['no leader']))
      expect(lost.length).toBe(report.items.filter(({partitions}) => partitions.length > 0).length)
    }
  }
}
