import {existsSync, readFileSync} from 'node:fs'
import {delimiter, dirname, isAbsolute, join, resolve, sep} from 'node:path'
import {isIPv6} from 'node:net'
import {load as parseYaml, YAMLException} from 'js-yaml'
import {ConfigurationError, UsageError} from '../../errors/index.ts'
import {list, object, string, strings} from './json.ts'
import type {JsonObject} from './types.ts'

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

export interface Cluster {
  readonly server: URL
  /** PEM; null means the system's authorities. */
  readonly ca: Buffer | null
  readonly serverName: string | null
  readonly insecure: boolean
  readonly proxyUrl: string | null
  readonly disableCompression: boolean
  /** `config` for an exec plugin, of the cluster's extension. */
  readonly execConfig: unknown
}

export interface User {
  /** '' where the context names no user. */
  readonly name: string
  /** The kubeconfig that has it. */
  readonly file: string
  readonly token: string | null
  readonly tokenFile: string | null
  readonly certificate: Certificate | null
  readonly basic: {readonly username: string; readonly password: string} | null
  readonly exec: JsonObject | null
  readonly authProvider: JsonObject | null
  /** The `Impersonate-*` headers. */
  readonly impersonate: Readonly<Record<string, string | readonly string[]>>
}

/** A client certificate and its key, PEM. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
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
      hints: [{label: 'cure', text: 'name one with --context'}],
    })
  }
  const context = config.contexts.get(name)
  if (context === undefined) throw new ConfigurationError(`no context "${name}" in ${files.join(', ')}`, {suggestions: contexts})
  const pick = (kind: 'cluster' | 'user', entries: ReadonlyMap<string, Entry>): Entry => {
    const wanted = string(context.body[kind])
    const entry = entries.get(wanted ?? '')
    if (entry !== undefined) return entry
    if (kind === 'user' && wanted === undefined) return {name: '', file: context.file, body: {}}
    throw new ConfigurationError(`context "${name}" names ${kind} "${wanted ?? ''}", which ${context.file} does not define`)
  }
  return {context: name, cluster: readCluster(pick('cluster', config.clusters)), user: readUser(pick('user', config.users), options)}
}

/** The files that exist; none means that the user named none and the home folder has none. */
function kubeconfigFiles({kubeconfig, env, homeDir}: KubeconfigOptions): string[] {
  if (kubeconfig !== undefined) {
    if (!existsSync(kubeconfig)) throw new ConfigurationError(`kubeconfig ${kubeconfig} does not exist`)
    return [kubeconfig]
  }
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  if (named.length > 0) {
    const files = [...new Set(named)].filter((file) => existsSync(file))
    if (files.length === 0) throw new ConfigurationError(`KUBECONFIG names ${named.join(', ')}, of which no file exists`)
    return files
  }
  return [join(homeDir, '.kube', 'config')].filter((file) => existsSync(file))
}

function insidePod(options: KubeconfigOptions, folder: string): ClusterConfig {
  const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port} = options.env
  const tokenFile = join(folder, 'token')
  if (host === undefined || port === undefined || !existsSync(tokenFile) || options.context !== undefined) {
    throw new ConfigurationError(`no kubeconfig: ${join(options.homeDir, '.kube', 'config')} does not exist`, {
      hints: [{label: 'cure', text: 'name a file with --kubeconfig or KUBECONFIG'}],
    })
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`
  return {
    context: null,
    cluster: readCluster({name: 'in-cluster', file: join(folder, 'kubeconfig'), body: {server, 'certificate-authority': 'ca.crt'}}),
    user: readUser({name: 'service account', file: tokenFile, body: {tokenFile}}, options),
  }
}

/** A cluster, user or context, and the file whose folder its relative paths start from. */
interface Entry {
  readonly name: string
  readonly file: string
  readonly body: JsonObject
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

function readCluster({name, file, body}: Entry): Cluster {
  const address = string(body.server)
  if (address === undefined) throw new ConfigurationError(`cluster "${name}" in ${file} has no server`)
  const server = URL.canParse(address) ? new URL(address) : null
  if (server === null || !/^https?:$/.test(server.protocol)) {
    throw new ConfigurationError(`the server of cluster "${name}" in ${file} is no http or https URL`)
  }
  const ca = pem(body, 'certificate-authority', file)
  const insecure = body['insecure-skip-tls-verify'] === true
  if (insecure && ca !== null) {
    throw new ConfigurationError(`cluster "${name}" in ${file} has both a certificate-authority and insecure-skip-tls-verify`)
  }
  const extension = list(body.extensions)
    .map(object)
    .find((item) => item?.name === 'client.authentication.k8s.io/exec')
  return {
    server,
    ca,
    insecure,
    serverName: string(body['tls-server-name']) ?? null,
    proxyUrl: string(body['proxy-url']) ?? null,
    disableCompression: body['disable-compression'] === true,
    execConfig: extension?.extension,
  }
}

function readUser({name, file, body}: Entry, {as, asGroups = []}: KubeconfigOptions): User {
  const cert = pem(body, 'client-certificate', file)
  const key = pem(body, 'client-key', file)
  if ((cert === null) !== (key === null)) {
    throw new ConfigurationError(`user "${name}" in ${file} has only one of client-certificate and client-key`)
  }
  const tokenFile = string(body.tokenFile)
  const username = string(body.username)
  const exec = object(body.exec)
  const command = string(exec?.command)
  return {
    name,
    file,
    token: string(body.token) ?? null,
    tokenFile: tokenFile === undefined ? null : besides(file, tokenFile),
    certificate: cert === null || key === null ? null : {cert, key},
    basic: username === undefined ? null : {username, password: string(body.password) ?? ''},
    // A command with a slash is a path from the kubeconfig; any other is looked up in PATH.
    exec: command?.includes(sep) === true ? {...exec, command: besides(file, command)} : exec,
    authProvider: object(body['auth-provider']),
    impersonate: impersonation(body, as, asGroups),
  }
}

/** `--as` replaces all that the kubeconfig says about impersonation, so that no foreign group comes along. */
function impersonation(body: JsonObject, as: string | undefined, asGroups: readonly string[]): User['impersonate'] {
  const configured = as === undefined ? body : {}
  const user = as ?? string(configured.as)
  const groups = asGroups.length > 0 ? asGroups : strings(configured['as-groups'])
  if (user === undefined) {
    if (groups.length > 0) throw new UsageError('--as-group needs a user to impersonate (--as)')
    return {}
  }
  const headers: Record<string, string | readonly string[]> = {'impersonate-user': user}
  const uid = string(configured['as-uid'])
  if (uid !== undefined) headers['impersonate-uid'] = uid
  if (groups.length > 0) headers['impersonate-group'] = groups
  for (const [key, values] of Object.entries(object(configured['as-user-extra']) ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = strings(values)
  }
  return headers
}

/** The PEM of a key of `file`: `KEY-data` (base64) comes before the path in `KEY`. null where there is neither. */
export function pem(body: JsonObject, key: string, file: string): Buffer | null {
  const data = string(body[`${key}-data`])
  if (data !== undefined) return Buffer.from(data, 'base64')
  const path = string(body[key])
  if (path === undefined) return null
  const absolute = besides(file, path)
  try {
    return readFileSync(absolute)
  } catch (error) {
    throw unreadable(`${key} ${absolute}`, error)
  }
}

/** `what` can't be read: with the system's reason, and nothing of its content. */
export function unreadable(what: string, error: unknown): ConfigurationError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
  return new ConfigurationError(`${what} can't be read: ${reason}`, {cause: error})
}

function besides(file: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(file), path)
}
