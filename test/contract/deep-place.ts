import {freePort} from '../real/processes.ts'
import type {LagStage} from './lag-stage.ts'
import type {RedisCase, RedisPerson, StartRedis} from './queue-reader.ts'
import {deployment, openScene, type DeploymentParts, type Scene} from './scene.ts'
import {writeFileFor} from './target.ts'

const BROKERS = [0, 1, 2].map((id) => `redpanda-${id}.redpanda.kafka.svc.cluster.local:9092`).join(',')

/** A namespace of its own with Redis behind a service, and workers and consumers that use it and Kafka. */
export interface DeepPlace {
  readonly scene: Scene
  readonly redis: RedisCase
  /** The arguments that lead the program there. */
  readonly args: readonly string[]
  /** A name for a consumer, its group, and with `-topic` its topic, that no other place has. */
  readonly consumer: string
}

export interface DeepOptions {
  /** By name; the queue of `worker-pdf` is `pdf`. */
  readonly workers?: Readonly<Record<string, DeploymentParts>>
  readonly consumer?: DeploymentParts
  /** What the catalogue says of workloads besides; the consumer's stands under `consumer`. */
  readonly listed?: Readonly<Record<string, object>>
  /** What the cluster has besides, and more sections of the catalogue. */
  readonly objects?: readonly object[]
  readonly catalogue?: object
  /** Of the catalogue, that of Redis among them. */
  readonly services?: (redisPort: number) => readonly object[]
  /** Besides Redis. */
  readonly servers?: object
  /** Who may come into Redis. */
  readonly people?: readonly RedisPerson[]
  /** Of the consumer, besides what leads to Kafka. */
  readonly env?: Readonly<Record<string, string>>
}

let places = 0

/** Opens a place, its workloads settled, its topic of one partition and its group there; `ending` gets what has to be undone. */
export async function openDeepPlace(
  {target, createTopic, commit}: LagStage,
  startRedis: StartRedis,
  options: DeepOptions,
  ending: (end: () => unknown) => void,
): Promise<DeepPlace> {
  const {workers = {'worker-pdf': {}}, consumer: parts = {}, listed = {}, objects = [], catalogue: sections = {}} = options
  const consumer = `consumer-${process.pid}-${++places}`
  const redis = await startRedis(options.people)
  ending(() => redis.stop())
  const port = await freePort()
  await target.openPort(port, redis.port)
  const scene = await openScene(target, [])
  const known = [{name: consumer, category: 'consumers', baseline: 1, ...listed['consumer']}]
  for (const name of Object.keys(workers)) known.push({name, category: 'workers', baseline: 1, ...listed[name]})
  const catalogue = {
    namespace: scene.namespace,
    startupGrace: 0,
    categories: [
      {name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['consumer-*']},
      {name: 'workers', singular: 'worker', title: 'Workers', match: ['worker-*']},
      {name: 'backend', singular: 'backend', title: 'Backend', match: ['*']},
    ],
    workloads: [...known, {name: 'redis', category: 'backend', baseline: 1}, ...Object.values(listed).filter((each) => 'name' in each)],
    dependencies: [
      {name: 'message-queue', kind: 'queue', where: 'in another namespace', purpose: 'events', environment: ['KAFKA_BROKER*']},
    ],
    servers: {redis: {address: `redis:${port}`}, ...options.servers},
    services: options.services?.(port) ?? [],
    ...sections,
  }
  const file = await writeFileFor(target, `deep-${scene.namespace}.yaml`, JSON.stringify(catalogue))
  const env = Object.entries({KAFKA_BROKERS: BROKERS, KAFKA_GROUP_ID: consumer, KAFKA_TOPIC: `${consumer}-topic`, ...options.env})
  const ports = [{name: 'redis', port, targetPort: port}]
  await scene.create(
    {apiVersion: 'v1', kind: 'Service', metadata: {name: 'redis'}, spec: {selector: {app: 'redis'}, ports}},
    deployment('redis', {container: {ports: [{name: 'redis', containerPort: port}]}}),
    deployment(consumer, {...parts, container: {env: env.map(([name, value]) => ({name, value}))}}),
    ...Object.entries(workers).map(([name, of]) => deployment(name, {...of, container: {args: workOn(name)}})),
    ...objects,
  )
  for (const [name, {replicas = 1, labels}] of [['redis', {}], [consumer, parts], ...Object.entries(workers)] as const) {
    if (labels === undefined) await settled(scene, name, replicas)
  }
  await createTopic(`${consumer}-topic`, [0])
  await commit(consumer, `${consumer}-topic`, [0])
  return {scene, redis, args: ['--catalogue', file], consumer}
}

function workOn(name: string): string[] {
  return ['php', 'artisan', 'queue:work', 'redis', `--queue=${name.replace('worker-', '')}`]
}

function settled(scene: Scene, name: string, replicas: number): Promise<void> {
  return scene.waitFor(scene.at('apps/v1', 'deployments', name), (object) => {
    const {status} = object as {status?: {observedGeneration?: number; readyReplicas?: number}}
    return (status?.observedGeneration ?? 0) > 0 && (status?.readyReplicas ?? 0) === replicas
  })
}
