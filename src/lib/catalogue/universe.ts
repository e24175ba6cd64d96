import {matchesGlob} from './glob.ts'
import type {Catalogue, CatalogueWorkload} from './types.ts'

/** What the cluster has, where that is known. */
export interface ClusterNames {
  readonly workloads: readonly string[]
  readonly pods: readonly {readonly name: string; readonly workload: string | null}[]
}

/** A workload that a target can hit. */
export interface KnownWorkload {
  readonly name: string
  /** Of the catalogue, or by the match rule of a category; null where none fits. */
  readonly category: string | null
  /** What the catalogue says of it; null where it lacks it. */
  readonly listed: CatalogueWorkload | null
}

/** All that targets can name. */
export interface Universe {
  readonly catalogue: Catalogue
  /** The catalogue's in its order, then the cluster's others by name. */
  readonly workloads: readonly KnownWorkload[]
  /** The cluster's pods; null where they are not known. */
  readonly pods: ReadonlyMap<string, string | null> | null
}

export function universeOf(catalogue: Catalogue, cluster: ClusterNames | null): Universe {
  const listed = new Set(catalogue.workloads.map(({name}) => name))
  const others = [...new Set(cluster?.workloads)].filter((name) => !listed.has(name)).toSorted()
  return {
    catalogue,
    workloads: [
      ...catalogue.workloads.map((workload) => ({name: workload.name, category: workload.category, listed: workload})),
      ...others.map((name) => ({name, category: categoryByRule(name, catalogue), listed: null})),
    ],
    pods: cluster && new Map(cluster.pods.map(({name, workload}) => [name, workload])),
  }
}

/** The category that a workload is shown in: the catalogue's, else the first whose match rule fits its name, else null. */
export function categoryOf(name: string, catalogue: Catalogue): string | null {
  return catalogue.workloads.find((workload) => workload.name === name)?.category ?? categoryByRule(name, catalogue)
}

function categoryByRule(name: string, catalogue: Catalogue): string | null {
  return catalogue.categories.find(({match}) => match.some((glob) => matchesGlob(glob, name)))?.name ?? null
}
