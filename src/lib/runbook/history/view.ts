import {age} from '../../text/age.ts'
import {strip, stripLine} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {parseTime} from '../../text/time.ts'
import {tones} from '../../text/tone.ts'
import {type ViewOptions} from '../../text/view.ts'
import {header} from '../view.ts'
import type {HistoryItem, HistoryReport} from './schema.ts'

/** The text views of a history: the newest revision last, then how to go back. */
export const historyViews = {table: historyTable, wide: historyWide}

function historyTable(report: HistoryReport, options: ViewOptions): string {
  const tone = tones(options.colour)
  const rows = report.items.map((item) => [String(item.revision), when(item, options.now), marks(item), stripLine(what(item))])
  return render(
    report,
    options,
    rows.length === 0 ? [] : table([['REVISION', 'AGE', '', 'CHANGE'].map(tone.quiet), ...rows], {indent: 2, align: ['right', 'right']}),
  )
}

function historyWide(report: HistoryReport, options: ViewOptions): string {
  const tone = tones(options.colour)
  const head = ['REVISION', 'AGE', '', 'REPLICAS', 'REPLICA SET', 'IMAGES', 'CHANGE'].map(tone.quiet)
  const rows = report.items.map((item) => [
    String(item.revision),
    when(item, options.now),
    marks(item),
    String(item.replicas),
    strip(item.replicaSet),
    strip(item.images.map(({container, image}) => `${container}=${image}`).join(' ')),
    stripLine(what(item)),
  ])
  return render(report, options, rows.length === 0 ? [] : table([head, ...rows], {indent: 2, align: ['right', 'right']}))
}

function render(report: HistoryReport, options: ViewOptions, rows: readonly string[]): string {
  const tone = tones(options.colour)
  const back = report.items.findLast(({rollback}) => rollback !== null)?.rollback ?? null
  const paused = report.paused ? [`${tone.warning('paused')}  its rollouts are paused: a new template waits until they are resumed`] : []
  const closing =
    report.items.length === 0 ? 'no revisions are kept' : back === null ? 'no revision to go back to' : `${tone.quiet('undo')}  ${back}`
  return [header(report, tone), '', tone.strong(strip(report.target)), ...rows, '', ...paused, closing]
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

function when({createdAt}: HistoryItem, now: number): string {
  const at = parseTime(createdAt)
  return at === null ? '-' : age(now - at)
}

function marks({current, reused}: HistoryItem): string {
  return [current ? 'current' : '', reused ? 'taken up again' : ''].filter(Boolean).join(', ')
}

function what({changes, cause, images}: HistoryItem): string {
  const words = changes?.what ?? images.map(({image}) => image).join(' ')
  return cause === null ? words : `${words} (${cause})`
}
