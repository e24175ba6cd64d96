/**
 * Turns whatever goes wrong between us and an API server into the errors of rules.md, section 6.
 * The only file of this folder that knows HTTP statuses and the wording of the API server.
 */
import {
  type ErrorDetails,
  type Hint,
  InterruptedError,
  RefusedError,
  SapocheError,
  TimedOutError,
  UnreachableError,
} from '../../errors/index.ts'
import {stripLine} from '../../text/strip.ts'
import {networkFault, type TlsFault} from '../network-faults.ts'
import {list, object, parseObject} from './json.ts'
import type {JsonObject, Resource} from './types.ts'

/** Who answered, and as whom we asked; for messages. */
export interface Origin {
  /** The server's URL, without credentials. */
  readonly server: string
  /** What we identified ourselves with: `the token of user "ci"`. */
  readonly credentials: string
  /** The command that runs (`status`), for the hint how to get its permissions. */
  readonly command?: string
  /** The namespace that `sapoche rbac` is for where none is named. */
  readonly home?: string | null
}

export interface RbacRule {
  /** '' for the core group. */
  readonly apiGroup: string
  readonly resource: string
  readonly verb: string
  /** null at the cluster scope. */
  readonly namespace: string | null
}

/** 403. `rule` is the permission that is missing; null where an admission plugin or webhook said no. */
export class ForbiddenError extends RefusedError {
  readonly rule: RbacRule | null

  constructor(message: string, rule: RbacRule | null, details?: ErrorDetails) {
    super(message, details)
    this.rule = rule
  }
}

/** 401: the credentials are wrong or have expired. */
export class UnauthorizedError extends RefusedError {}

/** 404 of a whole API group or resource. */
export class ApiAbsentError extends UnreachableError {}

/** 404 of one object. */
export class NotFoundError extends UnreachableError {}

/** The pod's node was reached, and reports what is wrong with a connection to a port of the pod. */
export class PortError extends UnreachableError {}

/** There is no connection: mostly because nothing listens there. */
export class PortRefusedError extends PortError {}

/** There was one, and the other end has broken it off. */
export class PortBrokenError extends PortError {}

/** 409: somebody else changed the object meanwhile, or it exists already. */
export class ConflictError extends RefusedError {}

/** 429 of an eviction: a PodDisruptionBudget forbids it now. Asking again at once would not help. */
export class DisruptionBudgetError extends RefusedError {}

/** 410: the resource version or the continue token is too old. */
export class ExpiredError extends UnreachableError {}

/** One line of at most 300 characters, safe for a terminal: what a server or a program said never gets into a message raw. */
export function clean(text: string): string {
  const line = stripLine(text)
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}

/** What an aborted call rejects with: the reason where it is one of ours, else "interrupted". */
export function interruption(signal: AbortSignal): SapocheError {
  return signal.reason instanceof SapocheError ? signal.reason : new InterruptedError()
}

export function timedOut(origin: Origin, seconds: number): TimedOutError {
  return new TimedOutError(`no answer from ${origin.server} within ${seconds} s`, {
    hints: [{label: 'cure', text: '--request-timeout waits longer'}],
  })
}

export function tooBusy(origin: Origin, status: number): TimedOutError {
  return new TimedOutError(`${origin.server} was too busy to answer in time (${status})`, {
    hints: [{label: 'cure', text: 'try again in a while; --request-timeout waits longer'}],
  })
}

/** A reset, as the programs that nodes forward ports with word it. */
const BROKEN_OFF = /connection reset by peer|broken pipe/i

/** What a pod's node says of `what`, a port; `hasAnswered` where bytes have come from there. */
export function fromNode(said: string, what: string, hasAnswered: boolean): PortError {
  const words = clean(said)
  if (hasAnswered || BROKEN_OFF.test(words)) return new PortBrokenError(`the connection to ${what} was lost: ${words}`)
  return new PortRefusedError(`${what} can't be reached: ${words}`)
}

/** An answer with a status of 300 and above. `text` is its body, `resource` what was asked for. */
export function fromAnswer(status: number, contentType: string, text: string, origin: Origin, resource: Resource): SapocheError {
  const body = asStatus(text)
  const message = clean(typeof body?.message === 'string' ? body.message : '')
  const said = message === '' ? '' : `: ${message}`
  switch (status) {
    case 401:
      return new UnauthorizedError(`${origin.server} does not accept ${origin.credentials} (401)`, {
        hints: [{label: 'cure', text: 'log in again, or write fresh credentials into the kubeconfig'}],
      })
    case 403:
      return body === null
        ? new ForbiddenError(`${origin.server} answers 403, and not as a Kubernetes API: is a proxy in between?`, null)
        : forbidden(message, origin)
    case 404:
      return notFound(body, message, text, contentType, origin, resource)
    case 409:
      return new ConflictError(message === '' ? 'changed by somebody else meanwhile (409)' : message)
    case 429:
      return new DisruptionBudgetError([message, ...budgetCauses(body)].join(' '))
    case 410:
      return new ExpiredError(`${origin.server} no longer has that version${said}`)
  }
  if (status >= 500) {
    const hints = [{label: 'cure', text: 'try again in a while; if it stays so, look at the API server and at what stands before it'}]
    return new UnreachableError(`${origin.server} answers ${status}${said}`, {hints})
  }
  if (body === null) return notKubernetes(status, contentType, origin)
  return new RefusedError(`${origin.server} rejects the request (${status})${said}`)
}

const NOT_KUBERNETES = {
  hints: [{label: 'cure', text: 'check the server of the kubeconfig, and whether a proxy or a login page is in between'}],
}

