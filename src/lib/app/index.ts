import {readFileSync} from 'node:fs'
import {type Catalogue, loadCatalogue} from '../catalogue/index.ts'
import type {Environment} from '../cli/environment.ts'
import type {ConnectOptions} from '../clients/kubernetes/index.ts'
import type {ClusterClient} from '../clients/kubernetes/types.ts'
import {openSandbox} from './sandbox.ts'

export {listScenarios, openSandbox} from './sandbox.ts'

/** What the flags say of the cluster (`clusterFlags` of cli/flags.ts). */
export interface ClusterOptions {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace?: string | undefined
  readonly as?: string | undefined
  readonly 'as-group'?: readonly string[] | undefined
  readonly 'request-timeout': number
  readonly catalogue?: string | undefined
  readonly sandbox?: string | undefined
}

/** What a command runs in (cli/base-command.ts). */
export interface Surroundings {
  readonly environment: Environment
  readonly signal: AbortSignal
  /** True where a person can be asked. */
  readonly interactive: boolean
  /** Messages of others, such as login plugins, for the user. */
  readonly say: (text: string) => void
}

/** An open way to a cluster, and what it should hold. */
export interface Session {
  readonly cluster: ClusterClient
  readonly catalogue: Catalogue
  /** Milliseconds since the epoch by the API server's clock; by this machine's before its first answer. */
  now(): number
  close(): Promise<void>
}

/**
 * Opens what the options name: a cluster of the kubeconfig, or the embedded one. Connecting goes on while the caller prepares its first request.
 * `command` is named in the hint of a missing permission. Rejects with a ConfigurationError (78) or a UsageError (64).
 */
export async function openSession(options: ClusterOptions, command: string, surroundings: Surroundings): Promise<Session> {
  const {environment} = surroundings
  const catalogue = await openCatalogue(options, environment)
  const sandbox = options.sandbox === undefined ? null : await openSandbox(options.sandbox, catalogue, environment)
  // TLS and YAML are nothing that a command without a cluster should load.
  const {connectCluster} = await import('../clients/kubernetes/index.ts')
  const cluster = await connectCluster(connectOptions(options, command, surroundings, {catalogue, sandbox}))
  return {
    cluster,
    catalogue,
    now: () => cluster.serverClock()?.now ?? environment.now(),
    async close() {
      cluster.close()
      await sandbox?.close()
    },
  }
}

/** What the flags and the surroundings say of the way to a cluster. */
export function connectOptions(
  options: ClusterOptions,
  command: string,
  {environment, signal, interactive, say}: Surroundings,
  {catalogue, sandbox}: {readonly catalogue: Catalogue; readonly sandbox: {readonly kubeconfig: string} | null},
): ConnectOptions {
  return {
    kubeconfig: sandbox?.kubeconfig ?? options.kubeconfig,
    context: sandbox === null ? options.context : undefined,
    as: options.as,
    asGroups: options['as-group'] ?? [],
    namespace: options.namespace ?? catalogue.namespace,
    requestTimeoutMs: options['request-timeout'],
    command,
    home: options.catalogue === undefined ? catalogue.namespace : null,
    env: environment.variables,
    homeDir: environment.home,
    interactive,
    onMessage: say,
    signal,
    now: environment.now,
    random: environment.random,
  }
}

/** The catalogue in force (78 where it is no valid one). */
export async function openCatalogue(options: Pick<ClusterOptions, 'catalogue'>, environment: Environment): Promise<Catalogue> {
  const {variables, cwd, configDir} = environment
  // Read at once: starting a thread for it takes longer, and nothing else can go on without it.
  const readText = async (file: string): Promise<string> => readFileSync(file, 'utf8')
  return await loadCatalogue({flag: options.catalogue, env: variables, cwd, configDir}, readText)
}
