import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {freePort} from '../real/processes.ts'
import {startRedis} from '../real/redis.ts'
import {redisTroublesSuite, type Trouble} from './redis-troubles.ts'
import {realTarget} from './target.ts'

/** A key every 20 ms, 2000 of them. */
const SLOWLY = ['key-load-delay 20000', 'loading-process-events-interval-bytes 1024']

async function troubled(trouble: Trouble) {
  if (trouble === 'replica without master') return startRedis({config: [`replicaof 127.0.0.1 ${await freePort()}`]})
  const redis = await startRedis({config: SLOWLY, impatient: true})
  await redis.run('MSET', ...Array.from({length: 2000}, (_, index) => [`key:${index}`, 'x'.repeat(50)]).flat())
  await redis.run('SAVE')
  await redis.restart()
  return redis
}

describe('troubles of Redis on a real control plane and a real Redis', () =>
  redisTroublesSuite(['loading', 'replica without master'], async (trouble) => {
    const target = await realTarget(await clusterOfTheRun())
    const redis = await troubled(trouble)
    await target.openPort(6379, redis.port)
    return {
      queueDepth: (args) => target.sapoche(['queue-depth', ...args]),
      url: `redis://127.0.0.1:${redis.port}`,
      async close() {
        await redis.stop()
        await target.close()
      },
    }
  }))
