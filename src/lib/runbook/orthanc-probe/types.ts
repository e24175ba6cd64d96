import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, PodPort} from '../../clients/kubernetes/types.ts'
import type {
  Answer,
  EchoAnswer,
  OrthancJob,
  OrthancReader,
  OrthancStatistics,
  OrthancSystem,
  PageReader,
} from '../../clients/orthanc/types.ts'
import type {Judgement, Pod, Service} from '../../workload/index.ts'
import type {ServerHint} from '../bindings/index.ts'
import type {EndpointPod} from '../endpoints/index.ts'
import type {REQUIRABLE} from './names.ts'
import type {ProbeStep} from './schema.ts'

export interface ProbeOptions {
  /** Also what may write (`/statistics`), and the jobs. */
  readonly deep: boolean
  /** Also DICOM's own port. */
  readonly dicom: boolean
  /** Steps that must not be skipped. */
  readonly require?: readonly (typeof REQUIRABLE)[number][] | undefined
  /** Logs in as the workload does. */
  readonly 'read-secrets'?: boolean | undefined
}

/** The ways to Orthanc and to the web servers. Opening connects nobody: that is for the readers' calls. */
export interface OrthancGate {
  /** `HOST:PORT` of the URL that Orthanc is reached by; null where its pods are found in the cluster. */
  readonly direct: string | null
  /** Null for the URL. `login` is what the workload says of itself. Rejects with 64 and 78 for what is said wrongly. */
  open(pod: PodPort | null, login: ServerHint | null): Promise<OrthancReader>
  /** A web server by a port of a pod, or by its URL; `path` is what the URL has after the host. */
  pages(server: string, place: WebPort | string): Promise<{readonly reader: PageReader; readonly path: string}>
}

export interface WebPort extends PodPort {
  /** The name that its certificate is for; null where it speaks no TLS. */
  readonly tlsFor: string | null
}

export interface ProbeSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  readonly orthanc: OrthancGate
  /** By the API server's clock. */
  now(): number
}

/** A pod as the rules know it, and as connections do. */
export interface MemberPod extends Pod {
  readonly endpoint: EndpointPod
  /** Ports that its containers declare, named or not. */
  readonly declaredPorts: readonly number[]
}

/** A service of the catalogue's `servers`, and what stands behind it. */
export interface Place {
  readonly service: string
  readonly port: number
  /** Whether it speaks TLS. */
  readonly tls: boolean
  /** Null where the cluster lacks it. */
  readonly found: Service | null
  /** The workload behind it; null where nothing says. */
  readonly workload: string | null
  readonly judgement: Judgement | null
  readonly pods: readonly Member[]
  readonly findings: {readonly service: Finding; readonly endpoints: Finding}
}

export interface Member {
  readonly pod: MemberPod
  /** Where the service leads to in it; null where it does not. */
  readonly port: number | null
}

/** What is known of one layer. */
export interface Finding {
  readonly status: ProbeStep['status']
  readonly reason: string
}

/** A step, and the commands that help where it is not well. */
export interface Step extends ProbeStep {
  readonly next: readonly string[]
}

/** What came of one question; null where it was not asked. */
export type Asked<T> =
  | {readonly answer: T; readonly lost: null}
  /** `isDead`: nothing listens there. Else the way is lost: `error` is 69, 75 or 77. */
  | {readonly answer: null; readonly lost: {readonly isDead: boolean; readonly error: Error}}
  | null

/** Everything that was asked of one Orthanc. */
export interface OrthancSight {
  /** The pod's name, or `HOST:PORT`. */
  readonly target: string
  /** Null without credentials. */
  readonly who: string | null
  readonly alive: Asked<Answer<true>>
  /** Whether studies are listed to who has no credentials. */
  readonly open: Asked<Answer<true>>
  /** As who we are. */
  readonly system: Asked<Answer<OrthancSystem>>
  /** Without credentials, where `open` does not tell. */
  readonly openSystem: Asked<Answer<OrthancSystem>>
  readonly database: Asked<Answer<true>>
  readonly statistics: Asked<Answer<OrthancStatistics>>
  readonly jobs: Asked<Answer<readonly OrthancJob[]>>
  readonly echo: Asked<EchoAnswer>
  /** Where the echo went; null where none did. */
  readonly echoPort: DicomPort | null
}

export interface DicomPort {
  readonly port: number
  /** Neither Orthanc nor its pod says that this is the one. */
  readonly isGuessed: boolean
}
