import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, PodPort} from '../../clients/kubernetes/types.ts'
import {UnreachableError, UsageError} from '../../errors/index.ts'
import {nearestNames} from '../../text/nearest.ts'
import {findCondition, type Service, standing} from '../../workload/index.ts'
import {behind, readNeighbourhood} from '../endpoints/index.ts'
import {decodePodWithSpec, type PodWithSpec, readInventory} from '../inventory/index.ts'
import {choosePort, type PortWish, type RemotePort} from './ports.ts'

/** What is forwarded, and how to find the pod behind it, which changes. */
export interface ForwardTarget {
  readonly kind: 'Service' | 'Deployment' | 'Pod'
  readonly name: string
  /** Of the service, or of the pod. */
  readonly port: number
  /** What a person should know of the choice. */
  readonly notes: readonly string[]
  /** A ready pod, else one that runs; null where none does. Rejects where the cluster can't be read. */
  locate(signal: AbortSignal): Promise<PodPort | null>
}

export interface TargetSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
}

/**
 * What NAME means: `service/X`, `deployment/X`, `pod/X`; a bare name is the Service of that name where there is one.
 * Throws a UsageError (64) for what there isn't, for more than one workload, and for a port that it hasn't.
 */
export async function findTarget(name: string, wish: PortWish, sources: TargetSources, signal: AbortSignal): Promise<ForwardTarget> {
  const [, kind, bare = name] = /^([^/]+)\/(.+)$/.exec(name) ?? []
  const isService = kind !== undefined && /^(svc|services?)$/i.test(kind)
  if (kind !== undefined && !isService) return workloadTarget(name, wish, sources, signal)
  const {services} = await readNeighbourhood(sources.cluster, signal)
  const service = services.find((each) => each.name === bare)
  if (service !== undefined) return serviceTarget(service, wish, sources, isService ? [] : bareNotes(service, sources))
  if (isService) throw unknownService(bare, services)
  try {
    return await workloadTarget(name, wish, sources, signal)
  } catch (error) {
    if (!(error instanceof UsageError) || !error.message.startsWith('no ')) throw error
    const near = nearestNames(
      bare,
      services.map((each) => each.name),
    )
    // A service and a deployment may share a name.
    const suggestions = [...new Set([...near, ...error.suggestions])].slice(0, 5)
    throw new UsageError(`no service, workload or pod matches "${name}"`, {
      suggestions,
      hints: suggestions.length === 0 ? [] : [{label: 'did you mean', text: suggestions.join('\n')}],
    })
  }
}

/** Three services of the runbook share their name with a deployment, and have other ports. */
function bareNotes({name}: Service, {catalogue}: TargetSources): string[] {
  if (!catalogue.workloads.some((workload) => workload.name === name)) return []
  return [`${name} is taken for the service; the deployment is deployment/${name}`]
}

function unknownService(name: string, services: readonly Service[]): UsageError {
  const names = services.map((each) => each.name)
  const near = nearestNames(name, names)
  return new UsageError(`there is no service "${name}"`, {suggestions: near.length > 0 ? near : names.slice(0, 5)})
}

function serviceTarget(service: Service, wish: PortWish, {cluster}: TargetSources, notes: readonly string[]): ForwardTarget {
  const {name, ports} = service
  if (service.selector === null) throw new UsageError(`service ${name} has no pods of its own (${service.type} without a selector)`)
  const usable = ports.filter(({protocol}) => protocol === 'TCP')
  const port = choosePort(wish, usable, `service ${name}`, false)
  return {
    kind: 'Service',
    name,
    port,
    notes,
    async locate(signal) {
      const around = await readNeighbourhood(cluster, signal)
      // Read anew: its selector and ports may have changed.
      const found = behind(around, around.services.find((each) => each.name === name) ?? service, port)
      return found === null ? null : {pod: found.pod, port: found.port}
    },
  }
}

async function workloadTarget(target: string, wish: PortWish, sources: TargetSources, signal: AbortSignal): Promise<ForwardTarget> {
  const read = (until: AbortSignal) => readInventory({targets: [target]}, sources, until, decodePodWithSpec)
  const {groups, strays, unread} = await read(signal)
  if (groups.length + strays.length > 1) {
    throw new UsageError(`"${target}" names ${groups.length} workloads; a port of one can be forwarded`, {
      suggestions: groups.map(({name}) => name).slice(0, 5),
    })
  }
  const [group] = groups
  const pods = group?.pods ?? strays
  const isPod = group === undefined || !group.isWhole
  const name = isPod ? (pods[0]?.name ?? target) : group.name
  const declared = group?.deployment?.template ?? pods[0]?.template
  const ports: RemotePort[] = (declared?.containers ?? []).flatMap((container) =>
    container.ports.filter(({protocol}) => protocol === 'TCP'),
  )
  const port = choosePort(wish, ports, isPod ? `pod ${name}` : `deployment ${name}`, true)
  return {
    kind: isPod ? 'Pod' : 'Deployment',
    name,
    port,
    notes: unread.map(({message}) => message),
    async locate(until) {
      const found = await read(until).catch((error: unknown) => {
        // A pod that was named and is gone matches nothing.
        if (error instanceof UsageError) return null
        throw error
      })
      const [best] = [...(found?.groups.flatMap((each) => each.pods) ?? []), ...(found?.strays ?? [])]
        .filter((pod) => standing(pod) === 'counted' && pod.phase === 'Running')
        .toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)))
      return best === undefined ? null : {pod: best.name, port}
    },
  }
}

function isReady(pod: PodWithSpec): boolean {
  return findCondition(pod.conditions, 'Ready')?.status === 'True'
}

export function nothingBehind({kind, name}: ForwardTarget): UnreachableError {
  return new UnreachableError(`no pod of ${kind.toLowerCase()} ${name} runs`, {
    hints: [{label: 'next', text: `sapoche pods ${kind === 'Service' ? `service/${name}` : name}`}],
  })
}
