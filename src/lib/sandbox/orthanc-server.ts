/** Orthanc's REST API and its DICOMweb plugin, as far as they are asked how they are; answers as 1.12.9 gives them. */
import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http'
import {isoTime} from '../text/time.ts'

export interface OrthancUser {
  readonly name: string
  readonly password: string
  /** Routes that a Lua filter keeps from this user. */
  readonly forbidden: readonly string[]
}

export interface OrthancState {
  /** Who may come in; nobody named: everybody. */
  readonly users: readonly OrthancUser[]
  readonly isDatabaseUp: boolean
  /** Bytes. */
  readonly diskSize: number
  /** Megabytes; 0 for no limit. */
  readonly maximumStorageSize: number
  readonly maximumStorageMode: 'Recycle' | 'Reject'
  readonly failedJobs: number
  readonly aet: string
  readonly dicomPort: number
  /** What this Orthanc is called, and the one patient in it. */
  readonly name: string
  readonly patient: {readonly id: string; readonly name: string}
}

export interface OrthancOptions {
  readonly state: () => OrthancState
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function orthancListener(options: OrthancOptions): RequestListener {
  return (request, response) => answer(request, response, options)
}

interface Fault {
  readonly status: number
  readonly reason: string
  readonly orthancStatus: number
  readonly words: string
}

const UNKNOWN: Fault = {status: 404, reason: 'Not Found', orthancStatus: 17, words: 'Unknown resource'}
const BAD_REQUEST: Fault = {status: 400, reason: 'Bad Request', orthancStatus: 8, words: 'Bad request'}
const UNAVAILABLE: Fault = {
  status: 503,
  reason: 'Service Unavailable',
  orthancStatus: 36,
  words: 'The database is currently not available (probably a transient situation)',
}

/** As Orthanc counts them. */
const MEGABYTE = 1024 * 1024
const STUDY = '0f0e7b1a-5ad4c1f0-8d2f3c11-1c7be0a2-6d0b9f33'

type Content = {readonly type: string; readonly text: string} | Fault
type Route = (query: URLSearchParams, state: OrthancState, now: number) => Content

const json = (value: unknown): Content => ({type: 'application/json; charset=utf-8', text: JSON.stringify(value, null, 3)})

/** What the database has to be up for. */
const STORED: Readonly<Record<string, Route>> = {
  '/changes': (_, __, now) =>
    json({
      Changes: [{ChangeType: 'StableStudy', Date: stamp(now), ID: STUDY, Path: `/studies/${STUDY}`, ResourceType: 'Study', Seq: 4711}],
      Done: true,
      Last: 4711,
    }),
  '/statistics': (_, {diskSize}) =>
    json({
      CountInstances: 1204,
      CountPatients: 1,
      CountSeries: 6,
      CountStudies: 1,
      TotalDiskSize: String(diskSize),
      TotalDiskSizeMB: Math.floor(diskSize / MEGABYTE),
      TotalUncompressedSize: String(diskSize),
      TotalUncompressedSizeMB: Math.floor(diskSize / MEGABYTE),
    }),
  '/studies': (query) => (query.has('limit') === query.has('since') ? json([STUDY]) : BAD_REQUEST),
  '/dicom-web/studies': (query, {patient}) => ({
    type: 'application/dicom+json',
    text: JSON.stringify(
      isWanted(query, patient)
        ? [{'00100010': {Value: [{Alphabetic: patient.name}], vr: 'PN'}, '00100020': {Value: [patient.id], vr: 'LO'}}]
        : [],
    ),
  }),
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/tools/now': (_, __, now) => ({type: 'text/plain', text: stamp(now)}),
  '/system': (_, state) => json(systemOf(state)),
  '/plugins': () => json(['explorer.js', 'dicom-web']),
  '/jobs': (_, {failedJobs, patient}, now) => json(Array.from({length: failedJobs}, (__, index) => jobOf(index, patient.name, now))),
  '/app/explorer.html': () => ({type: 'text/html', text: '<!DOCTYPE html>\n<html><head><title>Orthanc Explorer</title></head></html>\n'}),
  ...Object.fromEntries(
    Object.entries(STORED).map(([path, route]): [string, Route] => [
      path,
      (query, state, now) => (state.isDatabaseUp ? route(query, state, now) : UNAVAILABLE),
    ]),
  ),
}

function answer(request: IncomingMessage, response: ServerResponse, {state, now}: OrthancOptions): void {
  const {pathname, searchParams} = new URL(request.url ?? '/', 'http://orthanc')
  const current = state()
  const path = pathname.replace(/(.)\/$/, '$1')
  if (current.users.length > 0) {
    const user = current.users.find(({name, password}) => request.headers.authorization === basic(name, password))
    if (user === undefined) return end(response, 401, {'www-authenticate': 'Basic realm="Orthanc Secure Area"'})
    if (user.forbidden.includes(path)) return end(response, 403)
  }
  if (path === '/') return end(response, 301, {location: 'app/explorer.html'})
  const route = ROUTES[path]
  if (route !== undefined && request.method !== 'GET') return end(response, 405, {allow: 'GET'})
  const content = route?.(searchParams, current, now()) ?? UNKNOWN
  if ('text' in content) return end(response, 200, {'content-type': content.type}, content.text)
  const {status, reason, orthancStatus, words} = content
  const body = {
    HttpError: reason,
    HttpStatus: status,
    Message: words,
    Method: request.method,
    OrthancError: words,
    OrthancStatus: orthancStatus,
    Uri: path,
  }
  end(response, status, {}, `${JSON.stringify(body, null, 3)}\n`)
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}, text = ''): void {
  response.writeHead(status, {...headers, 'content-length': Buffer.byteLength(text)}).end(text)
}

