import {describe, expect, test} from 'vitest'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import type {TraceReport} from '../../src/lib/runbook/trace/schema.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {startSandboxRedis} from './redis-starters.ts'
import {reportOf} from './scene.ts'
import {sandboxTarget} from './target.ts'
import {TRACE_PEOPLE, traceSuite} from './trace.ts'

describe('trace on the sandbox', () => traceSuite(() => sandboxLagStage(TRACE_PEOPLE), startSandboxRedis))

describe('scenarios', () => {
  test.each([
    {scenario: 'baseline', code: 0, broken: [], next: []},
    {
      scenario: 'worker-backlog',
      code: 2,
      broken: ['worker-sapoche-pdf-en'],
      next: [
        'sapoche logs worker-sapoche-pdf --tail 100',
        'sapoche scale worker-sapoche-pdf --replicas 3 --for 1h',
        'sapoche scale worker-sapoche-pdf-en --to-baseline',
      ],
    },
    {
      scenario: 'stopped-consumer',
      code: 2,
      broken: ['consumer-lis-testresult'],
      next: ['sapoche scale consumer-lis-testresult --to-baseline'],
    },
    {
      scenario: 'consumer-stuck',
      code: 2,
      broken: ['consumer-lis-testresult'],
      next: ['sapoche logs consumer-lis-testresult', 'sapoche restart consumer-lis-testresult'],
    },
    {
      scenario: 'silent-backlog',
      code: 1,
      broken: [],
      next: ['sapoche scale consumer-spc-pos-orders --replicas 2'],
    },
    {
      scenario: 'redis-full',
      code: 2,
      broken: ['st-redis-sp', 'workers'],
      next: ['sapoche queue-depth --discover', 'sapoche exec redis-master-st-sp -- redis-cli --bigkeys'],
    },
    {scenario: 'kafka-broker-down', code: 3, broken: [], next: ['sapoche pods -n kafka']},
    {
      scenario: 'crashloop',
      code: 2,
      broken: ['worker-sapoche-pdf'],
      next: ['sapoche logs worker-sapoche-pdf --previous', 'sapoche rollback worker-sapoche-pdf'],
    },
  ])('$scenario: where it is broken, and the next command; status --deep has the same verdict', async ({scenario, code, broken, next}) => {
    const target = await sandboxTarget([], scenario)
    try {
      const [trace, status] = await Promise.all(
        [['trace'], ['status', '--deep']].map((args) => target.sapoche([...args, '--window', '1s', '-o', 'json'])),
      )
      const report = reportOf<TraceReport>(trace!, 'TraceReport')
      expect({code: trace!.code, stderr: trace!.stderr}).toEqual({code, stderr: ''})
      const places = report.items.flatMap(({name, broken: isBroken, workloads}) => [
        ...(isBroken ? [name] : []),
        ...workloads.filter((workload) => workload.broken).map((workload) => workload.name),
      ])
      expect(places).toEqual(broken)
      expect([...new Set(report.items.flatMap((hop) => hop.next))]).toEqual(next)
      expect(status!.code).toBe(code)
      expect(reportOf<StatusReport>(status!, 'StatusReport').verdict).toBe(report.verdict)
    } finally {
      await target.close()
    }
  })
})
