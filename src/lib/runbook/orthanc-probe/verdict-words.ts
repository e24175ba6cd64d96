import {count} from '../../text/view.ts'
import type {OrthancProbeReport, ProbeStep} from './schema.ts'

/** What it means for people that a step is critical. */
const MEANING: Readonly<Record<ProbeStep['name'], string>> = {
  service: 'Orthanc has no service',
  endpoints: 'no pod of Orthanc takes requests',
  pod: 'Orthanc does not run',
  http: 'Orthanc does not answer',
  authentication: "patients' data is open to everybody",
  database: 'Orthanc is up, and its database is not',
  storage: 'Orthanc stores nothing more',
  dicom: 'Orthanc does not speak DICOM',
  viewer: 'the viewer shows no images',
  'design-system': 'the design system is not served',
}
/** One of these explains those after it. */
const CHAIN: readonly ProbeStep['name'][] = ['service', 'pod', 'endpoints', 'http']

/** `Orthanc is up, and its database is not; viewer warning; 9 steps ok`. Pure. */
export function verdictWords({steps, summary, verdict}: OrthancProbeReport): string {
  const ok = `${count(summary.ok, 'step')} ok`
  if (verdict === 'ok') {
    const answers = steps.some(({name, status}) => name === 'http' && status === 'ok')
    return `${answers ? 'Orthanc answers' : 'Orthanc is inactive, as expected'}; ${ok}`
  }
  const named = (status: ProbeStep['status']): ProbeStep['name'][] => [
    ...new Set(steps.filter((step) => step.status === status).map(({name}) => name)),
  ]
  const critical = named('critical')
  const cause = CHAIN.find((name) => critical.includes(name))
  const sentences = critical.filter((name) => name === cause || !CHAIN.includes(name)).map((name) => MEANING[name] + share(name, steps))
  const others = (['unknown', 'warning'] as const).flatMap((status) =>
    summary[status] === 0 ? [] : [`${named(status).join(', ')} ${status}`],
  )
  return [...sentences, ...others, ok].join('; ')
}

/** ` (1 of 2)`, of what there are several. */
function share(name: ProbeStep['name'], steps: readonly ProbeStep[]): string {
  const own = steps.filter((step) => step.name === name)
  const bad = own.filter(({status}) => status === 'critical').length
  return name === 'viewer' || bad === own.length ? '' : ` (${bad} of ${own.length})`
}
