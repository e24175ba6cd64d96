import {isoTime} from '../../text/time.ts'
import {verdictOf} from '../../workload/index.ts'
import type {Warning} from '../schema.ts'
import type {DoctorReport, DoctorStep} from './schema.ts'

export interface Examined {
  readonly steps: readonly DoctorStep[]
  readonly context: string | null
  readonly namespace: string
  readonly server: string | null
  readonly fromPods: boolean
  readonly warnings: readonly Warning[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** What the hops come to. A hop that is skipped has no say: that on which it rests has. Pure. */
export function doctorReport({steps, context, namespace, server, fromPods, warnings, now}: Examined): DoctorReport {
  const taken = steps.flatMap(({status}) => (status === 'skipped' ? [] : [{severity: status}]))
  const counted = (wanted: DoctorStep['status']): number => steps.filter(({status}) => status === wanted).length
  return {
    apiVersion: 'sapoche/v1',
    kind: 'DoctorReport',
    generatedAt: isoTime(now),
    context,
    namespace,
    server,
    verdict: verdictOf(taken, new Set()),
    summary: {
      hops: steps.length,
      ok: counted('ok'),
      warning: counted('warning'),
      critical: counted('critical'),
      unknown: counted('unknown'),
      skipped: counted('skipped'),
    },
    steps: [...steps],
    notChecked: notChecked(steps, fromPods),
    warnings: [...warnings],
  }
}

/** What was not looked at, but for what a failed hop stands before. */
function notChecked(steps: readonly DoctorStep[], fromPods: boolean): string[] {
  const aside = steps.filter(({status, reason, path}) => status === 'skipped' && !reason.startsWith('needs ') && path !== 'program')
  const named = steps.some(({path, status, target}) => path === 'dependencies' && status === 'ok' && target !== null)
  const placeless = steps.filter(({path, status, target}) => path === 'dependencies' && status === 'ok' && target === null)
  return [
    ...(named && !fromPods ? ['whether pods reach what they depend on (--from-pods)'] : []),
    ...(fromPods ? placeless.map(({name}) => `whether pods reach ${name}: no workload names its address`) : []),
    ...aside.map(({path, name, reason}) => `${path === 'dependencies' ? name : path === 'commands' ? `command ${name}` : path}: ${reason}`),
  ]
}
