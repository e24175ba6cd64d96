import {expect} from 'vitest'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import {openOrthancReader, openPageReader} from '../../../src/lib/clients/orthanc/index.ts'
import type {PodPort} from '../../../src/lib/clients/kubernetes/types.ts'
import {directNetwork, type Network} from '../../../src/lib/clients/reach/index.ts'
import type {ServerHint} from '../../../src/lib/runbook/bindings/index.ts'
import {liveProbe, type OrthancGate, type ProbeSources} from '../../../src/lib/runbook/orthanc-probe/index.ts'
import {orthancProbeReport, type OrthancProbeReport, type ProbeStep} from '../../../src/lib/runbook/orthanc-probe/schema.ts'
import {orthancListener, type OrthancState} from '../../../src/lib/sandbox/orthanc-server.ts'
import {HEALTHY} from '../../../src/lib/sandbox/orthanc.ts'
import {viewerListener} from '../../../src/lib/sandbox/web-server.ts'
import {serveDicom} from '../../../src/lib/sandbox/dicom-server.ts'
import {closedPort, raw, web} from '../../clients/orthanc/lab.ts'
import {type PodOptions, rawDeployment, rawPod} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type Served, type ServedOptions} from '../served.ts'

export {NOW, PATIENT}
export const MARKER = 'Mustermann'
export const LOGIN = {name: 'ops', password: 'open-sesame'}

type Json = Readonly<Record<string, unknown>>

const ORTHANC = {service: 'orthanc-read-api-service', workload: 'orthanc-read-api', targetPort: 8042, nodePort: 30_635}
const VIEWER = {service: 'diag-dicom-viewer-nginx', workload: 'diag-dicom-viewer-nginx', targetPort: 80, nodePort: 30_120}
const DESIGN = {service: 'diag-design-system-nginx', workload: 'diag-design-system-nginx', targetPort: 80, nodePort: 30_788}
const PLACES = [ORTHANC, VIEWER, DESIGN]

export interface LabOptions extends ServedOptions {
  readonly state?: Partial<OrthancState>
  /** Answers in Orthanc's place. */
  readonly orthanc?: Parameters<typeof web>[0]
  /** `app-config.js`. */
  readonly config?: string | null
  /** Pods by their workload; one that is ready where nothing is said. */
  readonly pods?: Readonly<Record<string, readonly PodOptions[]>>
  /** Added to Orthanc's deployment. */
  readonly deployment?: Parameters<typeof rawDeployment>[0]
  /** Ports that its container declares; `dicom` is the one where DICOM is spoken. */
  readonly ports?: (dicom: number) => readonly Json[]
  /** Variables of its container. */
  readonly env?: readonly Json[]
  /** Of Orthanc's service. */
  readonly type?: string
  /** In the place of its own. */
  readonly selector?: Json | null
  /** Services that the cluster lacks. */
  readonly without?: readonly string[]
  /** Pods where nothing listens. */
  readonly closed?: readonly string[]
  readonly login?: {readonly name: string; readonly password: string} | null
  readonly direct?: boolean
  /** In the place of connections. */
  readonly network?: Network
  readonly timeoutMs?: number
}

export interface Lab {
  readonly sources: ProbeSources & Served
  /** What was handed to the gate. */
  readonly logins: (ServerHint | null)[]
  /** Changes Orthanc. */
  become(state: Partial<OrthancState>): void
  probe(options?: Partial<Parameters<typeof liveProbe>[0]>): Promise<OrthancProbeReport>
  live(options?: Partial<Parameters<typeof liveProbe>[0]>): ReturnType<typeof liveProbe>
}

