import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {V1ConfigMap, V1Container, V1Deployment, V1EnvVar, V1Secret, V1Service} from '@kubernetes/client-node'
import {load} from 'js-yaml'

export const NAMESPACE = 'sapoche'
/** On what `seed` makes, and on nothing else. */
export const SEEDED = 'sapoche.test/seeded'

interface Runbook {
  readonly workloads: readonly {name: string; category: string; baseline: number}[]
  readonly services: readonly {
    name: string
    type: string
    clusterIP: string
    ports: readonly {port: number; nodePort?: number}[]
    workload: string
  }[]
}

/** Names, counts and addresses are those of the shipped catalogue. */
const runbook = load(readFileSync(join(import.meta.dirname, '../../src/lib/catalogue/catalogue.yaml'), 'utf8')) as Runbook

/** Of somebody whom Orthanc lets in. */
export const ORTHANC_LOGIN = {name: 'probe', password: 'open-sesame'}

const CONFIG = 'sapoche-config'
const SECRETS = 'sapoche-secrets'

/** The port behind each port of a service, where it is another one. */
const TARGET_PORTS: Readonly<Record<string, number>> = {'orthanc-read-api-service:80': 8042}

/** Workloads of which two must never run at once. */
const RECREATED = new Set(['redis-master-st-sp', 'sapoche-be--scheduler--stag', 'orthanc-read-api'])

/** The 38 deployments of the runbook. */
export function deployments(): V1Deployment[] {
  return runbook.workloads.map(({name, category, baseline}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name, namespace: NAMESPACE, labels: {app: name}, annotations: {[SEEDED]: 'true'}},
    spec: {
      replicas: baseline,
      selector: {matchLabels: {app: name}},
      ...(RECREATED.has(name) ? {strategy: {type: 'Recreate'}} : {}),
      template: {
        metadata: {labels: {app: name}},
        spec: {terminationGracePeriodSeconds: 30, containers: containersOf(name, category)},
      },
    },
  }))
}

/** One of them; throws where there is none. */
export function deployment(name: string): V1Deployment {
  const found = deployments().find(({metadata}) => metadata?.name === name)
  if (found === undefined) throw new Error(`the runbook has no deployment ${name}`)
  return found
}

/** The same under another name, with pods of its own. */
export function renamed(model: V1Deployment, name: string): V1Deployment {
  const copy = structuredClone(model)
  if (copy.metadata === undefined || copy.spec?.template.metadata === undefined) throw new Error('no deployment')
  copy.metadata.name = name
  copy.metadata.labels = {app: name}
  copy.spec.selector.matchLabels = {app: name}
  copy.spec.template.metadata.labels = {...copy.spec.template.metadata.labels, app: name}
  return copy
}

/** The six services of the runbook, with its cluster IPs and node ports. */
export function services(): V1Service[] {
  return runbook.services.map(({name, type, clusterIP, ports, workload}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace: NAMESPACE, annotations: {[SEEDED]: 'true'}},
    spec: {
      type,
      clusterIP,
      selector: {app: workload},
      ports: ports.map(({port, nodePort}) => ({name: `p${port}`, port, targetPort: TARGET_PORTS[`${name}:${port}`] ?? port, nodePort})),
    },
  }))
}

export function configuration(): {readonly configMap: V1ConfigMap; readonly secret: V1Secret} {
  const brokers = [0, 1, 2].map((index) => `redpanda-${index}.redpanda.kafka.svc.cluster.local:9092`)
  return {
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {name: CONFIG, namespace: NAMESPACE},
      data: {'kafka-brokers': brokers.join(','), 'notifications-queue': 'notifications'},
    },
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {name: SECRETS, namespace: NAMESPACE},
      stringData: {
        'db-password': 'not-a-real-one',
        'redis-password': 'not-a-real-one',
        'orthanc-username': ORTHANC_LOGIN.name,
        'orthanc-password': ORTHANC_LOGIN.password,
      },
    },
  }
}

