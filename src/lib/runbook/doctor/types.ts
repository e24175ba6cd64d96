import type {Catalogue} from '../../catalogue/index.ts'
import type {BrokerContact} from '../../clients/kafka/types.ts'
import type {ClusterClient, PodAccess, ServerConnection, ServerFacts, ServerWay} from '../../clients/kubernetes/types.ts'
import type {Answer as OrthancAnswer} from '../../clients/orthanc/types.ts'
import type {Answer as RedisAnswer, RedisInfo} from '../../clients/redis/types.ts'
import type {ServerHint} from '../bindings/index.ts'

/** What the program is, and where it runs. */
export interface ProgramFacts {
  readonly version: string
  /** `v24.1.0` */
  readonly node: string
  /** `linux-x64` */
  readonly platform: string
  readonly terminal: {readonly isTerminal: boolean; readonly width: number; readonly colour: boolean}
  /** Null where nothing is recorded: changes of the embedded cluster are gone with it. */
  readonly journal: string | null
}

/** A server behind the cluster, and the way to it. */
export interface ServerTarget {
  /** `st-redis-sp:6379 (pod redis-0)` */
  readonly where: string
  readonly network: 'direct' | 'tunnel'
  /** What says where it is: `KAFKA_BROKERS of consumer-dicom`. */
  readonly source: string
  /** As whom: `a client without password`. */
  readonly who: string
  /** Opens one connection without a word, and lets go. Rejects with ServerDownError where nothing listens, 69, 75, 77. */
  touch(signal: AbortSignal): Promise<void>
}

export interface RedisTarget extends ServerTarget {
  /** Connects, logs in, and asks what it says of itself. Rejects as `openQueueReader`. */
  info(signal: AbortSignal): Promise<RedisAnswer<RedisInfo>>
}

export interface KafkaTarget extends ServerTarget {
  contact(signal: AbortSignal): Promise<readonly BrokerContact[]>
}

export interface OrthancTarget extends ServerTarget {
  /** Whether it answers, without credentials. */
  alive(signal: AbortSignal): Promise<OrthancAnswer<true>>
}

/** The ways to the servers; `hint` is what a workload's environment says. Rejects with UnplacedServerError where nothing says where one is. */
export interface ServerGates {
  redis(hint: ServerHint | null): Promise<RedisTarget>
  kafka(hint: ServerHint | null): Promise<KafkaTarget>
  orthanc(): Promise<OrthancTarget>
}

/** A cluster that was asked nothing yet. */
export interface OpenCluster extends ServerFacts {
  readonly cluster: ClusterClient
  readonly servers: ServerGates
  /** Programs in pods. */
  readonly access: PodAccess
}

/** Everything that an examination takes; each of them may fail for itself. */
export interface DoctorSources {
  readonly program: ProgramFacts
  /** This machine's clock, epoch milliseconds. */
  now(): number
  /** 78 where it is none. */
  openCatalogue(): Promise<Catalogue>
  /** 78 where no kubeconfig leads anywhere. `catalogue` is for the namespace. */
  findWay(catalogue: Catalogue): Promise<ServerWay & {dial(signal: AbortSignal): Promise<ServerConnection>}>
  openCluster(catalogue: Catalogue): Promise<OpenCluster>
}

export interface DoctorOptions {
  /** Tries the dependencies from within pods. */
  readonly fromPods: boolean
  /** Commands that change something are not meant to run. */
  readonly readOnly: boolean
  /** Of `--namespace`; the catalogue's where there is none. */
  readonly namespace: string | undefined
}