function systemOf({name, aet, dicomPort, maximumStorageSize, maximumStorageMode}: OrthancState): object {
  return {
    ApiVersion: 28,
    Capabilities: {HasExtendedChanges: true, HasExtendedFind: true},
    CheckRevisions: false,
    DatabaseBackendPlugin: null,
    DatabaseVersion: 6,
    DicomAet: aet,
    DicomPort: dicomPort,
    HasLabels: true,
    HttpPort: 8042,
    IngestTranscoding: '',
    IsHttpServerSecure: true,
    MaximumPatientCount: 0,
    MaximumStorageMode: maximumStorageMode,
    MaximumStorageSize: maximumStorageSize,
    Name: name,
    OverwriteInstances: false,
    PluginsEnabled: true,
    ReadOnly: false,
    StorageAreaPlugin: null,
    StorageCompression: false,
    Version: '1.12.9',
  }
}

/** One that could not send what it should; its content tells of a patient, as real ones do. */
function jobOf(index: number, patient: string, now: number): object {
  const time = stamp(now)
  return {
    CompletionTime: time,
    Content: {Description: `REST API, ${patient}`, InstancesCount: 12, RemoteAet: 'ARCHIVE'},
    CreationTime: time,
    EffectiveRuntime: 10.2,
    ErrorCode: 9,
    ErrorDescription: 'Error in the network protocol',
    ErrorDetails: 'DicomAssociation - connecting to AET "ARCHIVE": Failed to establish association',
    ID: `6d0b9f33-0000-4000-8000-${String(index).padStart(12, '0')}`,
    Priority: 0,
    Progress: 0,
    State: 'Failure',
    Timestamp: time,
    Type: 'DicomModalityStore',
  }
}

function isWanted(query: URLSearchParams, patient: OrthancState['patient']): boolean {
  const [id, name] = [query.get('PatientID') ?? query.get('00100020'), query.get('PatientName') ?? query.get('00100010')]
  const isOther = query.has('StudyInstanceUID') || query.has('0020000D')
  return !isOther && (id === null || id === patient.id) && (name === null || name === patient.name)
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** `20261123T081447` */
function stamp(now: number): string {
  return isoTime(now).slice(0, 19).replace(/[-:]/g, '')
}
