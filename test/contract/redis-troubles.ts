import {afterEach, expect, test} from 'vitest'
import type {QueueDepthReport} from '../../src/lib/runbook/queue-depth/schema.ts'
import {waitUntil} from '../real/processes.ts'
import type {Run} from '../package/program.ts'
import {reportOf} from './scene.ts'

export type Trouble = 'loading' | 'replica without master'

/** The runbook's namespace with such a Redis behind its pods. */
export interface TroubledStage {
  queueDepth(args: readonly string[]): Promise<Run>
  /** Leads around the API server. */
  readonly url: string | null
  close(): Promise<void>
}

const EXPECTED: Readonly<Record<Trouble, {readonly redis: object; readonly items: RegExp}>> = {
  loading: {
    redis: {state: 'loading', severity: 'critical', reason: expect.stringMatching(/^it is loading its data from disk and answers nothing/)},
    items: /^unknown$/,
  },
  'replica without master': {
    redis: {
      state: 'up',
      role: 'replica',
      masterLink: {up: false},
      severity: 'critical',
      reason: expect.stringMatching(/^this is a replica that has lost its master.*: the numbers are old$/),
    },
    items: /^ok$/,
  },
}

/** Troubles of Redis that `queue-depth` names: by the API server's port-forward, and directly where there is a way. */
export function redisTroublesSuite(troubles: readonly Trouble[], open: (trouble: Trouble) => Promise<TroubledStage>): void {
  let stage: TroubledStage | null = null
  afterEach(async () => {
    await stage?.close()
    stage = null
  })

  test.each(troubles)('%s', async (trouble) => {
    const here = (stage = await open(trouble))
    const {redis, items} = EXPECTED[trouble]
    const expectIt = (run: Run, through: 'tunnel' | 'direct'): void => {
      const report = reportOf<QueueDepthReport>(run, 'QueueDepthReport')
      expect({code: run.code, verdict: report.verdict, redis: report.redis}).toMatchObject({code: 2, verdict: 'critical', redis})
      expect(report.redis.through ?? through).toBe(through)
      for (const {severity} of report.items) expect(severity).toMatch(items)
      expect(report.items).toHaveLength(17)
    }
    const reached = async (): Promise<boolean> => {
      const {stdout} = await here.queueDepth(['-o', 'json'])
      return !stdout.includes('"state":"down"')
    }
    await waitUntil('Redis is behind its pod', reached, {timeout: 20_000})
    expectIt(await here.queueDepth(['-o', 'json']), 'tunnel')
    if (here.url !== null) expectIt(await here.queueDepth(['-o', 'json', '--redis-url', here.url]), 'direct')
  })
}
