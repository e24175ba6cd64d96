import {strip, stripLine} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {wrap, type ViewOptions} from '../../text/view.ts'
import type {Warning} from '../schema.ts'
import {header} from '../view.ts'
import {isTrouble, OUTCOMES, type Outcome} from './outcome.ts'
import type {Evidence} from './schema.ts'

/** What the views need of an item; `scale`, `restart`, `rollback` and `evict` differ in what stands before and after. */
export interface ShownItem {
  readonly name: string
  readonly before: number | string | null
  readonly after: number | string | null
  readonly outcome: Outcome
  readonly reason: string
  readonly undo: string | null
  readonly seconds: number | null
  readonly evidence: Evidence | null
}

export interface ShownReport {
  readonly namespace: string
  readonly context: string | null
  readonly generatedAt: string
  readonly dryRun: boolean
  readonly interrupted: boolean
  readonly items: readonly ShownItem[]
  readonly warnings: readonly Warning[]
}

/** Words of one kind of report. */
export interface ShownWords {
  /** Before a number: `revision `, or ''. */
  readonly unit: string
  /** What `-o name` puts before a name. */
  readonly kind: 'deployment.apps' | 'pod'
  /** Lines before the last ones. */
  readonly notes?: readonly string[]
  /** What an interruption left behind, where that is not a change that goes on. */
  readonly interruption?: string
}

const QUIET: ReadonlySet<Outcome> = new Set(['unchanged', 'inactive', 'skipped', 'not-started'])
const WARNING: ReadonlySet<Outcome> = new Set(['superseded', 'timed-out'])
const GOES_ON = 'what was begun goes on in the cluster; sapoche status --watch'
/** Before a note that stands under its line. */
const NOTE_MARGIN = '    '
/** More undo lines than these stand in `-o wide` alone. */
const MOST_UNDO_LINES = 5

/** The text views of an operation's report. */
export function operationViews<R extends ShownReport>(wordsOf: (report: R) => ShownWords) {
  return {
    table: (report: R, options: ViewOptions): string => operationTable(report, options, wordsOf(report)),
    wide: (report: R, options: ViewOptions): string => operationWide(report, options, wordsOf(report)),
    name: (report: R): string => operationNames(report, wordsOf(report)),
  }
}

/**
 * A line for each item, and under it the note that has no room beside it; then what went wrong, with its evidence; then what was changed, and how
 * to undo it, nearest the prompt.
 */
function operationTable(report: ShownReport, options: ViewOptions, words: ShownWords): string {
  const shape = {indent: 2, align: ['left', 'right']} as const
  const cells = (item: ShownItem, tone: Tone): string[] => [strip(item.name), change(item, words), tint(item.outcome, tone)]
  const plain = tones(false)
  const widest = table(
    report.items.map((item) => cells(item, plain)),
    shape,
  ).reduce((most, line) => Math.max(most, line.length), 0)
  const fits = (text: string): boolean => widest + 2 + text.length <= options.width
  const tone = tones(options.colour)
  const notes = report.items.map(note)
  const lines = table(
    report.items.map((item, index) => [...cells(item, tone), fits(notes[index] ?? '') ? (notes[index] ?? '') : '']),
    shape,
  )
  const rows = lines.flatMap((line, index) => {
    const text = notes[index] ?? ''
    return fits(text) ? [line] : [line, ...wrap(text, options.width, NOTE_MARGIN)]
  })
  return render(report, options, words, rows)
}

/** As the table, with the whole reason and the undo line of each. */
function operationWide(report: ShownReport, options: ViewOptions, words: ShownWords): string {
  const tone = tones(options.colour)
  const head = ['NAME', 'CHANGE', 'OUTCOME', 'SECONDS', 'UNDO', 'REASON'].map((word) => tone.quiet(word))
  const rows = report.items.map((item) => [
    strip(item.name),
    change(item, words),
    tint(item.outcome, tone),
    item.seconds === null ? '-' : String(item.seconds),
    item.undo ?? '-',
    stripLine(item.reason),
  ])
  return render(report, options, words, rows.length === 0 ? [] : table([head, ...rows], {indent: 2, align: ['left', 'right']}))
}

