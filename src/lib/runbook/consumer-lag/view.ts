import {age as span} from '../../text/age.ts'
import {columns, type Column} from '../../text/columns.ts'
import {strip} from '../../text/strip.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {junit, type FailOn} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import type {Age} from './ladder.ts'
import type {ConsumerLagReport, LagBroker, LagItem, LagPartition, Offset} from './schema.ts'

/** Something that stands in a row besides what the report holds: the trend of a group, while it is watched. */
type TrendOf = (group: string) => string

/** The text formats of `consumer-lag`. */
export function lagViews(
  failOn: FailOn,
): Record<'table' | 'wide' | 'name' | 'junit', (report: ConsumerLagReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => lagTable(report, options),
    wide: (report, options) => lagWide(report, options),
    name: ({items}) => items.map(({group}) => `${strip(group)}\n`).join(''),
    junit: (report) =>
      junit(
        'sapoche consumer-lag',
        [
          ...report.items.map(({group, severity, reason}) => ({group: 'groups', name: group, severity, reason})),
          ...report.brokers.map((broker) => ({
            group: 'brokers',
            name: brokerName(broker),
            severity: broker.severity,
            reason: broker.reason,
          })),
        ],
        failOn,
      ),
  }
}

/** What stderr says where there is nothing to show; null where there is. */
export function lagNotice({items, brokers, namespace}: ConsumerLagReport): string | null {
  return items.length + brokers.length > 0 ? null : `nothing in ${namespace} is bound to a consumer group`
}

export function lagTable(report: ConsumerLagReport, options: ViewOptions, trendOf?: TrendOf): string {
  const tone = tones(options.colour)
  const rows = columns(worstLast(report.items), groupColumns(tone, trendOf), {width: options.width, tone})
  return textOf(report, options, tone, rows)
}

export function lagWide(report: ConsumerLagReport, options: ViewOptions, trendOf?: TrendOf): string {
  const tone = tones(options.colour)
  const rows = worstLast(report.items).flatMap((item) => {
    const [heading = '', row = ''] = columns([item], groupColumns(tone, trendOf), {width: Infinity, tone})
    const partitions = columns(item.partitions, partitionColumns(), {width: Infinity, tone, indent: 2})
    return [heading, row, ...partitions, '']
  })
  return textOf(report, options, tone, rows.slice(0, -1))
}

function textOf(report: ConsumerLagReport, options: ViewOptions, tone: Tone, rows: readonly string[]): string {
  const lines = [header(report, tone), '', ...rows, ...(rows.length > 0 ? [''] : [])]
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  if (report.warnings.length > 0) lines.push('')
  for (const broker of report.brokers.filter(isTold)) lines.push(...fault(brokerName(broker), '', broker, broker.next, options, tone))
  for (const alike of alikeOf(worstLast(report.items).filter(isTold))) {
    const item = alike.at(-1)!
    const state = item.severity === 'unknown' || movementText(item) === '-' ? '' : `, ${movementText(item)}`
    lines.push(...fault(alike.map(({group}) => strip(group)).join(', '), state, item, item.next, options, tone))
  }
  lines.push(...closing(report, options, tone))
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

const ORDER: Readonly<Record<Severity, number>> = {ok: 0, info: 1, warning: 2, unknown: 3, critical: 4}

function worstLast(items: readonly LagItem[]): LagItem[] {
  return items.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])
}

/** Neighbours of which the same is to be said. */
function alikeOf(items: readonly LagItem[]): LagItem[][] {
  const runs = Map.groupBy(items, ({severity, reason}) => `${severity} ${reason}`)
  return [...runs.values()]
}

function isTold({severity, reason}: {readonly severity: Severity; readonly reason: string}): boolean {
  return severity !== 'ok' && reason !== ''
}

function groupColumns(tone: Tone, trendOf: TrendOf | undefined): Column<LagItem>[] {
  const isWatched = trendOf !== undefined
  const drawn: Column<LagItem>[] = isWatched ? [{title: 'TREND', cell: ({group}) => trendOf(group), dispensable: 1}] : []
  return [
    {title: 'GROUP', cell: ({group}) => strip(group)},
    {title: 'LAG', align: 'right', cell: ({lag}) => amount(lag)},
    {title: 'OLDEST', cell: ({oldestUnreadSeconds}) => shortAge(oldestUnreadSeconds), dispensable: isWatched ? 2 : 0},
    ...drawn,
    {title: 'MOVEMENT', cell: (item) => toned(movementText(item), item.severity, tone)},
    {title: 'READY', cell: readyText},
    {title: 'MEMBERS', align: 'right', cell: ({members}) => (members === null ? '-' : String(members)), dispensable: 4},
    {title: 'SEVERITY', cell: ({severity}) => toned(severity, severity, tone), dispensable: 3},
  ]
}

