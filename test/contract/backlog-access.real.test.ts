import {afterAll, beforeAll, describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {waitUntil} from '../real/processes.ts'
import {backlogAccessSuite} from './backlog-access.ts'
import type {RedisCase} from './queue-reader.ts'
import {startRealRedis} from './redis-starters.ts'
import {realTarget, type ServersTarget} from './target.ts'

// That of consumer-lag stands with its brokers (consumer-lag.real.test.ts).
describe('queues on real servers, and who may see them', () => {
  let target: ServersTarget
  let redis: RedisCase
  beforeAll(async () => {
    target = await realTarget(await clusterOfTheRun())
    redis = await startRealRedis()
    await target.openPort(6379, redis.port)
    await waitUntil('Redis is behind its pod', async () => (await target.sapoche(['queue-depth'])).code === 0)
  })
  afterAll(async () => {
    await redis?.stop()
    await target?.close()
  })

  backlogAccessSuite('queue-depth', () => target)
})
