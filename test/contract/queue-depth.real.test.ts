import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {queueDepthSuite} from './queue-depth.ts'
import {startRealRedis} from './redis-starters.ts'
import {realTarget} from './target.ts'

describe('queue-depth on a real control plane and a real Redis', () =>
  queueDepthSuite(async () => realTarget(await clusterOfTheRun()), startRealRedis))
