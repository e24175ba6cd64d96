import {columns, type Column} from '../../text/columns.ts'
import {formatCpu, formatMemory} from '../../text/quantity.ts'
import {strip} from '../../text/strip.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {header} from '../view.ts'
import type {TopItem, TopReport} from './schema.ts'

/** From so many percent of its memory limit on a container is about to be killed. */
const NEAR_LIMIT = 90

/** What stderr says where there is nothing to show; null where there is. */
export function topNotice({items, namespace}: TopReport): string | null {
  return items.length > 0 ? null : `no running pods in ${namespace} by that name`
}

/** The text formats of `top`. */
export function topViews(): Record<'table' | 'wide' | 'name', (report: TopReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, options.width),
    wide: (report, options) => render(report, options, Infinity),
    name: ({items}) => items.map(({name}) => `${name}\n`).join(''),
  }
}

function render(report: TopReport, options: ViewOptions, width: number): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  lines.push(...columns(report.items, topColumns(report, tone), {width, tone}), '')
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  const {cpu, memory, containers} = report.total
  const known = containers.total - containers.absent
  const absent = containers.absent === 0 ? '' : `; ${containers.absent} without a metric (absent, not 0)`
  lines.push(`${cpuText(cpu)} CPU and ${memoryText(memory)} memory in ${count(known, 'container')}${absent}`)
  return `${lines.join('\n')}\n`
}

function topColumns({by, items}: TopReport, tone: Tone): Column<TopItem>[] {
  const right = 'right' as const
  const inPod: Column<TopItem>[] = by === 'container' ? [{title: 'POD', cell: ({pod}) => strip(pod ?? '-')}] : []
  return [
    ...inPod,
    {title: by.toUpperCase(), cell: ({name}) => strip(name)},
    {title: 'CPU', align: right, cell: ({cpu}) => cpuText(cpu)},
    {title: '%REQ', align: right, cell: ({percents}) => percentText(percents.cpuOfRequests), dispensable: 3},
    {title: '%LIM', align: right, cell: ({percents}) => percentText(percents.cpuOfLimits), dispensable: 4},
    {title: 'MEMORY', align: right, cell: ({memory}) => memoryText(memory)},
    {title: '%REQ', align: right, cell: ({percents}) => percentText(percents.memoryOfRequests), dispensable: 2},
    {title: '%LIM', align: right, cell: ({percents}) => limitText(percents.memoryOfLimits, tone), dispensable: 1},
    ...(items.some((item) => noteOf(item) !== '') ? [{title: 'NOTE', cell: noteOf, dispensable: 1}] : []),
  ]
}

function cpuText(cores: number | null): string {
  return cores === null ? 'absent' : formatCpu(cores)
}

function memoryText(bytes: number | null): string {
  return bytes === null ? 'absent' : formatMemory(bytes)
}

function percentText(percent: number | null): string {
  return percent === null ? '-' : `${Math.round(percent)}%`
}

function limitText(percent: number | null, tone: Tone): string {
  const text = percentText(percent)
  return percent !== null && percent >= NEAR_LIMIT ? tone.critical(text) : text
}

function noteOf({containers, percents}: TopItem): string {
  const notes: string[] = []
  if (percents.memoryOfLimits !== null && percents.memoryOfLimits >= NEAR_LIMIT) notes.push('near its memory limit')
  if (containers.absent > 0 && containers.absent < containers.total) notes.push(`${containers.absent} of ${containers.total} absent`)
  return notes.join(', ')
}
