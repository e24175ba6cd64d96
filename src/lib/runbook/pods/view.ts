import {age} from '../../text/age.ts'
import {columns, type Column} from '../../text/columns.ts'
import {strip} from '../../text/strip.ts'
import {parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {header, toned} from '../view.ts'
import type {PodItem, PodsReport, UncountedPod} from './schema.ts'

/** What stderr says where there is nothing to show; null where there is. */
export function podsNotice({items, uncounted, summary, namespace}: PodsReport): string | null {
  if (items.length + uncounted.length > 0) return null
  return summary.pods > 0 ? `nothing is wrong with ${count(summary.pods, 'pod')}` : `no pods in ${namespace} by that name`
}

/** The text formats of `pods`. */
export function podsViews(): Record<'table' | 'wide' | 'name', (report: PodsReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, options.width),
    wide: (report, options) => render(report, options, Infinity),
    name: ({items}) => items.map(({name}) => `pod/${name}\n`).join(''),
  }
}

function render(report: PodsReport, options: ViewOptions, width: number): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  for (const {name, pods, ready} of report.summary.categories) {
    lines.push(...section(name.toUpperCase(), `${ready}/${pods} pods ready`, itemsOf(report, name), width, options, tone))
  }
  lines.push(...section('OTHERS', 'not in the catalogue', itemsOf(report, null), width, options, tone))
  if (report.uncounted.length > 0) {
    lines.push(`${tone.strong('NOT COUNTED')}  ended, or on their way out`)
    lines.push(...columns(report.uncounted, uncountedColumns(options), {width, tone, indent: 2}), '')
  }
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  const {pods, ready, problems} = report.summary
  lines.push(`${ready}/${pods} pods ready${problems === 0 ? '' : `, ${tone.warning(count(problems, 'problem'))}`}`)
  return `${lines.join('\n')}\n`
}

function itemsOf({items}: PodsReport, category: string | null): PodItem[] {
  return items.filter((item) => item.category === category)
}

function section(title: string, note: string, items: readonly PodItem[], width: number, options: ViewOptions, tone: Tone): string[] {
  if (items.length === 0) return []
  const [heading = '', ...rows] = columns(items, podColumns(options, tone), {width, tone, indent: 2})
  const told = items.flatMap((item, index) => [
    rows[index] ?? '',
    ...(item.reason === '' ? [] : wrap(strip(item.reason), options.width, '      ')),
  ])
  return [`${tone.strong(title)}  ${note}`, heading, ...told, '']
}

function podColumns({now}: ViewOptions, tone: Tone): Column<PodItem>[] {
  return [
    {title: 'NAME', cell: ({name}) => strip(name)},
    {title: 'READY', align: 'right', cell: ({containers}) => `${containers.ready}/${containers.total}`},
    {title: 'STATUS', cell: ({status, severity}) => toned(strip(status), severity, tone)},
    {title: 'RESTARTS', align: 'right', cell: ({restarts}) => restartsText(restarts, now), dispensable: 1},
    {title: 'AGE', align: 'right', cell: ({createdAt}) => ageOf(createdAt, now)},
    {title: 'NODE', cell: ({node}) => strip(node ?? '-'), dispensable: 2},
  ]
}

function uncountedColumns({now}: ViewOptions): Column<UncountedPod>[] {
  return [
    {title: 'NAME', cell: ({name}) => strip(name)},
    {title: 'STATUS', cell: ({status}) => strip(status)},
    {title: 'AGE', align: 'right', cell: ({createdAt}) => ageOf(createdAt, now)},
    {title: 'NODE', cell: ({node}) => strip(node ?? '-'), dispensable: 2},
    {title: 'NOTE', cell: ({reason, status}) => (reason === status ? '' : strip(reason)), dispensable: 1},
  ]
}

/** `7 (40 s ago)`, as kubectl has it. */
function restartsText({total, lastAt}: PodItem['restarts'], now: number): string {
  const at = parseTime(lastAt)
  return at === null || total === 0 ? String(total) : `${total} (${age(now - at)} ago)`
}

function ageOf(time: string | null, now: number): string {
  const at = parseTime(time)
  return at === null ? '-' : age(now - at)
}