/** The namespace with Orthanc, viewer and design system, on a real API server's protocol and real sockets. */
export async function lab(options: LabOptions = {}): Promise<Lab> {
  let state: OrthancState = {...HEALTHY, users: [{...LOGIN, forbidden: []}], patient: {id: '1', name: MARKER}, ...options.state}
  const dicom = await raw((socket) => serveDicom(socket, {aet: state.aet, checksCalled: true}))
  state = {...state, dicomPort: dicom}
  const orthanc = await web(options.orthanc ?? orthancListener({state: () => state, now: () => NOW}))
  const config = options.config === undefined ? `window.config = {qidoRoot: '/dicom-web', wadoRoot: '/dicom-web'}` : options.config
  const page = await web(viewerListener({config: () => config, passOn: orthancListener({state: () => state, now: () => NOW})}))
  const closed = await closedPort()

  const catalogue: Catalogue = options.catalogue ?? builtinCatalogue
  const sources = await served(objectsOf(options, dicom), {...options, catalogue})
  const portOf = (pod: string): number => (options.closed?.includes(pod) === true ? closed : pod.startsWith('orthanc') ? orthanc : page)
  const credentials =
    options.login === null ? null : {username: LOGIN.name, source: 'SAPOCHE_ORTHANC_PASSWORD', ...(options.login ?? LOGIN)}
  const network = options.network ?? directNetwork
  // A clock for each reader, so that every request takes 5 ms.
  const limits = () => {
    let time = 0
    return {timeoutMs: options.timeoutMs ?? 5000, clock: () => (time += 5)}
  }
  const logins: (ServerHint | null)[] = []
  const access = (pod: string) => ({addresses: [{host: '127.0.0.1', port: portOf(pod)}] as const, network, tls: null})
  const gate: OrthancGate = {
    direct: options.direct === true ? `127.0.0.1:${orthanc}` : null,
    async open(pod, login) {
      logins.push(login)
      return openOrthancReader({...access(pod?.pod ?? 'orthanc'), server: 'Orthanc', credentials, path: ''}, limits())
    },
    async pages(server, place) {
      const {pod} = place as PodPort
      return {reader: openPageReader({...access(pod), server, credentials: null}, limits()), path: ''}
    },
  }
  const all = {...sources, orthanc: gate}
  const live: Lab['live'] = (more = {}) => liveProbe({deep: false, dicom: false, interval: 1, output: 'table', ...more}, all)
  return {
    sources: all,
    logins,
    become: (change) => void (state = {...state, ...change}),
    live,
    async probe(more = {}) {
      const report = await live(more).read(PATIENT)
      expect(JSON.stringify(report)).not.toContain(MARKER)
      expect(orthancProbeReport.parse(report)).toEqual(report)
      return report
    },
  }
}

function objectsOf(
  {pods = {}, type = 'NodePort', without = [], deployment = {}, env = [], selector, ports}: LabOptions,
  dicom: number,
): Record<string, Json[]> {
  const names = PLACES.map(({workload}) => workload)
  const podsOf = (workload: string): Json[] =>
    (pods[workload] ?? [{}]).map((pod, index) => {
      const object = rawPod({name: `${workload}-${index}`, replicaSet: `${workload}-new`, ...pod}) as Record<string, Json>
      const containers = workload === ORTHANC.workload && ports !== undefined ? {containers: [{name: 'app', ports: ports(dicom)}]} : {}
      return {...object, metadata: {...object['metadata'], labels: {app: workload}}, spec: {...object['spec'], ...containers}}
    })
  const found = PLACES.filter(({service}) => !without.includes(service))
  return {
    deployments: names.map((name) => deploymentOf(name, (pods[name] ?? [{}]).length, name === ORTHANC.workload ? {deployment, env} : {})),
    replicasets: names.map((name) => rawReplicaSet(name)),
    pods: names.flatMap((name) => podsOf(name)),
    services: found.map(({service, workload, targetPort, nodePort}) => {
      const isNode = workload !== ORTHANC.workload || type !== 'ClusterIP'
      const ports = [{name: 'http', port: 80, targetPort, ...(isNode && {nodePort})}]
      const own = workload === ORTHANC.workload && selector !== undefined ? selector : {app: workload}
      return {
        metadata: {name: service},
        spec: {type: workload === ORTHANC.workload ? type : 'NodePort', ...(own !== null && {selector: own}), ports},
      }
    }),
    endpointslices: found.map(({service, workload}) => ({
      metadata: {name: service, labels: {'kubernetes.io/service-name': service}},
      endpoints: (workload === ORTHANC.workload && selector !== undefined ? [] : podsOf(workload)).map((pod) => {
        const {metadata, status} = pod as {metadata: {uid: string}; status: {conditions: {type: string; status: string}[]}}
        return {
          targetRef: {uid: metadata.uid},
          conditions: {ready: status.conditions.some((each) => each.type === 'Ready' && each.status === 'True')},
        }
      }),
      ports: [{name: 'http'}],
    })),
  }
}

function deploymentOf(name: string, replicas: number, {deployment = {}, env = []}: Pick<LabOptions, 'deployment' | 'env'>): Json {
  const raw = rawDeployment({name, replicas, ...deployment})
  return {...raw, spec: {...(raw['spec'] as Json), template: {spec: {containers: [{name: 'app', image: 'orthanc:1', env}]}}}}
}

/** `database critical`, with the target where there are several of the name. */
export function brief({steps}: OrthancProbeReport): string[] {
  return steps.map(({name, status}) => `${name} ${status}`)
}

export function stepOf({steps}: OrthancProbeReport, name: ProbeStep['name'], target?: string): ProbeStep {
  const found = steps.find((step) => step.name === name && (target === undefined || step.target === target))
  expect(found, `a step ${name} ${target ?? ''}`).toBeDefined()
  return found!
}
