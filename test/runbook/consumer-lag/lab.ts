import {expect} from 'vitest'
import {builtinCatalogue, type Catalogue, type CatalogueWorkload} from '../../../src/lib/catalogue/index.ts'
import type {ServerHint} from '../../../src/lib/runbook/bindings/index.ts'
import type {KafkaGate, LagOptions, LagSources} from '../../../src/lib/runbook/consumer-lag/index.ts'
import {readLag} from '../../../src/lib/runbook/consumer-lag/index.ts'
import {consumerLagReport, type ConsumerLagReport, type LagItem} from '../../../src/lib/runbook/consumer-lag/schema.ts'
import {rawDeployment} from '../../workload/build.ts'
import {NOW, PATIENT, served} from '../served.ts'
import {KafkaModel} from './kafka-model.ts'

export {NOW}
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export interface ConsumerOptions {
  readonly replicas?: number
  readonly ready?: number
  readonly group?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A deployment whose environment names a group of its own name and brokers. */
export function consumer(name: string, {replicas = 1, ready = replicas, group = name, env = {}}: ConsumerOptions = {}) {
  const variables = {KAFKA_BROKERS: 'redpanda-0.redpanda.kafka:9092', KAFKA_GROUP_ID: group, ...env}
  const raw = rawDeployment({name, replicas, status: {readyReplicas: ready}})
  const spec = raw['spec'] as Record<string, unknown>
  const containers = [{name: 'app', image: 'consumer:1', env: Object.entries(variables).map(([key, value]) => ({name: key, value}))}]
  return {...raw, spec: {...spec, template: {spec: {containers}}}}
}

/** A catalogue of these workloads alone. */
export function catalogueOf(workloads: readonly (Partial<CatalogueWorkload> & {readonly name: string})[]): Catalogue {
  const model = builtinCatalogue.workloads.find(({name}) => name === 'consumer-ecg')!
  return {...builtinCatalogue, services: [], workloads: workloads.map((workload) => ({...model, ...workload}))}
}

/** A group as the catalogue lists it. */
export function listedGroup(name: string, more: Partial<CatalogueWorkload['groups'][number]> = {}): CatalogueWorkload['groups'][number] {
  return {name, topics: [], allowedLag: null, maxAge: null, deadLetter: null, ...more}
}

export interface LabOptions {
  readonly deployments?: readonly object[]
  readonly catalogue?: Catalogue
  readonly options?: Partial<LagOptions>
  /** Called between the two looks. */
  readonly meanwhile?: () => void
  /** In the place of the model. */
  readonly openKafka?: KafkaGate['open']
  /** Whether Kafka is known without the workloads. */
  readonly isKnown?: boolean
}

export interface Lab {
  readonly sources: LagSources
  readonly hints: (ServerHint | null)[]
}

/** A real client on a namespace with these deployments, and the model in the place of Kafka. The clock moves by 10 s a look. */
export async function labOf(
  kafka: KafkaModel,
  {deployments = [consumer('consumer-ecg')], catalogue, openKafka, isKnown = false}: LabOptions,
): Promise<Lab> {
  const names = deployments.map((each) => ({name: (each as {metadata: {name: string}}).metadata.name}))
  const cluster = await served({deployments: deployments as never}, {catalogue: catalogue ?? catalogueOf(names)})
  const hints: (ServerHint | null)[] = []
  const sources: LagSources = {
    ...cluster,
    now: () => NOW,
    kafka: {
      isKnown,
      async open(hint, signal) {
        hints.push(hint)
        return openKafka === undefined ? kafka : openKafka(hint, signal)
      },
    },
  }
  return {sources, hints}
}

/** The report after two looks, `meanwhile` between them; checked against its schema and the bound on requests. */
export async function lag(kafka: KafkaModel, lab: LabOptions = {}): Promise<ConsumerLagReport> {
  const {sources} = await labOf(kafka, lab)
  // The second look begins when descriptions are asked for the second time.
  const describe = kafka.describe.bind(kafka)
  let looks = 0
  let now = NOW
  kafka.describe = (names) => {
    if (looks++ > 0) {
      lab.meanwhile?.()
      now += 10_000
    }
    return describe(names)
  }
  kafka.requests = 0
  const report = await readLag({targets: [], window: 1, ...lab.options}, {...sources, now: () => now}, PATIENT)
  expect(consumerLagReport.parse(report)).toEqual(report)
  // One more is for the versions, when the connection is made.
  expect(kafka.requests + 1).toBeLessThanOrEqual(3 * report.items.length + 6 * kafka.brokers.length + 10)
  return report
}

export function item(report: ConsumerLagReport, group = 'consumer-ecg'): LagItem {
  const found = report.items.find((each) => each.group === group)
  if (found === undefined) throw new Error(`no ${group} among ${report.items.map((each) => each.group).join()}`)
  return found
}
