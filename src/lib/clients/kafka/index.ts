import type {KafkaAccess} from '../reach/index.ts'
import {KafkaLagReader} from './reader.ts'
import type {LagReader} from './types.ts'

export type * from './types.ts'

export interface LagReaderOptions {
  /** Milliseconds, of one request and of opening a connection. */
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal
}

/** A reader of the groups behind `access`; it connects at its first call. Whoever needs it late imports this file late: it brings kafkajs. */
export function openLagReader(access: KafkaAccess, options: LagReaderOptions): LagReader {
  return new KafkaLagReader(access, options)
}
