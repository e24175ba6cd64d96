/** What DICOM's numbers mean in words (PS3.8, tables 9-21 and 9-26; PS3.7, annex C). */

const REJECTED: Readonly<Record<string, string>> = {
  '1.2': 'application context name not supported',
  '1.3': 'calling AE title not recognized',
  '1.7': 'called AE title not recognized',
  '2.2': 'protocol version not supported',
  '3.1': 'too busy for the moment',
  '3.2': 'as many associations as it takes are open',
}

const ABORTED: Readonly<Record<number, string>> = {
  1: 'a PDU that it does not know',
  2: 'a PDU that it did not expect',
  4: 'a parameter that it does not know',
  5: 'a parameter that it did not expect',
  6: 'a parameter with an invalid value',
}

const STATUS: Readonly<Record<number, string>> = {
  0x0122: 'SOP class not supported',
  0x0210: 'duplicate invocation',
  0x0211: 'unrecognized operation',
  0x0212: 'mistyped argument',
}

/** The body of an A-ASSOCIATE-RJ: reserved, result, source, reason. */
export function rejectionWords(body: Buffer): string {
  const [, result, source, reason] = body
  const isTransient = result === 2
  const why = REJECTED[`${source}.${reason}`] ?? 'no reason given'
  return `speaks DICOM and rejects the association${isTransient ? ' for now' : ''}: ${why}`
}

/** The body of an A-ABORT: reserved, reserved, source, reason. */
export function abortWords(body: Buffer): string {
  const [, , source, reason = 0] = body
  const why = source === 2 ? ABORTED[reason] : undefined
  return `aborts the association${why === undefined ? '' : `: ${why}`}`
}

export function statusWords(status: number | null): string {
  if (status === null) return 'answers the echo without a status'
  const meaning = STATUS[status]
  return `answers the echo with status 0x${status.toString(16).padStart(4, '0')}${meaning === undefined ? '' : ` (${meaning})`}`
}

/** What else than DICOM may answer on its port, by its first bytes. */
export function foreignOutcome(head: Buffer): {readonly kind: 'tls' | 'foreign'; readonly words: string} {
  if (head.subarray(0, 5).toString('latin1') === 'HTTP/') return {kind: 'foreign', words: 'answers in HTTP, and not in DICOM'}
  // A record of TLS: an alert, or a handshake.
  if ((head[0] === 0x15 || head[0] === 0x16) && head[1] === 0x03) return {kind: 'tls', words: 'wants TLS, which is not spoken here'}
  return {kind: 'foreign', words: 'answers, and not in DICOM'}
}
