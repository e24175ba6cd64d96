import {age} from '../../text/age.ts'
import {strip} from '../../text/strip.ts'
import {parseTime} from '../../text/time.ts'
import type {Tone} from '../../text/tone.ts'
import {hasBars} from '../../text/trend.ts'
import {count, labelled, wrap, type ViewOptions} from '../../text/view.ts'
import {saysWrongPlace} from '../../workload/index.ts'
import type {Severity} from '../schema.ts'
import {toned} from '../view.ts'
import {waitsOf, weightOf} from './backlog.ts'
import type {StatusItem, StatusReport, StatusService} from './schema.ts'

const ORDER: Readonly<Record<Severity, number>> = {ok: 0, info: 0, warning: 1, unknown: 2, critical: 3}

/** Whether it stands among what is wrong. */
export function isFault({severity}: {severity: Severity}): boolean {
  return ORDER[severity] > 0
}

/** `2/3`, ready of desired. */
export function ratio(item: {ready: number | null; desired: number | null}): string {
  return `${number(item.ready)}/${number(item.desired)}`
}

/** A count, `-` where it is not known. */
export function number(value: number | null): string {
  return value === null ? '-' : String(value)
}

interface Present {
  readonly items: readonly {readonly health: StatusItem['health']}[]
  readonly services: readonly StatusService[]
  readonly findings: readonly string[]
}

/** Where most of the catalogue is missing a report says so in one line (rules.md, section 8), and not once a workload. */
export function withoutMissing<R extends Present>(report: R): R {
  if (!report.findings.some(saysWrongPlace)) return report
  const gone = ({type, readyEndpoints}: StatusService): boolean => type !== null && readyEndpoints === null
  return {
    ...report,
    items: report.items.filter(({health}) => health !== 'missing'),
    services: report.services.filter((service) => !gone(service)),
  }
}

interface Fault {
  readonly name: string
  /** What it is, and for how long: `down for 4 min`. */
  readonly state: string
  readonly severity: Severity
  /** Sentences, each from a line of its own. */
  readonly reasons: readonly string[]
  /** What waited, as a line of bars. */
  readonly drawn?: string
  readonly next: readonly string[]
}

/** What faults are told of. */
export interface Faulty extends Pick<StatusReport, 'namespace' | 'warnings' | 'others' | 'servers' | 'findings'> {
  readonly items: readonly FaultyItem[]
  readonly services: readonly FaultyService[]
}

/** Commands of a service help where its workload is not told of. */
type FaultyService = StatusService & {readonly next?: readonly string[]}

type FaultyItem = Pick<
  StatusItem,
  'name' | 'health' | 'severity' | 'reason' | 'since' | 'desired' | 'ready' | 'changed' | 'next' | 'queues' | 'groups'
>

/** The faults of a report, but for what it says in one line. */
export function faults(report: StatusReport, options: ViewOptions, tone: Tone, trendOf?: TrendOf): string[] {
  return faultsOf(withoutMissing(report), 'status', options, tone, trendOf)
}

/** What waited for a workload, as a line of bars. */
type TrendOf = (name: string) => string

/**
 * What could not be read, then each workload and service that needs somebody, worst last, with its reason and the commands that help.
 * `command` is whose Role would help.
 */
export function faultsOf(report: Faulty, command: string, options: ViewOptions, tone: Tone, trendOf?: TrendOf): string[] {
  const all = [
    ...report.others.filter(isFault).map((other) => plainFault(`${other.kind}/${other.name}`, other)),
    ...serviceFaults(report.services.filter(isFault)),
    ...report.servers.filter(isFault).map((server) => ({...plainFault(server.name, server), next: server.next})),
    ...itemFaults(report.items, options, trendOf),
  ]
  return [
    ...unread(report, command, options, tone),
    ...all.sort((a, b) => ORDER[a.severity] - ORDER[b.severity]).flatMap((fault) => faultLines(fault, options, tone)),
    ...report.findings.flatMap((finding) => [...wrap(strip(finding), options.width, ''), '']),
  ]
}

function unread({namespace, warnings}: Faulty, command: string, {width}: ViewOptions, tone: Tone): string[] {
  if (warnings.length === 0) return []
  const lines = warnings.flatMap(({message}) => labelled('warning', strip(message), width, tone.warning))
  if (warnings.some(({code}) => code === 'refused'))
    lines.push(...nextLines([`sapoche rbac ${command} -n ${namespace} | kubectl apply -f -  (ask whoever may)`], tone))
  return [...lines, '']
}

function plainFault(name: string, {severity, reason}: {severity: Severity; reason: string}): Fault {
  return {name, state: severity, severity, reasons: [reason], next: []}
}

/** Services that can't be judged for one and the same reason share an entry. */
function serviceFaults(services: readonly FaultyService[]): Fault[] {
  const alike = Map.groupBy(services, ({name, severity, reason}) => (severity === 'unknown' ? reason : name))
  return [...alike.values()].map((group) => ({
    ...plainFault(group.length === 1 ? `service/${group[0]!.name}` : count(group.length, 'service'), group[0]!),
    next: [...new Set(group.flatMap(({next}) => next ?? []))],
  }))
}

