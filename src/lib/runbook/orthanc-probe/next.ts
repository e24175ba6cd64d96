import type {Place, Step} from './types.ts'
import type {ProbeStep} from './schema.ts'

const CRASH = /CrashLoopBackOff|exit \d|OOMKilled|restart/

/** Commands that help with a step that is not well, best first: the runbook's tree "DICOM issues", from the layer that fails. Pure. */
export function nextCommands({name, target, status, reason}: ProbeStep, place: Place | null): string[] {
  if (status === 'ok' || status === 'skipped') return []
  const workload = place?.workload ?? null
  const own = (...commands: readonly string[]): string[] =>
    workload === null ? [] : commands.map((words) => `sapoche ${words} ${workload}`)
  const forward = (local: number): string[] => (place === null ? [] : [`sapoche forward ${place.service} ${local}:${place.port}`])
  // The way to it was lost, and not the server.
  if (status === 'unknown' && name !== 'service' && name !== 'endpoints' && name !== 'pod') {
    return /not permitted/.test(reason) ? [] : ['sapoche doctor']
  }
  switch (name) {
    case 'service':
      return ['sapoche catalogue diff']
    case 'endpoints':
    case 'pod':
      return workloadCommands(place)
    case 'http':
      return [...own('logs'), ...forward(8042), ...rollback(place)]
    case 'authentication':
      return workload === null ? [] : [`sapoche env ${workload} --match ORTHANC`, `sapoche changes ${workload} --since 7d`]
    case 'database':
      return workload === null ? [] : [`sapoche logs ${workload} --level error`, `sapoche changes ${workload} --since 1d`]
    case 'storage':
      return [...forward(8042), ...own('logs')]
    case 'dicom':
      return workload === null ? [] : [`sapoche logs ${workload} --level warning`]
    case 'viewer':
      if (place !== null && target === place.service) return [...workloadCommands(place), ...own('logs')]
      return workload === null ? [] : [`sapoche changes ${workload} --since 7d`, ...forward(8080)]
    case 'design-system':
      return [...workloadCommands(place), ...own('logs')]
  }
}

function workloadCommands(place: Place | null): string[] {
  const {workload = null, judgement = null} = place ?? {}
  if (workload === null || judgement === null) return []
  const {health} = judgement
  if (health === 'stopped') return [`sapoche scale ${workload} --to-baseline`]
  if (health === 'ok' || health === 'inactive') return []
  const look = CRASH.test(judgement.reason) ? `logs ${workload} --previous` : `events ${workload}`
  return [`sapoche ${look}`, `sapoche status ${workload}`, ...rollback(place)]
}

/** Where the newest rollout changed something, going back may help. */
function rollback(place: Place | null): string[] {
  const judgement = place?.judgement ?? null
  if (place?.workload == null || judgement === null || judgement.changed?.undoable !== true) return []
  return judgement.health === 'down' || judgement.health === 'degraded' ? [`sapoche rollback ${place.workload}`] : []
}

/** Of all steps, the worst first, each command once. */
export function allCommands(steps: readonly Step[]): string[] {
  const rank = (status: ProbeStep['status']): number => ['critical', 'unknown', 'warning'].indexOf(status)
  const troubled = steps.filter(({next}) => next.length > 0).toSorted((a, b) => rank(a.status) - rank(b.status))
  return [...new Set(troubled.flatMap(({next}) => next))]
}
