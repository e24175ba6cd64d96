import {type Binaries, ensureBinaries} from './binaries.ts'
import type {Cluster} from './cluster-handle.ts'
import {startControlPlane} from './control-plane.ts'
import {shareCluster} from './control.ts'
import {orAbort} from './processes.ts'
import {seed} from './seed.ts'

/** A cluster of ours, and the file by which other processes reach it. */
export interface SharedCluster {
  readonly cluster: Cluster
  readonly file: string
}

type Use = (clusters: readonly SharedCluster[], signal: AbortSignal) => Promise<number>

/**
 * The whole of a program that needs clusters of the runbook, each with servers of its own: builds what is missing, starts and fills them,
 * hands them over, ends all of it when `use` is done or has failed, and on Ctrl-C. The exit code is what `use` says.
 */
export async function withSeededClusters(count: number, use: Use): Promise<void> {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort())
  try {
    const binaries = await ensureBinaries(say, stopping.signal)
    process.exitCode = await work(count, {binaries, use, signal: stopping.signal}, [])
  } catch (error) {
    process.exitCode = stopping.signal.aborted ? 130 : 1
    if (!stopping.signal.aborted) console.error(error instanceof Error ? error.message : error)
  }
}

interface Work {
  readonly binaries: Binaries
  readonly use: Use
  readonly signal: AbortSignal
}

async function work(count: number, {binaries, use, signal}: Work, started: readonly SharedCluster[]): Promise<number> {
  if (started.length === count) return await use(started, signal)
  const cluster = await startControlPlane({binaries, progress: say, signal})
  try {
    await orAbort(signal, seed(cluster.api, say))
    const shared = await shareCluster(cluster)
    try {
      return await work(count, {binaries, use, signal}, [...started, {cluster, file: shared.file}])
    } finally {
      shared.close()
    }
  } finally {
    await cluster.stop()
  }
}

function say(line: string): void {
  console.error(line)
}
