import type {KafkaGate} from '../runbook/consumer-lag/index.ts'
import type {ClusterOptions, Session, Surroundings} from './index.ts'
import {Servers, timeLimitOf, type ServerOptions} from './servers.ts'

/** A session with the way to Kafka; kafkajs is loaded while the cluster is read. */
export function withKafka(
  session: Session,
  options: ClusterOptions & ServerOptions,
  {environment, signal}: Surroundings,
): Session & {kafka: KafkaGate} {
  const servers = new Servers(session, options, environment, signal)
  const client = import('../clients/kafka/index.ts')
  const kafka: KafkaGate = {
    isKnown: servers.isKafkaKnown,
    async open(hint, life) {
      const access = await servers.kafka(hint)
      return (await client).openLagReader(access, {requestTimeoutMs: timeLimitOf(options), signal: life})
    },
  }
  return {...session, kafka}
}
