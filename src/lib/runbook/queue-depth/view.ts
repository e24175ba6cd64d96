import {age} from '../../text/age.ts'
import {columns, type Column} from '../../text/columns.ts'
import {formatMemory} from '../../text/quantity.ts'
import {strip} from '../../text/strip.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, labelled, wrap, type ViewOptions} from '../../text/view.ts'
import {junit, type FailOn, type JunitCase} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import type {QueueDepthReport, QueueItem, RedisReport} from './schema.ts'

const ORDER: Readonly<Record<Severity, number>> = {ok: 0, info: 0, warning: 1, unknown: 2, critical: 3}

type View = (report: QueueDepthReport, options: ViewOptions) => string

/** The text formats of `queue-depth`. */
export function queueDepthViews(failOn: FailOn): Record<'table' | 'wide' | 'name' | 'junit', View> {
  return {
    table: (report, options) => depthText(report, options, {isWide: false}),
    wide: (report, options) => depthText(report, options, {isWide: true}),
    name: ({items}) => items.map(({queue}) => `${strip(queue)}\n`).join(''),
    junit: (report) => junit('sapoche queue-depth', junitCases(report), failOn),
  }
}

export interface Form {
  /** All columns, however wide. */
  readonly isWide: boolean
  /** A line that shows how the queue went, by its name; '' for none. */
  readonly trend?: (queue: string) => string
}

/** Header, queues with the worst last, Redis, what is wrong, and the verdict. */
export function depthText(report: QueueDepthReport, options: ViewOptions, form: Form): string {
  const tone = tones(options.colour)
  const width = form.isWide ? Infinity : options.width
  const rows = report.items.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])
  const lines = [
    header(report, tone),
    '',
    ...columns(rows, tableColumns(report, tone, form), {width, tone}),
    ...(rows.length === 0 ? ['no queues: no workload names one, and none was asked for'] : []),
    ...redisLines(report.redis, options, tone),
    ...failedLine(report, tone),
    '',
    ...faults(report, options, tone),
    ...closing(report, options, tone),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function tableColumns(report: QueueDepthReport, tone: Tone, {isWide, trend}: Form): Column<QueueItem>[] {
  const hasReads = report.windowSeconds !== null
  const all: (Column<QueueItem> | false)[] = [
    {title: 'QUEUE', cell: ({queue}) => strip(queue)},
    {title: 'PENDING', align: 'right', cell: ({pending}) => number(pending)},
    hasReads && {title: 'CHANGE', align: 'right', cell: ({change}) => signed(change), dispensable: 2},
    trend !== undefined && {title: 'TREND', cell: ({queue}) => trend(queue), dispensable: 1},
    {title: 'OLDEST', align: 'right', cell: ({oldestAgeSeconds}) => ageText(oldestAgeSeconds)},
    {title: 'DELAYED', align: 'right', cell: ({delayed}) => number(delayed), dispensable: 3},
    {title: 'RESERVED', align: 'right', cell: ({reserved}) => number(reserved), dispensable: 4},
    isWide && {title: 'DUE', align: 'right', cell: ({dueDelayed}) => number(dueDelayed)},
    isWide && {title: 'EXPIRED', align: 'right', cell: ({expiredReserved}) => number(expiredReserved)},
    {title: 'WORKERS', cell: (item) => (isWide ? workersText(item) : readyText(item))},
    {title: 'VERDICT', cell: ({severity}) => toned(severity, severity, tone)},
    isWide && {title: 'MOVEMENT', cell: ({movement}) => movement ?? '-'},
    isWide && {title: 'SOURCE', cell: ({sources}) => strip(sources.join(', '))},
    isWide && {title: 'KEY', cell: ({key, type}) => strip(type === null ? key : `${key} (${type})`)},
  ]
  return all.filter((column) => column !== false)
}

/** `worker-sapoche-pdf 1/1`, of one worker or several. */
function workersText({workloads}: QueueItem): string {
  if (workloads.length === 0) return 'none'
  return workloads.map(({name, ready, desired}) => `${strip(name)} ${number(ready)}/${number(desired)}`).join(', ')
}

/** The sum over its workers; their names stand below where something is wrong. */
function readyText({workloads}: QueueItem): string {
  if (workloads.length === 0) return 'none'
  const sum = (values: readonly (number | null)[]): number | null =>
    values.every((value) => value === null) ? null : values.reduce((total: number, value) => total + (value ?? 0), 0)
  return `${number(sum(workloads.map(({ready}) => ready)))}/${number(sum(workloads.map(({desired}) => desired)))}`
}

/** `redis  ok  master, 61 % of 2Gi (noeviction), 0 evicted, RDB ok, st-redis-sp:6379` */
function redisLines(redis: RedisReport, {width}: ViewOptions, tone: Tone): string[] {
  const {state, role, usedMemory, maxMemory, policy, evictedKeys, persistence, address, severity, reason} = redis
  const memory =
    usedMemory === null
      ? ''
      : maxMemory === null || maxMemory === 0
        ? `${formatMemory(usedMemory)} used, no limit`
        : `${Math.round((usedMemory / maxMemory) * 100)} % of ${formatMemory(maxMemory)} (${policy ?? '-'})`
  const parts = [
    state === 'up' ? (role ?? 'up') : state,
    memory,
    evictedKeys === null ? '' : `${evictedKeys} evicted`,
    persistence.rdb === null ? '' : `RDB ${persistence.rdb}`,
    persistence.aof === null ? '' : `AOF ${persistence.aof}`,
    severity === 'info' ? reason : '',
    address ?? '',
  ]
  const text = parts
    .filter((part) => part !== '')
    .map(strip)
    .join(', ')
  return labelled('redis', `${toned(severity, severity, tone)}  ${text}`, width, tone.strong)
}

function failedLine({failed}: QueueDepthReport, tone: Tone): string[] {
  if (failed === null) return []
  const {total, lastHour, severity} = failed
  return [
    `${tone.strong('failed')}  ${number(total)} kept by Horizon, ${number(lastHour)} in the last hour  ${toned(severity, severity, tone)}`,
  ]
}

/** What is wrong, the worst last, each with its reason and the commands that help. */
function faults(report: QueueDepthReport, options: ViewOptions, tone: Tone): string[] {
  const lines = report.warnings.flatMap(({message}) => labelled('warning', strip(message), options.width, tone.warning))
  if (lines.length > 0) lines.push('')
  const {redis, failed, items} = report
  const entries = [
    ...(failed === null ? [] : [{title: 'failed jobs', who: '', ...failed, next: [] as string[]}]),
    ...(redis.severity === 'info' ? [] : [{title: 'redis', who: '', ...redis}]),
    ...items.map((item) => ({title: item.queue, who: item.workloads.length === 0 ? '' : workersText(item), ...item})),
  ].filter(({severity, reason}) => reason !== '' && severity !== 'ok')
  for (const entry of entries.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])) {
    const {title, who, severity, reason, next} = entry
    lines.push(`${tone.strong(strip(title))}  ${toned(severity, severity, tone)}${who === '' ? '' : `  ${who}`}`)
    lines.push(...wrap(strip(reason), options.width, '  '))
    for (const [index, command] of next.entries()) lines.push(`  ${index === 0 ? tone.quiet('next') : '    '}  ${command}`)
    lines.push('')
  }
  return lines
}

