import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {accessSuite} from './access.ts'
import {outageSuite, realOutage} from './outage.ts'
import {rulesSuite} from './rules.ts'
import {statusSuite} from './status.ts'
import {realTarget} from './target.ts'

describe('on a real control plane', () => {
  const open = async () => realTarget(await clusterOfTheRun())
  describe('status', () => statusSuite(open))
  describe('rules', () => rulesSuite(open))
  describe('outages', () =>
    outageSuite(async () => {
      const cluster = await clusterOfTheRun()
      return {target: await realTarget(cluster), outage: realOutage(cluster)}
    }))
  describe('access', () => accessSuite(open))
})
