import {describe} from 'vitest'
import {redisAtStakeSuite} from './redis-at-stake.ts'
import {startSandboxRedis} from './redis-starters.ts'
import {sandboxTarget} from './target.ts'

describe('Redis at stake on the sandbox', () => redisAtStakeSuite(() => sandboxTarget(), startSandboxRedis))
