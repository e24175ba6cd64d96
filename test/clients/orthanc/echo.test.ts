import type {Socket} from 'node:net'
import {expect, onTestFinished, test} from 'vitest'
import {openOrthancReader} from '../../../src/lib/clients/orthanc/index.ts'
import type {EchoAnswer} from '../../../src/lib/clients/orthanc/types.ts'
import {ServerDownError} from '../../../src/lib/clients/reach/index.ts'
import {InterruptedError} from '../../../src/lib/errors/index.ts'
import {accessTo, closedPort, PATIENT, raw, tickingClock} from './lab.ts'

// The bytes that Orthanc 1.10.1 answers with, so that a mistake in our own writing can't hide in our own reading.
const ACCEPT = Buffer.from(
  '0200000000b8000100004f525448414e432020202020202020205341504f4348452020202020202020200000000000000000000000000000000000000000000000' +
    '00000000000000000010000015312e322e3834302e31303030382e332e312e312e31210000190100000040000011312e322e3834302e31303030382e312e32' +
    '5000003a51000004000040005200001b312e322e3237362e302e373233303031302e332e302e332e362e375500000f4f464649535f44434d544b5f333637',
  'hex',
)
const ECHOED = Buffer.from(
  '0400000000540000005001030000000004000000420000000000020012000000312e322e3834302e31303030382e312e3100' +
    '00000001020000003080000020010200000001000000000802000000010100000009020000000000',
  'hex',
)
const RELEASED = Buffer.from('06000000000400000000', 'hex')

const [REJECT, ABORT] = [3, 7]
const short = (type: number, ...body: readonly number[]): Buffer => Buffer.of(type, 0, 0, 0, 0, 4, ...body)

/** An echo with another status. */
function echoStatus(status: number): Buffer {
  const bytes = Buffer.from(ECHOED)
  bytes.writeUInt16LE(status, bytes.length - 2)
  return bytes
}

function notAccepted(): Buffer {
  const bytes = Buffer.from(ACCEPT)
  bytes.writeUInt8(3, bytes.indexOf(Buffer.from('2100001901', 'hex')) + 6)
  return bytes
}

/** The same command in two fragments of one PDU. */
function inFragments(): Buffer {
  const command = ECHOED.subarray(12)
  const part = (bytes: Buffer, control: number): Buffer => {
    const head = Buffer.alloc(6)
    head.writeUInt32BE(bytes.length + 2)
    head.set([1, control], 4)
    return Buffer.concat([head, bytes])
  }
  const body = Buffer.concat([part(command.subarray(0, 21), 1), part(command.subarray(21), 3)])
  const head = Buffer.alloc(6)
  head.writeUInt8(4)
  head.writeUInt32BE(body.length, 2)
  return Buffer.concat([head, body])
}

/** Answers each thing that is said with the next of these. */
const saying =
  (...replies: readonly Buffer[]) =>
  (socket: Socket): void => {
    const left = [...replies]
    socket.on('data', () => {
      const next = left.shift()
      if (next !== undefined) socket.write(next)
    })
  }

async function echo(port: number, {timeoutMs = 5000, signal = PATIENT} = {}): Promise<EchoAnswer> {
  const reader = openOrthancReader(accessTo(1, {tls: {ca: null, servername: null}}), {timeoutMs, clock: tickingClock()})
  onTestFinished(() => reader.close())
  return await reader.echo({port, called: 'ORTHANC', calling: 'SAPOCHE'}, signal)
}