function partitionColumns(): Column<LagPartition>[] {
  return [
    {title: 'TOPIC', cell: ({topic}) => strip(topic)},
    {title: 'PARTITION', align: 'right', cell: ({partition}) => String(partition)},
    {title: 'COMMITTED', align: 'right', cell: ({committed}) => amount(committed)},
    {title: 'START', align: 'right', cell: ({start}) => amount(start)},
    {title: 'END', align: 'right', cell: ({end}) => amount(end)},
    {title: 'LAG', align: 'right', cell: ({lag}) => amount(lag)},
    {title: 'OLDEST', cell: ({oldestUnreadSeconds}) => shortAge(oldestUnreadSeconds)},
    {title: 'MOVEMENT', cell: ({movement}) => (movement === null ? '-' : words(movement))},
    {title: 'CLIENT', cell: ({owner}) => strip(owner ?? '-')},
    {title: 'NOTE', cell: ({note}) => strip(note)},
  ]
}

function amount(value: Offset | null): string {
  return value === null ? '-' : String(value)
}

/** `catching up`; of a group without two looks at its commits, what the broker says of it. */
function movementText({movement, state}: LagItem): string {
  if (state === 'absent') return 'no such group'
  if (movement === null || movement === 'unknown') return state === null ? '-' : strip(state)
  return words(movement)
}

function words(name: string): string {
  return name.replaceAll('-', ' ')
}

function readyText({workloads}: LagItem): string {
  if (workloads.length === 0) return '-'
  const sum = (of: (workload: LagItem['workloads'][number]) => number | null): number =>
    workloads.reduce((total, each) => total + (of(each) ?? 0), 0)
  return `${sum(({ready}) => ready)}/${sum(({desired}) => desired)}`
}

/** `<1 min`, `1-5 min`, `15 min-1 h`, `>1 d`. */
function shortAge(age: Age | null): string {
  if (age === null) return '-'
  const {from, to} = age
  if (to === null) return `>${span(from * 1000)}`
  if (from === 0) return `<${span(to * 1000)}`
  const [low = '', unit = ''] = span(from * 1000).split(' ')
  const high = span(to * 1000)
  return high.endsWith(` ${unit}`) ? `${low}-${high}` : `${low} ${unit}-${high}`
}

function brokerName({id, address}: LagBroker): string {
  if (id === null) return 'Kafka'
  return address === null ? `broker ${id}` : `broker ${id} at ${strip(address)}`
}

function fault(
  name: string,
  state: string,
  {severity, reason}: {readonly severity: Severity; readonly reason: string},
  next: readonly string[],
  options: ViewOptions,
  tone: Tone,
): string[] {
  const lines = wrap(`${tone.strong(name)}  ${toned(severity, severity, tone)}${state}`, options.width, '')
  if (reason !== '') lines.push(...wrap(strip(reason), options.width, '  '))
  for (const [index, command] of next.entries()) lines.push(`  ${index === 0 ? tone.quiet('next') : '    '}  ${command}`)
  return [...lines, '']
}

/** The verdict, what it comes from, and what it does not speak of. */
function closing(report: ConsumerLagReport, options: ViewOptions, tone: Tone): string[] {
  const label = toned(report.verdict.toUpperCase(), report.verdict, tone)
  const looks = report.windowSeconds === null ? 'one look' : `two looks ${span(Math.round(report.windowSeconds) * 1000)} apart`
  const unseen = report.notChecked.length === 0 ? '' : `; not checked: ${report.notChecked.join(', ')}`
  return [`${label}  ${verdictWords(report)}`, ...wrap(`${looks}${unseen}`, options.width, '    ')]
}

/** What the verdict comes from, in numbers. */
export function verdictWords({summary, brokers, items}: ConsumerLagReport): string {
  const {groups, critical, warning, unknown, lag} = summary
  const lost = brokers.filter(isTold).length
  const trouble = [
    critical > 0 ? `${critical} of ${count(groups, 'group')} ${critical === 1 ? 'needs' : 'need'} you` : '',
    unknown > 0 ? `${unknown} unknown` : '',
    warning > 0 ? count(warning, 'warning') : '',
    lost > 0 ? `${count(lost, 'broker')} in trouble` : '',
  ].filter(Boolean)
  const words = trouble.length > 0 ? trouble.join(', ') : count(groups, 'group')
  // Of what can't be read nothing is known, and not that it is nothing.
  const unread = items.filter((item) => item.lag === null && item.state !== 'absent' && item.movement !== 'no-commits').length
  if (unread > 0 && unread === items.length) return words
  return `${words}; ${unread === 0 ? '' : 'at least '}${lag} events behind in all`
}
