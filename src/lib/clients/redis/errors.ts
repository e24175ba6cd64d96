import {type SapocheError, UnreachableError} from '../../errors/index.ts'
import {stripLine} from '../../text/strip.ts'
import {AccessDeniedError, fromConnection, whoOf} from '../reach/errors.ts'
import type {Credentials} from '../reach/types.ts'
import type {KeyFailure} from './types.ts'

export {AccessDeniedError, ServerDownError} from '../reach/errors.ts'

/** What ails a Redis that is reached and does not do its work. */
export type Trouble = 'loading' | 'busy' | 'full' | 'stale' | 'silent'

const TROUBLES: Readonly<Record<Trouble, string>> = {
  loading: 'is loading its data from disk and answers nothing until it has',
  busy: 'is busy with a script and answers nothing else',
  full: 'refuses connections: it has as many clients as it takes (maxclients)',
  stale: 'is a replica that has lost its master and answers nothing (replica-serve-stale-data no)',
  silent: 'took the connection and does not answer',
}

/** Redis is there, and is the trouble itself: where it is the subject of the question this is the answer (rules.md, section 6). */
export class RedisTroubleError extends UnreachableError {
  readonly trouble: Trouble

  constructor(what: string, trouble: Trouble, cause?: unknown) {
    super(`${what} ${TROUBLES[trouble]}`, cause === undefined ? {} : {cause})
    this.trouble = trouble
  }
}

/** What ioredis rejects a command with that had no answer within its `commandTimeout`. */
const TIMED_OUT = 'Command timed out'

/** What replies begin with, and what they mean for one key. */
const KEY_FAILURES: readonly (readonly [RegExp, KeyFailure['kind']])[] = [
  [/^WRONGTYPE /, 'wrong-type'],
  [/^NOPERM /, 'refused'],
  [/^ERR unknown command/i, 'refused'],
  [/^LOADING /, 'loading'],
  [/^MASTERDOWN /, 'stale'],
  [/^BUSY /, 'busy'],
  [/^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT) /, 'moved'],
]

/** The failure of one command, as Redis, or ioredis for want of an answer, words it. */
export function keyFailure(error: Error): KeyFailure {
  const message = stripLine(error.message)
  if (message === TIMED_OUT) return {kind: 'silent', message: 'no answer in time'}
  const [, kind] = KEY_FAILURES.find(([pattern]) => pattern.test(message)) ?? []
  // Some replies repeat the arguments of a command that Redis does not know.
  return {kind: kind ?? 'other', message: message.replace(/, with args beginning with.*/, '')}
}

const DENIED = /^(NOAUTH|WRONGPASS|DENIED|ERR invalid password|ERR AUTH |ERR Client sent AUTH|NOPERM.* '?auth)/i

/** A reply that concerns the connection as a whole; null where it is about its command alone. */
export function fromReply(message: string, what: string, credentials: Credentials | null): SapocheError | null {
  if (/max number of clients/.test(message)) return new RedisTroubleError(what, 'full')
  if (message.startsWith('DENIED ')) {
    return new AccessDeniedError(`${what} is in protected mode: it takes connections of its own machine alone, or with a password`)
  }
  if (/^(ERR AUTH |ERR Client sent AUTH)/.test(message)) {
    return new AccessDeniedError(`${what} has no password for its default user, and was given that of ${credentials?.source ?? 'nobody'}`, {
      hints: [{label: 'cure', text: 'give none, or the user name as well'}],
    })
  }
  if (!DENIED.test(message)) return null
  // What every command has that asks Redis; some have more flags.
  const hints =
    credentials?.password == null ? [{label: 'cure', text: "SAPOCHE_REDIS_PASSWORD, or --read-secrets for the workloads' own"}] : []
  return new AccessDeniedError(`${what} refuses ${whoOf(credentials)}`, {hints})
}

/** What ioredis makes of an answer that is none of Redis' protocol. */
export function isForeign(error: Error): boolean {
  return /Unknown RESP type|Protocol error/.test(error.message)
}

/** How a connection ended that was in use. `error` is what its stream said; without one Redis, or something in between, closed it. */
export function fromLoss(error: Error | null, what: string, credentials: Credentials | null): SapocheError {
  if (error === null) return new UnreachableError(`the connection to ${what} was closed by the other side`)
  const reply = /Last reply: (.*)/s.exec(error.message)?.[1]
  const meant = fromReply(reply === undefined ? error.message : reply.replace(/^\w*Error: /, ''), what, credentials)
  if (meant !== null) return meant
  if (isForeign(error)) return new UnreachableError(`${what} answers, and not as a Redis`, {cause: error})
  return fromConnection(error, what)
}
