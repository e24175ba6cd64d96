/** DICOM's upper layer (PS3.8) as far as a C-ECHO takes it: associations for verification alone, over any stream. */
import type {Duplex} from 'node:stream'

export interface DicomOptions {
  readonly aet: string
  /** Whether a caller has to name `aet` (Orthanc: DicomCheckCalledAet). */
  readonly checksCalled: boolean
}

const PDU = {associate: 1, accept: 2, reject: 3, data: 4, releaseRequest: 5, release: 6, abort: 7} as const
const ITEM = {
  application: 0x10,
  offered: 0x20,
  answered: 0x21,
  abstract: 0x30,
  transfer: 0x40,
  user: 0x50,
  length: 0x51,
  class: 0x52,
} as const
const APPLICATION = '1.2.840.10008.3.1.1.1'
const VERIFICATION = '1.2.840.10008.1.1'
const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
const IMPLEMENTATION = '1.2.276.0.7230010.3.0.3.6.7'
const HEAD = 6
/** Version, titles and what is reserved, before the items of an association. */
const FIXED = 68
const LARGEST_PDU = 16_384
const [ACCEPTED, ABSTRACT_SYNTAX_UNKNOWN] = [0, 3] as const
const [C_ECHO, C_ECHO_ANSWER, NO_DATA_SET, SUCCESS] = [0x30, 0x80_30, 0x01_01, 0] as const

/** Answers one caller until it goes. */
export function serveDicom(stream: Duplex, options: DicomOptions): void {
  let buffered: Buffer = Buffer.alloc(0)
  stream.on('error', () => stream.destroy())
  stream.on('end', () => stream.end())
  stream.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= HEAD) {
      const [type, length] = [buffered.readUInt8(), HEAD + buffered.readUInt32BE(2)]
      // What can't be one need not be waited for.
      if (type <= PDU.abort && buffered.length < length) return
      const {answer, isLast} = reply(type, buffered.subarray(HEAD, length), options)
      buffered = buffered.subarray(length)
      stream.write(answer)
      if (isLast) return void stream.end()
    }
  })
}

function reply(type: number, body: Buffer, {aet, checksCalled}: DicomOptions): {answer: Buffer; isLast: boolean} {
  if (type === PDU.associate && body.length >= FIXED) {
    // Permanently, by the service user: the title that was called is not ours.
    if (checksCalled && body.toString('latin1', 4, 20).trim() !== aet) return {answer: pdu(PDU.reject, Buffer.of(0, 1, 1, 7)), isLast: true}
    return {answer: accept(body), isLast: false}
  }
  if (type === PDU.data) {
    const answer = echo(body)
    if (answer !== null) return {answer, isLast: false}
  }
  if (type === PDU.releaseRequest) return {answer: pdu(PDU.release, Buffer.alloc(4)), isLast: true}
  // By the service provider: unexpected.
  return {answer: pdu(PDU.abort, Buffer.of(0, 0, 2, 2)), isLast: true}
}

/** Verification in the transfer syntax that everybody speaks; any other context is refused. */
function accept(request: Buffer): Buffer {
  const contexts = itemsOf(request.subarray(FIXED)).filter(({type}) => type === ITEM.offered)
  const answered = contexts.map(({content}) => {
    const abstract = itemsOf(content.subarray(4))
      .find(({type}) => type === ITEM.abstract)
      ?.content.toString('latin1')
    const result = abstract?.replace(/\0$/, '') === VERIFICATION ? ACCEPTED : ABSTRACT_SYNTAX_UNKNOWN
    return item(ITEM.answered, Buffer.of(content[0] ?? 0, 0, result, 0), item(ITEM.transfer, Buffer.from(IMPLICIT_LITTLE_ENDIAN)))
  })
  const length = Buffer.alloc(4)
  length.writeUInt32BE(LARGEST_PDU)
  const user = item(ITEM.user, item(ITEM.length, length), item(ITEM.class, Buffer.from(IMPLEMENTATION)))
  // Version and titles as they came.
  return pdu(PDU.accept, request.subarray(0, FIXED), item(ITEM.application, Buffer.from(APPLICATION)), ...answered, user)
}

/** Null where it is no C-ECHO in one piece. */
function echo(body: Buffer): Buffer | null {
  if (body.length < HEAD) return null
  const command = elementsOf(body.subarray(HEAD))
  const message = command.get(0x01_10)
  if (command.get(0x01_00)?.readUInt16LE() !== C_ECHO || message === undefined) return null
  const elements = Buffer.concat([
    element(0x00_02, Buffer.from(`${VERIFICATION}\0`)),
    element(0x01_00, number(C_ECHO_ANSWER)),
    element(0x01_20, message),
    element(0x08_00, number(NO_DATA_SET)),
    element(0x09_00, number(SUCCESS)),
  ])
  const size = Buffer.alloc(4)
  size.writeUInt32LE(elements.length)
  const content = Buffer.concat([element(0, size), elements])
  const value = Buffer.alloc(HEAD)
  value.writeUInt32BE(content.length + 2)
  value.writeUInt8(body.readUInt8(4), 4)
  // A command, and its last piece.
  value.writeUInt8(3, 5)
  return pdu(PDU.data, value, content)
}

function pdu(type: number, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(HEAD)
  const body = Buffer.concat(parts)
  head.writeUInt8(type)
  head.writeUInt32BE(body.length, 2)
  return Buffer.concat([head, body])
}

function item(type: number, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.of(type, 0, 0, 0)
  const body = Buffer.concat(parts)
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

function itemsOf(buffer: Buffer): {type: number; content: Buffer}[] {
  const items: {type: number; content: Buffer}[] = []
  for (let at = 0; at + 4 <= buffer.length;) {
    const end = at + 4 + buffer.readUInt16BE(at + 2)
    items.push({type: buffer.readUInt8(at), content: buffer.subarray(at + 4, end)})
    at = end
  }
  return items
}

/** Of group 0000, which is all that a command holds, in implicit VR little endian: by their element numbers. */
function elementsOf(buffer: Buffer): Map<number, Buffer> {
  const elements = new Map<number, Buffer>()
  for (let at = 0; at + 8 <= buffer.length;) {
    const end = at + 8 + buffer.readUInt32LE(at + 4)
    elements.set(buffer.readUInt16LE(at + 2), buffer.subarray(at + 8, end))
    at = end
  }
  return elements
}

function element(number: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(number, 2)
  head.writeUInt32LE(value.length, 4)
  return Buffer.concat([head, value])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
