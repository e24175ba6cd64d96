import {describe} from 'vitest'
import {accessSuite, PEOPLE} from './access.ts'
import {outageSuite, proxyOutage, WATCHER} from './outage.ts'
import {rulesSuite} from './rules.ts'
import {statusSuite} from './status.ts'
import {sandboxTarget} from './target.ts'

describe('on the sandbox', () => {
  describe('status', () => statusSuite(() => sandboxTarget()))
  describe('rules', () => rulesSuite(() => sandboxTarget()))
  describe('outages', () =>
    outageSuite(async () => {
      const target = await sandboxTarget([WATCHER])
      return {target, outage: await proxyOutage(target, 'token-0')}
    }))
  describe('access', () => accessSuite(() => sandboxTarget(PEOPLE)))
})
