import {describe} from 'vitest'
import {realLagStage} from './lag-real.ts'
import {startRealRedis} from './redis-starters.ts'
import {traceSuite} from './trace.ts'

describe('trace on real servers', () => traceSuite(realLagStage, startRealRedis))
