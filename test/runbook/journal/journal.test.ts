import {appendFile, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {ConfigurationError} from '../../../src/lib/errors/index.ts'
import {appendToJournal, journalFile, readJournal} from '../../../src/lib/runbook/journal/file.ts'
import {journalReport, journalViews} from '../../../src/lib/runbook/journal/index.ts'
import {journal, journalEntry, type JournalEntry} from '../../../src/lib/runbook/journal/schema.ts'

const NOW = Date.parse('2026-11-22T03:12:07Z')
const ENTRY: JournalEntry = {
  at: '2026-11-22T03:00:00.000Z',
  who: 'ops',
  context: 'prod-eu',
  server: 'https://127.0.0.1:6443',
  namespace: 'sapoche',
  command: 'scale',
  target: 'worker-sapoche-pdf',
  before: 1,
  after: 3,
  reason: 'PDF backlog',
  undo: 'sapoche scale worker-sapoche-pdf --revert --context prod-eu',
}
const OTHER: JournalEntry = {
  ...ENTRY,
  at: '2026-11-22T03:10:00.000Z',
  context: null,
  namespace: 'other',
  command: 'restart',
  target: 'consumer-ecg',
  before: 'revision 4',
  after: 'restarted',
  reason: null,
  undo: null,
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-journal-'))
  file = path.join(folder, 'state', 'sapoche', 'journal.jsonl')
})
afterEach(() => rm(folder, {recursive: true, force: true}))

test.each([
  [{XDG_STATE_HOME: '/state'}, '/state/sapoche/journal.jsonl'],
  [{XDG_STATE_HOME: ''}, '/home/ops/.local/state/sapoche/journal.jsonl'],
  [{}, '/home/ops/.local/state/sapoche/journal.jsonl'],
])('where it is kept: %o', (variables, expected) => {
  expect(journalFile(variables, '/home/ops')).toBe(expected)
})

describe('the file', () => {
  test('is for its owner alone, one JSON line a change', async () => {
    await appendToJournal(file, ENTRY)
    await appendToJournal(file, OTHER)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700)
    expect((await readFile(file, 'utf8')).split('\n')).toEqual([JSON.stringify(ENTRY), JSON.stringify(OTHER), ''])
    expect(await readJournal(file)).toEqual({entries: [ENTRY, OTHER], broken: 0})
  })

  test('that is not there is empty', async () => {
    expect(await readJournal(file)).toEqual({entries: [], broken: 0})
  })

  test('lines that are none are counted and left out', async () => {
    await appendToJournal(file, ENTRY)
    await appendFile(file, '{"at":\n\n{"at":"2026-11-22T03:00:00Z"}\n[]\n')
    expect(await readJournal(file)).toEqual({entries: [ENTRY], broken: 3})
  })

  test('that can not be written or read is a configuration error', async () => {
    const blocked = path.join(folder, 'file')
    await writeFile(blocked, '')
    await expect(appendToJournal(path.join(blocked, 'journal.jsonl'), ENTRY)).rejects.toThrow(ConfigurationError)
    await expect(readJournal(path.join(blocked, 'journal.jsonl'))).rejects.toThrow(ConfigurationError)
  })

  test('what is read is what the schema says', () => {
    for (const entry of [ENTRY, OTHER]) expect(journalEntry.parse(entry)).toEqual(entry)
  })
})

describe('the report', () => {
  const options = {targets: [], sinceMs: undefined, limit: undefined, context: undefined, namespace: undefined}
  const targetsOf = async (more: object): Promise<string[]> =>
    (await journalReport({file, ...options, ...more}, NOW)).items.map(({target}) => target)
  beforeEach(async () => {
    await appendToJournal(file, ENTRY)
    await appendToJournal(file, OTHER)
  })

  test.each<[string, object, string[]]>([
    ['all, oldest first', {}, ['worker-sapoche-pdf', 'consumer-ecg']],
    ['of a name', {targets: ['consumer-ecg']}, ['consumer-ecg']],
    ['of a glob', {targets: ['worker-*']}, ['worker-sapoche-pdf']],
    ['of late', {sinceMs: 300_000}, ['consumer-ecg']],
    ['the newest', {limit: 1}, ['consumer-ecg']],
    ['more than there are', {limit: 9}, ['worker-sapoche-pdf', 'consumer-ecg']],
    ['of a context', {context: 'prod-eu'}, ['worker-sapoche-pdf']],
    ['of a namespace', {namespace: 'other'}, ['consumer-ecg']],
  ])('%s', async (_what, more, names) => {
    expect(await targetsOf(more)).toEqual(names)
  })

  test('follows its schema and says what it could not read', async () => {
    await appendFile(file, 'x\n')
    const report = await journalReport({file, ...options}, NOW)
    expect(journal.parse(report)).toEqual(report)
    expect(report.warnings).toEqual([{code: 'journal', message: "1 of its lines can't be read: they are left out"}])
  })

  test('as text', async () => {
    const report = {...(await journalReport({file, ...options}, NOW)), file: 'journal.jsonl'}
    const view = {width: 80, colour: false, now: NOW}
    expect(journalViews.table(report, view)).toBe(
      [
        '2026-11-22 03:00:00Z  scale worker-sapoche-pdf  1 -> 3  by ops',
        '  PDF backlog',
        '  undo  sapoche scale worker-sapoche-pdf --revert --context prod-eu',
        '2026-11-22 03:10:00Z  restart consumer-ecg  revision 4 -> restarted  by ops',
        '2 changes in journal.jsonl',
        '',
      ].join('\n'),
    )
    const after = 'restarted at 2026-11-22T03:10:00.123Z'
    expect(journalViews.table({...report, items: [{...OTHER, after}]}, view)).toBe(
      [
        '2026-11-22 03:10:00Z  restart consumer-ecg',
        '  revision 4 -> restarted at 2026-11-22T03:10:00.123Z  by ops',
        '1 change in journal.jsonl',
        '',
      ].join('\n'),
    )
    expect(journalViews.wide(report, view)).toMatch(/^TIME +WHO +CONTEXT.*\n.*prod-eu.*\n.*in-cluster/)
  })
})
