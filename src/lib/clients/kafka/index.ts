import type {KafkaAccess} from '../reach/index.ts'
import type {LagReader} from './types.ts'

export type * from './types.ts'

export interface LagReaderOptions {
  /** Milliseconds, of one request and of opening a connection. */
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal
}

/** A reader of the groups behind `access`. Nothing is connected before the first call, but kafkajs is loaded. */
export async function openLagReader(access: KafkaAccess, options: LagReaderOptions): Promise<LagReader> {
  const {KafkaLagReader} = await import('./reader.ts')
  return new KafkaLagReader(access, options)
}
