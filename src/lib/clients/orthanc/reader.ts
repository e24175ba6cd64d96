import {nameOf, whoOf} from '../reach/errors.ts'
import type {Access, Credentials, OrthancAccess} from '../reach/types.ts'
import {toAnswer} from './answers.ts'
import {decodeChanges, decodeJobs, decodeNow, decodeStatistics, decodeSystem} from './decode.ts'
import {echo} from './dicom/echo.ts'
import {HttpClient, type HttpOptions, type Reply} from './http.ts'
import type {Answer, Asker, OrthancReader, PageReader} from './types.ts'

/** Bytes of an answer that are read: jobs are listed with their contents. */
const LONGEST_JSON = 4 * 1024 * 1024
const LONGEST_TEXT = 1024 * 1024
const NO_CONTENT = 204
/** Of the UIDs that are made of UUIDs this one stands for none (PS3.5, section B.2). */
const NO_STUDY = '2.25.0'

/** One Orthanc, by an access that leads to one address. Nothing is opened before the first call. */
export function openOrthancReader(access: OrthancAccess, options: HttpOptions): OrthancReader {
  const http = new HttpClient(access, options)
  const authorization = basic(access.credentials)
  const route =
    <T>(path: string, decode: (reply: Reply) => T | null) =>
    async (asker: Asker, signal: AbortSignal): Promise<Answer<T>> =>
      toAnswer(
        await http.get(access.path + path, {authorization: asker === 'nobody' ? null : authorization, limit: LONGEST_JSON, signal}),
        decode,
        'an Orthanc',
      )
  return {
    where: nameOf(access),
    network: access.network.kind,
    who: access.credentials === null ? null : whoOf(access.credentials),
    alive: route('/tools/now', decodeNow),
    system: route('/system', decodeSystem),
    // Both arguments are required: without them it is a 400, or a list of everything.
    studies: route('/studies?since=0&limit=1', () => true),
    database: route('/changes?last', decodeChanges),
    statistics: route('/statistics', decodeStatistics),
    jobs: route('/jobs?expand', decodeJobs),
    dicomWeb: (root, asker, signal) => askDicomWeb(http, root, asker === 'nobody' ? null : authorization, signal),
    echo: (target, signal) => echo(access, target, {...options, signal}),
    close: () => http.close(),
  }
}

/** The pages of a web server, by an access that leads to one address, without credentials. */
export function openPageReader(access: Access, options: HttpOptions): PageReader {
  const http = new HttpClient(access, options)
  const get = (path: string, limit: number, signal: AbortSignal) => http.get(path, {authorization: null, limit, signal})
  return {
    where: nameOf(access),
    status: async (path, signal) => toAnswer(await get(path, 0, signal), () => true, 'a page'),
    text: async (path, signal) =>
      toAnswer(await get(path, LONGEST_TEXT, signal), ({body, isWhole}) => (isWhole ? body.toString('utf8') : null), 'a configuration'),
    dicomWeb: (root, signal) => askDicomWeb(http, root, null, signal),
    close: () => http.close(),
  }
}

/** A search that finds nothing (QIDO-RS), so that nothing of a patient travels; and nothing of the answer is read. */
async function askDicomWeb(http: HttpClient, root: string, authorization: string | null, signal: AbortSignal): Promise<Answer<true>> {
  const path = `${root.replace(/\/+$/, '')}/studies?limit=1&StudyInstanceUID=${NO_STUDY}`
  const exchange = await http.get(path, {authorization, limit: 0, signal})
  return toAnswer(
    exchange,
    ({status, contentType}) => (status === NO_CONTENT || contentType === '' || /json/i.test(contentType) ? true : null),
    'DICOMweb',
  )
}

/** RFC 7617, in UTF-8. */
function basic(credentials: Credentials | null): string | null {
  if (credentials === null) return null
  return `Basic ${Buffer.from(`${credentials.username ?? ''}:${credentials.password ?? ''}`).toString('base64')}`
}