function containersOf(name: string, category: string): V1Container[] {
  if (name === 'redis-master-st-sp') return [container('redis', 'redis:7.0.15', {ports: [6379]})]
  if (name === 'orthanc-read-api') {
    return [
      container('orthanc', 'orthancteam/orthanc:24.10.1', {ports: [8042, 4242], env: orthancEnvironment()}),
      container('metrics-sidecar', 'sapoche/orthanc-exporter:1.2', {ports: [9090]}),
    ]
  }
  if (name.endsWith('-nginx')) return [container('nginx', `sapoche/${name}:1.27`, {ports: [80]})]
  if (name === 'st-bnkd-php') return [container('app', 'sapoche/php:8.3', {ports: [9000, 80], env: phpEnvironment()})]
  if (category === 'consumers')
    return [container('app', 'sapoche/consumer:3.14', {env: [...phpEnvironment(), ...consumerEnvironment(name)]})]
  if (category === 'workers') return [worker(name)]
  return [container('app', 'sapoche/php:8.3', {env: phpEnvironment(), args: ['php', 'artisan', 'schedule:work']})]
}

function container(
  name: string,
  image: string,
  {ports = [], env, args}: {readonly ports?: readonly number[]; readonly env?: V1EnvVar[]; readonly args?: string[]} = {},
): V1Container {
  return {
    name,
    image,
    args,
    env,
    ports: ports.map((containerPort) => ({containerPort})),
    resources: {requests: {cpu: '50m', memory: '64Mi'}, limits: {memory: '512Mi'}},
  }
}

function phpEnvironment(): V1EnvVar[] {
  return [
    {name: 'APP_ENV', value: 'production'},
    {name: 'QUEUE_CONNECTION', value: 'redis'},
    {name: 'REDIS_HOST', value: 'st-redis-sp'},
    {name: 'REDIS_PASSWORD', valueFrom: {secretKeyRef: {name: SECRETS, key: 'redis-password'}}},
    {name: 'DB_HOST', value: 'mysql.databases.internal'},
    {name: 'DB_PASSWORD', valueFrom: {secretKeyRef: {name: SECRETS, key: 'db-password'}}},
  ]
}

function orthancEnvironment(): V1EnvVar[] {
  const fromSecret = (key: string): Pick<V1EnvVar, 'valueFrom'> => ({valueFrom: {secretKeyRef: {name: SECRETS, key}}})
  return [
    {name: 'ORTHANC_USERNAME', ...fromSecret('orthanc-username')},
    {name: 'ORTHANC_PASSWORD', ...fromSecret('orthanc-password')},
  ]
}

/** Group and topic are named after the consumer: `consumer-lis-testresult` reads `sapoche.lis-testresult`. */
function consumerEnvironment(name: string): V1EnvVar[] {
  return [
    {name: 'KAFKA_BROKERS', valueFrom: {configMapKeyRef: {name: CONFIG, key: 'kafka-brokers'}}},
    {name: 'KAFKA_GROUP_ID', value: name},
    {name: 'KAFKA_TOPIC', value: `sapoche.${name.replace(/^consumer-/, '')}`},
  ]
}

/** The queue is named after the worker. The PDF workers have it from a variable, one from the ConfigMap, the others from an argument. */
function worker(name: string): V1Container {
  const queue = name.replace(/^worker-(sapoche-)?/, '')
  const work = ['php', 'artisan', 'queue:work', 'redis']
  if (queue.startsWith('pdf')) {
    return container('app', 'sapoche/worker:1.4', {env: [...phpEnvironment(), {name: 'REDIS_QUEUE', value: queue}], args: work})
  }
  if (queue === 'notifications') {
    const fromConfig = {name: 'REDIS_QUEUE', valueFrom: {configMapKeyRef: {name: CONFIG, key: 'notifications-queue'}}}
    return container('app', 'sapoche/worker:1.4', {env: [...phpEnvironment(), fromConfig], args: work})
  }
  return container('app', 'sapoche/worker:1.4', {env: phpEnvironment(), args: [...work, `--queue=${queue}`]})
}
