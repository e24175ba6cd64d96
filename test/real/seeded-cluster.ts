import {ensureBinaries} from './binaries.ts'
import type {Cluster} from './cluster-handle.ts'
import {startControlPlane} from './control-plane.ts'
import {shareCluster} from './control.ts'
import {orAbort} from './processes.ts'
import {seed} from './seed.ts'

/**
 * The whole of a program that needs the cluster of the runbook: builds what is missing, starts and fills a cluster, hands it over (with the
 * file by which other processes reach it), ends all of it when `use` is done or has failed, and on Ctrl-C. The exit code is what `use` says.
 */
export async function withSeededCluster(use: (cluster: Cluster, file: string, signal: AbortSignal) => Promise<number>): Promise<void> {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort())
  try {
    process.exitCode = await work(use, stopping.signal)
  } catch (error) {
    process.exitCode = stopping.signal.aborted ? 130 : 1
    if (!stopping.signal.aborted) console.error(error instanceof Error ? error.message : error)
  }
}

async function work(use: (cluster: Cluster, file: string, signal: AbortSignal) => Promise<number>, signal: AbortSignal): Promise<number> {
  const binaries = await ensureBinaries(say, signal)
  const cluster = await startControlPlane({binaries, progress: say, signal})
  try {
    await orAbort(signal, seed(cluster.api, say))
    const shared = await shareCluster(cluster)
    try {
      return await use(cluster, shared.file, signal)
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
