import {describe, expect, test} from 'vitest'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import {deepSuite, STATUS_PEOPLE} from './deep.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {startSandboxRedis} from './redis-starters.ts'
import {reportOf} from './scene.ts'
import {sandboxTarget} from './target.ts'

describe('--deep on the sandbox', () => deepSuite(() => sandboxLagStage(STATUS_PEOPLE), startSandboxRedis))

describe('Orthanc in status --deep', () => {
  const orthanc = async (scenario: string, ...args: readonly string[]) => {
    const target = await sandboxTarget([], scenario)
    try {
      const run = await target.sapoche(['status', '--deep', '-o', 'json', ...args])
      const report = reportOf<StatusReport>(run, 'StatusReport')
      return {code: run.code, server: report.servers.find(({name}) => name === 'orthanc'), notChecked: report.notChecked}
    } finally {
      await target.close()
    }
  }

  test('alive, and what takes credentials was not looked at', async () => {
    const {code, server, notChecked} = await orthanc('baseline')
    expect({code, server}).toEqual({code: 0, server: {name: 'orthanc', severity: 'ok', reason: '', next: []}})
    expect(notChecked).toContain('database, storage, dicom of Orthanc (orthanc-probe)')
  })

  test('open to everybody: critical, with the cause and the next command', async () => {
    const {code, server} = await orthanc('orthanc-open')
    expect(code).toBe(2)
    expect(server).toMatchObject({
      severity: 'critical',
      reason: expect.stringMatching(/^authentication: .*NodePort 30635/),
      next: expect.arrayContaining(['sapoche env orthanc-read-api --match ORTHANC']),
    })
  })

  test('a viewer that is configured wrongly: a warning', async () => {
    const {code, server} = await orthanc('viewer-misconfigured')
    expect({code, severity: server?.severity}).toEqual({code: 1, severity: 'warning'})
  })

  test('is not asked where other workloads were named', async () => {
    const {code, server, notChecked} = await orthanc('orthanc-open', 'workers')
    expect({code, server}).toEqual({code: 0, server: undefined})
    expect(notChecked).toContain('DICOM')
  })
})
