import type {ClusterStreams, PodPort} from '../types.ts'
import {TunnelStream, type TunnelOptions} from './stream.ts'

export type {PodPort} from '../types.ts'
export {PortBrokenError, PortRefusedError} from '../errors.ts'
export type {TunnelOptions, TunnelStream} from './stream.ts'

/**
 * A stream to a port of a pod, as `net.connect` would give one: returned at once, `connect` or `error` follows.
 * `await once(stream, 'connect')` (of node:events) waits for it and rejects with the error.
 * Errors, all of them SapocheErrors: those of the API server (403, 404 ...), a PortError, a lost connection (69), time (75).
 */
export function openTunnel(cluster: ClusterStreams, target: PodPort, options?: TunnelOptions): TunnelStream {
  return new TunnelStream(cluster, target, options)
}
