import {openLagReader} from '../../src/lib/clients/kafka/index.ts'
import type {Cluster} from '../real/cluster-handle.ts'
import {clusterOfTheRun} from '../real/control.ts'
import {type Kafka, startKafka} from '../real/kafka.ts'
import {plainAccess} from '../real/kafka-access.ts'
import {givePods} from '../real/kafka-pods.ts'
import {openScenes, type Scenes} from '../real/kafka-scenes.ts'
import {waitUntil} from '../real/processes.ts'
import type {LagStage} from './lag-stage.ts'
import {realTarget} from './target.ts'

export interface RealLagStage extends LagStage {
  readonly kafka: Kafka
  /** Lets a user read what lag takes. */
  allow(user: string): Promise<void>
}

/** Three real brokers, behind pods of the real control plane. */
export async function realLagStage(): Promise<RealLagStage> {
  const cluster = await clusterOfTheRun()
  const target = await realTarget(cluster)
  const kafka = await startKafka(console.error)
  const {scenes, pods} = await setUp(cluster, kafka).catch(async (error: unknown) => {
    await kafka.stop()
    throw error
  })
  let lost: readonly number[] = []
  return {
    target,
    kafka,
    allow: scenes.allow,
    createTopic: (topic, brokers) => scenes.createTopic(topic, brokers.length, brokers),
    produce: scenes.produce,
    commit: scenes.commit,
    trim: scenes.trim,
    async hold(topic, partition, events) {
      const transaction = await scenes.openTransaction(topic, partition, events)
      return {stop: transaction.end}
    },
    async join(group, topic) {
      const consumer = await scenes.join(group, topic, {commits: false})
      return {stop: () => consumer.disconnect()}
    },
    async joinNewProtocol(group, topic) {
      const consumer = await scenes.joinNewProtocol(group, topic)
      return {stop: () => kafka.stopTool(consumer)}
    },
    async rebalance(group, topic) {
      const busy = await scenes.joinSlowly(group, topic)
      await waitUntil(`${group} rebalances`, async () => (await scenes.stateOf(group)) === 'PreparingRebalance')
      return {stop: async () => busy.finish()}
    },
    async lose(brokers) {
      lost = brokers
      await Promise.all(brokers.map((id) => kafka.stopBroker(id)))
      if (brokers.length === kafka.local.length) return
      // kafkajs' own way to ask rejects as long as some topic has no leader.
      const reader = openLagReader(plainAccess(kafka), {requestTimeoutMs: 5000, signal: new AbortController().signal})
      await waitUntil('the others have noticed', async () => (await reader.survey()).brokers.length === kafka.local.length - brokers.length)
      reader.close()
    },
    async restore() {
      await Promise.all(lost.map((id) => kafka.startBroker(id)))
      lost = []
    },
    async close() {
      await scenes.close()
      await kafka.stop()
      await pods.remove()
      await target.close()
    },
  }
}

async function setUp(cluster: Cluster, kafka: Kafka): Promise<{scenes: Scenes; pods: {remove(): Promise<void>}}> {
  const scenes = await openScenes(kafka)
  return {scenes, pods: await givePods(cluster, kafka)}
}
