import {ConfigurationError, type ErrorDetails, RefusedError, SapocheError, TimedOutError, UnreachableError} from '../../errors/index.ts'
import {PortRefusedError} from '../kubernetes/tunnel/index.ts'
import {networkFault, type TlsFault} from '../network-faults.ts'
import type {Access, Credentials} from './types.ts'

/**
 * The way is good and its end is dead: the machine, or the pod's node, says that nothing listens there, or no pod is left.
 * Where the server is the subject of the question this is the answer (rules.md, section 6).
 */
export class ServerDownError extends UnreachableError {}

/** Nothing says where the server is: no flag, no variable, neither catalogue nor workloads. */
export class UnplacedServerError extends ConfigurationError {}

/** The server refuses us: wrong credentials, none, or rights that are missing. */
export class AccessDeniedError extends RefusedError {}

const TLS_CURES: Readonly<Record<TlsFault, string>> = {
  authority: '--tls-ca FILE with the certificate of the authority that signed it',
  expired: 'renew it on the server',
  early: "check this machine's clock",
  name: '--tls-server-name NAME with a name that it is for',
  plain: 'leave out --tls, or use the scheme without TLS in the URL',
  other: 'check TLS on the server; clients may need a certificate there, which sapoche does not offer',
}

/** What became of a connection to `what` (`Redis at st-redis-sp:6379`): any error of a socket, of TLS, or of a tunnel. */
export function fromConnection(error: unknown, what: string): SapocheError {
  if (error instanceof PortRefusedError) return new ServerDownError(`${what} is down: ${error.message}`, {cause: error})
  if (error instanceof SapocheError) return error
  const {kind, words, tls} = networkFault(error)
  const details: ErrorDetails = {cause: error}
  if (tls !== null) {
    const hints = [{label: 'cure', text: TLS_CURES[tls]}]
    return new UnreachableError(`no safe connection to ${what}: ${words}`, {...details, hints})
  }
  if (kind === 'refused') return new ServerDownError(`${what} is down: ${words}`, details)
  if (kind === 'time') return new TimedOutError(`can't reach ${what}: ${words}`, details)
  return new UnreachableError(`can't reach ${what}: ${words}`, details)
}

/** `Redis at st-redis-sp:6379 (pod redis-0)`. */
export function nameOf({server, network, addresses}: Pick<Access, 'server' | 'network' | 'addresses'>): string {
  return `${server} at ${addresses.map((address) => network.describe(address)).join(', ')}`
}

/** `user "ops" with the password of SAPOCHE_REDIS_PASSWORD`, `a client without password`. */
export function whoOf(credentials: Credentials | null): string {
  if (credentials === null) return 'a client without password'
  const user = credentials.username === null ? 'the default user' : `user "${credentials.username}"`
  return credentials.password === null ? `${user} without password` : `${user} with the password of ${credentials.source}`
}
