import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {describe} from 'vitest'
import {JobQueues} from '../../src/lib/sandbox/redis-jobs.ts'
import {RedisStore} from '../../src/lib/sandbox/redis-store.ts'
import {run, type Run} from '../package/program.ts'
import {giveLog, givePort} from '../real/containers.ts'
import {clusterOfTheRun} from '../real/control.ts'
import {restore} from '../real/faults.ts'
import {depthScenarioSuite} from './depth-scenarios.ts'
import type {RedisCase} from './queue-reader.ts'
import {startRealRedis} from './redis-starters.ts'

const MINUTE = 60_000
const EN = '/apis/apps/v1/namespaces/sapoche/deployments/worker-sapoche-pdf-en'

/** The jobs of the scenario, as the sandbox's workers would have left them. */
async function pile(redis: RedisCase): Promise<void> {
  const store = new RedisStore()
  const jobs = new JobQueues(store)
  const now = Date.now()
  jobs.pile({queue: 'pdf', pending: 1210, delayed: 6, reserved: 0}, now - 62 * MINUTE, now)
  jobs.pile({queue: 'pdf-en', pending: 137, delayed: 4, reserved: 3}, now - 25 * MINUTE, now)
  // The one of pdf is at work; nothing but the sandbox simulates that.
  jobs.advance([{queue: 'pdf', ready: 1}], now)
  for (const key of store.keys()) {
    if (store.typeOf(key) === 'list') await redis.run('RPUSH', key, ...store.list(key))
    else await redis.run('ZADD', key, ...[...store.zset(key)].flatMap(([member, score]) => [score, member]))
  }
}

describe('scenarios of queue-depth on real servers', () => {
  depthScenarioSuite(async (scenario) => {
    const cluster = await clusterOfTheRun()
    const home = await mkdtemp(path.join(os.tmpdir(), 'sapoche-scenario-'))
    const redis = await startRealRedis()
    const sapoche = (args: readonly string[]) => run(args, {env: {KUBECONFIG: cluster.kubeconfig, HOME: home}})
    await givePort(cluster, {}, 6379, redis.port)
    await giveLog(cluster, {}, [{time: new Date().toISOString(), text: 'Processing: App\\Jobs\\GenerateDocument'}])
    if (scenario === 'redis-full') await redis.fill()
    else {
      await pile(redis)
      await cluster.api.patch(EN, {spec: {replicas: 0}}, 'strategic-merge')
    }
    await isOpen(sapoche, scenario === 'redis-full' ? 'memory is full' : '142 jobs wait')
    return {
      sapoche,
      async close() {
        await restore(cluster.api)
        await redis.stop()
        await rm(home, {recursive: true})
      },
    }
  })
})

/** A simulated kubelet takes a moment to open a port, and a pod to end. */
async function isOpen(sapoche: (args: readonly string[]) => Promise<Run>, words: string): Promise<void> {
  for (const deadline = Date.now() + MINUTE / 2; ;) {
    const {stdout, stderr} = await sapoche(['queue-depth', '-o', 'json'])
    if (stdout.includes(words)) return
    if (Date.now() > deadline) throw new Error(`never so: ${stdout}${stderr}`)
  }
}
