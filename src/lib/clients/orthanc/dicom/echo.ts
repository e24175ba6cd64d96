import {fromConnection, nameOf} from '../../reach/errors.ts'
import {openConnection, orAbort} from '../../reach/open.ts'
import {SapocheError} from '../../../errors/index.ts'
import type {Access, Connection} from '../../reach/types.ts'
import type {HttpOptions} from '../http.ts'
import type {EchoAnswer, EchoTarget} from '../types.ts'
import {
  associateRequest,
  commandOf,
  commandParts,
  ECHO_RESPONSE,
  echoRequest,
  ForeignError,
  isAccepted,
  PDU,
  type Pdu,
  readPdus,
  releaseRequest,
} from './pdu.ts'
import {abortWords, foreignOutcome, rejectionWords, statusWords} from './reasons.ts'

/** For the answer to our farewell: whoever has echoed is well, and need not hurry. */
const FAREWELL_MS = 500

class TooLate extends Error {}

type Outcome = Omit<EchoAnswer, 'ms'>

/**
 * One association, one C-ECHO, one release, on the host of the access. Rejects with a SapocheError where no connection comes about or the way
 * is lost.
 */
export async function echo(access: Access, target: EchoTarget, options: HttpOptions & {readonly signal: AbortSignal}): Promise<EchoAnswer> {
  const {timeoutMs, clock, signal} = options
  const address = {host: access.addresses[0].host, port: target.port}
  // The TLS of its REST API has nothing to do with DICOM's port.
  const plain: Access = {...access, addresses: [address], tls: null}
  const connection = await openConnection(plain, address, {signal, withinMs: timeoutMs})
  const start = clock()
  const timer = setTimeout(() => connection.destroy(new TooLate()), timeoutMs)
  const ms = (): number => clock() - start
  try {
    const outcome = await orAbort(converse(connection, target), signal)
    return {...outcome, ms: ms()}
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof TooLate) return {kind: 'silent', words: `no answer within ${timeoutMs / 1000} s`, ms: ms()}
    if (error instanceof ForeignError) return {...foreignOutcome(error.head), ms: ms()}
    if (!(error instanceof SapocheError) && isClosed(error)) return {...CLOSED, ms: ms()}
    throw fromConnection(error, nameOf(plain))
  } finally {
    clearTimeout(timer)
    farewell(connection)
  }
}

const CLOSED: Outcome = {kind: 'closed', words: 'closes the connection without an answer'}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/.test(String(error.code))
}

async function converse(connection: Connection, {called, calling}: EchoTarget): Promise<Outcome> {
  connection.write(associateRequest(called, calling))
  let command: Buffer = Buffer.alloc(0)
  // Left by a return, a plain iterator would take the connection down before the release is sent.
  for await (const pdu of readPdus(connection.iterator({destroyOnReturn: false}))) {
    switch (pdu.type) {
      case PDU.associateAccept:
        if (!isAccepted(pdu)) return released(connection, {kind: 'rejected', words: 'speaks DICOM and accepts no C-ECHO'})
        connection.write(echoRequest())
        break
      case PDU.data: {
        const parts = commandParts(pdu)
        command = Buffer.concat([command, ...parts.map(({bytes}) => bytes)])
        if (parts.some(({isLast}) => isLast)) return released(connection, outcomeOf(command))
        break
      }
      default:
        return ending(pdu)
    }
  }
  return CLOSED
}

function outcomeOf(command: Buffer): Outcome {
  const {field, status} = commandOf(command)
  if (field !== ECHO_RESPONSE) return {kind: 'failed', words: 'answers the echo with another message'}
  return status === 0 ? {kind: 'echoed', words: ''} : {kind: 'failed', words: statusWords(status)}
}

function ending({type, body}: Pdu): Outcome {
  if (type === PDU.associateReject) return {kind: 'rejected', words: rejectionWords(body)}
  if (type === PDU.abort) return {kind: 'aborted', words: abortWords(body)}
  return {kind: 'aborted', words: 'ends the association'}
}

/** The end of an association that was made; nobody waits for the answer. */
function released(connection: Connection, outcome: Outcome): Outcome {
  connection.write(releaseRequest())
  return outcome
}

/** Closes the connection, once what was said is sent. */
function farewell(connection: Connection): void {
  if (connection.destroyed) return
  const timer = setTimeout(() => connection.destroy(), FAREWELL_MS)
  connection.once('close', () => clearTimeout(timer))
  connection.end()
  connection.resume()
}
