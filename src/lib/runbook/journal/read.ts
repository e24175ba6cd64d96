import {matchesGlob} from '../../catalogue/index.ts'
import {isoTime, parseTime} from '../../text/time.ts'
import {readJournal} from './file.ts'
import type {Journal, JournalEntry} from './schema.ts'

export interface JournalOptions {
  readonly file: string
  /** Names or globs of workloads and pods; none: all. */
  readonly targets: readonly string[]
  /** Milliseconds back from now; undefined: from the beginning. */
  readonly sinceMs: number | undefined
  /** The newest so many; undefined: all. */
  readonly limit: number | undefined
  readonly context: string | undefined
  readonly namespace: string | undefined
}

/** What this tool changed, from the local file. Rejects with a ConfigurationError (78) where it can't be read. */
export async function journalReport(options: JournalOptions, now: number): Promise<Journal> {
  const {file, context, namespace} = options
  const {entries, broken} = await readJournal(file)
  const items = selectEntries(entries, options, now)
  const warnings = broken === 0 ? [] : [{code: 'journal', message: `${broken} of its lines can't be read: they are left out`}]
  return {
    apiVersion: 'sapoche/v1',
    kind: 'Journal',
    generatedAt: isoTime(now),
    context: context ?? null,
    namespace: namespace ?? '',
    file,
    items,
    warnings,
  }
}

/** The entries that the options ask for, oldest first. Pure. */
export function selectEntries(entries: readonly JournalEntry[], options: Omit<JournalOptions, 'file'>, now: number): JournalEntry[] {
  const {targets, sinceMs, limit, context, namespace} = options
  const from = sinceMs === undefined ? -Infinity : now - sinceMs
  const kept = entries.filter(
    (entry) =>
      (parseTime(entry.at) ?? 0) >= from &&
      (context === undefined || entry.context === context) &&
      (namespace === undefined || entry.namespace === namespace) &&
      (targets.length === 0 || targets.some((target) => matchesGlob(target, entry.target))),
  )
  return limit === undefined ? kept : kept.slice(kept.length - Math.min(limit, kept.length))
}
