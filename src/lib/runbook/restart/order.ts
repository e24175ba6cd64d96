import type {Catalogue, Hop} from '../../catalogue/index.ts'

/**
 * The order in which workloads are restarted: along the catalogue's flows from their end, so that each one comes up before what sends to it
 * (Redis, application, web server; workers, consumers); then those that are in no flow, as the catalogue lists them. Pure and stable.
 */
export function restartOrder<T extends {readonly name: string; readonly category: string | null}>(
  workloads: readonly T[],
  catalogue: Catalogue,
): T[] {
  const hops = catalogue.flows.flatMap(({hops}) => hops.toReversed())
  const rank = (workload: T): number => {
    const index = hops.findIndex((hop) => leadsTo(hop, workload, catalogue))
    return index === -1 ? hops.length : index
  }
  return workloads.toSorted((one, other) => rank(one) - rank(other))
}

function leadsTo({kind, name}: Hop, workload: {readonly name: string; readonly category: string | null}, {services}: Catalogue): boolean {
  if (kind === 'category') return workload.category === name
  if (kind === 'service') return services.some((service) => service.name === name && service.workload === workload.name)
  return kind === 'workload' && workload.name === name
}
