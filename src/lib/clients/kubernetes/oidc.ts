import {readFileSync, realpathSync, renameSync, statSync, writeFileSync} from 'node:fs'
import {ConfigurationError, RefusedError, SapocheError} from '../../errors/index.ts'
import {readText} from './body.ts'
import type {Outgoing} from './connection.ts'
import {Connections} from './connections.ts'
import type {PluginHost} from './credentials.ts'
import {startDeadline} from './deadline.ts'
import {secureContexts} from './dial.ts'
import {clean, fromNetwork, timedOut} from './errors.ts'
import {parseObject, string} from './json.ts'
import {pem} from './entries.ts'
import {proxyFor} from './proxy.ts'
import type {JsonObject} from './types.ts'

const TIME_LIMIT_MS = 10_000
const ANSWER_LIMIT = 1024 * 1024
/** A token that ends sooner may be too old when it arrives. */
const MARGIN_SECONDS = 10

/**
 * The ID token of a kubeconfig's `auth-provider` oidc, refreshed at its issuer when it has expired, and then kept in the kubeconfig, as kubectl does.
 * We do it ourselves because @kubernetes/client-node 2.0.1 can't: it hands its OpenID library a string for a URL and an answer that is no Response,
 * and leaves the client's secret out. Rejects with a RefusedError (77) where the issuer says no.
 */
export async function oidcToken(config: JsonObject, kubeconfig: string, host: PluginHost): Promise<string> {
  const idToken = string(config['id-token'])
  if (idToken !== undefined && expiryOf(idToken) > host.now() / 1000 + MARGIN_SECONDS) return idToken
  const refreshToken = string(config['refresh-token'])
  const address = string(config['idp-issuer-url'])
  if (refreshToken === undefined || address === undefined || !URL.canParse(address)) {
    throw new RefusedError('the OIDC login has expired, and the kubeconfig has no refresh-token and issuer to renew it; log in again')
  }
  const issuer = new Issuer(address, pem(config, 'idp-certificate-authority', kubeconfig), host)
  const answer = await issuer.refresh(refreshToken, string(config['client-id']) ?? '', string(config['client-secret']))
  const renewed = string(answer.id_token)
  if (renewed === undefined) throw new RefusedError(`${issuer.name} gives no ID token; log in again`)
  keep(kubeconfig, [idToken, renewed], [refreshToken, string(answer.refresh_token) ?? refreshToken], host)
  return renewed
}

/** Seconds since 1970; 0 for what is no token. */
function expiryOf(idToken: string): number {
  const claims = parseObject(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return typeof claims?.exp === 'number' ? claims.exp : 0
}

class Issuer {
  readonly name: string
  readonly #address: string
  readonly #ca: Buffer | null
  readonly #host: PluginHost

  constructor(address: string, ca: Buffer | null, host: PluginHost) {
    this.name = `OIDC issuer ${new URL(address).origin}`
    this.#address = address.replace(/\/$/, '')
    this.#ca = ca
    this.#host = host
  }

  async refresh(refreshToken: string, clientId: string, clientSecret: string | undefined): Promise<JsonObject> {
    const discovered = await this.#ask(new URL(`${this.#address}/.well-known/openid-configuration`), {method: 'GET', headers: {}})
    const endpoint = string(discovered.token_endpoint)
    if (endpoint === undefined || !URL.canParse(endpoint)) throw new ConfigurationError(`${this.name} names no token endpoint`)
    const form = new URLSearchParams({grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId})
    if (clientSecret !== undefined) form.set('client_secret', clientSecret)
    const headers = {'content-type': 'application/x-www-form-urlencoded'}
    return this.#ask(new URL(endpoint), {method: 'POST', headers, body: Buffer.from(form.toString())})
  }

  async #ask(url: URL, request: Omit<Outgoing, 'path'>): Promise<JsonObject> {
    if (url.protocol !== 'https:') throw new ConfigurationError(`${this.name} is asked over https alone`)
    const {env, signal} = this.#host
    const origin = {server: this.name, credentials: ''}
    const deadline = startDeadline(signal, TIME_LIMIT_MS, () => timedOut(origin, TIME_LIMIT_MS / 1000))
    const cluster = {
      server: url,
      ca: this.#ca,
      serverName: null,
      insecure: false,
      proxyUrl: null,
      disableCompression: true,
      execConfig: null,
    }
    const context = secureContexts(cluster)
    const proxy = proxyFor(url, null, env)
    const connections = new Connections({cluster, proxy, secureContext: () => context(null), origin, timeoutMs: TIME_LIMIT_MS})
    try {
      const outgoing = {...request, path: url.pathname + url.search, headers: {...request.headers, accept: 'application/json'}}
      const exchange = await connections.send(outgoing, deadline.signal)
      const answer = parseObject(await readText(exchange, ANSWER_LIMIT))
      if (exchange.status === 200 && answer !== null) return answer
      const reason = clean(string(answer?.error_description) ?? string(answer?.error) ?? 'no reason given')
      throw new RefusedError(`${this.name} does not renew the login (${exchange.status}): ${reason}`, {
        hints: [{label: 'cure', text: 'log in again'}],
      })
    } catch (error) {
      throw error instanceof SapocheError ? error : fromNetwork(error, this.name)
    } finally {
      deadline.end()
      connections.close()
    }
  }
}

/** Puts new tokens where the old ones stand: an issuer that hands out a new refresh token no longer takes the old one, from kubectl either. */
function keep(kubeconfig: string, ids: [string | undefined, string], refreshes: [string, string], {onMessage}: PluginHost): void {
  try {
    const file = realpathSync(kubeconfig)
    const text = readFileSync(file, 'utf8')
    const changed = [ids, refreshes].reduce((all, [old, renewed]) => (old === undefined ? all : all.replaceAll(old, renewed)), text)
    // Also the lock that kubectl takes before it writes.
    writeFileSync(`${file}.lock`, changed, {mode: statSync(file).mode, flag: 'wx'})
    renameSync(`${file}.lock`, file)
    if (changed.includes(refreshes[1])) return
  } catch {
    // Said below: the login itself has succeeded.
  }
  if (refreshes[0] !== refreshes[1])
    onMessage(`the new refresh token can't be kept in ${kubeconfig}: kubectl will ask you to log in again\n`)
}
