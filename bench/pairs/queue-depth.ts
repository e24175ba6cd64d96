import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {givePort} from '../../test/real/containers.ts'
import type {Cluster} from '../../test/real/cluster-handle.ts'
import {type RealRedis, startRedis} from '../../test/real/redis.ts'
import {type Progress, run, waitUntil} from '../../test/real/processes.ts'
import type {Pair, Sides} from '../pair.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/run.js')
const QUEUES = 17
const JOBS = 30

/** A Redis with jobs in the queues of all workers, behind the pods and on loopback. `sides` gets its URL, and a file with an LLEN for each queue. */
function onRedis(
  sides: (url: string, lengths: string, redis: RealRedis) => Omit<Sides, 'close'>,
): (cluster: Cluster, progress: Progress) => Promise<Sides> {
  return async (cluster, progress) => {
    const redis = await startRedis({}, progress)
    await givePort(cluster, {}, 6379, redis.port)
    const look = async (...args: readonly string[]): Promise<string> => {
      const env = {...process.env, KUBECONFIG: cluster.kubeconfig}
      return (await run(process.execPath, [PROGRAM, 'queue-depth', '--fail-on', 'never', ...args], {env, timeout: 20_000})).stdout
    }
    await waitUntil('Redis is behind its pod', async () => JSON.parse(await look('-o', 'json')).redis.state === 'up')
    const queues = (await look('-o', 'name')).trim().split('\n')
    if (queues.length !== QUEUES) throw new Error(`${queues.length} queues where ${QUEUES} are to be measured`)
    const createdAt = Math.floor(Date.now() / 1000)
    for (const queue of queues) {
      const job = (id: number): string => JSON.stringify({uuid: `${queue}-${id}`, displayName: 'App\\Jobs\\Case', createdAt, attempts: 0})
      await redis.run('RPUSH', `queues:${queue}`, ...Array.from({length: JOBS}, (_, id) => job(id)))
    }
    const lengths = join(redis.dir, 'lengths')
    await writeFile(lengths, queues.map((queue) => `LLEN queues:${queue}\n`).join(''))
    return {...sides(`redis://127.0.0.1:${redis.port}`, lengths, redis), close: () => redis.stop()}
  }
}

const directly = (url: string): string[] => ['sapoche', 'queue-depth', '--redis-url', url, '--fail-on', 'never']
/** One pipe of `redis-cli`, after another program. */
const thenLengths = (first: string, {port}: RealRedis, lengths: string): string[] => [
  'sh',
  '-c',
  `${first} >/dev/null && exec redis-cli -p ${port} <'${lengths}'`,
]

export default [
  {
    name: 'queue-depth',
    title: `\`queue-depth\` directly, ${QUEUES} queues and their workers, beside \`kubectl get deployments,replicasets,pods\` and \`redis-cli\` with ${QUEUES} LLENs in one pipe`,
    limit: {wall: 1.5},
    setup: async (cluster, progress) =>
      onRedis((url, lengths, redis) => ({
        a: directly(url),
        b: thenLengths(`'${cluster.binaries.path('kubectl')}' get deployments,replicasets,pods -n sapoche`, redis, lengths),
      }))(cluster, progress),
  },
  {
    name: 'queue-depth-start',
    // Without a look at who should work on them, which is more than half of the command.
    title: `the same beside Node's start and the ${QUEUES} LLENs alone`,
    limit: {wall: 6},
    aim: {wall: 1.5},
    setup: onRedis((url, lengths, redis) => ({a: directly(url), b: thenLengths(`'${process.execPath}' -e 0`, redis, lengths)})),
  },
  {
    name: 'queue-depth-tunnel',
    title: '`queue-depth` through the API server, beside directly',
    limit: {wall: 1.5},
    setup: onRedis((url) => ({a: ['sapoche', 'queue-depth', '--fail-on', 'never'], b: directly(url)})),
  },
] satisfies Pair[]
