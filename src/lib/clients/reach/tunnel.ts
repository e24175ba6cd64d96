import {Socket} from 'node:net'
import {SapocheError} from '../../errors/index.ts'
import {openTunnel} from '../kubernetes/tunnel/index.ts'
import type {ClusterStreams} from '../kubernetes/types.ts'
import {directNetwork} from './direct.ts'
import type {Address, Network} from './types.ts'

/** A port of a pod, by a client for the pod's namespace. */
export interface PodTarget {
  readonly cluster: ClusterStreams
  readonly pod: string
  readonly port: number
}

/** Connections through the API server's port-forward. `find` says which pod stands behind an address, or why none does. */
export function tunnelNetwork(find: (address: Address) => PodTarget | SapocheError): Network {
  return {
    kind: 'tunnel',
    describe(address) {
      const target = find(address)
      const name = directNetwork.describe(address)
      return target instanceof SapocheError || address.host === target.pod ? name : `${name} (pod ${target.pod})`
    },
    connect(address) {
      const target = find(address)
      // A socket that fails as one that can't connect does: later, and with the error.
      return target instanceof SapocheError ? new Socket().destroy(target) : openTunnel(target.cluster, target)
    },
  }
}
