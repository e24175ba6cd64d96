/** Scenarios: what happened to the baseline, step by step, before now. Compiled from scenarios/*.yaml (compile.ts). */
import type {Catalogue} from '../catalogue/types.ts'
import {ConfigurationError, UsageError} from '../errors/index.ts'
import {nearestNames} from '../text/nearest.ts'
import {rescale} from './autoscaler.ts'
import type {Cluster} from './cluster.ts'
import type {SandboxKafka} from './kafka.ts'
import {recordWrite} from './managed-fields.ts'
import {READY_LABEL} from './nodes.ts'
import type {SandboxOrthanc} from './orthanc.ts'
import type {State} from './pod-status.ts'
import type {RedisState, SandboxRedis} from './redis.ts'
import type {Backlog} from './redis-jobs.ts'
import {AUTOSCALERS, DEPLOYMENTS, NODES, RESOURCES, type Resource, SCALED_OBJECTS, apiVersionOf} from './resources.ts'
import compiled from './scenarios.json' with {type: 'json'}
import type {Condition, Deployment, KubeObject} from './types.ts'

export interface Scenario {
  readonly name: string
  /** One sentence for `sapoche sandbox --list`. */
  readonly description: string
  readonly steps: readonly Step[]
}

/** One thing that happened `ago` seconds before now. */
export type Step = {readonly ago: number} & (
  | {readonly image: {readonly workload: string; readonly to: string}}
  /** A rollout with another environment. */
  | {readonly variable: {readonly workload: string; readonly name: string; readonly value: string}}
  | {readonly fault: {readonly workload: string; readonly image: string | null; readonly state: State}}
  | {readonly scale: {readonly workload: string; readonly replicas: number}}
  /** What an HPA that a step before applied does to its deployment. */
  | {readonly rescale: {readonly autoscaler: string; readonly replicas: number; readonly reason: string}}
  | {readonly lose: {readonly node: string}}
  /** Jobs that came to a queue from then on, and what its workers left behind then. */
  | {readonly jobs: Backlog}
  | {readonly redis: Partial<RedisState>}
  /** So many events a second come to a consumer's topic from then on. */
  | {readonly events: {readonly workload: string; readonly perSecond: number}}
  /** Its consumers read nothing from then on, although they run. */
  | {readonly stall: {readonly workload: string}}
  | {readonly broker: {readonly lost: number}}
  /** Its database is gone; it asks nobody any more who they are. */
  | {readonly orthanc: {readonly database?: 'down'; readonly authentication?: 'off'}}
  /** Where the DICOM viewer looks for DICOMweb from then on. */
  | {readonly viewer: {readonly root: string}}
  /** An object as somebody applied it; its status may be given too. */
  | {
      readonly apply: {
        readonly apiVersion: string
        readonly kind: string
        readonly name: string
        readonly spec: object
        readonly status: object
      }
    }
)

const SCENARIOS = compiled as readonly Scenario[]

/** All scenarios, for a listing and for completion. */
export function listScenarios(): readonly {readonly name: string; readonly description: string}[] {
  return SCENARIOS.map(({name, description}) => ({name, description}))
}

/** Throws UsageError (64), with the nearest names, where there is no such scenario. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  const names = SCENARIOS.map((scenario) => scenario.name)
  throw new UsageError(`there is no scenario "${name}"`, {
    suggestions: nearestNames(name, names),
    hints: [{label: 'scenarios', text: names.join(', ')}],
  })
}

/** The API's resources: KEDA's only where the scenario has an object of it, as in a cluster without KEDA. */
export function resourcesOf({steps}: Scenario): readonly Resource[] {
  return steps.some((step) => 'apply' in step && step.apply.kind === SCALED_OBJECTS.kind) ? [...RESOURCES, SCALED_OBJECTS] : RESOURCES
}

/** What steps happen to. */
export interface Stage {
  readonly cluster: Cluster
  readonly redis: SandboxRedis
  readonly kafka: SandboxKafka
  readonly orthanc: SandboxOrthanc
  /** When the replayed past ends, milliseconds since 1970. */
  readonly present: number
}

