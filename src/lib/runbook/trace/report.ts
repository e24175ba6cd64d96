import type {Catalogue, Flow} from '../../catalogue/index.ts'
import {verdictOf} from '../../workload/index.ts'
import type {StatusReport} from '../status/schema.ts'
import {hopsOf, servicesOf} from './hops.ts'
import type {TraceReport} from './schema.ts'

/** What no flow has to do with. */
const ELSEWHERE = 'DICOM'

/** The flows with the health of their hops; `isWhole` where no flow was chosen: then all services of the catalogue are there. Pure. */
export function traceReport(status: StatusReport, flows: readonly Flow[], isWhole: boolean, catalogue: Catalogue): TraceReport {
  const scene = {status, catalogue}
  const items = flows.flatMap((flow) => hopsOf(flow, scene))
  const passed = new Set(items.flatMap(({service}) => service?.name ?? []))
  const services = servicesOf(scene).filter(({name}) => isWhole || passed.has(name))
  const verdict = verdictOf([...items, ...services], new Set())
  const outside = items.filter(({checked}) => !checked).map(({name, note}) => (note === null ? name : `${name} (${note})`))
  return {
    apiVersion: 'sapoche/v1',
    kind: 'TraceReport',
    generatedAt: status.generatedAt,
    context: status.context,
    namespace: status.namespace,
    verdict,
    flows: flows.map(({name, title}) => ({
      name,
      title,
      verdict: verdictOf(
        items.filter(({flow}) => flow === name),
        new Set(),
      ),
    })),
    summary: {
      hops: items.length,
      checked: items.filter(({checked}) => checked).length,
      broken: items.filter(({broken}) => broken).length,
    },
    items,
    services,
    // They are of the whole namespace, and no flow need have to do with them.
    findings: verdict === 'ok' ? [] : status.findings,
    notChecked: [...new Set(outside), ...status.notChecked.filter((what) => what !== ELSEWHERE)],
    warnings: status.warnings,
  }
}
