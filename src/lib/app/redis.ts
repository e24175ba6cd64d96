import type {RedisGate} from '../runbook/queue-depth/index.ts'
import type {ClusterOptions, Session, Surroundings} from './index.ts'
import {Servers, timeLimitOf, type ServerOptions} from './servers.ts'

/** A session with the way to Redis; ioredis and the tunnel are loaded when it is taken. */
export function withRedis(
  session: Session,
  options: ClusterOptions & ServerOptions,
  {environment, signal}: Surroundings,
): Session & {redis: RedisGate} {
  const servers = new Servers(session, options, environment, signal)
  const redis: RedisGate = {
    isKnown: servers.isRedisKnown,
    async open(hint, life) {
      const [{openQueueReader}, access] = await Promise.all([import('../clients/redis/index.ts'), servers.redis(hint)])
      return await openQueueReader(access, {timeoutMs: timeLimitOf(options), signal: life})
    },
  }
  return {...session, redis}
}
