import {describe} from 'vitest'
import {deepSuite} from './deep.ts'
import {realLagStage} from './lag-real.ts'
import {startRealRedis} from './redis-starters.ts'

describe('--deep on real servers', () => deepSuite(realLagStage, startRealRedis))
