/** What Node says of a connection that failed, as words. The only place of the clients that knows Node's and OpenSSL's codes. */

export interface NetworkFault {
  /** `refused`: the machine is there, and nothing listens. */
  readonly kind: 'refused' | 'time' | 'tls' | 'network'
  readonly words: string
  /** What of TLS fails, for the cure; null for every other kind. */
  readonly tls: TlsFault | null
}

export type TlsFault = 'authority' | 'expired' | 'early' | 'name' | 'plain' | 'other'

const TLS_WORDS: Readonly<Record<Exclude<TlsFault, 'name' | 'other'>, string>> = {
  authority: 'its certificate is signed by an unknown authority',
  expired: 'its certificate has expired',
  early: 'its certificate is not valid yet',
  plain: 'it does not speak TLS',
}

const TLS_CODES: Readonly<Record<string, TlsFault>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'authority',
  UNABLE_TO_GET_ISSUER_CERT: 'authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'authority',
  CERT_SIGNATURE_FAILURE: 'authority',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'early',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'plain',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'plain',
}

const NETWORK_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'name resolution failed',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
}

/** Any error of a socket, TLS included. */
export function networkFault(error: unknown): NetworkFault {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ETIMEDOUT') return {kind: 'time', words: 'no answer', tls: null}
  const tls = TLS_CODES[code] ?? (/^(ERR_SSL_|EPROTO|CERT_|ERR_TLS_)/.test(code) ? 'other' : null)
  if (tls !== null) return {kind: 'tls', words: tlsWords(tls, code, error), tls}
  return {kind: code === 'ECONNREFUSED' ? 'refused' : 'network', words: NETWORK_CODES[code] ?? 'connection lost', tls: null}
}

function tlsWords(fault: TlsFault, code: string, error: unknown): string {
  if (fault === 'name') return `its certificate is for another name (${namesOf(error)})`
  return fault === 'other' ? `TLS fails (${code})` : TLS_WORDS[fault]
}

/** The names that a certificate is for, of Node's error about it. */
function namesOf(error: unknown): string {
  if (!(error instanceof Error) || !('cert' in error)) return 'it names none'
  const {cert} = error
  const names = typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : null
  return typeof names === 'string' && names !== '' ? names : 'it names none'
}
