import {strip, stripLine} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions} from '../../text/view.ts'
import type {Journal, JournalEntry} from './schema.ts'

/** The text views of the journal: newest last. */
export const journalViews = {table: journalTable, wide: journalWide}

function journalTable(report: Journal, options: ViewOptions): string {
  const tone = tones(options.colour)
  const lines = report.items.flatMap((entry) => [
    ...headOf(entry, options.width, tone),
    ...(entry.reason === null ? [] : [`  ${stripLine(entry.reason)}`]),
    ...(entry.undo === null ? [] : [`  ${tone.quiet('undo')}  ${strip(entry.undo)}`]),
  ])
  return render(report, lines)
}

/** What was done, to what, by whom: in one line where there is room for it. */
function headOf(entry: JournalEntry, width: number, tone: Tone): string[] {
  const [time, command, target, author] = [when(entry), strip(entry.command), strip(entry.target), `by ${strip(entry.who)}`]
  const what = `${tone.quiet(time)}  ${command} ${tone.strong(target)}`
  const how = `${change(entry)}  ${tone.quiet(author)}`
  const isShort = `${time}  ${command} ${target}  ${change(entry)}  ${author}`.length <= width
  return isShort ? [`${what}  ${how}`] : [what, `  ${how}`]
}

function journalWide(report: Journal, options: ViewOptions): string {
  const tone = tones(options.colour)
  const head = ['TIME', 'WHO', 'CONTEXT', 'NAMESPACE', 'COMMAND', 'TARGET', 'BEFORE', 'AFTER', 'UNDO', 'REASON'].map((word) =>
    tone.quiet(word),
  )
  const rows = report.items.map((entry) => [
    when(entry),
    strip(entry.who),
    strip(entry.context ?? 'in-cluster'),
    strip(entry.namespace),
    strip(entry.command),
    strip(entry.target),
    value(entry.before),
    value(entry.after),
    strip(entry.undo ?? '-'),
    stripLine(entry.reason ?? ''),
  ])
  return render(report, rows.length === 0 ? [] : table([head, ...rows]))
}

function render({file, items, warnings}: Journal, lines: readonly string[]): string {
  const closing = `${count(items.length, 'change')} in ${file}`
  return [...lines, ...warnings.map(({message}) => `warning  ${message}`), closing].map((line) => `${line.trimEnd()}\n`).join('')
}

function when({at}: JournalEntry): string {
  return clockTime(parseTime(at) ?? 0)
}

function change({before, after}: JournalEntry): string {
  return `${value(before)} -> ${value(after)}`
}

function value(amount: string | number | null): string {
  return amount === null ? '-' : stripLine(String(amount))
}
