import {UnreachableError, UsageError} from '../../errors/index.ts'
import {findCondition, standing} from '../../workload/index.ts'
import type {Inventory, PodWithSpec} from '../inventory/index.ts'

export interface ChoiceOptions {
  readonly target: string
  /** That pod of the target. */
  readonly pod?: string | undefined
  readonly container?: string | undefined
  readonly allPods: boolean
}

/** Where a program will run, and what a person should know of the choice. */
export interface Place {
  readonly pod: string
  readonly container: string
  readonly isReady: boolean
  /** Why this pod or container, where there were others; '' where there were none. */
  readonly note: string
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/**
 * The place of a program: of one workload's pods the ready one that is so for longest, else the running one (a consumer that is stuck has
 * no ready one). Throws a UsageError for what names none or too many, and an UnreachableError where nothing of it runs.
 */
export function choosePlaces(inventory: Inventory<PodWithSpec>, options: ChoiceOptions): Place[] {
  const {target, pod: named, allPods} = options
  const {groups, strays} = inventory
  const candidates = [...groups.flatMap(({pods}) => pods), ...strays]
  if (!allPods && named === undefined && groups.length > 1) {
    const names = groups.map(({name}) => name)
    throw new UsageError(`"${target}" names ${names.length} workloads; name one of them, or run it in all of their pods with --all-pods`, {
      suggestions: names.slice(0, 5),
    })
  }
  if (named !== undefined && !candidates.some(({name}) => name === named)) {
    throw new UsageError(`${target} has no pod "${named}"`, {suggestions: candidates.map(({name}) => name).slice(0, 5)})
  }
  const pods = candidates.filter(({name}) => named === undefined || name === named)
  const places = pods
    .map((pod) => placeIn(pod, options))
    .filter((place) => place !== null)
    .toSorted((a, b) => Number(b.isReady) - Number(a.isReady))
  const [best] = places
  if (best === undefined) throw nothingRuns(target, pods, options.container)
  if (allPods) return places
  const others = places.length === 1 ? '' : `one of ${places.length} pods`
  return [{...best, note: [others, best.isReady ? '' : 'not ready', best.note].filter(Boolean).join(', ')}]
}

/** Where in a pod it would run; null where the container does not run. Throws a UsageError for a container that there isn't. */
function placeIn(pod: PodWithSpec, {container: wanted}: ChoiceOptions): Place | null {
  const containers = pod.template.containers.filter(({role}) => role !== 'init')
  const mains = containers.filter(({role}) => role === 'main')
  const meant = pod.template.annotations[DEFAULT_CONTAINER]
  const container = containers.find(({name}) => name === (wanted ?? meant)) ?? (wanted === undefined ? mains[0] : undefined)
  if (container === undefined) {
    const names = containers.map(({name}) => name)
    throw new UsageError(`pod ${pod.name} has no container "${wanted ?? ''}"; it has ${names.join(', ')}`, {suggestions: names})
  }
  const status = pod.containers.find(({name}) => name === container.name)?.status
  if (standing(pod) !== 'counted' || status?.state.kind !== 'running') return null
  const isReady = findCondition(pod.conditions, 'Ready')?.status === 'True'
  const note = wanted === undefined && containers.length > 1 ? `container ${container.name} of ${containers.length}` : ''
  return {pod: pod.name, container: container.name, isReady, note}
}

function nothingRuns(target: string, pods: readonly PodWithSpec[], container: string | undefined): UnreachableError {
  const what = container === undefined ? 'container' : `container ${container}`
  const why = pods.length === 0 ? 'it has no pods' : `no ${what} of its ${pods.length === 1 ? 'pod' : `${pods.length} pods`} runs`
  return new UnreachableError(`nothing to run it in: ${why}`, {hints: [{label: 'next', text: `sapoche pods ${target}`}]})
}
