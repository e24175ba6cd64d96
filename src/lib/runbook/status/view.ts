import {age} from '../../text/age.ts'
import {strip} from '../../text/strip.ts'
import {mostlyMissing} from '../../workload/index.ts'
import {table} from '../../text/table.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {clip, count, wrap, type ViewOptions} from '../../text/view.ts'
import {junit, type FailOn, type JunitCase} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import type {StatusItem, StatusReport} from './schema.ts'

const ORDER: Readonly<Record<Severity, number>> = {ok: 0, info: 0, warning: 1, unknown: 2, critical: 3}

/** All workloads by category, then what is wrong (worst last), then the verdict. `news` are lines to show before the verdict. */
export function statusTable(report: StatusReport, options: ViewOptions, news: readonly string[] = []): string {
  return render(report, options, compactRow, news)
}

/** As the table, with every count and the whole note. */
export function statusWide(report: StatusReport, options: ViewOptions, news: readonly string[] = []): string {
  return render(report, options, wideRow, news)
}

/** What is wrong and the verdict alone (`--problems`). */
export function statusProblems(report: StatusReport, options: ViewOptions, news: readonly string[] = []): string {
  const tone = tones(options.colour)
  return finish([header(report, tone), '', ...faults(report, options, tone), ...news, ...closing(report, tone)])
}

/** `deployment.apps/NAME`, a line each, as kubectl prints names. */
export function statusNames(report: StatusReport): string {
  return report.items.map((item) => `${item.kind.toLowerCase()}.apps/${item.name}\n`).join('')
}

type Row = (item: StatusItem, options: ViewOptions, tone: Tone) => string[]

function render(report: StatusReport, options: ViewOptions, row: Row, news: readonly string[]): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  for (const group of categories(withoutMissing(report))) {
    lines.push(tone.strong(group.title) + group.counts)
    lines.push(...rows(group.items, options, tone, row), '')
  }
  if (report.others.length > 0) {
    lines.push(tone.strong('OTHERS') + '  not in the catalogue')
    const cells = report.others.map((other) => [`${other.kind}/${other.name}`, ratio(other), other.severity, other.reason].map(strip))
    lines.push(...table(cells, {indent: 2, align: ['left', 'right']}), '')
  }
  if (report.services.length > 0) {
    const ready = report.services.filter((service) => (service.readyEndpoints ?? 0) > 0).length
    lines.push(`${tone.strong('SERVICES')}  ${ready} of ${report.services.length} with ready endpoints`)
    const wide = row === wideRow
    const shown = report.services.filter((service) => wide || service.severity !== 'ok')
    const cells = shown.map((service) => [
      strip(service.name),
      toned(service.severity, service.severity, tone),
      [wide ? `${service.type ?? '-'} ${service.ports.map(portText).join(', ')}` : '', strip(service.reason)].filter(Boolean).join('; '),
    ])
    lines.push(...table(cells, {indent: 2}), '')
  }
  return finish([...lines, ...faults(report, options, tone), ...news, ...closing(report, tone)])
}

function categories(report: StatusReport): {title: string; counts: string; items: StatusItem[]}[] {
  const groups = report.summary.categories.map((category) => ({
    title: category.name.toUpperCase(),
    counts: `  ${category.active} of ${category.workloads} active, ${category.ready}/${category.desired} pods ready`,
    items: report.items.filter((item) => item.category === category.name),
  }))
  const homeless = report.items.filter((item) => item.category === null)
  if (homeless.length > 0) groups.push({title: 'UNCATEGORISED', counts: '  not in the catalogue', items: homeless})
  return groups.filter((group) => group.items.length > 0)
}

function rows(items: readonly StatusItem[], options: ViewOptions, tone: Tone, row: Row): string[] {
  const cells = items.map((item) => row(item, options, tone))
  const align = ['left', 'right'] as const
  if (row !== wideRow) return table(cells, {indent: 2, align})
  const head = ['NAME', 'READY', 'HEALTH', 'UPDATED', 'AVAILABLE', 'BASELINE', 'RESTARTS', 'CHANGED', 'NOTE'].map((word) =>
    tone.quiet(word),
  )
  return table([head, ...cells], {indent: 2, align})
}