/** An answer that is no JSON of the Kubernetes API, such as the login page of a proxy. */
export function notKubernetes(status: number, contentType: string, origin: Origin): UnreachableError {
  const what = contentType === '' ? 'without a content type' : `with ${clean(contentType.split(';')[0] ?? '')}`
  return new UnreachableError(`${origin.server} answers ${status} ${what}, not as a Kubernetes API`, NOT_KUBERNETES)
}

/** JSON that is not the list that was asked for. */
export function noList(origin: Origin): UnreachableError {
  return new UnreachableError(`${origin.server} answers 200, and with no list of the Kubernetes API`, NOT_KUBERNETES)
}

/** Whether an answer says that a PodDisruptionBudget forbids an eviction: a 429 that is no sign of a busy server. */
export function isDisruptionBudget(text: string): boolean {
  return budgetCauses(asStatus(text)).length > 0
}

/** What the budgets say: how many pods they need, and how many there are. */
function budgetCauses(body: JsonObject | null): string[] {
  return list(object(body?.details)?.causes).flatMap((cause) => {
    const {reason, message} = object(cause) ?? {}
    return reason === 'DisruptionBudget' && typeof message === 'string' ? [clean(message)] : []
  })
}

function asStatus(text: string): JsonObject | null {
  const body = parseObject(text)
  return body?.kind === 'Status' ? body : null
}

const DENIED = /User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)?/

function forbidden(message: string, origin: Origin): ForbiddenError {
  const [, user, verb, resource, apiGroup, namespace] = DENIED.exec(message) ?? []
  if (verb === undefined || resource === undefined || apiGroup === undefined) {
    return new ForbiddenError(message === '' ? `${origin.server} forbids it (403)` : message, null)
  }
  const rule = verb.startsWith('impersonate') ? IMPERSONATE : {apiGroup, resource, verb, namespace: namespace ?? null}
  return denied(rule, ` (as user ${user})`, origin)
}

function denied(rule: RbacRule, who: string, origin: Origin): ForbiddenError {
  const {apiGroup, resource, verb, namespace} = rule
  const hints: Hint[] = [{label: 'needs', text: `apiGroups: [${apiGroup || '""'}], resources: [${resource}], verbs: [${verb}]`}]
  if (rule !== IMPERSONATE && origin.command !== undefined) {
    const elsewhere = namespace === null || namespace === origin.home ? '' : ` -n ${namespace}`
    hints.push({label: 'next', text: `sapoche rbac ${origin.command}${elsewhere} | kubectl apply -f -      (ask whoever may)`})
  }
  const where = namespace === null ? ' at the cluster scope' : ` in namespace ${namespace}`
  return new ForbiddenError(`not allowed to ${rule === IMPERSONATE ? 'impersonate others' : `${verb} ${resource}${where}`}${who}`, rule, {
    hints,
  })
}

/**
 * The error of a request that takes a second permission, `rule`: where that is the one that is missing, API servers say "forbidden", and
 * neither what nor to whom (seen in 1.36).
 */
export function withSecond(rule: RbacRule, error: SapocheError, origin: Origin): SapocheError {
  const isMute = error instanceof ForbiddenError && error.rule === null && /is forbidden:\s*$/.test(error.message)
  return isMute ? denied(rule, '', origin) : error
}

/** What `--as` needs, whatever else the server (from 1.36: `impersonate-on:user-info:list`) calls it. */
const IMPERSONATE: RbacRule = {apiGroup: '', resource: 'users', verb: 'impersonate', namespace: null}

function notFound(
  body: JsonObject | null,
  message: string,
  text: string,
  contentType: string,
  origin: Origin,
  resource: Resource,
): SapocheError {
  const {group, version, name} = resource
  if (object(body?.details)?.name !== undefined) return new NotFoundError(message)
  // Without a name it is the API that is missing: of a group that it does not know the server says so in plain text.
  if (body !== null) return new ApiAbsentError(`the API ${group === '' ? '' : `${group}/`}${version} has no ${name}`)
  if (group === '' || text.trim() !== '404 page not found') return notKubernetes(404, contentType, origin)
  return new ApiAbsentError(`API group ${group}/${version} is absent`)
}

/** What to do about TLS that fails on the way to an API server. */
const TLS_CURES: Readonly<Record<TlsFault, string>> = {
  authority: 'set certificate-authority (or certificate-authority-data) of the cluster in the kubeconfig to the CA that signed it',
  expired: 'renew it on the server',
  early: "check this machine's clock",
  name: 'use one of its names as server, or set tls-server-name of the cluster in the kubeconfig',
  plain: 'check scheme and port of the server in the kubeconfig',
  other: 'check the TLS settings of the kubeconfig',
}

/** A connection that could not be made, or broke. `peer` is the server's URL, or the proxy before it. */
export function fromNetwork(error: unknown, peer: string): SapocheError {
  if (error instanceof SapocheError) return error
  const {kind, words, tls} = networkFault(error)
  const away = {cause: error, hints: [{label: 'cure', text: 'check its address, and whether this machine may reach it (VPN, firewall)'}]}
  if (kind === 'time') return new TimedOutError(`can't reach ${peer}: ${words}`, away)
  if (tls === null) return new UnreachableError(`can't reach ${peer}: ${words}`, away)
  return new UnreachableError(`no safe connection to ${peer}: ${clean(words)}`, {
    cause: error,
    hints: [{label: 'cure', text: TLS_CURES[tls]}],
  })
}
