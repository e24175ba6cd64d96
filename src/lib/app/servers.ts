import {readFile} from 'node:fs/promises'
import path from 'node:path'
import type {ServerPlace} from '../catalogue/index.ts'
import type {Environment} from '../cli/environment.ts'
import {readPassword, withoutLineFeed} from '../cli/password.ts'
import type {
  Access,
  Address,
  Credentials,
  KafkaAccess,
  Network,
  OrthancAccess,
  RedisAccess,
  SaslMechanism,
  TlsOptions,
} from '../clients/reach/types.ts'
import {parseBrokers, parseOrthancUrl, parseRedisUrl, UrlError} from '../clients/reach/url.ts'
import {ConfigurationError, UsageError} from '../errors/index.ts'
import {decodeSecretKey, type Confidential, type ServerHint} from '../runbook/bindings/index.ts'
import {RESOURCES} from '../runbook/cluster/index.ts'
import {LONGEST_TIMER_MS} from '../text/duration.ts'
import type {ClusterOptions, Session} from './index.ts'

/** What the flags say of servers (cli/server-flags.ts): a command has those of the servers that it talks to. */
export interface ServerOptions {
  readonly sandbox?: string | undefined
  readonly 'redis-url'?: string | undefined
  readonly brokers?: string | undefined
  readonly 'orthanc-url'?: string | undefined
  readonly 'password-stdin'?: boolean
  readonly 'password-file'?: string | undefined
  readonly 'read-secrets'?: boolean
  readonly tls?: boolean
  readonly 'tls-ca'?: string | undefined
  readonly 'tls-server-name'?: string | undefined
}

export type ServerKind = 'redis' | 'kafka' | 'orthanc'

/** `--request-timeout` for servers, milliseconds: their clients and libraries have no word for none, which is 0. */
export function timeLimitOf({'request-timeout': ms}: Pick<ClusterOptions, 'request-timeout'>): number {
  return ms === 0 ? LONGEST_TIMER_MS : Math.min(ms, LONGEST_TIMER_MS)
}

interface Facts {
  readonly label: string
  readonly flag: 'redis-url' | 'brokers' | 'orthanc-url'
  /** Variable of the environment that the flag goes before. */
  readonly variable: string
  /** What the variables of login and TLS begin with. */
  readonly prefix: string
}

const FACTS: Readonly<Record<ServerKind, Facts>> = {
  redis: {label: 'Redis', flag: 'redis-url', variable: 'SAPOCHE_REDIS_URL', prefix: 'SAPOCHE_REDIS'},
  kafka: {label: 'Kafka', flag: 'brokers', variable: 'SAPOCHE_KAFKA_BROKERS', prefix: 'SAPOCHE_KAFKA'},
  orthanc: {label: 'Orthanc', flag: 'orthanc-url', variable: 'SAPOCHE_ORTHANC_URL', prefix: 'SAPOCHE_ORTHANC'},
}

const MECHANISMS: readonly SaslMechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512']

/** Where a server is by its URL, and as whom. */
interface Place {
  readonly addresses: Access['addresses']
  readonly tls: boolean
  readonly username: string | null
  readonly password: string | null
}

/**
 * The ways to the servers behind the cluster, by flag, environment, configuration (the catalogue's `servers`), or the environment of the
 * workloads. A URL is reached directly, anything else through the API server. Of the embedded cluster flags alone count.
 */
export class Servers {
  readonly #session: Session
  readonly #options: ServerOptions
  readonly #environment: Environment
  readonly #signal: AbortSignal
  #stdin: Promise<string> | undefined

  constructor(session: Session, options: ServerOptions, environment: Environment, signal: AbortSignal) {
    this.#session = session
    this.#options = options
    this.#environment = environment
    this.#signal = signal
  }

  /** Whether the way can be found without a look at the workloads. */
  get isRedisKnown(): boolean {
    const {url, address} = this.#place('redis')
    return this.#options['read-secrets'] !== true && (this.#url(FACTS.redis) ?? url ?? address) !== null
  }

