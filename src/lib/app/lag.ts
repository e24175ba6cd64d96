import type {LagSources} from '../runbook/consumer-lag/index.ts'
import type {ClusterOptions, Session, Surroundings} from './index.ts'
import {Servers, timeLimitOf, type ServerOptions} from './servers.ts'

/** What `consumer-lag` reads from: the session's cluster, and Kafka behind it. kafkajs is loaded while the cluster is read. */
export function lagSources(
  session: Session,
  options: ClusterOptions & ServerOptions,
  {environment, signal}: Pick<Surroundings, 'environment' | 'signal'>,
): LagSources {
  const servers = new Servers(session, options, environment, signal)
  const client = import('../clients/kafka/index.ts')
  return {
    ...session,
    async openKafka(hint) {
      const access = await servers.kafka(hint)
      return (await client).openLagReader(access, {requestTimeoutMs: timeLimitOf(options), signal})
    },
  }
}
