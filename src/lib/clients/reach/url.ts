import type {Address} from './types.ts'

/** A URL or list that is none; the message says what was expected, and never repeats a password. */
export class UrlError extends Error {}

export interface RedisUrl {
  readonly addresses: readonly [Address, ...Address[]]
  readonly tls: boolean
  readonly database: number | null
  /** Name of the master that Sentinels are asked for; null for a plain server. */
  readonly sentinel: string | null
  readonly username: string | null
  readonly password: string | null
}

export interface OrthancUrl {
  readonly address: Address
  readonly tls: boolean
  readonly path: string
  readonly username: string | null
  readonly password: string | null
}

export interface BrokerList {
  readonly addresses: readonly [Address, ...Address[]]
}

const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379
const KAFKA_PORT = 9092

const REDIS = /^(rediss?)(-sentinel)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:#(.+))?$/

/**
 * `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]`, `rediss://` with TLS, and as Lettuce writes Sentinels:
 * `redis-sentinel://HOST[:PORT],HOST[:PORT][/DATABASE]#MASTER`. Throws a UrlError.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const [, scheme, sentinel, user, hosts = '', path = '', master] = REDIS.exec(text) ?? []
  const isSentinel = sentinel !== undefined
  if (scheme === undefined || isSentinel !== (master !== undefined)) {
    throw new UrlError('expected redis://HOST:PORT/DATABASE, rediss:// for TLS, or redis-sentinel://HOST:PORT,HOST:PORT/DATABASE#MASTER')
  }
  if (!/^\d*$/.test(path)) throw new UrlError('the path of a Redis URL is the number of a database')
  const addresses = parseAddresses(hosts, isSentinel ? SENTINEL_PORT : REDIS_PORT)
  if (!isSentinel && addresses.length > 1) throw new UrlError('several hosts are for redis-sentinel:// alone')
  return {addresses, tls: scheme === 'rediss', database: path === '' ? null : Number(path), sentinel: master ?? null, ...userInfo(user)}
}

/** `HOST[:PORT],HOST[:PORT]`. Throws a UrlError. */
export function parseBrokers(text: string): BrokerList {
  return {addresses: parseAddresses(text, KAFKA_PORT)}
}

/** `http(s)://[USER[:PASSWORD]@]HOST[:PORT][/PATH]`. Throws a UrlError. */
export function parseOrthancUrl(text: string): OrthancUrl {
  const [, scheme, user, host = '', path = ''] = /^(https?):\/\/(?:([^/?#]*)@)?([^/?#@]+)(\/[^?#]*)?$/.exec(text) ?? []
  if (scheme === undefined) throw new UrlError('expected http://HOST:PORT or https://HOST:PORT')
  const tls = scheme === 'https'
  const [address, ...more] = parseAddresses(host, tls ? 443 : 80)
  if (more.length > 0) throw new UrlError('expected one host')
  return {address, tls, path: path.replace(/\/+$/, ''), ...userInfo(user)}
}

function userInfo(text: string | undefined): {username: string | null; password: string | null} {
  if (text === undefined) return {username: null, password: null}
  const [, username = '', password] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  return {username: decoded(username) || null, password: password === undefined ? null : decoded(password)}
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UrlError('user or password of the URL is not percent-encoded as it should be')
  }
}

function parseAddresses(text: string, defaultPort: number): readonly [Address, ...Address[]] {
  const [first, ...others] = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => parseAddress(entry, defaultPort))
  if (first === undefined) throw new UrlError('expected HOST:PORT')
  return [first, ...others]
}

function parseAddress(text: string, defaultPort: number): Address {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const number = port === undefined ? defaultPort : Number(port)
  if (host === undefined || number < 1 || number > 65_535) throw new UrlError('expected HOST:PORT')
  return {host, port: number}
}
