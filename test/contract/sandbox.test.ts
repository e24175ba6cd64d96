import {describe} from 'vitest'
import {accessSuite, PEOPLE} from './access.ts'
import {rulesSuite} from './rules.ts'
import {statusSuite} from './status.ts'
import {sandboxTarget} from './target.ts'

describe('on the sandbox', () => {
  describe('status', () => statusSuite(() => sandboxTarget()))
  describe('rules', () => rulesSuite(() => sandboxTarget()))
  describe('access', () => accessSuite(() => sandboxTarget(PEOPLE)))
})
