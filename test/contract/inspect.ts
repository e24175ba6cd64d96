import {afterAll, beforeAll, describe} from 'vitest'
import {inspectAccessSuite} from './inspect-access.ts'
import {auditSuite} from './inspect-audit.ts'
import {envSuite} from './inspect-env.ts'
import {eventsSuite} from './inspect-events.ts'
import {execSuite} from './inspect-exec.ts'
import {reportsSuite} from './inspect-reports.ts'
import {runbookSuite} from './inspect-runbook.ts'
import type {InspectTarget} from './inspect-target.ts'

/** The commands that look, through an API server. `outcome`: whether the cluster passes on how a command in a container ended. */
export function inspectSuite(open: () => Promise<InspectTarget>, {outcome}: {readonly outcome: boolean}): void {
  let target: InspectTarget
  beforeAll(async () => {
    target = await open()
    await target.prepare()
  })
  afterAll(async () => {
    await target.restore()
    await target.close()
  })
  const opened = (): InspectTarget => target

  // Each test leaves the counts of the runbook's baseline, so that it can run alone as well. The first ones need pods that are old enough for metrics.
  describe('every line of the runbook', () => runbookSuite(opened))
  describe('pods, top, changes', () => reportsSuite(opened))
  describe('events', () => eventsSuite(opened))
  describe('env', () => envSuite(opened))
  describe('audit-inactive', () => auditSuite(opened))
  describe('exec and shell', () => execSuite(opened, {outcome}))
  describe('access', () => inspectAccessSuite(opened))
}
