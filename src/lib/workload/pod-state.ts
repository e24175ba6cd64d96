import {findCondition} from './decode/metadata.ts'
import type {ContainerStatus, Pod, PodContainer, Termination} from './objects.ts'

/** What kubectl shows of a pod. */
export interface PodState {
  /** kubectl's STATUS: Running, CrashLoopBackOff, Init:1/2, Terminating ... */
  readonly word: string
  /** Containers that are ready, of `total`; native sidecars count. */
  readonly ready: number
  readonly total: number
  readonly restarts: number
}

/** The columns READY, STATUS and RESTARTS of `kubectl get pods`: printPod of Kubernetes 1.36 (pkg/printers/internalversion/printers.go). */
export function podState(pod: Pod): PodState {
  const inits = pod.containers.filter((container) => container.role !== 'main')
  const mains = pod.containers.filter((container) => container.role === 'main')
  const sidecars = inits.filter((container) => container.role === 'sidecar')
  const initializing = initWord(inits)
  const started = initializing === null || findCondition(pod.conditions, 'Initialized')?.status === 'True'
  const isReady = findCondition(pod.conditions, 'Ready')?.status === 'True'
  const begun = initializing ?? phaseWord(pod)

  return {
    word: departure(pod) ?? (started ? mainWord(mains, begun, isReady) : begun),
    ready: readySidecars(inits) + (started ? mains.filter(runsReady).length : 0),
    total: mains.length + sidecars.length,
    restarts: started ? restartsOf(sidecars) + restartsOf(mains) : restartsOf(inits),
  }
}

function phaseWord(pod: Pod): string {
  if (findCondition(pod.conditions, 'PodScheduled')?.reason === 'SchedulingGated') return 'SchedulingGated'
  return pod.reason === '' ? pod.phase : pod.reason
}

function departure(pod: Pod): string | null {
  if (pod.deletionAt === null) return null
  if (pod.reason === 'NodeLost') return 'Unknown'
  return pod.phase === 'Succeeded' || pod.phase === 'Failed' ? null : 'Terminating'
}

/** The word of the first init container that is not done; null where all are. */
function initWord(inits: readonly PodContainer[]): string | null {
  for (const [index, container] of inits.entries()) {
    // printPod walks the statuses: a container that the kubelet has not reported says nothing yet.
    if (container.status === null || isPast(container, container.status)) continue
    const {state} = container.status
    if (state.kind === 'terminated') return `Init:${terminationWord(state)}`
    if (state.kind === 'waiting' && state.reason !== '' && state.reason !== 'PodInitializing') return `Init:${state.reason}`
    return `Init:${index}/${inits.length}`
  }
  return null
}

function isPast(container: PodContainer, {state, started}: ContainerStatus): boolean {
  return (state.kind === 'terminated' && state.exitCode === 0) || (container.role === 'sidecar' && started === true)
}

/** Sidecars that are ready, up to the first init container that is not done. */
function readySidecars(inits: readonly PodContainer[]): number {
  let ready = 0
  for (const container of inits) {
    if (container.status === null) continue
    if (!isPast(container, container.status)) break
    if (container.status.state.kind !== 'terminated' && container.status.ready) ready++
  }
  return ready
}

/** The word of the containers: the first of the API's list that waits or has ended speaks for the pod. */
function mainWord(mains: readonly PodContainer[], otherwise: string, isReady: boolean): string {
  let word = otherwise
  let errorWord = ''
  const reported = mains.flatMap(({status}) => (status === null ? [] : [status])).sort((a, b) => b.index - a.index)
  for (const {state} of reported) {
    if (state.kind === 'waiting' && state.reason !== '') word = state.reason
    else if (state.kind === 'terminated') {
      word = terminationWord(state)
      if (state.exitCode !== 0) errorWord = word
    }
  }
  if (word !== 'Completed') return word
  const running = mains.some(runsReady)
  if (running && isReady) return 'Running'
  if (errorWord !== '') return errorWord
  return running ? 'NotReady' : word
}

function runsReady({status}: PodContainer): boolean {
  return status !== null && status.ready && status.state.kind === 'running'
}

function terminationWord({reason, signal, exitCode}: Termination): string {
  if (reason !== '') return reason
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`
}

function restartsOf(containers: readonly PodContainer[]): number {
  let restarts = 0
  for (const {status} of containers) restarts += status?.restarts ?? 0
  return restarts
}