const NAME_COLUMN = 43

function compactRow(item: StatusItem, options: ViewOptions, tone: Tone): string[] {
  const room = options.width - 2 - NAME_COLUMN - 2 - 5 - 2 - 11 - 2
  return [
    strip(item.name).padEnd(NAME_COLUMN),
    ratio(item).padStart(5),
    // Blanks outside the colour, so that those at the end of a line can go.
    toned(item.health, item.severity, tone) + ' '.repeat(11 - item.health.length),
    shortNote(item, room),
  ]
}

function wideRow(item: StatusItem, options: ViewOptions, tone: Tone): string[] {
  const changed = parseTime(item.changed?.at)
  return [
    strip(item.name),
    ratio(item),
    toned(item.health, item.severity, tone),
    number(item.updated),
    number(item.available),
    number(item.baseline),
    String(item.restarts.total),
    changed === null ? '-' : age(options.now - changed),
    [note(item), strip(item.purpose ?? '')].filter(Boolean).join('; '),
  ]
}

/** The note where it fits; of a fault the beginning, because the whole of it stands below the table. */
function shortNote(item: StatusItem, room: number): string {
  const whole = note(item)
  if (whole.length > room && item.temporary?.overdue === false) return 'for a while'
  if (whole.length > room && item.health === 'inactive') return 'as expected'
  return clip(whole, room)
}

/** What stands beside a workload in the table: its reason, else how long its count is meant for, else its autoscaler's range. */
function note(item: StatusItem): string {
  if (item.reason !== '') return strip(item.reason)
  const until = parseTime(item.temporary?.until)
  if (item.temporary !== null && until !== null) return `temporary until ${clockTime(until)}, was ${number(item.temporary.previous)}`
  if (item.autoscaler === null) return ''
  const kind = item.autoscaler.kind === 'ScaledObject' ? 'KEDA' : 'HPA'
  return `${kind} ${item.autoscaler.min}..${item.autoscaler.max}`
}

function ratio(item: {ready: number | null; desired: number | null}): string {
  return `${number(item.ready)}/${number(item.desired)}`
}

function number(value: number | null): string {
  return value === null ? '-' : String(value)
}

function portText(port: StatusReport['services'][number]['ports'][number]): string {
  return port.nodePort === null ? String(port.port) : `${port.port}:${port.nodePort}`
}

/**
 * Where most of the catalogue is missing the report says so in one line (rules.md, section 8), and not once a workload.
 * Only where nothing was named does it say so.
 */
function withoutMissing(report: StatusReport): StatusReport {
  const sentence = mostlyMissing(report.items.filter(({listed}) => listed))
  if (sentence === null || !report.findings.includes(sentence)) return report
  const gone = ({type, readyEndpoints}: StatusReport['services'][number]): boolean => type !== null && readyEndpoints === null
  return {
    ...report,
    items: report.items.filter(({health}) => health !== 'missing'),
    services: report.services.filter((service) => !gone(service)),
  }
}