/** Workloads that are well share an entry where the same is to be said of what waits for them. */
function itemFaults(items: readonly FaultyItem[], {now, width}: ViewOptions, trendOf: TrendOf = () => ''): Fault[] {
  const faulty = items.filter((item) => isFault({severity: weightOf(item)}))
  const groups = Map.groupBy(faulty, (item) => (isFault(item) ? item.name : [weightOf(item), ...waitReasons(item)].join(' ')))
  return [...groups.values()].map((alike) => {
    const [item, ...others] = alike as [FaultyItem, ...FaultyItem[]]
    if (others.length === 0) return itemFault(item, now, trendOf(item.name))
    const severity = weightOf(item)
    const names = alike.map((each) => each.name).join(', ')
    const isLong = alike.length > 3 || names.length + 2 + severity.length > width
    const name = isLong ? count(alike.length, 'workload') : names
    return {name, state: severity, severity, reasons: [...new Set(waitReasons(item))], next: []}
  })
}

function waitReasons(item: FaultyItem): string[] {
  return waitsOf(item)
    .filter(isFault)
    .map(({reason}) => reason)
}

function itemFault(item: FaultyItem, now: number, drawn: string): Fault {
  const since = parseTime(item.since)
  const duration = since === null ? '' : ` for ${age(now - since)}`
  const severity = weightOf(item)
  const state = isFault(item)
    ? `${item.health}${duration}${item.health === 'degraded' ? `, ${ratio(item)} ready` : ''}`
    : `${severity}, ${ratio(item)} ready`
  const waits = waitsOf(item).filter(isFault)
  const backlogs = waits.map((each) => `${'queue' in each ? `queue ${each.queue}` : `group ${each.group}`}: ${each.reason}`)
  const next = [...new Set([...item.next, ...waits.flatMap((each) => each.next)])]
  return {name: item.name, state, severity, reasons: [item.reason, changedText(item, now), ...backlogs], drawn, next}
}

function faultLines({name, state, severity, reasons, drawn = '', next}: Fault, {width}: ViewOptions, tone: Tone): string[] {
  return [
    `${tone.strong(strip(name))}  ${toned(state, severity, tone)}`,
    ...reasons.filter((reason) => reason !== '').flatMap((reason) => wrap(strip(reason), width, '  ')),
    ...(hasBars(drawn) ? [`  ${drawn}`] : []),
    ...nextLines(next, tone),
    '',
  ]
}

/** Commands are never wrapped: they are there to be copied. */
function nextLines(commands: readonly string[], tone: Tone): string[] {
  return commands.map((command, index) => `  ${index === 0 ? tone.quiet('next') : '    '}  ${command}`)
}

// In these healths the newest rollout may be the cause.
const ROLLED_OUT: readonly StatusItem['health'][] = ['down', 'degraded', 'progressing']

function changedText(item: FaultyItem, now: number): string {
  const at = parseTime(item.changed?.at)
  if (item.changed === null || at === null || !ROLLED_OUT.includes(item.health)) return ''
  const revision = item.changed.revision === null ? '' : ` (revision ${item.changed.revision})`
  return `changed ${age(now - at)} ago: ${item.changed.what}${revision}`
}

/** The verdict, and what it does not speak of. */
export function closing(report: StatusReport, {width}: ViewOptions, tone: Tone): string[] {
  const label = report.verdict.toUpperCase()
  const isShallow = report.items.every(({queues}) => queues === null)
  const unseen = report.notChecked.length === 0 ? '' : `${report.notChecked.join(', ')}${isShallow ? ' (add --deep)' : ''}`
  return [
    ...labelled(label, verdictWords(report), width, (word) => toned(word, report.verdict, tone)),
    ...(unseen === '' ? [] : wrap(`not checked: ${unseen}`, width, '    ')),
  ]
}

/** What the verdict comes from, in numbers; what `--allow` takes out of it stands apart. */
export function verdictWords(report: StatusReport): string {
  const {summary, services, others, servers, allow} = report
  const isAllowed = ({health}: StatusItem): boolean => allow.includes(health)
  const items = report.items.map((item) => ({severity: weightOf(item, allow)}))
  const amount = (entries: readonly {severity: Severity}[], severity: Severity): number =>
    entries.filter((entry) => entry.severity === severity).length
  const bad = amount(items, 'critical')
  const broken = amount(services, 'critical')
  const everything = [...items, ...services, ...others, ...servers]
  const unknown = amount(everything, 'unknown')
  const warnings = amount(everything, 'warning')
  const trouble = [
    bad > 0 ? `${bad} of ${count(summary.workloads, 'workload')} ${bad === 1 ? 'needs' : 'need'} you` : '',
    broken > 0 ? `${count(broken, 'service')} without ready endpoints` : '',
    ...servers.filter(({severity}) => severity === 'critical').map(({name}) => `${name} itself in trouble`),
    unknown > 0 ? `${unknown} unknown` : '',
    warnings > 0 ? count(warnings, 'warning') : '',
  ].filter(Boolean)
  const inactive = summary.inactive > 0 ? `, ${summary.inactive} inactive as expected` : ''
  const calm = `${count(summary.workloads, 'workload')}: ${summary.active} active${inactive}`
  return [
    trouble.length > 0 ? trouble.join(', ') : calm,
    allowedWords(report.items.filter((item) => isFault(item) && isAllowed(item))),
    `${summary.pods.ready}/${summary.pods.desired} pods ready`,
  ]
    .filter(Boolean)
    .join('; ')
}

function allowedWords(items: readonly StatusItem[]): string {
  if (items.length === 0) return ''
  return `${items.length} allowed (${[...new Set(items.map(({health}) => health))].sort().join(', ')})`
}
