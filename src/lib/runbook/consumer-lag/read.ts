import type {Catalogue} from '../../catalogue/index.ts'
import type {LagReader, Survey} from '../../clients/kafka/types.ts'
import type {ClusterReader} from '../../clients/kubernetes/types.ts'
import {ServerDownError, UnplacedServerError} from '../../clients/reach/errors.ts'
import {InterruptedError, RefusedError, SapocheError, UsageError} from '../../errors/index.ts'
import {count} from '../../text/view.ts'
import {kafkaOf, mostNamed, readSubjects, type ServerHint} from '../bindings/index.ts'
import {readInventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {brokerPods} from './brokers.ts'
import {boundGroups, chosenGroups, type Thresholds, unboundWarnings, type WantedGroup} from './groups.ts'
import {Observer} from './observe.ts'
import {silentReport, emptyReport, lagReport, type ReportOptions} from './report.ts'
import type {ConsumerLagReport} from './schema.ts'

export interface LagOptions extends Thresholds {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** Names and globs; all groups that workloads are bound to where there are none. */
  readonly group?: readonly string[] | undefined
  /** Milliseconds between the two looks; 0 for one look. */
  readonly window: number
}

/** The way to Kafka. */
export interface KafkaGate {
  /** Whether it can be taken before the workloads are known. */
  readonly isKnown: boolean
  /** `hint` is what the environment of a workload says. The reader ends with the signal. */
  open(hint: ServerHint | null, signal: AbortSignal): Promise<LagReader>
}

export interface LagSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  /** The API server's clock, epoch milliseconds. */
  now(): number
  readonly kafka: KafkaGate
}

/** What the cluster says before Kafka is asked. */
export interface Scene {
  readonly bound: readonly WantedGroup[]
  readonly hint: ServerHint | null
  readonly warnings: readonly Warning[]
}

/**
 * What is behind, and whether it moves. Rejects with 64 for a target or group that nothing matches and for targets without a group, 69, 75 and
 * 77 for the cluster and the way to Kafka, 78 where nothing says where Kafka is. That Kafka itself is down is a report.
 */
export async function readLag(options: LagOptions, sources: LagSources, signal: AbortSignal): Promise<ConsumerLagReport> {
  const done = new AbortController()
  const life = AbortSignal.any([signal, done.signal])
  // Kafka is asked while the cluster is, where the way to it is known.
  const early = sources.kafka.isKnown ? surveyed(sources.kafka.open(null, life)) : null
  // Whoever does not get to waiting for it has failed by then.
  early?.catch(() => undefined)
  try {
    const scene = await readScene(options, sources, signal)
    if (scene.bound.length === 0 && options.group === undefined) return emptyReport(reportOptions(options, sources, scene))
    try {
      const {reader, survey} = await (early ?? surveyed(openKafka(sources, scene, life)))
      const groups = groupsOf(options, sources, scene, survey)
      const look = await new Observer(reader, sources.now).observe(survey, groups, options.window, signal)
      return lagReport(groups, look, reportOptions(options, sources, scene))
    } catch (error) {
      if (!(error instanceof ServerDownError)) throw error
      return silentReport(groupsWithoutKafka(options, sources, scene), error, reportOptions(options, sources, scene))
    }
  } finally {
    done.abort(new InterruptedError())
  }
}

async function surveyed(opening: Promise<LagReader>): Promise<{readonly reader: LagReader; readonly survey: Survey}> {
  const reader = await opening
  return {reader, survey: await reader.survey()}
}

/** Where nothing says where Kafka is, for what would may not be read, that is told as what it is (77). */
export async function openKafka({kafka}: LagSources, {hint, warnings}: Scene, signal: AbortSignal): Promise<LagReader> {
  try {
    return await kafka.open(hint, signal)
  } catch (error) {
    const unread = warnings.filter(({code}) => code === 'refused')
    if (!(error instanceof UnplacedServerError) || unread.length === 0) throw error
    const why = unread.map(({message}) => message).join('; ')
    throw new RefusedError(`nothing that may be read says where Kafka is: ${why}`, {cause: error, hints: error.hints})
  }
}

/** Workloads, their groups, and where they say that Kafka is. */
export async function readScene(options: LagOptions, {cluster, catalogue}: LagSources, signal: AbortSignal): Promise<Scene> {
  const inventory = await readInventory(options, {cluster, catalogue}, signal)
  const {subjects, warnings} = await readSubjects(cluster, inventory.groups, signal)
  const hints = subjects.flatMap((subject) => kafkaOf(subject, catalogue) ?? [])
  const [hint, ...others] = mostNamed(hints)
  const bound = boundGroups(subjects, inventory.groups, catalogue, options)
  if (bound.length === 0 && options.group === undefined && isNarrowed(options)) throw noGroup(inventory.groups)
  return {
    bound,
    hint: hint ?? null,
    warnings: [
      ...inventory.warnings,
      ...warnings,
      ...(options.group !== undefined ? [] : unboundWarnings(subjects, catalogue)),
      ...others.map(({workload, source}) => ({
        code: 'other-brokers',
        message: `${workload} has other brokers (${source}), which were not asked`,
      })),
    ],
  }
}

function isNarrowed({targets, except = []}: LagOptions): boolean {
  return targets.length > 0 || except.length > 0
}

/** A verdict of ok on nothing at all would be taken for one on what was named. */
function noGroup([first, ...others]: readonly {readonly name: string}[]): UsageError {
  const who = others.length === 0 ? `${first?.name} reads` : `${first?.name} and ${count(others.length, 'other')} read`
  return new UsageError(`${who} as no consumer group that is known`, {
    hints: [{label: 'next', text: 'sapoche consumer-lag lists the groups; the catalogue names those that the environment hides'}],
  })
}

export function groupsOf(options: LagOptions, {catalogue}: LagSources, {bound}: Scene, survey: Survey): readonly WantedGroup[] {
  return options.group === undefined ? bound : chosenGroups(options.group, bound, survey, catalogue, options)
}

/** Nobody can say which groups there are: those that workloads are bound to, or that are named in full. */
export function groupsWithoutKafka(options: LagOptions, sources: LagSources, scene: Scene): readonly WantedGroup[] {
  const down = {id: -1, address: '', error: new SapocheError('unreachable', '')}
  return groupsOf(options, sources, scene, {brokers: [down], groups: [], newProtocol: false})
}

export function reportOptions({group, targets}: LagOptions, {cluster, now}: LagSources, {warnings, hint}: Scene): ReportOptions {
  const {context, namespace} = cluster
  const narrowed = group !== undefined || targets.length > 0
  return {context, namespace, now: now(), warnings, brokerNext: brokerPods(hint, namespace), narrowed}
}
