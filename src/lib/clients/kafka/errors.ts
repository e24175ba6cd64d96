/** Turns what goes wrong with Kafka into the errors of rules.md, section 6. The only file that knows Kafka's and kafkajs' words for it. */
import {type Hint, SapocheError, TimedOutError, UnreachableError} from '../../errors/index.ts'
import {AccessDeniedError, fromConnection, whoOf} from '../reach/index.ts'
import type {KafkaAccess} from '../reach/index.ts'

/** A broker's answer that is no value: its error code, by the names that kafkajs has for them. */
export interface KafkaFault {
  readonly type: string
  readonly message: string
}

const REFUSALS: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
}

/** It took the connection, and does not answer. */
export class BrokerSilentError extends TimedOutError {}

/** An error code about one group, topic or partition; the message leaves out which. */
export function fromFault({type, message}: KafkaFault): SapocheError {
  const subject = REFUSALS[type]
  if (subject !== undefined) {
    const hints = [{label: 'needs', text: `the Kafka ACL Describe on the ${subject}`}]
    return new AccessDeniedError(`not allowed to describe the ${subject}`, {hints})
  }
  if (type === 'REQUEST_TIMED_OUT') return new TimedOutError('no answer in time')
  return new UnreachableError(`${message.charAt(0).toLowerCase()}${message.slice(1)}`)
}

const NO_CREDENTIALS: Hint = {
  label: 'cure',
  text: 'a listener that closes at once mostly wants credentials (SAPOCHE_KAFKA_USERNAME, SAPOCHE_KAFKA_PASSWORD) or TLS',
}

/**
 * What became of a connection or a request to `what` (`Kafka at redpanda-0:9092`): an error of kafkajs, or `lost`, which is how the
 * stream under it ended, where it did.
 */
export function fromBroker(error: unknown, lost: Error | null, what: string, access: KafkaAccess): SapocheError {
  if (error instanceof SapocheError) return error
  const {name, message, type} = error as Error & {readonly type?: string}
  if (name === 'KafkaJSSASLAuthenticationError' || type?.startsWith('SASL_') === true) {
    return new AccessDeniedError(`${what} refused ${whoOf(access.credentials)}`, {cause: error})
  }
  if (type === 'UNSUPPORTED_SASL_MECHANISM' || type === 'ILLEGAL_SASL_STATE') {
    return new AccessDeniedError(`${what} does not take ${access.mechanism ?? 'such'} credentials`, {
      cause: error,
      hints: [{label: 'cure', text: 'SAPOCHE_KAFKA_MECHANISM=plain, scram-sha-256 or scram-sha-512, as the listener wants; or none'}],
    })
  }
  if (lost !== null) return fromConnection(lost, what)
  if (name === 'KafkaJSRequestTimeoutError') return new BrokerSilentError(`no answer from ${what}`, {cause: error})
  if (name.startsWith('KafkaJSConnection')) {
    const hints = access.credentials === null ? [NO_CREDENTIALS] : []
    return new UnreachableError(`${what} closed the connection`, {cause: error, hints})
  }
  if (name === 'KafkaJSServerDoesNotSupportApiKey') return new UnreachableError(`${what} is too old, or no Kafka`, {cause: error})
  return new UnreachableError(`${what} gave no answer that can be read: ${message}`, {cause: error})
}
