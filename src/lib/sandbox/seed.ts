/** The runbook's namespace as objects: nodes, configuration, and what the catalogue lists, with plausible images and environments. */
import type {Catalogue, CatalogueService, CatalogueWorkload} from '../catalogue/types.ts'
import {admit} from './admission.ts'
import type {Cluster} from './cluster.ts'
import {recordWrite} from './managed-fields.ts'
import {DICOM_PORT, HTTP_PORT, LOGIN} from './orthanc.ts'
import {NODE_CONDITIONS, beat, nodeCondition} from './nodes.ts'
import {CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, type Resource, SECRETS, SERVICES} from './resources.ts'
import {type Container, type KubeObject, rfc3339} from './types.ts'

export const NODE_NAMES = ['node-a', 'node-b', 'node-c'] as const
/** The runbook: the namespace is about two years old. */
const TWO_YEARS = 2 * 365 * 86_400_000
const REGISTRY = 'registry.example/sapoche'
const CONFIGURATION = 'sapoche-environment'
const CREDENTIALS = 'sapoche-credentials'

export function seed(cluster: Cluster, catalogue: Catalogue): void {
  const {namespace} = catalogue
  const creationTimestamp = rfc3339(cluster.clock.now() - TWO_YEARS)
  for (const name of new Set(['default', namespace])) {
    const labels = {'kubernetes.io/metadata.name': name}
    cluster.create(NAMESPACES, {name, creationTimestamp, labels}, {spec: {finalizers: ['kubernetes']}, status: {phase: 'Active'}})
  }
  NODE_NAMES.forEach((name, index) => addNode(cluster, name, index + 1, creationTimestamp))
  cluster.create(
    CONFIG_MAPS,
    {name: CONFIGURATION, namespace, creationTimestamp},
    {
      data: {APP_ENV: 'staging', DB_HOST: 'mysql.databases.example', AWS_BUCKET: 'sapoche-documents', LOG_CHANNEL: 'stderr'},
    },
  )
  const secrets = {'redis-password': 'sandbox', 'orthanc-username': LOGIN.name, 'orthanc-password': LOGIN.password}
  const data = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
  cluster.create(SECRETS, {name: CREDENTIALS, namespace, creationTimestamp}, {type: 'Opaque', data})
  for (const service of catalogue.services) add(cluster, SERVICES, namespace, service.name, serviceOf(service))
  for (const workload of catalogue.workloads) {
    if (workload.kind !== 'Deployment') continue
    const services = catalogue.services.filter((service) => service.workload === workload.name)
    add(cluster, DEPLOYMENTS, namespace, workload.name, deploymentOf(workload, services))
  }
}

/** As if somebody had applied a manifest: defaults filled in, and written by kubectl. */
function add(
  cluster: Cluster,
  resource: Resource,
  namespace: string,
  name: string,
  body: {spec: object; labels: Record<string, string>},
): void {
  const {spec, labels} = body
  const uid = cluster.uid()
  const time = cluster.now()
  const metadata = {name, namespace, uid, resourceVersion: '', creationTimestamp: time, labels, ...(resource.generation && {generation: 1})}
  const apiVersion = resource.group === '' ? 'v1' : `${resource.group}/${resource.version}`
  const object: KubeObject = {apiVersion, kind: resource.kind, metadata, spec, status: {}}
  admit(cluster, resource, object, null)
  recordWrite(null, object, {manager: 'kubectl-client-side-apply', subresource: null, time})
  cluster.store.put(resource, object)
}

