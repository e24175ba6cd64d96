import {afterEach, describe, expect, test} from 'vitest'
import type {QueueDepthReport, QueueItem} from '../../src/lib/runbook/queue-depth/schema.ts'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import type {TraceReport} from '../../src/lib/runbook/trace/schema.ts'
import type {Run} from '../package/program.ts'
import {reportOf} from './scene.ts'

/** The runbook's namespace in the state of a scenario, with its Redis behind the cluster's port-forward. */
export interface Situation {
  sapoche(args: readonly string[]): Promise<Run>
  close(): Promise<void>
}

const PATIENCE_MS = 30_000
const itemOf = ({items}: QueueDepthReport, name: string): QueueItem => items.find(({queue}) => queue === name)!

/** The scenarios of `queue-depth`, and the runbook's tree "Worker backlog" with these commands alone. */
export function depthScenarioSuite(open: (scenario: 'worker-backlog' | 'redis-full') => Promise<Situation>): void {
  let situation: Situation | null = null
  afterEach(async () => {
    await situation?.close()
    situation = null
  })

  const look = async ({sapoche}: Situation, ...args: readonly string[]): Promise<{run: Run; report: QueueDepthReport}> => {
    const run = await sapoche(['queue-depth', '-o', 'json', ...args])
    return {run, report: reportOf<QueueDepthReport>(run, 'QueueDepthReport')}
  }
  const until = async (here: Situation, enough: (report: QueueDepthReport) => boolean): Promise<QueueDepthReport> => {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const {report} = await look(here)
      if (enough(report)) return report
      if (Date.now() > deadline) throw new Error(`never as wished for: ${JSON.stringify(report, null, 1)}`)
    }
  }

  test('worker-backlog: the verdict, the cause and the next command; then the tree of the runbook', async () => {
    const here = (situation = await open('worker-backlog'))
    const {run, report} = await look(here)
    expect({code: run.code, stderr: run.stderr, verdict: report.verdict}).toEqual({code: 2, stderr: '', verdict: 'critical'})
    expect(itemOf(report, 'pdf-en')).toMatchObject({
      severity: 'critical',
      workloads: [{name: 'worker-sapoche-pdf-en', ready: 0, desired: 0}],
      pending: 137,
      expiredReserved: 3,
      reason: expect.stringMatching(/^142 jobs wait and worker-sapoche-pdf-en is at 0 replicas, 3 reservations expired$/),
      next: ['sapoche scale worker-sapoche-pdf-en --to-baseline'],
    })
    expect(itemOf(report, 'pdf')).toMatchObject({
      severity: 'warning',
      workloads: [{name: 'worker-sapoche-pdf', ready: 1, desired: 1}],
      reason: expect.stringMatching(/^the oldest waits for 1 h, over 30 min; 12\d\d pending, 1000 or more are too many$/),
      next: ['sapoche logs worker-sapoche-pdf --tail 100', 'sapoche scale worker-sapoche-pdf --replicas 3 --for 1h'],
    })
    expect(report.items.filter(({severity}) => severity !== 'ok').map(({queue}) => queue)).toEqual(['pdf', 'pdf-en'])

    const deep = await here.sapoche(['status', 'workers', '--deep', '-o', 'json'])
    const status = reportOf<StatusReport>(deep, 'StatusReport')
    expect({code: deep.code, stderr: deep.stderr}).toEqual({code: 2, stderr: ''})
    const faulty = status.items
      .flatMap(({name, queues}) => (queues ?? []).map((queue) => ({name, ...queue})))
      .filter(({next}) => next.length > 0)
    expect(faulty.map(({name, queue, severity, next}) => [name, queue, severity, next[0]])).toEqual([
      ['worker-sapoche-pdf', 'pdf', 'warning', 'sapoche logs worker-sapoche-pdf --tail 100'],
      ['worker-sapoche-pdf-en', 'pdf-en', 'critical', 'sapoche scale worker-sapoche-pdf-en --to-baseline'],
    ])

    // "Check worker logs", "Scale up workers temporarily", "Check Redis queue depth".
    expect((await here.sapoche(['logs', 'worker-sapoche-pdf', '--tail', '100'])).code).toBe(0)
    expect((await here.sapoche(['scale', 'worker-sapoche-pdf-en', '--to-baseline', '--yes'])).code).toBe(0)
    expect((await here.sapoche(['scale', 'worker-sapoche-pdf', '--replicas', '3', '--yes'])).code).toBe(0)
    const better = await until(
      here,
      (found) => itemOf(found, 'pdf-en').workloads[0]?.ready === 1 && itemOf(found, 'pdf').workloads[0]?.ready === 3,
    )
    expect(itemOf(better, 'pdf-en').severity).not.toBe('critical')
    const key = await here.sapoche(['queue-depth', '--queue', 'laravel_database_queues:pdf', '-o', 'json', '--max-depth', '9999'])
    expect(reportOf<QueueDepthReport>(key, 'QueueDepthReport').items).toMatchObject([{type: 'list', state: 'present', severity: 'ok'}])
    expect((await here.sapoche(['scale', 'worker-sapoche-pdf', '--revert', '--yes'])).code).toBe(0)
  })

  describe('redis-full', () => {
    test('the verdict, the cause and the next command', async () => {
      const here = (situation = await open('redis-full'))
      const {run, report} = await look(here)
      expect({code: run.code, stderr: run.stderr, verdict: report.verdict}).toEqual({code: 2, stderr: '', verdict: 'critical'})
      expect(report.redis).toMatchObject({
        state: 'up',
        role: 'master',
        policy: 'noeviction',
        severity: 'critical',
        reason: expect.stringMatching(/^its memory is full \(.* used, noeviction\): writes are refused, no job can be added$/),
        next: ['sapoche queue-depth --discover', 'sapoche exec redis-master-st-sp -- redis-cli --bigkeys'],
      })
      expect(report.items.every(({severity}) => severity === 'ok')).toBe(true)

      const deep = await here.sapoche(['status', 'workers', '--deep', '-o', 'json'])
      expect(deep.code).toBe(2)
      expect(reportOf<StatusReport>(deep, 'StatusReport').servers).toMatchObject([
        {name: 'redis', severity: 'critical', next: report.redis.next},
      ])
      const trace = await here.sapoche(['trace', '--from', 'gateway', '-o', 'json'])
      expect(trace.code).toBe(2)
      expect(reportOf<TraceReport>(trace, 'TraceReport').items.filter(({broken}) => broken)).toMatchObject([
        {name: 'st-redis-sp', next: report.redis.next, downstream: ['external databases and storage']},
      ])
    })
  })
}
