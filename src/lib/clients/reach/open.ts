import {once} from 'node:events'
import {isIP} from 'node:net'
import {connect} from 'node:tls'
import {TimedOutError} from '../../errors/index.ts'
import {interruption} from '../kubernetes/errors.ts'
import {fromConnection, nameOf} from './errors.ts'
import type {Access, Address, Connection, TlsOptions} from './types.ts'

export {orAbort} from '../kubernetes/deadline.ts'

export interface OpenOptions {
  readonly signal: AbortSignal
  /** Milliseconds until the connection is made, TLS and all. */
  readonly withinMs: number
}

/**
 * A connection to one address of a server, open, with TLS inside where the access says so.
 * Rejects with a SapocheError: ServerDownError where nothing listens, 69, 75, 77 (the tunnel), 130.
 * Later errors of the stream are for `fromConnection`.
 */
export async function openConnection(access: Access, address: Address, {signal, withinMs}: OpenOptions): Promise<Connection> {
  const what = nameOf({...access, addresses: [address]})
  const socket = access.network.connect(address)
  // Who uses a connection hears of its errors; one that nobody uses yet, or any more, must not end the program.
  socket.on('error', () => {})
  const late = AbortSignal.timeout(withinMs)
  const end = AbortSignal.any([signal, late])
  let connection = socket
  try {
    if (socket.connecting) await once(socket, 'connect', {signal: end})
    else if (socket.errored !== null) throw socket.errored
    if (access.tls === null) return socket
    connection = secure(socket, access.tls, address).on('error', () => {})
    await once(connection, 'secureConnect', {signal: end})
    return connection
  } catch (error) {
    connection.destroy()
    socket.destroy()
    if (signal.aborted) throw interruption(signal)
    if (late.aborted) throw tooLate(what, connection !== socket, withinMs / 1000)
    throw fromConnection(error, what)
  }
}

function tooLate(what: string, isTls: boolean, seconds: number): TimedOutError {
  if (!isTls) return new TimedOutError(`no connection to ${what} within ${seconds} s`)
  return new TimedOutError(`no safe connection to ${what} within ${seconds} s: does it speak TLS?`, {
    hints: [{label: 'cure', text: 'leave out --tls, or use the scheme without TLS in the URL'}],
  })
}

/** TLS over a connection, returned at once: `secureConnect` or `error` follows. The address is as the server is known, not where the tunnel ends. */
export function secure(socket: Connection, {ca, servername}: TlsOptions, {host}: Address): Connection {
  const name = servername ?? host
  return connect({
    socket,
    host: name,
    // A name indication with an address in it is against RFC 6066.
    ...(isIP(name) === 0 ? {servername: name} : {}),
    ...(ca === null ? {} : {ca}),
  })
}