function addNode(cluster: Cluster, name: string, number: number, creationTimestamp: string): void {
  const resources = {cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi'}
  cluster.create(
    NODES,
    {name, creationTimestamp, labels: {'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'}},
    {
      spec: {podCIDR: `10.40.${number}.0/24`},
      status: {
        capacity: resources,
        allocatable: resources,
        addresses: [
          {type: 'InternalIP', address: `10.10.0.${number}`},
          {type: 'Hostname', address: name},
        ],
        conditions: NODE_CONDITIONS.map((type) => nodeCondition(type, 'True', creationTimestamp)),
        nodeInfo: {
          kubeletVersion: 'v1.36.3',
          osImage: 'Debian GNU/Linux 12 (bookworm)',
          kernelVersion: '6.1.0',
          containerRuntimeVersion: 'containerd://2.1.4',
          architecture: 'amd64',
          operatingSystem: 'linux',
        },
      },
    },
  )
  beat(cluster, name)
}

/** A service names its ports and its target ports alike. */
const PORT_NAMES: Readonly<Record<number, string>> = {80: 'http', 6379: 'redis', 9000: 'fpm'}
const portName = (port: number): string => PORT_NAMES[port] ?? `port-${port}`

function serviceOf({name, type, clusterIP, ports, workload}: CatalogueService): {spec: object; labels: Record<string, string>} {
  const spec = {
    type,
    ...(clusterIP !== null && {clusterIP}),
    selector: {app: workload},
    ports: ports.map(({port, nodePort}) => ({
      name: portName(port),
      port,
      targetPort: portName(port),
      ...(nodePort !== null && {nodePort}),
    })),
  }
  return {spec, labels: {app: name}}
}

/** What a workload needs beyond its category's way: the image, other ports inside, more containers, one instance at a time. */
interface Special {
  image: string
  ports?: Readonly<Record<string, number>>
  /** Ports that no service leads to. */
  unserved?: Readonly<Record<string, number>>
  env?: readonly object[]
  sidecar?: Container
  single?: boolean
}

const SPECIAL: Readonly<Record<string, Special>> = {
  'st-bnkd-php': {image: 'php:1.4'},
  'st-bnkd-php-nginx': {image: 'nginx:1.29'},
  'redis-master-st-sp': {image: 'redis:7.0', single: true},
  'sapoche-be--scheduler--stag': {image: 'php:1.4', single: true},
  'orthanc-read-api': {
    image: 'orthanc:1.12.9',
    ports: {http: HTTP_PORT},
    unserved: {dicom: DICOM_PORT},
    env: [secretVariable('ORTHANC_USERNAME', 'orthanc-username'), secretVariable('ORTHANC_PASSWORD', 'orthanc-password')],
    sidecar: {name: 'read-only-proxy', image: `${REGISTRY}/orthanc-proxy:1.1`},
    single: true,
  },
}
const IMAGES: Readonly<Record<string, string>> = {consumers: 'consumer:1.4', workers: 'worker:1.4', frontend: 'frontend:1.4'}

function deploymentOf(workload: CatalogueWorkload, services: readonly CatalogueService[]): {spec: object; labels: Record<string, string>} {
  const {name, category, baseline} = workload
  const special = SPECIAL[name] ?? {image: IMAGES[category] ?? 'application:1.4'}
  const ports = services.flatMap((service) => service.ports).map(({port}) => portName(port))
  const containerPort = (port: string) =>
    special.ports?.[port] ?? Number(Object.entries(PORT_NAMES).find(([, known]) => known === port)?.[0] ?? port.slice(5))
  const unserved = Object.entries(special.unserved ?? {}).map(([port, number]) => ({name: port, containerPort: number}))
  const main = {
    name: 'app',
    image: `${REGISTRY}/${special.image}`,
    ...(ports.length > 0 && {ports: [...ports.map((port) => ({name: port, containerPort: containerPort(port)})), ...unserved]}),
    ...(ports[0] !== undefined && {readinessProbe: {tcpSocket: {port: ports[0]}, periodSeconds: 10}}),
    ...commandOf(workload),
    ...(special.env && {env: special.env}),
    resources: {requests: {cpu: '50m', memory: '128Mi'}, limits: {memory: '512Mi'}},
  }
  const labels = {app: name}
  const spec = {
    replicas: baseline,
    selector: {matchLabels: labels},
    strategy: {type: special.single === true ? 'Recreate' : 'RollingUpdate'},
    template: {metadata: {labels}, spec: {containers: [main, ...(special.sidecar ? [special.sidecar] : [])]}},
  }
  return {spec, labels}
}

function commandOf({name, category, queues, groups}: CatalogueWorkload): object {
  const short = name.replace(/^(consumer|worker-sapoche|worker)-/, '')
  const variables = (values: Record<string, string>) => Object.entries(values).map(([variable, value]) => ({name: variable, value}))
  const envFrom = [{configMapRef: {name: CONFIGURATION}}]
  const redis = [
    ...variables({QUEUE_CONNECTION: 'redis', REDIS_HOST: 'st-redis-sp', REDIS_PORT: '6379', REDIS_USERNAME: 'default'}),
    {name: 'REDIS_PASSWORD', valueFrom: {secretKeyRef: {name: CREDENTIALS, key: 'redis-password'}}},
  ]
  if (category === 'consumers') {
    const [group] = groups
    const brokers = [0, 1, 2].map((n) => `redpanda-${n}.redpanda.kafka.svc.cluster.local:9092`).join(',')
    const topic = group?.topics.join(',') ?? `sapoche.${short}`
    return {
      args: ['php', 'artisan', 'consume'],
      envFrom,
      env: [...redis, ...variables({KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: group?.name ?? name, KAFKA_TOPIC: topic})],
    }
  }
  if (category === 'workers') {
    const queue = queues.map((known) => known.name).join(',') || short
    return {
      args: ['php', 'artisan', 'queue:work', 'redis', `--queue=${queue}`],
      envFrom,
      env: [...redis, ...variables({REDIS_QUEUE: queue})],
    }
  }
  return category === 'backend' && name.includes('php') && !name.includes('nginx') ? {envFrom, env: redis} : {}
}

function secretVariable(name: string, key: string): object {
  return {name, valueFrom: {secretKeyRef: {name: CREDENTIALS, key}}}
}
