import {readFileSync} from 'node:fs'
import {ConfigurationError} from '../../errors/index.ts'
import {unreadable, type Certificate, type Cluster, type User} from './entries.ts'

/** What identifies us to the server. */
export interface Credentials {
  /** For messages: `the token of user "ci"`. */
  readonly description: string
  /** The `Authorization` header, if any. May run a login plugin, and reject with its failure. */
  authorization(): Promise<string | null>
  /** The client certificate, as of the last `authorization`. */
  certificate(): Certificate | null
  /** After a 401 to the header `refused`: true where another try may succeed, because there is, or may be, something new. */
  refresh(refused: string | null): boolean
}

/** What login plugins need of the program around them. */
export interface PluginHost {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A terminal, on which a plugin may ask: then it has no time limit. */
  readonly interactive: boolean
  /** What a plugin says on its stderr, as it comes. */
  readonly onMessage: (text: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Ends a plugin that runs. */
  readonly signal: AbortSignal
}

/** The credentials of `user`, the first of: exec plugin, auth provider, token file, token, password, certificate. */
export async function credentialsOf(user: User, cluster: Cluster, host: PluginHost): Promise<Credentials> {
  if (user.exec !== null) return new (await import('./exec-plugin.ts')).ExecPlugin(user, user.exec, cluster, host)
  if (user.authProvider !== null) return new (await import('./auth-provider.ts')).AuthProvider(user, user.authProvider, host)
  if (user.tokenFile !== null) return new TokenFile(user, user.tokenFile)
  const {token, basic, certificate} = user
  if (token !== null) return fixed(`the token of user "${user.name}"`, `Bearer ${token}`, certificate)
  if (basic !== null) {
    const pair = Buffer.from(`${basic.username}:${basic.password}`).toString('base64')
    return fixed(`the password of user "${user.name}"`, `Basic ${pair}`, certificate)
  }
  const description = certificate === null ? 'a request without credentials' : `the client certificate of user "${user.name}"`
  return fixed(description, null, certificate)
}

/** For servers without TLS: like kubectl, we send them no credentials at all. */
export const NO_CREDENTIALS = fixed('a request without credentials (none are sent over http)', null, null)

function fixed(description: string, authorization: string | null, certificate: Certificate | null): Credentials {
  return {description, authorization: async () => authorization, certificate: () => certificate, refresh: () => false}
}

/** Read anew for each request: whoever rotates it (a kubelet, for pods) tells nobody. */
class TokenFile implements Credentials {
  readonly description: string
  readonly #path: string
  readonly #certificate: Certificate | null

  constructor(user: User, path: string) {
    this.description = `the token in ${path}`
    this.#path = path
    this.#certificate = user.certificate
  }

  async authorization(): Promise<string> {
    return this.#read()
  }

  certificate(): Certificate | null {
    return this.#certificate
  }

  refresh(refused: string | null): boolean {
    return this.#read() !== refused
  }

  #read(): string {
    let token: string
    try {
      token = readFileSync(this.#path, 'utf8').trim()
    } catch (error) {
      throw unreadable(`token file ${this.#path}`, error)
    }
    if (token === '') throw new ConfigurationError(`token file ${this.#path} is empty`)
    return `Bearer ${token}`
  }
}
