import {RefusedError, SapocheError} from '../../errors/index.ts'
import type {Credentials, PluginHost} from './credentials.ts'
import {clean} from './errors.ts'
import {object, string} from './json.ts'
import type {Certificate, User} from './entries.ts'
import type {JsonObject} from './types.ts'

/** Credentials of a kubeconfig's `auth-provider`: OIDC by us, those of cloud providers by @kubernetes/client-node. */
export class AuthProvider implements Credentials {
  readonly description: string
  readonly #name: string
  readonly #user: User
  readonly #provider: JsonObject
  readonly #host: PluginHost
  #login: Promise<string> | null = null
  /** Of the newest login; undefined while there is none. */
  #header: string | undefined

  constructor(user: User, provider: JsonObject, host: PluginHost) {
    this.#name = clean(string(provider.name) ?? 'without a name')
    this.description = `the credentials of auth provider ${this.#name} for user "${user.name}"`
    this.#user = user
    this.#provider = provider
    this.#host = host
  }

  authorization(): Promise<string> {
    return (this.#login ??= this.#start())
  }

  certificate(): Certificate | null {
    return this.#user.certificate
  }

  refresh(refused: string | null): boolean {
    // Requests that were refused side by side share one new login.
    if (this.#header === refused) {
      this.#login = null
      this.#header = undefined
    }
    return true
  }

  async #start(): Promise<string> {
    this.#header = await (this.#name === 'oidc' ? this.#oidc() : this.#cloud())
    return this.#header
  }

  async #oidc(): Promise<string> {
    const {oidcToken} = await import('./oidc.ts')
    return `Bearer ${await oidcToken(object(this.#provider.config) ?? {}, this.#user.file, this.#host)}`
  }

  async #cloud(): Promise<string> {
    try {
      const {libraryOptions} = await import('./library.ts')
      const {headers} = await libraryOptions({server: 'https://cluster'}, this.#provider)
      const header = object(headers)?.Authorization
      if (typeof header === 'string') return header
    } catch (error) {
      if (error instanceof SapocheError) throw error
      const reason = error instanceof Error ? clean(error.message) : 'unknown reason'
      throw new RefusedError(`auth provider ${this.#name} can't log in: ${reason}`, {cause: error})
    }
    throw new RefusedError(`auth provider ${this.#name} gives no token; log in again`)
  }
}
