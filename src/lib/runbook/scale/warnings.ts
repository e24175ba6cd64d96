import type {Catalogue} from '../../catalogue/index.ts'
import type {Autoscaler, ScaledObject} from '../../workload/index.ts'
import type {Warning} from '../schema.ts'
import {idleWarning, type Plan} from './plan.ts'

/** What scales a workload by itself. */
export interface Scalers {
  readonly autoscaler: Autoscaler | null
  readonly scaledObject: ScaledObject | null
}

/** All that has to be said of one scaling before it is agreed to. Nothing of it blocks (facts/kubernetes.md, section 4). Pure. */
export function scaleWarnings(plan: Plan, scalers: Scalers, catalogue: Catalogue, now: number): Warning[] {
  const {managedBy} = plan.chosen.deployment
  const owner = managedBy === null ? null : `${plan.chosen.workload.name} is managed by ${managedBy}, which may put its own count back`
  return [
    ...warn('stops', whatStops(plan, catalogue)),
    ...warn('autoscaler', autoscalerWarning(plan, scalers)),
    ...warn('managed', owner),
    ...warn('offsets', idleWarning(plan, now)),
  ]
}

function warn(code: string, message: string | null): Warning[] {
  return message === null ? [] : [{code, message}]
}

/** At zero: what nobody does any more, and which services lead nowhere. */
function whatStops({chosen, to, from}: Plan, {services}: Catalogue): string | null {
  if (to !== 0 || from === 0) return null
  const {name, listed} = chosen.workload
  const behind = services.filter(({workload}) => workload === name).map((service) => service.name)
  const purpose = listed === null ? '' : `: ${listed.purpose}${listed.protected === null ? '' : `; ${listed.protected}`}`
  const lost = behind.length === 0 ? '' : `; nothing answers behind ${behind.map((service) => `service ${service}`).join(' and ')}`
  return `${name} stops${purpose}${lost}`
}

function autoscalerWarning({chosen, to}: Plan, {autoscaler, scaledObject}: Scalers): string | null {
  const {name} = chosen.workload
  if (scaledObject !== null) {
    const range = `${scaledObject.min}..${scaledObject.max}`
    if (scaledObject.paused)
      return `${name} belongs to ScaledObject ${scaledObject.name}, which is paused: the count stays until it goes on`
    return `${name} belongs to ScaledObject ${scaledObject.name} (${range}): KEDA will set its own count again; its annotation autoscaling.keda.sh/paused-replicas stops that`
  }
  if (autoscaler === null) return null
  const {min, max} = autoscaler
  const who = `${name} belongs to HPA ${autoscaler.name} (${min}..${max})`
  if (to === 0)
    return min === 0
      ? `${who}: it may start it again`
      : `${who}: it stops working while the count is 0, and starts again with the next count that is set`
  return `${who}: it will set its own count again within seconds (a lower one after 5 min as a rule)`
}
