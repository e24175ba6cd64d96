import {KubernetesClient} from './client.ts'
import {Connections} from './connections.ts'
import {credentialsOf, NO_CREDENTIALS, type PluginHost} from './credentials.ts'
import {secureContexts} from './dial.ts'
import type {Origin} from './errors.ts'
import {loadClusterConfig, type KubeconfigOptions} from './kubeconfig.ts'
import {address, isLoopback, proxyFor} from './proxy.ts'
import {Transport} from './transport.ts'
import type {ClusterClient, ServerFacts} from './types.ts'

export {ApiAbsentError, ConflictError, ForbiddenError, NotFoundError, type RbacRule} from './errors.ts'
export type * from './types.ts'

export interface ConnectOptions extends KubeconfigOptions, PluginHost {
  /** The catalogue's, or `--namespace`; that of the kubeconfig's context does not count. */
  readonly namespace: string
  /** `--request-timeout` in milliseconds, for one request with its retries; 0 for none. */
  readonly requestTimeoutMs: number
  /** The command that runs (`status`), for the hint of a ForbiddenError. */
  readonly command?: string
  /** The catalogue's namespace, for the same; null where `sapoche rbac` would need to be told. */
  readonly home?: string | null
  /** From 0 to 1, to spread retries. */
  readonly random: () => number
}

/**
 * A client for the cluster that the options name. Logging in and connecting have begun when it returns; how they end shows at the first request.
 * Rejects with a ConfigurationError (78), or a UsageError for groups without a user to impersonate.
 */
export async function connectCluster(options: ConnectOptions): Promise<ClusterClient & ServerFacts> {
  const {context, cluster, user} = loadClusterConfig(options)
  const {server} = cluster
  const isSecure = server.protocol === 'https:'
  const credentials = isSecure ? await credentialsOf(user, cluster, options) : NO_CREDENTIALS
  const origin: Origin = {
    server: `${server.origin}${server.pathname.replace(/\/$/, '')}`,
    credentials: credentials.description,
    ...(options.command === undefined ? {} : {command: options.command, home: options.home ?? null}),
  }
  const contexts = secureContexts(cluster)
  const connections = new Connections({
    cluster,
    proxy: proxyFor(server, cluster.proxyUrl, options.env),
    secureContext: () => (isSecure ? contexts(credentials.certificate()) : null),
    origin,
    timeoutMs: options.requestTimeoutMs,
  })
  const transport = new Transport({
    server,
    connections,
    credentials,
    impersonate: user.impersonate,
    // Packing pays where a network is slower than the processor.
    compress: !cluster.disableCompression && !isLoopback(address(server).host),
    timeoutMs: options.requestTimeoutMs,
    origin,
    now: options.now,
  })
  transport.warmUp()
  const {namespace, now, random} = options
  return new KubernetesClient(transport, {context, namespace, origin, now, random})
}
