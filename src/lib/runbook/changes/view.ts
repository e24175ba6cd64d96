import {age} from '../../text/age.ts'
import {columnsAndText, type Column} from '../../text/columns.ts'
import {strip, stripLine} from '../../text/strip.ts'
import {parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {header} from '../view.ts'
import type {ChangeItem, ChangesReport} from './schema.ts'

/** What stderr says where there is nothing to show; null where there is. */
export function changesNotice({items, since, generatedAt}: ChangesReport): string | null {
  const span = (parseTime(generatedAt) ?? 0) - (parseTime(since) ?? 0)
  return items.length > 0 ? null : `nothing has changed for ${age(span)}, as far as can be told; --since goes back further`
}

/** The text formats of `changes`: newest last; `wide` is a line a change. */
export function changesViews(): Record<'table' | 'wide', (report: ChangesReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, options.width),
    wide: (report, options) => render(report, options, Infinity),
  }
}

function render(report: ChangesReport, options: ViewOptions, width: number): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  if (report.items.length > 0) {
    lines.push(...columnsAndText(report.items, changeColumns(options, tone), {title: 'CHANGE', text: whatText}, {width, tone}), '')
  }
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  for (const note of report.notChecked) lines.push(...wrap(`not checked: ${note}`, options.width, ''))
  lines.push(count(report.items.length, 'change'))
  return `${lines.join('\n')}\n`
}

function changeColumns({now}: ViewOptions, tone: Tone): Column<ChangeItem>[] {
  return [
    {title: 'TIME', cell: ({at}) => clock(at, now)},
    {title: 'AGO', align: 'right', cell: ({at}) => age(now - (parseTime(at) ?? now))},
    {title: 'KIND', cell: ({kind}) => kind},
    {title: 'WORKLOAD', cell: (item) => tone.strong(strip(ownerText(item)))},
  ]
}

/** The time of day, and the day where it was not within the last one. */
function clock(at: string, now: number): string {
  return now - (parseTime(at) ?? now) < 86_400_000 ? at.slice(11, 19) : at.slice(5, 16).replace('T', ' ')
}

function ownerText({workload, usedBy}: ChangeItem): string {
  if (workload !== null) return workload
  return usedBy.length === 0 ? '-' : `${usedBy.length} workloads`
}

function whatText({what, by, reason, usedBy}: ChangeItem): string {
  const notes = [by === null ? '' : `by ${by}`, reason === null ? '' : `"${reason}"`, usedBy.length > 1 ? `used by ${listed(usedBy)}` : '']
  return stripLine([what, ...notes.filter(Boolean)].join('; '))
}

/** The first few; JSON has them all. */
function listed(names: readonly string[]): string {
  const most = 4
  return names.length <= most + 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}
