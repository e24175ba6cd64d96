import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, PodAccess} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {configMapsOf} from '../bindings/index.ts'
import {readConfigMaps} from '../cluster/index.ts'
import {choosePlaces} from '../exec/index.ts'
import {decodePodWithSpec, type Inventory, type PodWithSpec, readInventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {liveEnvironment} from './live.ts'
import {envReport, type LiveEnvironment} from './report.ts'
import type {EnvReport} from './schema.ts'

export {envNotice, envViews} from './view.ts'

export interface EnvOptions {
  readonly targets: readonly string[]
  readonly except?: readonly string[] | undefined
  /** A part of a name or value, or a glob on names. */
  readonly match?: string | undefined
  /** Asks a pod of each workload, in place of its template. */
  readonly live?: boolean | undefined
  readonly container?: string | undefined
}

export interface EnvSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  readonly access: PodAccess
  /** The API server's clock, epoch milliseconds. */
  now(): number
}

/** Pods that are asked at a time. */
const AT_ONCE = 8

/**
 * The environment of the targets: as their templates declare it, ConfigMaps followed, Secrets not read; with `live` as a pod has it.
 * What can't be read or asked is a warning; where no pod at all can be asked it is the error. Errors as `readInventory` besides.
 */
export async function readEnv(options: EnvOptions, sources: EnvSources, signal: AbortSignal): Promise<EnvReport> {
  const {cluster} = sources
  const inventory = await readInventory(options, sources, signal, decodePodWithSpec)
  const containers = inventory.groups.flatMap(({deployment}) => deployment?.template.containers.filter(({role}) => role !== 'init') ?? [])
  const [configMaps, {live, warnings}] = await Promise.all([
    readConfigMaps(cluster, options.live ? [] : configMapsOf(containers), signal),
    options.live ? askPods(inventory, options, sources.access, signal) : {live: new Map<string, LiveEnvironment>(), warnings: []},
  ])
  return envReport(inventory.groups, configMaps, live, {
    match: options.match ?? null,
    live: options.live ?? false,
    context: cluster.context,
    namespace: cluster.namespace,
    now: sources.now(),
    warnings: [...inventory.warnings, ...configMaps.warnings, ...warnings],
  })
}

async function askPods(
  inventory: Inventory<PodWithSpec>,
  {container}: EnvOptions,
  access: PodAccess,
  signal: AbortSignal,
): Promise<{live: Map<string, LiveEnvironment>; warnings: Warning[]}> {
  const live = new Map<string, LiveEnvironment>()
  const errors: {readonly name: string; readonly error: SapocheError}[] = []
  const left = inventory.groups.filter(({deployment, pods}) => pods.length > 0 || (deployment?.replicas ?? 0) > 0)
  const ask = async (): Promise<void> => {
    for (let group = left.shift(); group !== undefined; group = left.shift()) {
      const {name} = group
      try {
        const [place] = choosePlaces({...inventory, groups: [group], strays: []}, {target: name, container, allPods: false})
        if (place === undefined) continue
        live.set(name, {pod: place.pod, container: place.container, variables: await liveEnvironment(access, place, signal)})
      } catch (error) {
        if (error instanceof InterruptedError || !(error instanceof SapocheError)) throw error
        errors.push({name, error})
      }
    }
  }
  await Promise.all(Array.from({length: AT_ONCE}, ask))
  if (live.size === 0 && errors[0] !== undefined) throw errors[0].error
  return {live, warnings: errors.map(({name, error}) => ({code: error.code, message: `${name}: ${error.message}`}))}
}
