import type {Catalogue} from '../../catalogue/types.ts'
import {isoTime} from '../../text/time.ts'
import type {CatalogueReport, CatalogueSummary, CatalogueValidation} from './schema.ts'

/** The catalogue in force, as a report. `now` in milliseconds since the epoch. */
export function showCatalogue(catalogue: Catalogue, now: number): CatalogueReport {
  const {namespace, source, workloads, ...rest} = catalogue
  return {...envelope('Catalogue', namespace, now), source, summary: summarise(catalogue), items: workloads, ...rest}
}

/** The report on a catalogue that was read without fault. */
export function validateCatalogue(catalogue: Catalogue, now: number): CatalogueValidation {
  return {...envelope('CatalogueValidation', catalogue.namespace, now), source: catalogue.source, summary: summarise(catalogue)}
}

/** No cluster is asked, so there is no context. */
function envelope<K extends string>(kind: K, namespace: string, now: number) {
  return {apiVersion: 'sapoche/v1', kind, generatedAt: isoTime(now), context: null, namespace} as const
}

function summarise({workloads, services}: Catalogue): CatalogueSummary {
  const active = workloads.filter(({baseline}) => baseline > 0)
  return {
    workloads: workloads.length,
    active: active.length,
    inactive: workloads.length - active.length,
    pods: active.reduce((pods, {baseline}) => pods + baseline, 0),
    services: services.length,
  }
}
