import {readFileSync} from 'node:fs'
import {dirname, isAbsolute, resolve, sep} from 'node:path'
import {ConfigurationError, UsageError} from '../../errors/index.ts'
import {list, object, string, strings} from './json.ts'
import type {JsonObject} from './types.ts'

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

/** A cluster, user or context, and the file whose folder its relative paths start from. */
export interface Entry {
  readonly name: string
  readonly file: string
  readonly body: JsonObject
}

/** Reads the files that it names. Throws a ConfigurationError. */
export function readCluster({name, file, body}: Entry): Cluster {
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

/** `as` and `asGroups` are whom the caller wants to impersonate. Reads the files of its certificate. Throws a ConfigurationError. */
export function readUser({name, file, body}: Entry, as: string | undefined, asGroups: readonly string[] = []): User {
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
