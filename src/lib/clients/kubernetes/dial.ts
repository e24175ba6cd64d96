import {connect as connectPlain, isIP, type Socket} from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import {ConfigurationError} from '../../errors/index.ts'
import {clean} from './errors.ts'
import type {Certificate, Cluster} from './entries.ts'
import {address} from './proxy.ts'

/** With which the operating system finds out that an idle peer is gone. */
const KEEP_ALIVE_MS = 20_000

/**
 * Makes of authorities and client certificate what TLS takes; the last one is kept, for parsing them takes time.
 * Throws a ConfigurationError where one of them is no PEM.
 */
export function secureContexts({ca}: Cluster): (certificate: Certificate | null) => SecureContext {
  let last: {certificate: Certificate | null; context: SecureContext} | null = null
  return (certificate) => {
    if (last?.certificate === certificate) return last.context
    try {
      // Without a CA kubectl trusts the operating system's authorities; Node would know its own alone.
      const authorities = ca ?? [...getCACertificates('default'), ...getCACertificates('system')]
      last = {certificate, context: createSecureContext({ca: authorities, ...certificate})}
      return last.context
    } catch (error) {
      const reason = error instanceof Error ? clean(error.message) : 'unknown reason'
      throw new ConfigurationError(`the certificates of the kubeconfig can't be used: ${reason}`, {cause: error})
    }
  }
}

/**
 * Opens a socket to the cluster's server, through `proxy` where there is one, with TLS unless the server's URL is http.
 * Ends it when `signal` aborts. Rejects with Node's raw error, or a proxy's SapocheError.
 */
export async function dialServer(
  {server, serverName, insecure}: Cluster,
  proxy: URL | null,
  context: SecureContext | null,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const {host, port} = address(server)
  const tunnel = proxy === null ? null : await (await import('./proxy-tunnel.ts')).openTunnel(proxy, host, port, signal)
  if (context === null) return tunnel?.unref() ?? ready(connectPlain({host, port}), 'connect', signal)
  const name = serverName ?? host
  const options: ConnectionOptions = {
    host,
    port,
    secureContext: context,
    rejectUnauthorized: !insecure,
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ALPNProtocols: [...protocols],
    ...(isIP(name) === 0 ? {servername: name} : {}),
    ...(tunnel === null ? {} : {socket: tunnel}),
  }
  return ready<TLSSocket>(connectTls(options), 'secureConnect', signal)
}

/** The socket once it is connected. It keeps no process alive: who waits for it does. */
async function ready<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  socket.unref()
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  const onAbort = () => socket.destroy(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, {once: true})
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, () => resolve())
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed while connecting')))
    })
    return socket
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Later errors are told by whoever speaks HTTP over it.
    socket.on('error', () => {})
  }
}