/** `deployment.apps/NAME`, a line each. */
function operationNames(report: ShownReport, {kind}: ShownWords): string {
  return report.items.map(({name}) => `${kind}/${strip(name)}\n`).join('')
}

function render(report: ShownReport, options: ViewOptions, words: ShownWords, rows: readonly string[]): string {
  const tone = tones(options.colour)
  const troubles = report.items.filter(({outcome}) => isTrouble(outcome)).flatMap((item) => [...trouble(item, options, tone), ''])
  const warnings = report.warnings.flatMap(({message}) => labelled('warning', tone.warning, message, options.width, ''))
  const blocks = [[header(report, tone)], rows, warnings, troubles.slice(0, -1), closing(report, words, tone)]
  const lines = blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]))
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

function change({before, after}: ShownItem, {unit}: ShownWords): string {
  if (before === null && after === null) return ''
  if (before === after) return `${unit}${before}`
  return after === null ? `${unit}${before}` : `${unit}${before ?? '?'} -> ${after}`
}

/** Why, or how long it took; trouble has lines of its own. */
function note({outcome, reason, seconds}: ShownItem): string {
  if (isTrouble(outcome)) return ''
  if (reason !== '') return stripLine(reason)
  return seconds === null || outcome === 'planned' ? '' : `${seconds < 10 ? seconds : Math.round(seconds)} s`
}

function tint(outcome: Outcome, tone: Tone): string {
  if (QUIET.has(outcome)) return tone.quiet(outcome)
  if (WARNING.has(outcome)) return tone.warning(outcome)
  return isTrouble(outcome) ? tone.critical(outcome) : tone.ok(outcome)
}

/** What went wrong with one workload: why, what the cluster shows of it, and the way back. */
function trouble({name, outcome, reason, undo, evidence}: ShownItem, {width}: ViewOptions, tone: Tone): string[] {
  const margin = ' '.repeat(outcome.length + 2)
  const lines = labelled(`${strip(name)}:`, tone.strong, reason, width, margin)
  lines[0] = `${tint(outcome, tone)}  ${lines[0]?.trimStart() ?? ''}`
  for (const event of evidence?.events ?? []) lines.push(...labelled('event', tone.quiet, event, width, margin))
  for (const line of evidence?.logs ?? []) lines.push(`${margin}${tone.quiet('|')} ${strip(line)}`)
  if (undo !== null) lines.push(`${margin}${tone.quiet('undo')}  ${undo}`)
  return lines
}

/** A word in its tone and a text, wrapped as if there were no tone. */
function labelled(label: string, toned: (text: string) => string, text: string, width: number, margin: string): string[] {
  const lines = wrap(`${label} ${stripLine(text)}`, width, margin)
  lines[0] = `${margin}${toned(label)}${lines[0]?.slice(margin.length + label.length) ?? ''}`
  return lines
}

function closing(report: ShownReport, {notes = [], interruption = GOES_ON}: ShownWords, tone: Tone): string[] {
  const counts = OUTCOMES.flatMap((outcome) => {
    const amount = report.items.filter((item) => item.outcome === outcome).length
    return amount === 0 ? [] : [`${amount} ${tint(outcome, tone)}`]
  })
  const undo = report.items.filter((item) => !isTrouble(item.outcome)).flatMap((item) => item.undo ?? [])
  const undoLines =
    undo.length > MOST_UNDO_LINES
      ? [`${tone.quiet('undo')}  one by one: see -o wide, or sapoche journal`]
      : undo.map((line) => `${tone.quiet('undo')}  ${line}`)
  return [
    ...undoLines,
    ...notes,
    ...(report.dryRun ? ['dry run: nothing was changed'] : []),
    ...(report.interrupted ? [`${tone.warning('interrupted')}: ${interruption}`] : []),
    counts.length === 0 ? 'nothing to do' : counts.join(', '),
  ]
}
