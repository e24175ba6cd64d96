import type {IncomingMessage, ServerResponse} from 'node:http'
import {connect, type Socket} from 'node:net'
import {setImmediate as turn} from 'node:timers/promises'
import {expect, onTestFinished, test} from 'vitest'
import {openOrthancReader, openPageReader} from '../../../src/lib/clients/orthanc/index.ts'
import type {Answer, OrthancReader} from '../../../src/lib/clients/orthanc/types.ts'
import {directNetwork, type Network, ServerDownError} from '../../../src/lib/clients/reach/index.ts'
import {InterruptedError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {accessTo, closedPort, PATIENT, raw, secureWeb, tickingClock, web} from './lab.ts'

const SECRET = 'MARKER^PATIENT'
const BASIC = `Basic ${Buffer.from('ops:pässword').toString('base64')}`

function readerAt(port: number, timeoutMs = 5000, more: Parameters<typeof accessTo>[1] = {}): OrthancReader {
  const reader = openOrthancReader(accessTo(port, more), {timeoutMs, clock: tickingClock()})
  onTestFinished(() => reader.close())
  return reader
}

type Route = 'alive' | 'system' | 'studies' | 'database' | 'statistics' | 'jobs'

const json = (value: unknown) => (_: IncomingMessage, response: ServerResponse) => void response.end(JSON.stringify(value))
const text =
  (body: string, type = 'text/plain') =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.setHeader('content-type', type).end(body)

test.each<[string, Route, (request: IncomingMessage, response: ServerResponse) => void, unknown]>([
  ['the time', 'alive', text('20261123T031207'), true],
  [
    'a new version',
    'system',
    json({
      Version: '1.12.9',
      Name: SECRET,
      DicomAet: 'ARCHIVE',
      DicomPort: 4242,
      DatabaseBackendPlugin: 'postgresql-index',
      StorageAreaPlugin: null,
      ReadOnly: true,
      MaximumStorageSize: 10,
      MaximumStorageMode: 'Reject',
    }),
    {
      version: '1.12.9',
      dicomAet: 'ARCHIVE',
      dicomPort: 4242,
      databasePlugin: 'postgresql-index',
      storagePlugin: null,
      readOnly: true,
      maximumStorage: 10 * 1024 * 1024,
      maximumStorageMode: 'Reject',
    },
  ],
  [
    'an old version: what it leaves out is not 0',
    'system',
    json({ApiVersion: 1, Version: '0.9.0', DicomAet: '', DicomPort: '104', MaximumStorageMode: SECRET}),
    {
      version: '0.9.0',
      dicomAet: null,
      dicomPort: 104,
      databasePlugin: null,
      storagePlugin: null,
      readOnly: null,
      maximumStorage: null,
      maximumStorageMode: null,
    },
  ],
  ['a study', 'studies', json([SECRET]), true],
  ['the last change', 'database', json({Changes: [{ID: SECRET}], Done: true, Last: 4}), true],
  ['an empty archive', 'database', json({Changes: [], Done: true, Last: 0}), true],
  ['sums', 'statistics', json({TotalDiskSize: '5000000000', TotalDiskSizeMB: 4768, CountInstances: 7}), {diskSize: 5e9, instances: 7}],
  ['sums of an old version', 'statistics', json({TotalDiskSizeMB: 2}), {diskSize: 2 * 1024 * 1024, instances: null}],
  [
    'jobs',
    'jobs',
    json([
      {State: 'Failure', CompletionTime: '20261123T031207.123456', Content: {Description: SECRET}},
      {State: 'Running', CompletionTime: null},
      {ID: SECRET},
    ]),
    [
      {state: 'Failure', completedAt: Date.UTC(2026, 10, 23, 3, 12, 7)},
      {state: 'Running', completedAt: null},
      {state: '', completedAt: null},
    ],
  ],
])('%s', async (_, route, listener, expected) => {
  const answer: Answer<unknown> = await readerAt(await web(listener))[route]('nobody', PATIENT)
  expect(answer).toEqual({value: expected, failure: null, ms: 7})
})

const status =
  (code: number, body = '', headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(code, headers).end(body)
const ownError = (code: number, orthancStatus: number) => status(code, JSON.stringify({OrthancStatus: orthancStatus, Message: SECRET}))

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, object]>([
  ['401', status(401), {kind: 'credentials', status: 401, words: 'answers 401 Unauthorized'}],
  ['403', status(403), {kind: 'forbidden', status: 403}],
  ['404', ownError(404, 17), {kind: 'absent', status: 404, orthancStatus: 17, words: 'answers 404 Not Found: its error 17'}],
  [
    'the database is down',
    ownError(503, 36),
    {kind: 'error', status: 503, orthancStatus: 36, words: 'answers 503 Service Unavailable: the database is unavailable'},
  ],
  ['500 without a word', status(500), {kind: 'error', status: 500, orthancStatus: null, words: 'answers 500 Internal Server Error'}],
  ['507', ownError(507, 19), {kind: 'error', status: 507, words: 'answers 507 Insufficient Storage: the storage is full'}],
  [
    'a redirect, to whom it may concern',
    status(302, '', {location: `https://login.example/?${SECRET}`}),
    {kind: 'redirect', status: 302, words: 'answers 302 Found: it sends elsewhere, which is not followed'},
  ],
  [
    'a page of HTML',
    text(`<!DOCTYPE html>${SECRET}`, 'text/html'),
    {kind: 'foreign', status: 200, words: 'answers with a page of HTML, and not as an Orthanc'},
  ],
  ['a page that calls itself text', text(`\n <html>${SECRET}`), {kind: 'foreign', words: /HTML/}],
  ['other JSON', json({Changes: SECRET}), {kind: 'foreign', words: 'answers, and not as an Orthanc'}],
  ['half a document', text(`{"Changes": [{"ID": "${SECRET}`), {kind: 'foreign'}],
  ['more than it should', text(`"${'x'.repeat(5 * 1024 * 1024)}"`), {kind: 'foreign', words: 'answers with more than an Orthanc says'}],
  [
    'an answer that breaks off',
    (_, response) => {
      response.writeHead(200, {'content-length': '1000'})
      response.write('{"Changes":')
      setImmediate(() => response.destroy())
    },
    {kind: 'broken', status: null},
  ],
  [
    'a connection that is closed',
    (request) => void request.socket.destroy(),
    {kind: 'broken', words: /closed before the answer was whole/},
  ],
])('%s', async (_, listener, expected) => {
  const {failure, value} = await readerAt(await web(listener)).database('user', PATIENT)
  expect(value).toBeNull()
  for (const [key, wanted] of Object.entries(expected)) {
    const found = failure?.[key as keyof typeof failure]
    if (wanted instanceof RegExp) expect(found).toMatch(wanted)
    else expect(found).toBe(wanted)
  }
  expect(JSON.stringify(failure)).not.toContain(SECRET)
})

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['nothing comes', () => {}],
  [
    'it trickles',
    (_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    },
  ],
])('an answer that takes too long: %s', async (_, listener) => {
  const {failure} = await readerAt(await web(listener), 150).database('user', PATIENT)
  expect(failure).toMatchObject({kind: 'silent', words: 'no whole answer within 0.15 s'})
})

