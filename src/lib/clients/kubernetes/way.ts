import {X509Certificate} from 'node:crypto'
import {TLSSocket} from 'node:tls'
import {parseTime} from '../../text/time.ts'
import {startDeadline} from './deadline.ts'
import {dialServer, secureContexts} from './dial.ts'
import type {Certificate, User} from './entries.ts'
import {clean, fromNetwork, interruption, timedOut} from './errors.ts'
import {string} from './json.ts'
import {loadClusterConfig, type KubeconfigOptions} from './kubeconfig.ts'
import {proxyFor} from './proxy.ts'
import type {ServerConnection, ServerWay} from './types.ts'

/** A way that can be tried. */
export interface Way extends ServerWay {
  /** Connects once, TLS and all, and lets go again. Rejects with a SapocheError: 69, 75, 78, 130. */
  dial(signal: AbortSignal): Promise<ServerConnection>
}

/**
 * The way that `connectCluster` takes with the same options, without asking anybody. `timeoutMs` is for a connection; 0 for no limit.
 * Throws a ConfigurationError (78), or a UsageError for groups without a user to impersonate.
 */
export function wayToCluster(options: KubeconfigOptions & {readonly requestTimeoutMs: number}): Way {
  const {context, cluster, user} = loadClusterConfig(options)
  const {server, insecure} = cluster
  const proxy = proxyFor(server, cluster.proxyUrl, options.env)
  const isSecure = server.protocol === 'https:'
  const {requestTimeoutMs: timeoutMs} = options
  const url = `${server.origin}${server.pathname.replace(/\/$/, '')}`
  return {
    file: user.file,
    context,
    server: url,
    user: user.name,
    login: isSecure ? loginOf(user) : 'none, for the server speaks plain http',
    certificateEnds: user.certificate === null ? null : endOf(user.certificate),
    proxy: proxy === null ? null : proxy.host,
    isChecked: isSecure && !insecure,
    async dial(signal) {
      const deadline = startDeadline(signal, timeoutMs, () => timedOut({server: url, credentials: ''}, timeoutMs / 1000))
      try {
        const secureContext = isSecure ? secureContexts(cluster)(user.certificate) : null
        const socket = await dialServer(cluster, proxy, secureContext, ['h2', 'http/1.1'], deadline.signal)
        const connection = connectionOf(socket)
        socket.destroy()
        return connection
      } catch (error) {
        throw deadline.signal.aborted ? interruption(deadline.signal) : fromNetwork(error, url)
      } finally {
        deadline.end()
      }
    },
  }
}

/** In the order in which `credentialsOf` chooses. */
function loginOf({exec, authProvider, tokenFile, token, basic, certificate}: User): string {
  if (exec !== null) return `the plugin ${clean(string(exec.command) ?? 'without a command')}`
  if (authProvider !== null) return `the auth provider ${clean(string(authProvider.name) ?? 'without a name')}`
  if (tokenFile !== null) return `the token in ${tokenFile}`
  if (token !== null) return 'its token'
  if (basic !== null) return 'its password'
  return certificate === null ? 'no credentials' : 'its client certificate'
}

/** Null for what is no certificate: the connection will say so. */
function endOf({cert}: Certificate): number | null {
  try {
    return parseTime(new X509Certificate(cert).validTo)
  } catch {
    return null
  }
}

function connectionOf(socket: Awaited<ReturnType<typeof dialServer>>): ServerConnection {
  if (!(socket instanceof TLSSocket)) return {tls: null, protocol: 'http/1.1', certificateEnds: null}
  const {alpnProtocol} = socket
  return {
    tls: socket.getProtocol(),
    protocol: typeof alpnProtocol === 'string' ? alpnProtocol : 'http/1.1',
    certificateEnds: parseTime(socket.getPeerCertificate().valid_to),
  }
}
