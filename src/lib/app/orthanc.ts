import type {PodPort} from '../clients/kubernetes/types.ts'
import type {Access} from '../clients/reach/types.ts'
import type {OrthancGate} from '../runbook/orthanc-probe/index.ts'
import type {ClusterOptions, Session, Surroundings} from './index.ts'
import {Servers, timeLimitOf, type ServerOptions} from './servers.ts'

/** A session with the ways to Orthanc and to the web servers of the frontend; the clients are loaded when the first is taken. */
export function withOrthanc(
  session: Session,
  options: ClusterOptions & ServerOptions,
  {environment, signal}: Pick<Surroundings, 'environment' | 'signal'>,
): Session & {readonly orthanc: OrthancGate} {
  const servers = new Servers(session, options, environment, signal)
  const limits = {timeoutMs: timeLimitOf(options), clock: environment.now}
  const url = servers.orthancUrl
  const load = async () => {
    const [client, {directNetwork, parseOrthancUrl, tunnelNetwork}] = await Promise.all([
      import('../clients/orthanc/index.ts'),
      import('../clients/reach/index.ts'),
    ])
    return {...client, directNetwork, parseOrthancUrl, pods: tunnelNetwork(({host, port}) => ({cluster: session.cluster, pod: host, port}))}
  }
  const orthanc: OrthancGate = {
    direct: url === null ? null : `${url.addresses[0].host}:${url.addresses[0].port}`,
    async open(pod, login) {
      const {openOrthancReader, pods} = await load()
      return openOrthancReader(pod === null ? await servers.orthanc(login) : await servers.orthancPod(addressOf(pod), pods, login), limits)
    },
    async pages(server, place) {
      const {openPageReader, directNetwork, parseOrthancUrl, pods} = await load()
      const common = {server, credentials: null}
      if (typeof place !== 'string') {
        const tls = place.tlsFor === null ? null : {ca: null, servername: place.tlsFor}
        const access: Access = {...common, addresses: [addressOf(place)], network: pods, tls}
        return {reader: openPageReader(access, limits), path: ''}
      }
      const {address, tls, path} = parseOrthancUrl(place)
      const access: Access = {...common, addresses: [address], network: directNetwork, tls: tls ? {ca: null, servername: null} : null}
      return {reader: openPageReader(access, limits), path}
    },
  }
  return {...session, orthanc}
}

function addressOf({pod, port}: PodPort) {
  return {host: pod, port}
}
