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

/** For the answer to our farewell. */
const FAREWELL_MS = 1000

class TooLate extends Error {}

type Outcome = Omit<EchoAnswer, 'ms'>

/**
 * One association, one C-ECHO, one release, on the host of the access. The release is waited for: an association that is just dropped keeps one
 * of the server's few threads until it gives up. Rejects with a SapocheError where no connection comes about or the way is lost.
 */
export async function echo(access: Access, target: EchoTarget, options: HttpOptions & {readonly signal: AbortSignal}): Promise<EchoAnswer> {
  const {timeoutMs, clock, signal} = options
  const address = {host: access.addresses[0].host, port: target.port}
  // The TLS of its REST API has nothing to do with DICOM's port.
  const plain: Access = {...access, addresses: [address], tls: null}
  const connection = await openConnection(plain, address, {signal, withinMs: timeoutMs})
  const start = clock()
  const timed = (outcome: Outcome): EchoAnswer => ({...outcome, ms: clock() - start})
  let timer = setTimeout(() => connection.destroy(new TooLate()), timeoutMs)
  let answer = null as EchoAnswer | null
  const conclude = (outcome: Outcome): void => {
    answer = timed(outcome)
    clearTimeout(timer)
    timer = setTimeout(() => connection.destroy(), FAREWELL_MS)
    connection.write(releaseRequest())
  }
  try {
    const ended = await orAbort(converse(connection, target, conclude), signal)
    return answer ?? timed(ended)
  } catch (error) {
    if (signal.aborted) throw error
    if (answer !== null) return answer
    if (error instanceof TooLate) return timed({kind: 'silent', words: `no answer within ${timeoutMs / 1000} s`})
    if (error instanceof ForeignError) return timed(foreignOutcome(error.head))
    if (!(error instanceof SapocheError) && isClosed(error)) return timed(CLOSED)
    throw fromConnection(error, nameOf(plain))
  } finally {
    clearTimeout(timer)
    connection.destroy()
  }
}

const CLOSED: Outcome = {kind: 'closed', words: 'closes the connection without an answer'}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/.test(String(error.code))
}

/** Until the association has ended, and how. `conclude` is told what the echo came to, and releases. */
async function converse(connection: Connection, {called, calling}: EchoTarget, conclude: (outcome: Outcome) => void): Promise<Outcome> {
  connection.write(associateRequest(called, calling))
  let command: Buffer = Buffer.alloc(0)
  for await (const pdu of readPdus(connection)) {
    switch (pdu.type) {
      case PDU.associateAccept:
        if (isAccepted(pdu)) connection.write(echoRequest())
        else conclude({kind: 'rejected', words: 'speaks DICOM and accepts no C-ECHO'})
        break
      case PDU.data: {
        const parts = commandParts(pdu)
        command = Buffer.concat([command, ...parts.map(({bytes}) => bytes)])
        if (parts.some(({isLast}) => isLast)) conclude(outcomeOf(command))
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
