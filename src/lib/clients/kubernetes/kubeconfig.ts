import {existsSync, readFileSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {isIPv6} from 'node:net'
import {load as parseYaml, YAMLException} from 'js-yaml'
import {ConfigurationError, type Hint} from '../../errors/index.ts'
import {readCluster, readUser, unreadable, type Cluster, type Entry, type User} from './entries.ts'
import {list, object, string} from './json.ts'

/** Which cluster, as the user named it. */
export interface KubeconfigOptions {
  /** `--kubeconfig`; before KUBECONFIG, the file in the home folder and the service account of a pod. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly as?: string
  readonly asGroups?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDir: string
}

/** A cluster and a user of it, resolved from kubeconfig files or a pod's service account. */
export interface ClusterConfig {
  readonly context: string | null
  readonly cluster: Cluster
  readonly user: User
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Finds the cluster as kubectl does: `--kubeconfig`, KUBECONFIG (several files, merged), `~/.kube/config`, then the pod we run in.
 * Throws ConfigurationError, and UsageError for groups without a user to impersonate.
 */
export function loadClusterConfig(options: KubeconfigOptions, serviceAccount = SERVICE_ACCOUNT): ClusterConfig {
  const files = kubeconfigFiles(options)
  if (files.length === 0) return insidePod(options, serviceAccount)
  const config = merge(files.map(readKubeconfig))
  const name = options.context ?? config.currentContext
  const contexts = [...config.contexts.keys()]
  if (name === undefined) {
    throw new ConfigurationError(`no current-context in ${files.join(', ')}`, {
      suggestions: contexts,
      hints: [{label: 'cure', text: 'name one with --context'}, ...contextList(contexts)],
    })
  }
  const context = config.contexts.get(name)
  if (context === undefined) {
    throw new ConfigurationError(`no context "${name}" in ${files.join(', ')}`, {suggestions: contexts, hints: contextList(contexts)})
  }
  const pick = (kind: 'cluster' | 'user', entries: ReadonlyMap<string, Entry>): Entry => {
    const wanted = string(context.body[kind])
    const entry = entries.get(wanted ?? '')
    if (entry !== undefined) return entry
    if (kind === 'user' && wanted === undefined) return {name: '', file: context.file, body: {}}
    throw new ConfigurationError(`context "${name}" names ${kind} "${wanted ?? ''}", which ${context.file} does not define`, {
      hints: [{label: 'cure', text: 'define it there, or choose another context with --context'}],
    })
  }
  return {
    context: name,
    cluster: readCluster(pick('cluster', config.clusters)),
    user: readUser(pick('user', config.users), options.as, options.asGroups),
  }
}

const NAME_A_FILE = {hints: [{label: 'cure', text: 'name a file that exists with --kubeconfig or KUBECONFIG'}]}

function contextList(contexts: readonly string[]): Hint[] {
  return [{label: 'contexts', text: contexts.length === 0 ? 'none' : contexts.toSorted().join('\n')}]
}

/** The files that exist; none means that the user named none and the home folder has none. */
function kubeconfigFiles({kubeconfig, env, homeDir}: KubeconfigOptions): string[] {
  if (kubeconfig !== undefined) {
    if (!existsSync(kubeconfig)) throw new ConfigurationError(`kubeconfig ${kubeconfig} does not exist`, NAME_A_FILE)
    return [kubeconfig]
  }
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  if (named.length > 0) {
    const files = [...new Set(named)].filter((file) => existsSync(file))
    if (files.length === 0) throw new ConfigurationError(`KUBECONFIG names ${named.join(', ')}, of which no file exists`, NAME_A_FILE)
    return files
  }
  return [join(homeDir, '.kube', 'config')].filter((file) => existsSync(file))
}

function insidePod(options: KubeconfigOptions, folder: string): ClusterConfig {
  const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port} = options.env
  const tokenFile = join(folder, 'token')
  if (host === undefined || port === undefined || !existsSync(tokenFile) || options.context !== undefined) {
    throw new ConfigurationError(`no kubeconfig: ${join(options.homeDir, '.kube', 'config')} does not exist`, NAME_A_FILE)
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`
  return {
    context: null,
    cluster: readCluster({name: 'in-cluster', file: join(folder, 'kubeconfig'), body: {server, 'certificate-authority': 'ca.crt'}}),
    user: readUser({name: 'service account', file: tokenFile, body: {tokenFile}}, options.as, options.asGroups),
  }
}

interface Kubeconfig {
  readonly currentContext: string | undefined
  readonly contexts: ReadonlyMap<string, Entry>
  readonly clusters: ReadonlyMap<string, Entry>
  readonly users: ReadonlyMap<string, Entry>
}

function readKubeconfig(file: string): Kubeconfig {
  let content: unknown
  try {
    const text = readFileSync(file, 'utf8')
    content = text.trim() === '' ? {} : parseYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw unreadable(`kubeconfig ${file}`, error)
    // Not error.message: it quotes the file, which holds secrets.
    throw new ConfigurationError(`kubeconfig ${file} is no valid YAML: ${error.reason} (line ${(error.mark?.line ?? 0) + 1})`)
  }
  const config = object(content)
  if (config === null) throw new ConfigurationError(`kubeconfig ${file} is no mapping`)
  const entries = (items: unknown, kind: string): Map<string, Entry> => {
    const found = new Map<string, Entry>()
    for (const item of list(items)) {
      const name = string(object(item)?.name)
      if (name !== undefined && !found.has(name)) found.set(name, {name, file, body: object(object(item)?.[kind]) ?? {}})
    }
    return found
  }
  return {
    currentContext: string(config['current-context']),
    contexts: entries(config.contexts, 'context'),
    clusters: entries(config.clusters, 'cluster'),
    users: entries(config.users, 'user'),
  }
}

/** As kubectl merges: the first file that has an entry, or a current context, wins. */
function merge(configs: readonly Kubeconfig[]): Kubeconfig {
  const first = (kind: 'contexts' | 'clusters' | 'users') => new Map(configs.toReversed().flatMap((config) => [...config[kind]]))
  return {
    currentContext: configs.find((config) => config.currentContext !== undefined)?.currentContext,
    contexts: first('contexts'),
    clusters: first('clusters'),
    users: first('users'),
  }
}
