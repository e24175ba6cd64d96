/** The sandbox's Orthanc behind its pods, and behind theirs the pages of the viewer that reads from it and of the design system. */
import type {Cluster} from './cluster.ts'
import {serveDicom} from './dicom-server.ts'
import {orthancListener, type OrthancState} from './orthanc-server.ts'
import type {Ports} from './port-forward.ts'
import {appConfig, designSystem, serverOf, viewerListener} from './web-server.ts'

export type {OrthancState, OrthancUser} from './orthanc-server.ts'

const WORKLOAD = 'orthanc-read-api'
/** Ports of its container. */
export const [HTTP_PORT, DICOM_PORT] = [8042, 4242] as const
const WEB_PORT = 80

/** In whose name one may ask it; the deployment has it from a Secret. */
export const LOGIN = {name: 'probe', password: 'sandbox'} as const

export const HEALTHY: OrthancState = {
  users: [{...LOGIN, forbidden: []}],
  isDatabaseUp: true,
  diskSize: 412_316_860_416,
  maximumStorageSize: 1_048_576,
  maximumStorageMode: 'Reject',
  failedJobs: 0,
  aet: 'ORTHANC',
  dicomPort: DICOM_PORT,
  name: 'sapoche',
  patient: {id: 'P-0001', name: 'Mustermann^Erika'},
}

/** Passed on to Orthanc by the viewer's own nginx, so that a browser reaches it where it has the page from. */
const DICOMWEB_ROOT = '/dicom-web'

export class SandboxOrthanc {
  readonly #cluster: Cluster
  #state: OrthancState = HEALTHY
  #viewerRoot: string | null = DICOMWEB_ROOT

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  become(state: Partial<OrthancState>): void {
    this.#state = {...this.#state, ...state}
  }

  /** From now on its database is gone, which its log says. */
  loseDatabase(): void {
    this.become({isDatabaseUp: false})
    this.#cluster.logs.complain(WORKLOAD, 'app', 'The database is currently not available (probably a transient situation)')
  }

  /** From now on the viewer looks for DICOMweb there; null: its configuration does not say where. */
  pointViewer(root: string | null): void {
    this.#viewerRoot = root
  }

  /** Listens in the pods of the three deployments. */
  listen(ports: Ports): void {
    const orthanc = orthancListener({state: () => this.#state, now: () => this.#cluster.clock.now()})
    ports.serve({workload: WORKLOAD, port: HTTP_PORT}, serverOf(orthanc))
    ports.serve({workload: WORKLOAD, port: DICOM_PORT}, (stream) => serveDicom(stream, {aet: this.#state.aet, checksCalled: true}))
    const viewer = viewerListener({config: () => appConfig(this.#viewerRoot), passOn: orthanc})
    ports.serve({workload: 'diag-dicom-viewer-nginx', port: WEB_PORT}, serverOf(viewer))
    ports.serve({workload: 'diag-design-system-nginx', port: WEB_PORT}, serverOf(designSystem))
  }
}
