import type {DataSources} from '../runbook/data-plane/index.ts'
import type {ClusterOptions, Session, Surroundings} from './index.ts'
import type {ServerOptions} from './servers.ts'

/** A session, and a way to look at everything at once: the cluster, each list of it read once for all steps, and Redis, Kafka and Orthanc behind it. */
export type DeepSession = Session & {
  /** Another look with each call; null where the servers are not to be asked. */
  readonly look: (() => DataSources) | null
}

/** The session of a check with `--deep`. */
export async function deepSession(
  session: Session,
  options: ClusterOptions & ServerOptions & {readonly deep?: boolean | undefined},
  surroundings: Surroundings,
): Promise<DeepSession> {
  if (options.deep !== true) return {...session, look: null}
  const [{readOnce}, {withRedis}, {withKafka}, {withOrthanc}] = await Promise.all([
    import('../clients/kubernetes/once.ts'),
    import('./redis.ts'),
    import('./lag.ts'),
    import('./orthanc.ts'),
  ])
  const look = (): DataSources => {
    const shared = {...session, cluster: readOnce(session.cluster)}
    const {redis} = withRedis(shared, options, surroundings)
    const {kafka} = withKafka(shared, options, surroundings)
    const {orthanc} = withOrthanc(shared, options, surroundings)
    return {...shared, servers: {redis, kafka, orthanc, readSecrets: options['read-secrets'] === true}}
  }
  return {...session, look}
}
