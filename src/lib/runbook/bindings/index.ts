/** What the workloads are bound to: queues, consumer groups, topics, and the servers that hold them. */
export {configMapsOf, environmentOf, originWords, type ConfigMapData, type ContainerEnvironment, type Variable} from './environment.ts'
export {groupsOf, isWorker, queuesOf, topicsOf, type Subject} from './names.ts'
export {decodeSecretKey, readSubjects} from './read.ts'
export {addressesIn, kafkaOf, mostNamed, orthancLoginOf, redisOf, type Confidential, type ServerHint} from './servers.ts'