/** The verdict, in numbers, and what it does not speak of. */
function closing(report: QueueDepthReport, {width}: ViewOptions, tone: Tone): string[] {
  const {verdict, summary, items, notChecked, redis} = report
  const amount = (severity: Severity): number => items.filter((item) => item.severity === severity).length
  const trouble = [
    amount('critical') > 0
      ? `${amount('critical')} of ${count(summary.queues, 'queue')} ${amount('critical') === 1 ? 'needs' : 'need'} you`
      : '',
    redis.severity === 'critical' ? 'Redis itself is in trouble' : '',
    amount('unknown') > 0 ? `${amount('unknown')} unknown` : '',
    amount('warning') > 0 ? count(amount('warning'), 'warning') : '',
  ].filter(Boolean)
  // Of what can't be read nothing is known, and not that it is nothing.
  const isUnread = summary.unreadable > 0 && summary.unreadable === summary.queues
  const least = summary.unreadable > 0 ? 'at least ' : ''
  const work = `${least}${summary.pending} pending, ${summary.delayed} delayed, ${summary.reserved} reserved`
  const words = trouble.length > 0 ? `${trouble.join(', ')}${isUnread ? '' : `; ${work}`}` : `${count(summary.queues, 'queue')}: ${work}`
  const unseen = notChecked.length > 0 ? wrap(`not checked: ${notChecked.join(', ')}`, width, '    ') : []
  return [...labelled(verdict.toUpperCase(), words, width, (label) => toned(label, verdict, tone)), ...unseen]
}

function junitCases({items, redis, failed}: QueueDepthReport): JunitCase[] {
  return [
    ...items.map(({queue, severity, reason}) => ({group: 'queues', name: queue, severity, reason})),
    {group: 'servers', name: 'redis', severity: redis.severity, reason: redis.reason},
    ...(failed === null ? [] : [{group: 'queues', name: 'failed jobs', severity: failed.severity, reason: failed.reason}]),
  ]
}

function number(value: number | null): string {
  return value === null ? '-' : String(value)
}

function signed(value: number | null): string {
  return value === null ? '-' : value > 0 ? `+${value}` : String(value)
}

function ageText(seconds: number | null): string {
  return seconds === null ? '-' : age(seconds * 1000)
}