/** Throws ConfigurationError (78) where the catalogue in force has no workload that the step is about. */
export function perform({cluster, redis, kafka, orthanc, present}: Stage, {namespace}: Catalogue, step: Step): void {
  // Until now consumers were as they were.
  kafka.advance()
  if ('image' in step) {
    const {workload, to} = step.image
    change(cluster, namespace, workload, 'kubectl-set', ({spec}) => {
      const [container] = spec.template.spec.containers
      if (container !== undefined) container.image = to
    })
  } else if ('variable' in step) {
    const {workload, name, value} = step.variable
    change(cluster, namespace, workload, 'kubectl-set', ({spec}) => {
      const [container] = spec.template.spec.containers
      if (container !== undefined) container['env'] = [...(Array.isArray(container['env']) ? container['env'] : []), {name, value}]
    })
  } else if ('scale' in step) {
    const {workload, replicas} = step.scale
    change(cluster, namespace, workload, 'kubectl', ({spec}) => void (spec.replicas = replicas), 'scale')
  } else if ('rescale' in step) {
    const {autoscaler, replicas, reason} = step.rescale
    const hpa = cluster.store.get(AUTOSCALERS, namespace, autoscaler)
    if (hpa !== undefined) rescale(cluster, hpa, deploymentOf(cluster, namespace, hpa.spec.scaleTargetRef.name), replicas, reason)
  } else if ('fault' in step) {
    cluster.kubelet.afflict(step.fault)
  } else if ('lose' in step) {
    const node = cluster.store.get(NODES, undefined, step.lose.node)
    if (node !== undefined)
      cluster.store.update(NODES, node, (draft) => void (draft.metadata.labels = {...draft.metadata.labels, [READY_LABEL]: 'Unknown'}))
  } else if ('jobs' in step) {
    redis.pile(step.jobs, present)
  } else if ('redis' in step) {
    redis.become(step.redis)
  } else if ('events' in step) {
    kafka.flow(step.events.workload, step.events.perSecond)
  } else if ('stall' in step) {
    kafka.stall(step.stall.workload)
  } else if ('broker' in step) {
    kafka.lose(step.broker.lost)
  } else if ('orthanc' in step) {
    const {database, authentication} = step.orthanc
    if (database === 'down') orthanc.loseDatabase()
    if (authentication === 'off') orthanc.become({users: []})
  } else if ('viewer' in step) {
    orthanc.pointViewer(step.viewer.root)
  } else {
    apply(cluster, namespace, step.apply)
  }
}

function deploymentOf(cluster: Cluster, namespace: string, name: string): Deployment {
  const found = cluster.store.get(DEPLOYMENTS, namespace, name)
  if (found === undefined) throw new ConfigurationError(`this scenario needs the deployment ${name}, which the catalogue does not list`)
  return found
}

function change(
  cluster: Cluster,
  namespace: string,
  name: string,
  manager: string,
  edit: (draft: Deployment) => void,
  subresource: string | null = null,
): void {
  const deployment = deploymentOf(cluster, namespace, name)
  cluster.store.update(DEPLOYMENTS, deployment, (draft) => {
    edit(draft)
    recordWrite(deployment, draft, {manager, subresource, time: cluster.now()})
  })
}

function apply(
  cluster: Cluster,
  namespace: string,
  {apiVersion, kind, name, spec, status}: Extract<Step, {apply: unknown}>['apply'],
): void {
  const resource = [...RESOURCES, SCALED_OBJECTS].find((candidate) => candidate.kind === kind && apiVersionOf(candidate) === apiVersion)
  if (resource === undefined) return
  const {conditions = [], ...rest} = status as {conditions?: Partial<Condition>[]}
  const dated = conditions.map((condition) => ({lastTransitionTime: cluster.now(), ...condition}))
  const object: Pick<KubeObject, 'spec' | 'status'> = {spec, status: {...rest, ...(dated.length > 0 && {conditions: dated})}}
  cluster.create(resource, {name, namespace, ...(resource.generation && {generation: 1})}, object)
}
