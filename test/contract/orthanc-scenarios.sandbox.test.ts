import {describe, expect, test} from 'vitest'
import {LOGIN} from '../../src/lib/sandbox/orthanc.ts'
import {seen, statuses} from './orthanc.ts'
import {orthancScenarioSuite, PROBERS} from './orthanc-scenarios.ts'
import {sandboxTarget} from './target.ts'

describe('scenarios of orthanc-probe on the sandbox', () => {
  orthancScenarioSuite(async (scenario) => {
    const target = await sandboxTarget(PROBERS, scenario)
    return {target, login: LOGIN, close: () => target.close()}
  })
})

test('node-lost: nobody reaches its pod any more, and the cause is known all the same', async () => {
  const target = await sandboxTarget([], 'node-lost')
  try {
    const {code, report, steps} = seen(await target.sapoche(['orthanc-probe', '-o', 'json']))
    expect({code, ...statuses(report)}).toMatchObject({code: 2, endpoints: ['critical'], pod: ['critical'], http: ['unknown']})
    expect(steps('pod')[0]?.reason).toMatch(/is node-b lost\?$/)
    expect(report.next[0]).toBe('sapoche events orthanc-read-api')
  } finally {
    await target.close()
  }
})
