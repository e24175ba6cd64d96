import {BlockList, isIP} from 'node:net'
import {ConfigurationError} from '../../errors/index.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for `server`: `proxy-url` of the kubeconfig, else HTTPS_PROXY (HTTP_PROXY for an http server) unless NO_PROXY excludes it.
 * null for none. The rules are kubectl's (Go's httpproxy): loopback is never proxied, NO_PROXY knows addresses, CIDR ranges,
 * `domain` (with its subdomains), `.domain` (its subdomains alone), `host:port` and `*`.
 */
export function proxyFor(server: URL, proxyUrl: string | null, env: Environment): URL | null {
  const [variable, value] = proxyUrl === null ? fromEnvironment(server, env) : ['proxy-url of the kubeconfig', proxyUrl]
  if (value === undefined) return null
  const url = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(url) || !/^(https?|socks(4a?|5h?)?):$/.test(new URL(url).protocol)) {
    throw new ConfigurationError(`${variable} is no http, https or socks URL`)
  }
  return new URL(url)
}

/** A URL's host without the brackets of IPv6, and its port. */
export function address(url: URL): {host: string; port: number} {
  const fallback = url.protocol === 'https:' ? 443 : 80
  return {host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? fallback : Number(url.port)}
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

function fromEnvironment(server: URL, env: Environment): [variable: string, value: string | undefined] {
  const variable = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = either(env, variable)
  const {host, port} = address(server)
  return [variable, value === undefined || isLoopback(host) || isExcluded(host, port, either(env, 'NO_PROXY') ?? '') ? undefined : value]
}

function either(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined
}

function isExcluded(host: string, port: number, noProxy: string): boolean {
  return noProxy.split(',').some((item) => {
    const rule = item.trim().toLowerCase()
    if (rule === '*') return true
    const [range, bits] = rule.split('/', 2)
    if (bits !== undefined) return range !== undefined && inRange(host, range, Number(bits))
    // `host:port`, where host is no bare IPv6 address.
    const [, name = rule, only] = isIP(rule) === 6 ? [] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(rule) ?? [])
    if (name === '' || (only !== undefined && Number(only) !== port)) return false
    if (isIP(name) > 0) return host === name
    const domain = name.replace(/^\*?\./, '.')
    return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)
  })
}

function inRange(host: string, range: string, bits: number): boolean {
  const family = isIP(range)
  if (family === 0 || isIP(host) !== family || !(bits >= 0 && bits <= (family === 4 ? 32 : 128))) return false
  const block = new BlockList()
  block.addSubnet(range, bits, family === 4 ? 'ipv4' : 'ipv6')
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
