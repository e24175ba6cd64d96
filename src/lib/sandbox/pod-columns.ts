/** Ages, and the columns of pods that take some thought (printPod of kube-apiserver). */
import {type ContainerStatus, type Pod, conditionOf, millis} from './types.ts'

/** READY and STATUS of a pod as kubectl words them (printPod). */
export function podState({metadata, spec, status}: Pod): {ready: string; reason: string} {
  const {containerStatuses = [], initContainerStatuses = []} = status
  const sidecars = new Set(spec.initContainers?.filter(({restartPolicy}) => restartPolicy === 'Always').map(({name}) => name))
  const running = [...containerStatuses, ...initContainerStatuses.filter(({name}) => sidecars.has(name))]
  const up = running.filter(({ready, state}) => ready && state.running !== undefined).length
  const ready = `${up}/${spec.containers.length + sidecars.size}`
  if (metadata.deletionTimestamp !== undefined && !['Succeeded', 'Failed'].includes(status.phase)) return {ready, reason: 'Terminating'}
  const stuck = initContainerStatuses.findIndex(
    ({name, state, started}) => state.terminated?.exitCode !== 0 && !(sidecars.has(name) && started),
  )
  if (stuck >= 0 && conditionOf(status.conditions, 'Initialized')?.status !== 'True') {
    const state = initContainerStatuses[stuck]?.state
    const why = state?.terminated ? ended(state.terminated) : state?.waiting?.reason
    return {ready, reason: `Init:${why ?? `${stuck}/${spec.initContainers?.length ?? 0}`}`}
  }
  const reasons = containerStatuses.map(({state}) => state.waiting?.reason ?? (state.terminated && ended(state.terminated)))
  const reason = reasons.find((candidate) => candidate !== undefined) ?? status.reason ?? status.phase
  const serving = up > 0 && conditionOf(status.conditions, 'Ready')?.status === 'True'
  if (reason !== 'Completed' || up === 0) return {ready, reason}
  return {ready, reason: serving ? 'Running' : 'NotReady'}
}

function ended({reason, exitCode}: {reason?: string; exitCode: number}): string {
  return reason ?? `ExitCode:${exitCode}`
}

/** RESTARTS: how often, and how long ago the last time. */
export function restarts({status}: Pod, now: number): string {
  const containers: readonly ContainerStatus[] = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const total = containers.reduce((sum, {restartCount}) => sum + restartCount, 0)
  const last = Math.max(...containers.map(({lastState}) => millis(lastState.terminated?.finishedAt)))
  return total > 0 && last > 0 ? `${total} (${duration(now - last)} ago)` : String(total)
}

/** As k8s.io/apimachinery writes ages: `45s`, `3m12s`, `17m`, `5h3m`, `2d4h`, `2y35d`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  const two = (a: number, unit: string, b: number, rest: string) => `${a}${unit}${b === 0 ? '' : `${b}${rest}`}`
  if (seconds < 120) return `${Math.max(0, seconds)}s`
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (days < 8) return two(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`
}
