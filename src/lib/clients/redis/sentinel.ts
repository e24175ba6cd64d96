import {SapocheError, UnreachableError} from '../../errors/index.ts'
import {nameOf} from '../reach/errors.ts'
import type {Access, Address} from '../reach/types.ts'
import {RedisConnection, type ConnectionOptions} from './connection.ts'

/** Where Sentinels say the master is: the first of them that answers decides. They are asked without our password, which is the master's. */
export async function masterOf(access: Access, master: string, options: ConnectionOptions): Promise<Address> {
  const sentinels: Access = {...access, server: 'Sentinel', credentials: null}
  let last: SapocheError | null = null
  for (const address of access.addresses) {
    try {
      return await ask(sentinels, address, master, options)
    } catch (error) {
      if (!(error instanceof SapocheError) || options.signal.aborted) throw error
      last = error
    }
  }
  throw last ?? new UnreachableError(`${nameOf(sentinels)} is no address`)
}

async function ask(sentinels: Access, address: Address, master: string, options: ConnectionOptions): Promise<Address> {
  const connection = await RedisConnection.open(sentinels, address, options)
  try {
    const [answer] = await connection.send([['SENTINEL', 'get-master-addr-by-name', master]], options.signal)
    const reply: unknown = answer?.value
    const [host, port] = Array.isArray(reply) ? [reply[0] as unknown, Number(reply[1])] : [null, 0]
    if (typeof host === 'string' && Number.isInteger(port) && port > 0 && port < 65_536) return {host, port}
    const why = answer?.failure?.message ?? (reply === null ? `it knows no master "${master}"` : 'it answers with no address')
    throw new UnreachableError(`${connection.what} does not say where Redis is: ${why}`)
  } finally {
    connection.close()
  }
}
