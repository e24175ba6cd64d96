import type {RedisAccess} from '../reach/types.ts'
import {RedisConnection, type ConnectionOptions} from './connection.ts'
import {RedisQueueReader} from './reader.ts'
import {masterOf} from './sentinel.ts'
import type {QueueReader} from './types.ts'

/**
 * Connects to Redis, by way of Sentinels where the access names a master of theirs.
 * Rejects with a SapocheError: ServerDownError and RedisTroubleError where Redis is the trouble itself, AccessDeniedError for wrong
 * credentials (77), 69, 75, 130.
 */
export async function openQueueReader(access: RedisAccess, options: ConnectionOptions): Promise<QueueReader> {
  const address = access.sentinel === null ? access.addresses[0] : await masterOf(access, access.sentinel, options)
  const connection = await RedisConnection.open(access, address, options)
  return new RedisQueueReader(connection, access, address)
}
