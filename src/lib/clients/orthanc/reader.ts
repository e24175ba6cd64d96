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
    echo: (target, signal) => echo(access, target, {...options, signal}),
    close: () => http.close(),
  }
}

/** The pages of a web server, by an access that leads to one address, without credentials. */
export function openPageReader(access: Access, options: HttpOptions): PageReader {
  const http = new HttpClient(access, options)
  const common = {authorization: null}
  return {
    where: nameOf(access),
    status: async (path, signal) => toAnswer(await http.get(path, {...common, limit: 0, signal}), () => true),
    text: async (path, signal) =>
      toAnswer(await http.get(path, {...common, limit: LONGEST_TEXT, signal}), ({body, isWhole}) =>
        isWhole ? body.toString('utf8') : null,
      ),
    close: () => http.close(),
  }
}

/** RFC 7617, in UTF-8. */
function basic(credentials: Credentials | null): string | null {
  if (credentials === null) return null
  return `Basic ${Buffer.from(`${credentials.username ?? ''}:${credentials.password ?? ''}`).toString('base64')}`
}
