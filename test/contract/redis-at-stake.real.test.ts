import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {redisAtStakeSuite} from './redis-at-stake.ts'
import {startRealRedis} from './redis-starters.ts'
import {realTarget} from './target.ts'

describe('Redis at stake on a real control plane and a real Redis', () =>
  redisAtStakeSuite(async () => realTarget(await clusterOfTheRun()), startRealRedis))
