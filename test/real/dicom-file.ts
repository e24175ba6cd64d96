/** What an instance tells of its patient; both must never be shown by any command. */
export interface Patient {
  /** `Mustermann^Erika` */
  readonly name: string
  readonly id: string
}

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
const ROOT = '1.2.826.0.1.3680043.8.498'
const PREAMBLE = 128
/** Value representations with a length of four bytes (PS3.5, section 7.1.2). */
const LONG = new Set(['OB', 'OW'])

/** A DICOM file (PS3.10): the one instance of study `number`, with pixels of so many bytes. */
export function dicomFile(number: number, {name, id}: Patient, bytes: number): Buffer {
  const instance = `${ROOT}.${number}.3`
  const meta = Buffer.concat([
    element(2, 0x01, 'OB', Buffer.of(0, 1)),
    element(2, 0x02, 'UI', SECONDARY_CAPTURE),
    element(2, 0x03, 'UI', instance),
    element(2, 0x10, 'UI', EXPLICIT_LITTLE_ENDIAN),
    element(2, 0x12, 'UI', ROOT),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  return Buffer.concat([
    Buffer.alloc(PREAMBLE),
    Buffer.from('DICM'),
    element(2, 0, 'UL', length),
    meta,
    element(8, 0x16, 'UI', SECONDARY_CAPTURE),
    element(8, 0x18, 'UI', instance),
    element(8, 0x60, 'CS', 'OT'),
    element(0x10, 0x10, 'PN', name),
    element(0x10, 0x20, 'LO', id),
    element(0x20, 0x0d, 'UI', `${ROOT}.${number}.1`),
    element(0x20, 0x0e, 'UI', `${ROOT}.${number}.2`),
    element(0x7f_e0, 0x10, 'OB', Buffer.alloc(bytes)),
  ])
}

function element(group: number, number: number, representation: string, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  // Values have an even length: text ends with a blank, an identifier with a zero.
  const padding = bytes.length % 2 === 0 ? '' : representation === 'UI' || representation === 'OB' ? '\0' : ' '
  const head = Buffer.alloc(LONG.has(representation) ? 12 : 8)
  head.writeUInt16LE(group)
  head.writeUInt16LE(number, 2)
  head.write(representation, 4, 'latin1')
  const size = bytes.length + padding.length
  if (head.length === 12) head.writeUInt32LE(size, 8)
  else head.writeUInt16LE(size, 6)
  return Buffer.concat([head, bytes, Buffer.from(padding)])
}
