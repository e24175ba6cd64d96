/** The sandbox's Kafka: three brokers in pods of another namespace, with topics that move and the groups of the consumers. */
import type {Duplex} from 'node:stream'
import type {Catalogue} from '../catalogue/types.ts'
import type {Cluster} from './cluster.ts'
import {BROKERS, type KafkaGroup, KafkaLog} from './kafka-log.ts'
import {answerFrame} from './kafka-requests.ts'
import {Frames} from './kafka-wire.ts'
import type {Ports} from './port-forward.ts'
import {DEPLOYMENTS, NAMESPACES, PODS, SERVICES} from './resources.ts'
import {conditionOf} from './types.ts'

const NAMESPACE = 'kafka'
const SERVICE = 'redpanda'
const LABEL = 'app.kubernetes.io/name'
const KAFKA_PORT = 9092

/** Name of a broker's pod, and its label `app`. */
function brokerPod(id: number): string {
  return `${SERVICE}-${id}`
}

/** What the environment of a consumer says; the last is what the sandbox's own deployments call it. */
const [GROUP, TOPIC] = ['KAFKA_GROUP_ID', 'KAFKA_TOPIC'] as const
/** Events a second of a topic whose consumer is expected to run. */
const CALM = 0.2

export class SandboxKafka {
  readonly #log = new KafkaLog()
  readonly #cluster: Cluster
  readonly #catalogue: Catalogue

  constructor(cluster: Cluster, catalogue: Catalogue) {
    this.#cluster = cluster
    this.#catalogue = catalogue
  }

  /** Creates the brokers' pods, and topics and groups of the consumers that there are. Comes after the deployments. */
  seed(): void {
    const {store} = this.#cluster
    const labels = {[LABEL]: SERVICE}
    this.#cluster.create(
      NAMESPACES,
      {name: NAMESPACE, labels: {'kubernetes.io/metadata.name': NAMESPACE}},
      {spec: {finalizers: ['kubernetes']}, status: {phase: 'Active'}},
    )
    const ports = [{name: 'kafka', port: KAFKA_PORT, targetPort: KAFKA_PORT, protocol: 'TCP'}]
    const service = {type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], selector: labels, ports}
    this.#cluster.create(SERVICES, {name: SERVICE, namespace: NAMESPACE, labels}, {spec: service, status: {}})
    for (const id of BROKERS) {
      const containers = [{name: 'redpanda', image: 'registry.example/redpanda:25.1', ports: [{name: 'kafka', containerPort: KAFKA_PORT}]}]
      const spec = {containers, restartPolicy: 'Always', terminationGracePeriodSeconds: 30}
      const meta = {name: brokerPod(id), namespace: NAMESPACE, labels: {...labels, app: brokerPod(id)}}
      this.#cluster.create(PODS, meta, {spec, status: {phase: 'Pending'}})
    }
    for (const {metadata, spec} of store.list(DEPLOYMENTS, this.#catalogue.namespace)) {
      const variables = spec.template.spec.containers.flatMap(({env}) =>
        Array.isArray(env) ? (env as {name?: string; value?: string}[]) : [],
      )
      const valueOf = (wanted: string): string | undefined => variables.find(({name}) => name === wanted)?.value
      const [group, topics] = [valueOf(GROUP), valueOf(TOPIC)]
      if (group === undefined || topics === undefined) continue
      const perSecond = spec.replicas > 0 ? CALM : 0
      for (const topic of topics.split(',')) this.#log.consume({workload: metadata.name, group, topic, stuck: new Set(), perSecond})
    }
    this.advance()
  }

  /** Listens in the brokers' pods. */
  listen(ports: Ports): void {
    for (const id of BROKERS) {
      const isOpen = (): boolean => !this.#log.lost.has(id)
      ports.serve({workload: brokerPod(id), port: KAFKA_PORT, isOpen}, (stream) => this.#serve(stream, id))
    }
  }

  /** Answers one client of a broker until it goes. */
  #serve(stream: Duplex, id: number): void {
    const frames = new Frames()
    stream.on('data', (piece: Buffer) => {
      for (const frame of frames.add(piece)) {
        this.advance()
        const scene = {id, log: this.#log, addressOf: (broker: number) => ({host: this.#hostOf(broker), port: KAFKA_PORT})}
        const answer = this.#log.lost.has(id) ? null : answerFrame(frame, scene)
        if (answer === null) return void stream.destroy()
        stream.write(answer)
      }
    })
    stream.on('end', () => stream.end())
  }

  /** From now on so many events a second come to the topic of a workload. */
  flow(workload: string, perSecond: number): void {
    this.advance()
    const consumption = this.#log.consumptionOf(workload)
    if (consumption !== undefined) consumption.perSecond = perSecond
  }

  /** From now on a workload's consumers are there and read nothing, until they are restarted. */
  stall(workload: string): void {
    this.advance()
    const consumption = this.#log.consumptionOf(workload)
    if (consumption !== undefined) consumption.stuck = new Set(this.#readyPods().get(workload))
  }

  /** The cluster loses a broker, whose container keeps crashing. */
  lose(id: number): void {
    this.advance()
    this.#log.lost.add(id)
    this.#cluster.kubelet.afflict({workload: brokerPod(id), image: null, state: 'crashloop'})
  }

  /** A partition on each of these brokers. */
  createTopic(topic: string, brokers: readonly number[]): void {
    this.#log.createTopic(topic, brokers)
  }

  /** Events of this age in milliseconds. */
  produce(topic: string, partition: number, events: number, ageMs: number): void {
    const at = this.#cluster.clock.now() - ageMs
    this.#partition(topic, partition).append(events, at, at)
  }

  /** Takes away what is before this offset. */
  trim(topic: string, partition: number, offset: number): void {
    this.#partition(topic, partition).start = offset
  }

  /** Its last events belong to an open transaction. */
  hold(topic: string, partition: number, events: number): void {
    this.#partition(topic, partition).open = events
  }

  /** Of each partition the committed offset, or null; makes the group where there is none. */
  commit(group: string, topic: string, offsets: readonly (number | null)[]): void {
    const {commits} = this.#log.group(group)
    for (const [partition, offset] of offsets.entries()) if (offset !== null) commits.set(`${topic} ${partition}`, offset)
  }

  become(group: string, change: Partial<Pick<KafkaGroup, 'state' | 'newProtocol' | 'members'>>): void {
    Object.assign(this.#log.group(group), change)
  }

  #partition(topic: string, partition: number) {
    const found = this.#log.topics.get(topic)?.[partition]
    if (found === undefined) throw new Error(`the sandbox has no topic ${topic} with a partition ${partition}`)
    return found
  }

  #hostOf(id: number): string {
    return `${brokerPod(id)}.${SERVICE}.${NAMESPACE}.svc.cluster.local`
  }

  /** Lets happen what has happened since the last time. */
  advance(): void {
    const pods = this.#readyPods()
    this.#log.advance(this.#cluster.clock.now(), (workload) => pods.get(workload) ?? [])
  }

  /** Names by workload, in their order. */
  #readyPods(): ReadonlyMap<string, readonly string[]> {
    const ready = this.#cluster.store
      .list(PODS, this.#catalogue.namespace)
      .filter(({status}) => conditionOf(status.conditions, 'Ready')?.status === 'True')
    const byWorkload = Map.groupBy(ready, ({metadata}) => metadata.labels?.['app'] ?? '')
    return new Map([...byWorkload].map(([workload, pods]) => [workload, pods.map(({metadata}) => metadata.name).sort()]))
  }
}
