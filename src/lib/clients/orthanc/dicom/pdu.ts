/**
 * Protocol data units of DICOM's upper layer (PS3.8, section 9.3), as far as a C-ECHO needs them, and its two messages (PS3.7, section 9.3.5).
 * Lengths of PDUs are big-endian; command sets are implicit VR little-endian.
 */

export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseResponse: 6,
  abort: 7,
} as const

const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'
const VERIFICATION = '1.2.840.10008.1.1'
const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
/** Our own, made of a random UUID (PS3.5, section B.2). */
const IMPLEMENTATION = '2.25.119740231925317480946241903125480661877'
/** The one presentation context that is proposed; its number is odd by the standard. */
const CONTEXT = 1
const LONGEST_PDU = 16_384
const COMMAND_LAST = 0x03
const NO_DATA_SET = 0x0101
const ECHO_REQUEST = 0x0030
export const ECHO_RESPONSE = 0x8030

const HEADER = 6
/** Nothing that answers an echo is longer. */
const LONGEST_ANSWER = 1024 * 1024

export interface Pdu {
  readonly type: number
  readonly body: Buffer
}

/** What came is none of DICOM's. Holds its first bytes. */
export class ForeignError extends Error {
  readonly head: Buffer

  constructor(head: Buffer) {
    super('no DICOM')
    this.head = head
  }
}

/** PDUs out of a stream of bytes, however they are cut. Throws a ForeignError. */
export async function* readPdus(chunks: AsyncIterable<Buffer>): AsyncGenerator<Pdu, void, undefined> {
  let buffer: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length > 0) {
      const type = buffer.readUInt8(0)
      if (type < PDU.associateRequest || type > PDU.abort || (buffer.length > 1 && buffer.readUInt8(1) !== 0))
        throw new ForeignError(buffer)
      if (buffer.length < HEADER) break
      const length = buffer.readUInt32BE(2)
      if (length > LONGEST_ANSWER) throw new ForeignError(buffer)
      if (buffer.length < HEADER + length) break
      yield {type, body: buffer.subarray(HEADER, HEADER + length)}
      buffer = buffer.subarray(HEADER + length)
    }
  }
}

/** A-ASSOCIATE-RQ for verification alone. */
export function associateRequest(called: string, calling: string): Buffer {
  const fixed = Buffer.concat([uint16(1), uint16(0), title(called), title(calling), Buffer.alloc(32)])
  const context = Buffer.concat([
    Buffer.of(CONTEXT, 0, 0, 0),
    item(0x30, Buffer.from(VERIFICATION)),
    item(0x40, Buffer.from(IMPLICIT_LITTLE_ENDIAN)),
  ])
  const user = Buffer.concat([item(0x51, uint32(LONGEST_PDU)), item(0x52, Buffer.from(IMPLEMENTATION)), item(0x55, Buffer.from('SAPOCHE'))])
  return pdu(
    PDU.associateRequest,
    Buffer.concat([fixed, item(0x10, Buffer.from(APPLICATION_CONTEXT)), item(0x20, context), item(0x50, user)]),
  )
}

/** C-ECHO-RQ, in one P-DATA-TF. */
export function echoRequest(): Buffer {
  const command = Buffer.concat([
    element(0x0002, Buffer.from(`${VERIFICATION}\0`)),
    element(0x0100, uint16LE(ECHO_REQUEST)),
    element(0x0110, uint16LE(1)),
    element(0x0800, uint16LE(NO_DATA_SET)),
  ])
  const group = element(0x0000, uint32LE(command.length))
  const value = Buffer.concat([Buffer.of(CONTEXT, COMMAND_LAST), group, command])
  return pdu(PDU.data, Buffer.concat([uint32(value.length), value]))
}

export function releaseRequest(): Buffer {
  return pdu(PDU.releaseRequest, Buffer.alloc(4))
}

/** Whether an A-ASSOCIATE-AC accepts the one context that was proposed. */
export function isAccepted({body}: Pdu): boolean {
  // Version, reserved, two titles and 32 more bytes stand before the items.
  for (let at = 68; at + 4 <= body.length; at += 4 + body.readUInt16BE(at + 2)) {
    if (body.readUInt8(at) === 0x21 && at + 7 < body.length) return body.readUInt8(at + 6) === 0
  }
  return false
}

/** Parts of a message in a P-DATA-TF: commands alone, for an echo has no data. */
export function commandParts({body}: Pdu): {readonly bytes: Buffer; readonly isLast: boolean}[] {
  const parts: {bytes: Buffer; isLast: boolean}[] = []
  for (let at = 0; at + 6 <= body.length;) {
    const length = body.readUInt32BE(at)
    const control = body.readUInt8(at + 5)
    if ((control & 1) === 1) parts.push({bytes: body.subarray(at + 6, at + 4 + length), isLast: (control & 2) === 2})
    at += 4 + length
  }
  return parts
}

/** The 16-bit values of a command set that tell what it is; null where one is not there. */
export function commandOf(set: Buffer): {readonly field: number | null; readonly status: number | null} {
  const found = new Map<number, number>()
  for (let at = 0; at + 8 <= set.length; at += 8 + set.readUInt32LE(at + 4)) {
    if (set.readUInt16LE(at) === 0 && at + 10 <= set.length) found.set(set.readUInt16LE(at + 2), set.readUInt16LE(at + 8))
  }
  return {field: found.get(0x0100) ?? null, status: found.get(0x0900) ?? null}
}

function pdu(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, 0), uint32(body.length), body])
}

function item(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, 0), uint16(body.length), body])
}

/** Of group 0000. */
function element(number: number, value: Buffer): Buffer {
  return Buffer.concat([uint16LE(0), uint16LE(number), uint32LE(value.length), value])
}

/** Application entity titles are 16 characters, filled up with blanks. */
function title(text: string): Buffer {
  return Buffer.from(text.slice(0, 16).padEnd(16), 'latin1')
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff)
}

function uint16LE(value: number): Buffer {
  return Buffer.of(value & 0xff, value >> 8)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint32LE(value: number): Buffer {
  return uint32(value).reverse()
}
