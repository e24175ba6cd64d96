import {STATUS_CODES} from 'node:http'
import type {Exchange, Reply} from './http.ts'
import type {Answer, Failure} from './types.ts'

/** Orthanc's own error codes that say what ails it (`OrthancStatus`, Enumerations.h of Orthanc 1.13). */
const ORTHANC_STATUS: Readonly<Record<number, string>> = {
  4: 'not enough memory',
  11: 'the database fails',
  14: 'a file cannot be written: is the disk full?',
  18: 'the database is of another version of Orthanc',
  19: 'the storage is full',
  22: 'it is read-only',
  31: 'the database plugin fails',
  32: 'the storage plugin fails',
  36: 'the database is unavailable',
  42: 'the database could not put its transactions in order',
  1002: 'SQLite cannot open its file',
  1004: 'SQLite cannot run a statement',
}

/** What `decode` makes of an answer with a status of 2xx; null where it is not what `who` would say (`an Orthanc`). */
export function toAnswer<T>(exchange: Exchange, decode: (reply: Reply) => T | null, who: string): Answer<T> {
  const {reply, failure, ms} = exchange
  if (reply === null) return {value: null, failure, ms}
  const {status} = reply
  if (status < 200 || status > 299) return {value: null, failure: failureOf(reply), ms}
  const value = decode(reply)
  if (value !== null) return {value, failure: null, ms}
  return {value: null, failure: {kind: 'foreign', status, orthancStatus: null, words: foreignWords(reply, who)}, ms}
}

/** The JSON of an answer that is whole; undefined where it is none. */
export function jsonOf({body, isWhole}: Reply): unknown {
  if (!isWhole) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function failureOf(reply: Reply): Failure {
  const {status} = reply
  const orthancStatus = orthancStatusOf(reply)
  if (status >= 300 && status < 400) {
    return {kind: 'redirect', status, orthancStatus, words: `answers ${statusWords(status)}: it sends elsewhere, which is not followed`}
  }
  const kind = status === 401 ? 'credentials' : status === 403 ? 'forbidden' : status === 404 ? 'absent' : 'error'
  const meaning = orthancStatus === null ? '' : `: ${ORTHANC_STATUS[orthancStatus] ?? `its error ${orthancStatus}`}`
  return {kind, status, orthancStatus, words: `answers ${statusWords(status)}${meaning}`}
}

function statusWords(status: number): string {
  const name = STATUS_CODES[status]
  return name === undefined ? String(status) : `${status} ${name}`
}

/** Of Orthanc's own error documents the number alone: their texts may repeat what was asked for. */
function orthancStatusOf(reply: Reply): number | null {
  const document = jsonOf(reply)
  if (typeof document !== 'object' || document === null || !('OrthancStatus' in document)) return null
  const {OrthancStatus: status} = document
  return typeof status === 'number' && Number.isInteger(status) ? status : null
}

function foreignWords({contentType, body, isWhole}: Reply, who: string): string {
  if (/html/i.test(contentType) || /^\s*</.test(body.subarray(0, 64).toString('latin1')))
    return `answers with a page of HTML, and not as ${who}`
  return isWhole ? `answers, and not as ${who}` : `answers with more than ${who} says`
}
