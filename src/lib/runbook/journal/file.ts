import {appendFile, mkdir, readFile} from 'node:fs/promises'
import path from 'node:path'
import {ConfigurationError} from '../../errors/index.ts'
import {parseTime} from '../../text/time.ts'
import type {JournalEntry} from './schema.ts'

/** Where the journal is kept: `$XDG_STATE_HOME/sapoche/journal.jsonl`, by default below ~/.local/state. */
export function journalFile(variables: Readonly<Record<string, string | undefined>>, home: string): string {
  return path.join(variables['XDG_STATE_HOME'] || path.join(home, '.local', 'state'), 'sapoche', 'journal.jsonl')
}

/** Adds one line, in one write, to a file that only its owner can read. Rejects with a ConfigurationError where it can't. */
export async function appendToJournal(file: string, entry: JournalEntry): Promise<void> {
  try {
    await mkdir(path.dirname(file), {recursive: true, mode: 0o700})
    await appendFile(file, `${JSON.stringify(entry)}\n`, {mode: 0o600})
  } catch (error) {
    throw unusable(file, 'written', error)
  }
}

/** All entries, oldest first, and how many lines are none. No file: no entries. Rejects with a ConfigurationError where it can't be read. */
export async function readJournal(file: string): Promise<{entries: JournalEntry[]; broken: number}> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {entries: [], broken: 0}
    throw unusable(file, 'read', error)
  }
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = lines.flatMap((line) => parseEntry(line) ?? [])
  return {entries, broken: lines.length - entries.length}
}

function parseEntry(line: string): JournalEntry | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  return isEntry(value) ? value : null
}

/** The schema's rule, without the library that is loaded for tests and the generator alone. */
function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null) return false
  const entry = value as Readonly<Record<string, unknown>>
  const isText = (key: string): boolean => typeof entry[key] === 'string'
  const isTextOrNull = (key: string): boolean => entry[key] === null || isText(key)
  const isAmount = (key: string): boolean => typeof entry[key] === 'number' || isTextOrNull(key)
  return (
    parseTime(entry['at']) !== null &&
    ['who', 'server', 'namespace', 'command', 'target'].every(isText) &&
    ['context', 'reason', 'undo'].every(isTextOrNull) &&
    ['before', 'after'].every(isAmount)
  )
}

function unusable(file: string, verb: string, error: unknown): ConfigurationError {
  const why = error instanceof Error ? error.message : String(error)
  return new ConfigurationError(`the journal ${file} can't be ${verb}: ${why}`, {cause: error})
}
