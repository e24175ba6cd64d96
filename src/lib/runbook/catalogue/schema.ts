import {z} from 'zod'
import {catalogueSchema} from '../../catalogue/schema.ts'
import {count, envelope, severity, verdict, warning} from '../schema.ts'

/** As it comes out of a pure function: nobody changes it. */
type Frozen<T> = T extends readonly (infer E)[] ? readonly Frozen<E>[] : T extends object ? {readonly [K in keyof T]: Frozen<T[K]>} : T

const {workloads, ...rest} = catalogueSchema.omit({namespace: true}).shape

/** What the catalogue expects, added up. */
export const catalogueSummary = z.object({
  workloads: count,
  active: count,
  inactive: count,
  /** Of all baselines. */
  pods: count,
  services: count,
})
export type CatalogueSummary = Frozen<z.infer<typeof catalogueSummary>>

/** `catalogue show`: the catalogue in force; `items` are its workloads. Durations are seconds. */
export const catalogueReport = z.object({
  ...envelope('Catalogue'),
  /** `built in`, or the path of the file. */
  source: z.string(),
  summary: catalogueSummary,
  items: workloads,
  ...rest,
})
export type CatalogueReport = Frozen<z.infer<typeof catalogueReport>>

/** `catalogue validate`: the file is valid; one that isn't ends with an error (78). */
export const catalogueValidation = z.object({
  ...envelope('CatalogueValidation'),
  source: z.string(),
  summary: catalogueSummary,
})
export type CatalogueValidation = Frozen<z.infer<typeof catalogueValidation>>

const diffValue = z.union([z.string(), count, z.null()])

/** One difference. `expected` is the catalogue's side, `actual` the cluster's: null where the field is absent there, or could not be read. */
export const diffItem = z.object({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Service']),
  name: z.string(),
  /** `presence` is `present` or `absent`; `ports` is written as `80, 443:30443`. */
  field: z.enum(['presence', 'kind', 'replicas', 'type', 'ports', 'clusterIP']),
  expected: diffValue,
  actual: diffValue,
  severity,
  reason: z.string(),
})
export type DiffItem = Frozen<z.infer<typeof diffItem>>

/** `catalogue diff`: the catalogue against the cluster; no items means no differences. */
export const catalogueDiff = z.object({
  ...envelope('CatalogueDiff'),
  verdict,
  source: z.string(),
  summary: z.object({
    workloads: z.object({listed: count, found: count, unlisted: count}),
    services: z.object({listed: count, found: count.nullable(), unlisted: count.nullable()}),
    differences: count,
  }),
  items: z.array(diffItem),
  /** What the verdict rests on more than one difference: a namespace that looks wrong. */
  findings: z.array(z.string()),
  notChecked: z.array(z.string()),
  warnings: z.array(warning),
})
export type CatalogueDiff = Frozen<z.infer<typeof catalogueDiff>>