/** Each workload and service that needs somebody, worst last, with its reason and the commands that help. */
function faults(whole: StatusReport, options: ViewOptions, tone: Tone): string[] {
  const report = withoutMissing(whole)
  const bySeverity = <T extends {severity: Severity}>(list: readonly T[]): T[] =>
    list.filter((entry) => ORDER[entry.severity] > 0).sort((a, b) => ORDER[a.severity] - ORDER[b.severity])
  const lines: string[] = []
  for (const finding of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(finding.message)}`, options.width, ''))
  if (lines.length > 0) lines.push('')
  for (const other of bySeverity(report.others)) lines.push(...fault(`${other.kind}/${other.name}`, '', other, [], options, tone))
  for (const service of bySeverity(report.services)) lines.push(...fault(`service/${service.name}`, '', service, [], options, tone))
  for (const item of bySeverity(report.items)) {
    const since = parseTime(item.since)
    const duration = since === null ? '' : ` for ${age(options.now - since)}`
    const state = `${item.health}${duration}${item.health === 'degraded' ? `, ${ratio(item)} ready` : ''}`
    lines.push(...fault(item.name, state, item, item.next, options, tone, changedText(item, options)))
  }
  for (const finding of report.findings) lines.push(...wrap(strip(finding), options.width, ''), '')
  return lines
}

function fault(
  name: string,
  state: string,
  entry: {severity: Severity; reason: string},
  next: readonly string[],
  options: ViewOptions,
  tone: Tone,
  changed = '',
): string[] {
  const lines = [`${tone.strong(strip(name))}  ${toned(state || entry.severity, entry.severity, tone)}`]
  if (entry.reason !== '') lines.push(...wrap(strip(entry.reason), options.width, '  '))
  if (changed !== '') lines.push(...wrap(strip(changed), options.width, '  '))
  for (const [index, command] of next.entries()) lines.push(`  ${index === 0 ? tone.quiet('next') : '    '}  ${command}`)
  return [...lines, '']
}

// In these healths the newest rollout may be the cause.
const ROLLED_OUT: readonly StatusItem['health'][] = ['down', 'degraded', 'progressing']

function changedText(item: StatusItem, options: ViewOptions): string {
  const at = parseTime(item.changed?.at)
  if (item.changed === null || at === null || !ROLLED_OUT.includes(item.health)) return ''
  const revision = item.changed.revision === null ? '' : ` (revision ${item.changed.revision})`
  return `changed ${age(options.now - at)} ago: ${item.changed.what}${revision}`
}

/** The verdict, and what it does not speak of. */
function closing(report: StatusReport, tone: Tone): string[] {
  const label = toned(report.verdict.toUpperCase(), report.verdict, tone)
  const unseen = report.notChecked.length > 0 ? [`    not checked: ${report.notChecked.join(', ')}`] : []
  return [`${label}  ${verdictWords(report)}`, ...unseen]
}

/** What the verdict comes from, in numbers. */
export function verdictWords(report: StatusReport): string {
  const {summary} = report
  const pods = `${summary.pods.ready}/${summary.pods.desired} pods ready`
  const bad = report.items.filter((item) => item.severity === 'critical').length
  const unknown = report.items.filter((item) => item.severity === 'unknown').length
  const warnings = [...report.items, ...report.services, ...report.others].filter((entry) => entry.severity === 'warning').length
  const broken = report.services.filter((service) => service.severity === 'critical').length
  const trouble = [
    bad > 0 ? `${bad} of ${count(summary.workloads, 'workload')} ${bad === 1 ? 'needs' : 'need'} you` : '',
    broken > 0 ? `${count(broken, 'service')} without ready endpoints` : '',
    unknown > 0 ? `${unknown} unknown` : '',
    warnings > 0 ? count(warnings, 'warning') : '',
  ].filter(Boolean)
  if (trouble.length > 0) return `${trouble.join(', ')}; ${pods}`
  const inactive = summary.inactive > 0 ? `, ${summary.inactive} inactive as expected` : ''
  return `${count(summary.workloads, 'workload')}: ${summary.active} active${inactive}; ${pods}`
}

function finish(lines: readonly string[]): string {
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

/** The text formats of `status`. `problems` shows what is wrong alone. */
export function statusViews(
  problems: boolean,
  failOn: FailOn,
): Partial<Record<'table' | 'wide' | 'name' | 'junit', (report: StatusReport, options: ViewOptions) => string>> {
  return {
    table: problems ? statusProblems : statusTable,
    wide: problems ? statusProblems : statusWide,
    name: statusNames,
    junit: (report) => junit('sapoche status', junitCases(report), failOn),
  }
}

function junitCases(report: StatusReport): JunitCase[] {
  return [
    ...report.items.map(({category, name, severity, reason}) => ({group: category ?? 'uncategorised', name, severity, reason})),
    ...report.services.map(({name, severity, reason}) => ({group: 'services', name, severity, reason})),
    ...report.others.map(({kind, name, severity, reason}) => ({group: kind, name, severity, reason})),
  ]
}
