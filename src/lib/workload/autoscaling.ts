import {age} from '../text/age.ts'
import {findCondition} from './decode/metadata.ts'
import type {Autoscaler, Condition, ScaledObject, ScaleTarget} from './objects.ts'
import {shortMessage} from './trouble.ts'
import type {AutoscalerSummary, Severity, WorkloadFacts} from './types.ts'

/** How long an HPA may stand at its maximum before that is a warning (rules.md, section 3). */
const AT_MAXIMUM = 10 * 60_000

type Autoscaling = Pick<WorkloadFacts, 'autoscaler' | 'scaledObject'>

interface Trouble {
  readonly severity: Severity
  readonly words: string
}

/** The autoscaler of a workload; null where none scales it. */
export function autoscalerOf<T extends {readonly target: ScaleTarget}>(autoscalers: readonly T[], kind: string, name: string): T | null {
  return autoscalers.find(({target}) => target.name === name && target.kind === kind) ?? null
}

/** The autoscaler that scales it, the ScaledObject before the HPA that KEDA made for it; null where none does, or none can be read. */
function scaler({autoscaler, scaledObject}: Autoscaling): Autoscaler | ScaledObject | null {
  if (scaledObject !== null && scaledObject !== 'unreadable') return scaledObject
  return autoscaler === 'unreadable' ? null : autoscaler
}

/** Whether an autoscaler's range (min..max) explains a count. */
export function explainsCount(facts: Autoscaling, count: number): boolean {
  const found = scaler(facts)
  return found !== null && count >= found.min && count <= found.max
}

/**
 * Why an autoscaler has its workload at zero; null where none means it. A ScaledObject that is Ready and not Active with minimum 0,
 * or an HPA with minimum 0 that works.
 */
export function explainsZero({autoscaler, scaledObject}: Autoscaling): string | null {
  if (scaledObject !== null && scaledObject !== 'unreadable') {
    const {name, min, conditions} = scaledObject
    const idle = isTrue(conditions, 'Ready') && findCondition(conditions, 'Active')?.status === 'False' && min === 0
    return idle ? `ScaledObject ${name} has nothing to do and scales to 0` : null
  }
  if (autoscaler === null || autoscaler === 'unreadable') return null
  const works = findCondition(autoscaler.conditions, 'ScalingActive')?.status !== 'False'
  return works && autoscaler.min === 0 ? `HPA ${autoscaler.name} scales to 0` : null
}

/**
 * What can't be read and might explain a count that nothing else explains; null where everything that could was read.
 * KEDA that can't be read is recognised by its HPA: without one there is none, and its range is KEDA's but for the zero.
 */
export function hiddenExplanation({autoscaler, scaledObject}: Autoscaling, count: number): string | null {
  if (scaledObject !== null && scaledObject !== 'unreadable') return null
  if (autoscaler === 'unreadable') return 'autoscalers'
  return scaledObject === 'unreadable' && autoscaler?.byKeda === true && count === 0 ? 'ScaledObjects' : null
}

/** The words for a zero that leaves an HPA idle: `HPA api stands still while the count is 0`; null where there is no such HPA. */
export function maintenanceWords({autoscaler}: Autoscaling): string | null {
  if (autoscaler === null || autoscaler === 'unreadable' || autoscaler.byKeda || autoscaler.min === 0) return null
  return `HPA ${autoscaler.name} stands still while the count is 0`
}

/** What is wrong with the autoscalers of a workload, the ScaledObject's trouble first; null where nothing is. */
export function autoscalingTrouble({autoscaler, scaledObject}: Autoscaling, desired: number, now: number): Trouble | null {
  const keda = scaledObject === null || scaledObject === 'unreadable' ? null : scaledObjectTrouble(scaledObject)
  const hpa = autoscaler === null || autoscaler === 'unreadable' ? null : hpaTrouble(autoscaler, desired, now)
  return keda ?? hpa
}

function scaledObjectTrouble({name, conditions, paused}: ScaledObject): Trouble | null {
  const ready = findCondition(conditions, 'Ready')
  if (ready?.status === 'False') return {severity: 'critical', words: `ScaledObject ${name} is not Ready${because(ready)}`}
  if (isTrue(conditions, 'Fallback')) return {severity: 'critical', words: `ScaledObject ${name} is in Fallback: its metrics can't be read`}
  return paused ? {severity: 'warning', words: `ScaledObject ${name} is paused`} : null
}

function hpaTrouble({name, max, conditions, lastScaleAt}: Autoscaler, desired: number, now: number): Trouble | null {
  const active = findCondition(conditions, 'ScalingActive')
  // At zero an HPA is switched off by design: whether the zero is meant is judged elsewhere.
  if (active?.status === 'False' && !(desired === 0 && active.reason === 'ScalingDisabled')) {
    return {severity: 'warning', words: `HPA ${name} does not scale${because(active)}`}
  }
  const limited = findCondition(conditions, 'ScalingLimited')
  if (limited?.status !== 'True' || limited.reason !== 'TooManyReplicas' || limited.lastTransitionAt === null) return null
  // The condition keeps its time when it turns from "too few" to "too many"; the last scaling bounds it.
  const since = Math.max(limited.lastTransitionAt, lastScaleAt ?? 0)
  return now - since > AT_MAXIMUM ? {severity: 'warning', words: `HPA ${name} is at its maximum of ${max} for ${age(now - since)}`} : null
}

function because({reason, message}: Condition): string {
  const words = [reason, shortMessage(message)].filter((word) => word !== '')
  return words.length === 0 ? '' : `: ${words.join(', ')}`
}

function isTrue(conditions: readonly Condition[], type: string): boolean {
  return findCondition(conditions, type)?.status === 'True'
}

/** The autoscaler of a workload for its report; null where none scales it, or none can be read. */
export function autoscalerSummary(facts: Autoscaling, trouble: Trouble | null): AutoscalerSummary | null {
  const found = scaler(facts)
  if (found === null) return null
  return {
    kind: found === facts.scaledObject ? 'ScaledObject' : 'HPA',
    name: found.name,
    min: found.min,
    max: found.max,
    trouble: trouble?.words ?? null,
  }
}
