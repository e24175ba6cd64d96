/** Looking into data from outside (YAML, JSON), which is unknown until checked. */
import type {JsonObject} from './types.ts'

export function object(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** A string that is not empty; YAML numbers (a token of digits) are meant as text. */
export function string(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

export function strings(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string')
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The object of a JSON text; null where it is no JSON, or no object. */
export function parseObject(text: string): JsonObject | null {
  try {
    return object(JSON.parse(text))
  } catch {
    return null
  }
}
