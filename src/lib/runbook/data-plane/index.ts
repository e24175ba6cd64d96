/** What waits in Redis and Kafka for each workload: `queue-depth` and `consumer-lag` for the checks that join them. */
export {readDataPlane, type Bound, type DataPlane, type DataSources} from './read.ts'
export type {GroupState, QueueState, ServerState} from './schema.ts'