test.each<[string, (socket: Socket) => void, EchoAnswer['kind'], string | RegExp]>([
  ['an echo', saying(ACCEPT, ECHOED, RELEASED), 'echoed', ''],
  ['an echo in fragments', saying(ACCEPT, inFragments(), RELEASED), 'echoed', ''],
  [
    'an echo byte by byte',
    (socket) => socket.setNoDelay().once('data', () => void trickle(socket, Buffer.concat([ACCEPT, ECHOED, RELEASED]))),
    'echoed',
    '',
  ],
  [
    'another status',
    saying(ACCEPT, echoStatus(0x0122), RELEASED),
    'failed',
    'answers the echo with status 0x0122 (SOP class not supported)',
  ],
  ['no context', saying(notAccepted(), RELEASED), 'rejected', 'speaks DICOM and accepts no C-ECHO'],
  [
    'a rejection for good',
    saying(short(REJECT, 0, 1, 1, 7)),
    'rejected',
    'speaks DICOM and rejects the association: called AE title not recognized',
  ],
  [
    'a rejection for now',
    saying(short(REJECT, 0, 2, 3, 2)),
    'rejected',
    'speaks DICOM and rejects the association for now: as many associations as it takes are open',
  ],
  ['a rejection without reason', saying(short(REJECT, 0, 1, 1, 1)), 'rejected', /: no reason given$/],
  ['an abort', saying(short(ABORT, 0, 0, 2, 2)), 'aborted', 'aborts the association: a PDU that it did not expect'],
  ['an abort by the user', saying(ACCEPT, short(ABORT, 0, 0, 0, 0)), 'aborted', 'aborts the association'],
  ['a connection that is closed', (socket) => socket.end(), 'closed', 'closes the connection without an answer'],
  ['a connection that is closed later', (socket) => socket.once('data', () => socket.destroy()), 'closed', /closes/],
  ['a web server', saying(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), 'foreign', 'answers in HTTP, and not in DICOM'],
  ['TLS', saying(Buffer.from('15030300020232', 'hex')), 'tls', 'wants TLS, which is not spoken here'],
  ['something else', saying(Buffer.from('SSH-2.0-OpenSSH')), 'foreign', 'answers, and not in DICOM'],
  ['a PDU without end', saying(Buffer.from('0400ffffffff', 'hex')), 'foreign', 'answers, and not in DICOM'],
])('%s', async (_, serve, kind, words) => {
  const answer = await echo(await raw(serve))
  expect(answer).toMatchObject({kind, words: words instanceof RegExp ? expect.stringMatching(words) : words, ms: 7})
})

async function trickle(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))
}

test.each<[string, (socket: Socket) => void]>([
  ['not answered', saying(ACCEPT, ECHOED)],
  ['answered by closing', (socket) => answering(socket, [ACCEPT, ECHOED])],
])('an echo whose release is %s', async (_, serve) => {
  expect(await echo(await raw(serve))).toMatchObject({kind: 'echoed', ms: 7})
})

/** As `saying`, and then resets the connection. */
function answering(socket: Socket, replies: readonly Buffer[]): void {
  const left = [...replies]
  socket.on('data', () => {
    const next = left.shift()
    if (next === undefined) socket.resetAndDestroy()
    else socket.write(next)
  })
}

test('silence, with or without an association', async () => {
  const replies = [await echo(await raw(() => {}), {timeoutMs: 100}), await echo(await raw(saying(ACCEPT)), {timeoutMs: 100})]
  for (const answer of replies) expect(answer).toMatchObject({kind: 'silent', words: 'no answer within 0.1 s'})
})

test('what is said, to the last byte', async () => {
  const said: Buffer[] = []
  const over = Promise.withResolvers<void>()
  const port = await raw((socket) => {
    socket.on('data', (chunk) => said.push(chunk)).on('end', () => over.resolve())
    saying(ACCEPT, ECHOED, RELEASED)(socket)
  })
  await echo(port)
  await over.promise
  // Released, and not before the answer to that closed.
  expect(said).toHaveLength(3)
  const [associate = Buffer.alloc(0), request = Buffer.alloc(0), release = Buffer.alloc(0)] = said
  expect(associate.subarray(0, 6).toString('hex')).toBe(`0100${(associate.length - 6).toString(16).padStart(8, '0')}`)
  expect(associate.toString('latin1', 10, 42)).toBe('ORTHANC         SAPOCHE         ')
  for (const uid of ['1.2.840.10008.3.1.1.1', '1.2.840.10008.1.1', '1.2.840.10008.1.2', '2.25.']) {
    expect(associate.toString('latin1')).toContain(uid)
  }
  // As echoscu sends it.
  expect(request.toString('hex')).toBe(
    [
      '04000000004a000000460103',
      '000000000400000038000000',
      '0000020012000000312e322e3834302e31303030382e312e3100',
      '00000001020000003000',
      '00001001020000000100',
      '00000008020000000101',
    ].join(''),
  )
  expect(release.toString('hex')).toBe('05000000000400000000')
})

test('nothing listens', async () => {
  const port = await closedPort()
  await expect(echo(port)).rejects.toThrow(ServerDownError)
  await expect(echo(port)).rejects.toThrow(`Orthanc at 127.0.0.1:${port} is down: connection refused`)
})

test('the signal ends it', async () => {
  const controller = new AbortController()
  const port = await raw((socket) => socket.once('data', () => controller.abort(new InterruptedError())))
  await expect(echo(port, {signal: controller.signal})).rejects.toThrow(InterruptedError)
})