test('something that speaks no HTTP', async () => {
  const port = await raw((socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
  expect((await readerAt(port).alive('nobody', PATIENT)).failure).toMatchObject({kind: 'foreign', words: 'answers, and not in HTTP'})
})

test('nothing listens', async () => {
  const port = await closedPort()
  const reader = readerAt(port)
  await expect(reader.alive('nobody', PATIENT)).rejects.toThrow(ServerDownError)
  await expect(reader.alive('nobody', PATIENT)).rejects.toThrow(`Orthanc at 127.0.0.1:${port} is down: connection refused`)
})

test('TLS: the certificate has to be for the name that was asked for', async () => {
  const {port, ca} = await secureWeb((_, response) => void response.end('20261123T031207'))
  const reader = readerAt(port, 5000, {tls: {ca, servername: 'localhost'}})
  for (let round = 0; round < 2; round++) expect((await reader.alive('user', PATIENT)).value).toBe(true)
  await expect(readerAt(port, 5000, {tls: {ca, servername: 'orthanc-read-api-service'}}).alive('user', PATIENT)).rejects.toThrow(
    /no safe connection to Orthanc .*: its certificate is for another name/,
  )
  await expect(readerAt(port, 5000, {tls: {ca: null, servername: 'localhost'}}).alive('user', PATIENT)).rejects.toThrow(/unknown authority/)
})

test('TLS with a server that has none', async () => {
  const port = await raw((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  const reader = readerAt(port, 5000, {tls: {ca: null, servername: null}})
  await expect(reader.alive('nobody', PATIENT)).rejects.toThrow(/no safe connection to Orthanc .*: it does not speak TLS/)
  await expect(reader.alive('nobody', PATIENT)).rejects.toThrow(UnreachableError)
})

test('nobody has no credentials, user has, and both use one connection; what closes it meanwhile is not noticed', async () => {
  const seen: string[] = []
  const connections = new Set<unknown>()
  const port = await web((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`)
    connections.add(request.socket)
    // The third request on a connection finds it closed, and not by a header.
    if (seen.length === 3) request.socket.destroy()
    else response.end('20261123T031207')
  })
  const reader = readerAt(port, 5000, {path: '/orthanc'})
  expect(reader.who).toBe('user "ops" with the password of SAPOCHE_ORTHANC_PASSWORD')
  for (const asker of ['nobody', 'user', 'user'] as const) expect((await reader.alive(asker, PATIENT)).value).toBe(true)
  expect(seen).toEqual([
    'GET /orthanc/tools/now -',
    `GET /orthanc/tools/now ${BASIC}`,
    `GET /orthanc/tools/now ${BASIC}`,
    `GET /orthanc/tools/now ${BASIC}`,
  ])
  expect(connections.size).toBe(2)
})

test('closed while a connection is being opened: it is let go of, whenever it comes', async () => {
  const port = await raw(() => {})
  const controller = new AbortController()
  const sockets: Socket[] = []
  const network: Network = {
    ...directNetwork,
    connect(address) {
      const socket = connect(address)
      sockets.push(socket)
      return socket
    },
  }
  const reader = readerAt(port, 5000, {network})
  const asked = reader.alive('nobody', controller.signal)
  controller.abort(new InterruptedError())
  await expect(asked).rejects.toThrow(InterruptedError)
  reader.close()
  await expect.poll(() => sockets.map(({destroyed}) => destroyed)).toEqual([true])
})

test('asked when all is over: rejected, and nothing goes on behind', async () => {
  const port = await raw(() => {})
  const gone: unknown[] = []
  const note = (reason: unknown): void => void gone.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const over = AbortSignal.abort(new InterruptedError())
  await expect(readerAt(port).alive('nobody', over)).rejects.toThrow(InterruptedError)
  await expect(readerAt(port).echo({port, called: 'A', calling: 'B'}, over)).rejects.toThrow(InterruptedError)
  await turn()
  await turn()
  expect(gone).toEqual([])
})

test('the signal ends a request', async () => {
  const controller = new AbortController()
  const port = await web(() => controller.abort(new InterruptedError()))
  await expect(readerAt(port).alive('nobody', controller.signal)).rejects.toThrow(InterruptedError)
})

test('pages: a status without a body, and a text', async () => {
  const port = await web((request, response) => {
    if (request.url === '/endless') response.write('x'.repeat(100_000))
    else if (request.url === '/big') response.end('x'.repeat(2 * 1024 * 1024))
    else response.end(`you asked for ${request.url}, ${request.headers.authorization ?? 'nobody'}`)
  })
  const pages = openPageReader({...accessTo(port), server: 'DICOM viewer'}, {timeoutMs: 5000, clock: tickingClock()})
  onTestFinished(() => pages.close())
  expect(pages.where).toBe(`DICOM viewer at 127.0.0.1:${port}`)
  expect(await pages.status('/endless', PATIENT)).toMatchObject({value: true})
  expect(await pages.text('/a?b=c', PATIENT)).toMatchObject({value: 'you asked for /a?b=c, nobody'})
  expect((await pages.text('/big', PATIENT)).failure).toMatchObject({kind: 'foreign'})
})
