import {RefusedError} from '../../errors/index.ts'
import type {Credentials} from './credentials.ts'
import {clean} from './errors.ts'
import {object, string} from './json.ts'
import type {Certificate, User} from './kubeconfig.ts'
import {libraryOptions} from './library.ts'
import type {JsonObject} from './types.ts'

/** Credentials of a kubeconfig's `auth-provider` (OIDC, clouds), by @kubernetes/client-node. */
export class AuthProvider implements Credentials {
  readonly description: string
  readonly #name: string
  readonly #provider: JsonObject
  readonly #certificate: Certificate | null
  #login: Promise<string> | null = null
  /** Of the newest login; undefined while there is none. */
  #header: string | undefined

  constructor(user: User, provider: JsonObject) {
    this.#name = clean(string(provider.name) ?? 'without a name')
    this.description = `the credentials of auth provider ${this.#name} for user "${user.name}"`
    this.#provider = provider
    this.#certificate = user.certificate
  }

  authorization(): Promise<string> {
    return (this.#login ??= this.#start())
  }

  certificate(): Certificate | null {
    return this.#certificate
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
    let reason = 'it gives no token; log in again'
    try {
      const {headers} = await libraryOptions({server: 'https://cluster'}, this.#provider)
      const header = object(headers)?.Authorization
      if (typeof header === 'string') return (this.#header = header)
    } catch (error) {
      reason = error instanceof Error ? clean(error.message) : 'unknown reason'
    }
    throw new RefusedError(`auth provider ${this.#name} can't log in: ${reason}`)
  }
}