  /** The same of Kafka: TLS and the mechanism of a login are what the workloads say, where nothing else does. */
  get isKafkaKnown(): boolean {
    const {'password-stdin': isPiped, 'password-file': file, 'read-secrets': areSecretsRead} = this.#options
    const isDirect = (this.#url(FACTS.kafka) ?? this.#place('kafka').url) !== null
    const given = [file ?? null, this.#variable('SAPOCHE_KAFKA_USERNAME'), this.#variable('SAPOCHE_KAFKA_PASSWORD')]
    const hasLogin = isPiped === true || given.some((each) => each !== null)
    return isDirect && areSecretsRead !== true && (!hasLogin || this.#variable('SAPOCHE_KAFKA_MECHANISM') !== null)
  }

  /**
   * The way to Redis; `hint` is what a workload's environment says. Reads services and pods where it leads through the API server.
   * Rejects with ServerDownError where the service has no pod that runs, 64 and 78 for what is said wrongly, 69, 75 and 77 for the cluster.
   */
  async redis(hint: ServerHint | null): Promise<RedisAccess> {
    const url = this.#parsed('redis', parseRedisUrl)
    return {...(await this.#access('redis', url, hint)), database: url?.database ?? null, sentinel: url?.sentinel ?? null}
  }

  /** The way to Kafka's brokers; all of their advertised names are found among the pods of the namespaces that the first ones are in. */
  async kafka(hint: ServerHint | null): Promise<KafkaAccess> {
    const url = this.#parsed('kafka', (text) => ({...parseBrokers(text), tls: false, username: null, password: null}))
    const access = await this.#access('kafka', url, hint)
    return {...access, mechanism: access.credentials === null ? null : this.#mechanism(hint)}
  }

  /** The way to Orthanc; `login` is what its workload says of itself. */
  async orthanc(login: ServerHint | null = null): Promise<OrthancAccess> {
    const url = this.orthancUrl
    return {...(await this.#access('orthanc', url, login)), path: url?.path ?? ''}
  }

  /** Where Orthanc is reached directly; null where it is to be found in the cluster. Throws 64 and 78 for what is said wrongly. */
  get orthancUrl(): (Place & {readonly path: string}) | null {
    return this.#parsed('orthanc', (text) => {
      const {address, ...rest} = parseOrthancUrl(text)
      return {addresses: [address] as const, ...rest}
    })
  }

  /** As `orthanc`, to one pod of those behind its service. */
  async orthancPod(pod: Address, network: Network, login: ServerHint | null): Promise<OrthancAccess> {
    const {address, tls: isTls} = this.#place('orthanc')
    const [credentials, tls] = await Promise.all([this.#credentials('orthanc', null, login), this.#tls('orthanc', isTls)])
    // Its certificate is for the service.
    const servername = tls?.servername ?? address?.replace(/:\d+$/, '') ?? null
    return {server: FACTS.orthanc.label, addresses: [pod], network, tls: tls && {...tls, servername}, credentials, path: ''}
  }

  async #access(kind: ServerKind, url: Place | null, hint: ServerHint | null): Promise<Access> {
    const {label: server, flag} = FACTS[kind]
    const [credentials, {directNetwork, UnplacedServerError}] = await Promise.all([
      this.#credentials(kind, url, hint),
      import('../clients/reach/index.ts'),
    ])
    if (url !== null) {
      const {addresses} = url
      return {server, addresses, network: directNetwork, tls: await this.#tls(kind, url.tls), credentials}
    }
    const place = this.#place(kind)
    const [first, ...others]: readonly Address[] = place.address === null ? (hint?.addresses ?? []) : parseBrokers(place.address).addresses
    if (first === undefined) {
      throw new UnplacedServerError(`nothing says where ${server} is: neither the catalogue nor the environment of the workloads`, {
        hints: [{label: 'cure', text: `--${flag}, or servers.${kind}.address in the catalogue`}],
      })
    }
    const addresses = [first, ...others] as const
    const source = place.address === null && hint !== null ? `${hint.source} of ${hint.workload}` : `the catalogue's servers.${kind}`
    const {throughCluster} = await import('./pod-network.ts')
    const network = await throughCluster(this.#session.cluster, addresses, {server, source, flag}, this.#signal)
    return {server, addresses, network, tls: await this.#tls(kind, place.tls || hint?.tls === true), credentials}
  }

  /** Nothing of the real world counts for the embedded cluster. */
  get #isSandbox(): boolean {
    return this.#options.sandbox !== undefined
  }

  #variable(name: string): string | null {
    return this.#isSandbox ? null : this.#environment.variables[name] || null
  }

  #place(kind: ServerKind): ServerPlace {
    const place = this.#session.catalogue.servers[kind]
    return this.#isSandbox ? {...place, url: null} : place
  }

  #url({flag, variable}: Facts): string | null {
    return this.#options[flag] ?? this.#variable(variable)
  }

  #parsed<U extends {readonly password: string | null}>(kind: ServerKind, parse: (text: string) => U): U | null {
    const {flag, variable, prefix} = FACTS[kind]
    const flagged = this.#options[flag]
    const text = flagged ?? this.#variable(variable) ?? this.#place(kind).url
    if (text === null) return null
    try {
      const url = parse(text)
      if (flagged === undefined || url.password === null) return url
    } catch (error) {
      if (!(error instanceof UrlError)) throw error
      if (flagged !== undefined) throw new UsageError(`--${flag}: ${error.message}`)
      throw new ConfigurationError(
        `${this.#variable(variable) === null ? `servers.${kind}.url of the catalogue` : variable}: ${error.message}`,
      )
    }
    throw new UsageError(`--${flag} holds a password, which others can see on this machine`, {
      hints: [{label: 'cure', text: `${prefix}_PASSWORD`}],
    })
  }

  async #credentials(kind: ServerKind, url: Place | null, hint: ServerHint | null): Promise<Credentials | null> {
    const {prefix} = FACTS[kind]
    const username = this.#variable(`${prefix}_USERNAME`) ?? url?.username ?? null
    const given = await this.#givenPassword(prefix)
    if (given !== null) return {username, ...given}
    if (url !== null && url.password !== null) return {username, password: url.password, source: FACTS[kind].variable}
    if (this.#options['read-secrets'] === true && hint !== null) {
      const own = {username: await this.#reveal(hint.username), password: await this.#reveal(hint.password)}
      if (own.password !== null)
        return {username: username ?? own.username?.text ?? null, password: own.password.text, source: own.password.source}
    }
    return username === null ? null : {username, password: null, source: `${prefix}_USERNAME`}
  }

  async #givenPassword(prefix: string): Promise<{password: string; source: string} | null> {
    if (this.#options['password-stdin'] === true) {
      this.#stdin ??= readPassword()
      return {password: await this.#stdin, source: '--password-stdin'}
    }
    const file = this.#options['password-file']
    if (file !== undefined) return {password: withoutLineFeed(await this.#read(file, '--password-file')), source: `the file ${file}`}
    const variable = `${prefix}_PASSWORD`
    const password = this.#variable(variable)
    return password === null ? null : {password, source: variable}
  }

  /** The value of what a workload keeps to itself; null where it isn't there. */
  async #reveal(hidden: Confidential | null): Promise<{text: string; source: string} | null> {
    if (hidden === null) return null
    if (hidden.kind === 'value') return {text: hidden.value, source: hidden.source}
    for (const {name, key} of hidden.candidates) {
      const decode = (object: Parameters<typeof decodeSecretKey>[0]): string | null => decodeSecretKey(object, key)
      const text = await this.#session.cluster.get(RESOURCES.secrets, name, decode, {signal: this.#signal})
      if (text !== null) return {text, source: `Secret ${name} (key ${key})`}
    }
    return null
  }

  async #tls(kind: ServerKind, wanted: boolean): Promise<TlsOptions | null> {
    const {prefix} = FACTS[kind]
    const isOn = wanted || this.#options.tls === true || this.#variable(`${prefix}_TLS`) === '1'
    if (!isOn) return null
    const file = this.#options['tls-ca'] ?? this.#variable(`${prefix}_CA`)
    return {
      ca: file === null ? null : await this.#read(file, this.#options['tls-ca'] === undefined ? `${prefix}_CA` : '--tls-ca'),
      servername: this.#options['tls-server-name'] ?? this.#variable(`${prefix}_SERVER_NAME`),
    }
  }

  async #read(file: string, named: string): Promise<string> {
    try {
      return await readFile(path.resolve(this.#environment.cwd, file), 'utf8')
    } catch (error) {
      throw new ConfigurationError(`the file of ${named} can't be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #mechanism(hint: ServerHint | null): SaslMechanism {
    const text = (this.#variable('SAPOCHE_KAFKA_MECHANISM') ?? hint?.mechanism ?? 'plain').toLowerCase()
    const known = MECHANISMS.find((mechanism) => mechanism === text)
    if (known === undefined) throw new ConfigurationError(`SASL mechanism ${text} is not known here: ${MECHANISMS.join(', ')} are`)
    return known
  }
}
