import {ServerDownError} from '../clients/reach/errors.ts'
import {directNetwork} from '../clients/reach/direct.ts'
import {type PodTarget, tunnelNetwork} from '../clients/reach/tunnel.ts'
import type {Address, Network} from '../clients/reach/types.ts'
import type {ClusterClient} from '../clients/kubernetes/types.ts'
import {SapocheError, UnreachableError} from '../errors/index.ts'
import {clusterNames, findEndpoint, type Neighbourhood, readNeighbourhood} from '../runbook/endpoints/index.ts'

/** For messages: which server, who named its addresses, and the flag that leads around the cluster. */
interface Wanted {
  readonly server: string
  readonly source: string
  readonly flag: string
}

/**
 * The way to the pods behind the addresses, through the API server. Services and pods are read of every namespace that the addresses may
 * lie in; other addresses (advertised brokers) are looked for there too. Rejects with a ServerDownError where a service has no pod that runs,
 * with 69 where an address is no name of the cluster, and with what reading the namespaces rejects with.
 */
export async function throughCluster(
  cluster: ClusterClient,
  addresses: readonly Address[],
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Network> {
  const {namespace: home} = cluster
  const named = addresses.flatMap(({host}) => clusterNames(host, home).map(({namespace}) => namespace))
  const names = new Set(named.length === 0 ? [home] : named)
  const clients = new Map([...names].map((name) => [name, name === home ? cluster : cluster.within(name)]))
  const read = await Promise.allSettled([...clients.values()].map((client) => readNeighbourhood(client, signal)))
  signal.throwIfAborted()
  const around = read.flatMap((each): Neighbourhood[] => (each.status === 'fulfilled' ? [each.value] : []))

  const find = (address: Address): PodTarget | SapocheError => {
    const found = findEndpoint(address, home, around)
    if (found === null) return new UnreachableError(`${directNetwork.describe(address)} is no service or pod of the cluster`)
    if (found.endpoint === null) {
      return new ServerDownError(`${wanted.server} is down: no pod behind service ${found.service} in namespace ${found.namespace} runs`)
    }
    const {namespace, pod, port} = found.endpoint
    return {cluster: clients.get(namespace) ?? cluster, pod, port}
  }

  const targets = addresses.map(find)
  const failures = targets.filter((target) => target instanceof SapocheError)
  if (failures.length < targets.length) return tunnelNetwork(find)
  const unread = read.find((each) => each.status === 'rejected')
  const dead = failures.find((failure) => failure instanceof ServerDownError)
  if (dead !== undefined) throw dead
  if (unread !== undefined) throw unread.reason
  const first = addresses.map((address) => directNetwork.describe(address)).join(', ')
  throw new UnreachableError(`${wanted.server} at ${first} (${wanted.source}) is no service or pod of the cluster`, {
    hints: [{label: 'cure', text: `--${wanted.flag} reaches it directly`}],
  })
}
