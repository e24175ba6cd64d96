import type {ByteStream, ClusterStreams} from '../../clients/kubernetes/types.ts'
import {RESOURCES} from '../cluster/index.ts'
import {rfc3339} from './stamp.ts'

/** Which part of which log. */
export interface LogRequest {
  readonly pod: string
  readonly container: string
  readonly follow: boolean
  /** Of the run before. */
  readonly previous: boolean
  /** Whole seconds since the epoch; null for all. */
  readonly since: number | null
  /** Lines from the end; null for all. */
  readonly tail: number | null
  /** Milliseconds until the answer begins, 0 for no limit: a kubelet sends nothing before a followed log's first line. */
  readonly openWithinMs?: number
}

/** Opens logs, each line with its time before it. Rejects, as the reading of the stream does, with a SapocheError. */
export type LogReader = (request: LogRequest, signal: AbortSignal) => Promise<ByteStream>

export function clusterLogs(cluster: ClusterStreams): LogReader {
  return ({pod, container, follow, previous, since, tail, openWithinMs}, signal) => {
    const query = {
      container,
      timestamps: 'true',
      follow: follow ? 'true' : undefined,
      previous: previous ? 'true' : undefined,
      sinceTime: since === null ? undefined : rfc3339(since),
      tailLines: tail === null ? undefined : String(tail),
    }
    return cluster.stream(RESOURCES.pods, pod, 'log', {query, signal, ...(openWithinMs === undefined ? {} : {openWithinMs})})
  }
}
