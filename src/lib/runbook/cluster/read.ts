import {ApiAbsentError} from '../../clients/kubernetes/errors.ts'
import type {ClusterReader, Decode, ListOptions, Resource} from '../../clients/kubernetes/types.ts'
import {ConfigurationError, InterruptedError, RefusedError, SapocheError} from '../../errors/index.ts'
import type {Warning} from '../schema.ts'
import {RESOURCES} from './resources.ts'

/**
 * What came of one list: its items, or why there are none, and of which resource. An API group that the server lacks has no items, and that
 * is no fault.
 */
export type Read<T> =
  | {readonly items: readonly T[]; readonly error: null}
  | {readonly items: null; readonly error: SapocheError; readonly what: string}

/** A list without which the report only says less. Rejects when interrupted, and with nothing else. */
export async function readOptional<T>(
  cluster: ClusterReader,
  resource: Resource,
  decode: Decode<T>,
  options: ListOptions,
): Promise<Read<T>> {
  try {
    return {items: (await cluster.list(resource, decode, options)).items, error: null}
  } catch (error) {
    if (error instanceof ApiAbsentError) return {items: [], error: null}
    if (error instanceof InterruptedError || !(error instanceof SapocheError)) throw error
    return {items: null, error, what: resource.name}
  }
}

/** The entry of `warnings[]` for a list that failed. */
export function warningOf(read: Read<unknown>): Warning[] {
  if (read.error === null) return []
  const {code, message} = warningFrom(read.error)
  // A missing right names its resource; a server that is silent or fails says nothing of it.
  return [{code, message: message.includes(read.what) ? message : `${read.what} can't be read: ${message}`}]
}

/** The entry of `warnings[]` for something that failed, with the permission that would mend it. */
export function warningFrom({code, message, hints}: SapocheError): Warning {
  const needs = hints.find((hint) => hint.label === 'needs')
  return {code, message: needs === undefined ? message : `${message}; needs ${needs.text}`}
}

const SKEW_LIMIT_MS = 5000

/** A local clock that is more than 5 s off never changes a verdict, but is said (rules.md). */
export function clockWarning(cluster: ClusterReader): Warning[] {
  const clock = cluster.serverClock()
  if (clock === null || Math.abs(clock.skew) <= SKEW_LIMIT_MS) return []
  const direction = clock.skew > 0 ? 'ahead of' : 'behind'
  return [
    {code: 'clock-skew', message: `this machine's clock is ${Math.round(Math.abs(clock.skew) / 1000)} s ${direction} the API server's`},
  ]
}

/**
 * Whether the namespace exists, asked where nothing was found in it. Rejects with a ConfigurationError (78) if it doesn't;
 * who may not ask goes on.
 */
export async function requireNamespace(cluster: ClusterReader, signal: AbortSignal): Promise<void> {
  try {
    const found = await cluster.get(RESOURCES.namespaces, cluster.namespace, () => true, {signal})
    if (found === null) {
      throw new ConfigurationError(`there is no namespace ${cluster.namespace} on ${cluster.context ?? cluster.server}`, {
        hints: [{label: 'next', text: 'choose another with --namespace or --context'}],
      })
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
  }
}
