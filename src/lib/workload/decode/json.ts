import {parseTime} from '../../text/time.ts'
import type {StringMap} from '../objects.ts'

/** An object of the API, checked no further than "a JSON object". */
export type JsonObject = {readonly [key: string]: unknown}

const EMPTY: JsonObject = Object.freeze({})
const NO_STRINGS: StringMap = Object.freeze({})

/** The object under `key`; an empty one where there is none. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  return objectOrNull(object[key]) ?? EMPTY
}

export function objectOrNull(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** The objects in the list under `key`, decoded; whatever is no object is left out. */
export function listAt<T>(object: JsonObject, key: string, decode: (item: JsonObject) => T): T[] {
  const list = object[key]
  const decoded: T[] = []
  if (!Array.isArray(list)) return decoded
  for (const item of list) {
    const each = objectOrNull(item)
    if (each !== null) decoded.push(decode(each))
  }
  return decoded
}

/** The string under `key`; '' where there is none. */
export function stringAt(object: JsonObject, key: string): string {
  const value = object[key]
  return typeof value === 'string' ? value : ''
}

/** The string under `key`; null where there is none, or an empty one. */
export function nameAt(object: JsonObject, key: string): string | null {
  const value = stringAt(object, key)
  return value === '' ? null : value
}

/** The number under `key`; null where there is none. */
export function numberAt(object: JsonObject, key: string): number | null {
  const value = object[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A status count, which the API leaves out where it is 0. */
export function countAt(object: JsonObject, key: string): number {
  return numberAt(object, key) ?? 0
}

/** A number or a text, as ports and rollout limits are written; null where there is neither. */
export function numberOrStringAt(object: JsonObject, key: string): number | string | null {
  return numberAt(object, key) ?? nameAt(object, key)
}

/** Epoch milliseconds of the RFC 3339 time under `key`; null where there is none. */
export function timeAt(object: JsonObject, key: string): number | null {
  const value = object[key]
  return value === undefined ? null : parseTime(value)
}

/** The strings in the list under `key`. */
export function stringsAt(object: JsonObject, key: string): string[] {
  const list = object[key]
  const strings: string[] = []
  if (!Array.isArray(list)) return strings
  for (const item of list) if (typeof item === 'string') strings.push(item)
  return strings
}

/** A copy of the map of strings under `key`, so that the raw object can be freed. Numbers count as written. */
export function stringMapAt(object: JsonObject, key: string): StringMap {
  const map = objectOrNull(object[key])
  if (map === null) return NO_STRINGS
  const entries: [string, string][] = []
  for (const name of Object.keys(map)) {
    const value = map[name]
    if (typeof value === 'string') entries.push([name, value])
    else if (typeof value === 'number') entries.push([name, String(value)])
  }
  return entries.length === 0 ? NO_STRINGS : Object.fromEntries(entries)
}
