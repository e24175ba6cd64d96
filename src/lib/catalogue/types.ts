/** `source` of the catalogue that is shipped. */
export const BUILT_IN = 'built in'

/**
 * What the namespace should hold: the shape of `catalogue.yaml` after validation, defaults filled in.
 * Durations are seconds.
 */
export interface Catalogue {
  /** Where it came from: `built in`, or the path of the file. */
  readonly source: string
  readonly namespace: string
  /** Contexts or server URLs it is meant for; empty means anywhere. */
  readonly clusters: readonly string[]
  /** How long a workload may take to become ready before it counts as down. */
  readonly startupGrace: number
  /** In the order in which reports show them. */
  readonly categories: readonly Category[]
  readonly workloads: readonly CatalogueWorkload[]
  readonly services: readonly CatalogueService[]
  readonly flows: readonly Flow[]
  readonly dependencies: readonly Dependency[]
  /** Where the servers are that hold the data: what is null here is found from the environment of the workloads. */
  readonly servers: {
    readonly redis: ServerPlace
    readonly kafka: ServerPlace
    readonly orthanc: ServerPlace
    /** The DICOM viewer's web server. */
    readonly viewer: ServerPlace
    readonly designSystem: ServerPlace
  }
  /** Names of environment variables from which queues, groups and topics of a workload are read (globs, see `matchesPatterns`). */
  readonly discovery: {
    readonly queues: readonly string[]
    readonly groups: readonly string[]
    readonly topics: readonly string[]
  }
  readonly thresholds: Thresholds
}

export interface Category {
  /** `consumers`, `workers`, `backend`, `frontend`; also a target, in the singular too. */
  readonly name: string
  readonly singular: string
  readonly title: string
  /** Globs on the names of workloads that the catalogue doesn't list: which category they are shown in. */
  readonly match: readonly string[]
}

export interface CatalogueWorkload {
  readonly name: string
  readonly kind: 'Deployment'
  readonly category: string
  readonly baseline: number
  readonly purpose: string
  readonly aliases: readonly string[]
  /** Its loss stops more than one integration: the path of every request, the imaging archive, what is fixed first. */
  readonly critical: boolean
  /** Why it is never hit by a category, a glob or `all`; null where it may be. */
  readonly protected: string | null
  readonly maxReplicas: {readonly count: number; readonly reason: string} | null
  readonly inactive: {readonly reason: string; readonly reviewBy: string | null; readonly backlogAccepted: boolean} | null
  /** Seconds; null means the catalogue's `startupGrace`. */
  readonly startupGrace: number | null
  readonly queues: readonly QueueOf[]
  readonly groups: readonly GroupOf[]
}

export interface QueueOf {
  readonly name: string
  readonly maxDepth: number | null
  readonly maxAge: number | null
  /** Key where the jobs lie that failed for good; null where nobody says. */
  readonly deadLetter: string | null
}

export interface GroupOf {
  readonly name: string
  readonly topics: readonly string[]
  readonly allowedLag: number | null
  readonly maxAge: number | null
  /** Topic where the events lie that failed for good; null where nobody says. */
  readonly deadLetter: string | null
}

/** How a server is reached, without credentials. */
export interface ServerPlace {
  /** Reached from here as it is: `rediss://HOST:PORT/DB`, `https://HOST`, for Kafka `HOST:PORT,HOST:PORT`. */
  readonly url: string | null
  /** As the workloads know it, `SERVICE:PORT`, reached through the API server. */
  readonly address: string | null
  /** Whether `address` speaks TLS. */
  readonly tls: boolean
}

export interface CatalogueService {
  readonly name: string
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  readonly clusterIP: string | null
  readonly ports: readonly {readonly port: number; readonly nodePort: number | null}[]
  /** Name of the workload behind it. */
  readonly workload: string
  readonly purpose: string
  /** True where answering without credentials is meant to be (Orthanc). */
  readonly anonymous: boolean
}

/** One way of the data through the platform, from its source to its last hop. */
export interface Flow {
  readonly name: string
  readonly title: string
  readonly hops: readonly Hop[]
}

export interface Hop {
  readonly kind: 'external' | 'service' | 'workload' | 'category'
  /** The service's, workload's or category's name; free text for what lies outside. */
  readonly name: string
  readonly note: string | null
  /** Names of the dependencies that stand behind an external hop. */
  readonly dependencies: readonly string[]
}

/** Something that the platform needs and that is none of its workloads, or is reached as a server (Redis). */
export interface Dependency {
  readonly name: string
  readonly kind: 'gateway' | 'queue' | 'database' | 'storage' | 'cache'
  readonly where: string
  readonly purpose: string
  /** The catalogue's service it is reached by; null where it lies outside the namespace. */
  readonly service: string | null
  /** Globs on environment variables that name it. */
  readonly environment: readonly string[]
}

export interface Thresholds {
  /** Jobs. */
  readonly queueDepth: number
  /** Seconds. */
  readonly queueAge: number
  /** Events. */
  readonly allowedLag: number
  /** Seconds. */
  readonly lagAge: number
}
