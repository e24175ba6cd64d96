import type {Resource} from './resources.ts'

interface Cause {
  reason: string
  message: string
  /** Where a field is to blame. */
  field?: string
}

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: object
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: {name?: string; group?: string; kind?: string; uid?: string; causes?: Cause[]; retryAfterSeconds?: number}
  code: number
}

/** A refusal of the simulated API server: becomes a Status object on the wire, and never leaves this folder. */
export class ApiFailure extends Error {
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: Status['details']) {
    super(message)
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : {details}),
      code,
    }
  }
}

/** `deployments.apps`, as Kubernetes names a resource in its messages. */
export function qualified(resource: Pick<Resource, 'group' | 'plural'>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
}

/** `details` about one resource; the API server leaves empty members out. */
export function detailsOf(resource: Pick<Resource, 'group' | 'plural'>, name: string | null): NonNullable<Status['details']> {
  return {...(name === null ? {} : {name}), ...(resource.group === '' ? {} : {group: resource.group}), kind: resource.plural}
}

export function notFound(resource: Resource, name: string): ApiFailure {
  return new ApiFailure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name))
}

export function badRequest(message: string): ApiFailure {
  return new ApiFailure(400, 'BadRequest', message)
}

export function conflict(resource: Resource, name: string): ApiFailure {
  const why = 'the object has been modified; please apply your changes to the latest version and try again'
  return new ApiFailure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  )
}

/** What a cluster can do and the sandbox can't. */
export function notImplemented(what: string): ApiFailure {
  return new ApiFailure(501, 'NotImplemented', `the sandbox can't do this: ${what}`)
}

/** One field that is wrong. `why` is the sentence after the field's name. */
export interface Fault {
  readonly field: string
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueDuplicate'
  readonly why: string
}

export function invalid(resource: Pick<Resource, 'group' | 'kind'>, name: string, faults: readonly Fault[]): ApiFailure {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`
  const causes = faults.map(({field, reason, why}) => ({reason, message: why, field}))
  const list = faults.map(({field, why}) => `${field}: ${why}`)
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`
  const details = {name, ...(resource.group === '' ? {} : {group: resource.group}), kind: resource.kind, causes}
  return new ApiFailure(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, details)
}
