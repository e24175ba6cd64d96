import {age} from '../../text/age.ts'
import {columnsAndText, type Column} from '../../text/columns.ts'
import {strip, stripLine} from '../../text/strip.ts'
import {parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {type ViewOptions, wrap} from '../../text/view.ts'
import {header} from '../view.ts'
import type {EventItem, EventRecord, EventsReport} from './schema.ts'

/** What stderr says where there is nothing to show; null where there is. The API server forgets events after an hour. */
export function eventsNotice({items, namespace}: EventsReport): string | null {
  return items.length > 0 ? null : `no events in ${namespace} (the cluster keeps them for an hour)`
}

/** The text formats of `events`: no message is cut; `wide` is a line an event. */
export function eventsViews(): Record<'table' | 'wide' | 'name', (report: EventsReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, options.width),
    wide: (report, options) => render(report, options, Infinity),
    name: ({items}) => items.map(({object}) => `${object.kind.toLowerCase()}/${object.name}\n`).join(''),
  }
}

function render(report: EventsReport, options: ViewOptions, width: number): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  const {items} = report
  if (items.length > 0) {
    lines.push(...columnsAndText(items, eventColumns(options, width, tone), {title: 'MESSAGE', text: messageText}, {width, tone}), '')
  }
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  const {events, warnings} = report.summary
  const older = events > items.length ? `the newest ${items.length} of ` : ''
  lines.push(`${older}${events} events, ${warnings} of them warnings${older === '' ? '' : '; --limit 0 shows all'}`)
  return `${lines.join('\n')}\n`
}

function eventColumns({now}: ViewOptions, width: number, tone: Tone): Column<EventItem>[] {
  const ago = (time: string | null): string => {
    const at = parseTime(time)
    return at === null ? '-' : age(now - at)
  }
  return [
    {title: 'AGE', align: 'right', cell: ({at}) => ago(at)},
    {title: 'TYPE', cell: (item) => typeText(item, tone)},
    {title: 'REASON', cell: ({reason}) => strip(reason)},
    {title: 'WORKLOAD', cell: ({workload}) => strip(workload ?? '-')},
    ...(width === Infinity ? [{title: 'SOURCE', cell: ({source}: EventItem) => strip(source)}] : []),
  ]
}

/** One line for each record as it comes; `widest` is the length of the longest name of a workload. */
export function followView(record: EventRecord, {colour}: Pick<ViewOptions, 'colour'>): string {
  const tone = tones(colour)
  const time = record.at === null ? '--:--:--' : record.at.slice(11, 19)
  const type = typeText({...record, type: record.type.padEnd(7)}, tone)
  return `${tone.quiet(time)}  ${type}  ${stripLine(record.reason).padEnd(18)}  ${tone.strong(stripLine(record.workload ?? '-'))}  ${messageText(record)}\n`
}

function typeText({type}: Pick<EventItem, 'type'>, tone: Tone): string {
  return type.startsWith('Warning') ? tone.warning(stripLine(type)) : stripLine(type)
}

/** `Back-off restarting failed container (x12 over 1 h; pod/worker-x2x4z)` */
function messageText({message, count, at, firstAt, object, workload}: EventItem): string {
  const [last, first] = [parseTime(at), parseTime(firstAt)]
  const span = last === null || first === null || last - first < 1000 ? '' : ` over ${age(last - first)}`
  const notes = [
    ...(count > 1 ? [`x${count}${span}`] : []),
    ...(object.kind === 'Deployment' && object.name === workload ? [] : [`${object.kind.toLowerCase()}/${object.name}`]),
  ]
  return stripLine(message) + (notes.length === 0 ? '' : ` (${notes.map(stripLine).join('; ')})`)
}
