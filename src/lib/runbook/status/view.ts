import {age} from '../../text/age.ts'
import {strip} from '../../text/strip.ts'
import {lengthOf, table} from '../../text/table.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {hasBars} from '../../text/trend.ts'
import {clip, type ViewOptions} from '../../text/view.ts'
import {backlogOf, type Backlog} from '../backlog.ts'
import {junit, type FailOn, type JunitCase} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import {waitsOf, weightOf} from './backlog.ts'
import {closing, faults, isFault, number, ratio, withoutMissing} from './faults-view.ts'
import type {StatusItem, StatusReport, StatusService} from './schema.ts'

/** Columns of a trend. */
export const TREND_WIDTH = 16

/** What a watch adds to a report. */
export interface Watched {
  /** Lines before the verdict. */
  readonly news?: readonly string[]
  /** What waited for a workload, as a line of bars. */
  readonly trendOf?: (name: string) => string
}

/** All workloads by category, then what is wrong (worst last), then the verdict. */
export function statusTable(report: StatusReport, options: ViewOptions, watched: Watched = {}): string {
  return render(report, options, false, watched)
}

/** As the table, with every count and the whole note. */
export function statusWide(report: StatusReport, options: ViewOptions, watched: Watched = {}): string {
  return render(report, options, true, watched)
}

/** What is wrong and the verdict alone (`--problems`). */
export function statusProblems(report: StatusReport, options: ViewOptions, {news = [], trendOf}: Watched = {}): string {
  const tone = tones(options.colour)
  return finish([header(report, tone), '', ...faults(report, options, tone, trendOf), ...news, ...closing(report, options, tone)])
}

/** `deployment.apps/NAME`, a line each, as kubectl prints names. */
export function statusNames(report: StatusReport): string {
  return report.items.map((item) => `${item.kind.toLowerCase()}.apps/${item.name}\n`).join('')
}

function render(report: StatusReport, options: ViewOptions, isWide: boolean, {news = [], trendOf}: Watched): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  for (const group of categories(withoutMissing(report))) {
    const title = tone.strong(group.title) + group.counts
    lines.push(...(isWide ? wideRows : compactRows)(title, group.items, options, tone, trendOf), '')
  }
  if (report.others.length > 0) {
    const cells = report.others.map((other) => [`${other.kind}/${other.name}`, ratio(other), other.severity, other.reason].map(strip))
    lines.push(tone.strong('OTHERS') + '  not in the catalogue', ...noted(cells, report.others, options), '')
  }
  if (report.services.length > 0) {
    const shown = report.services.filter((service) => isWide || service.severity !== 'ok')
    const cells = shown.map((service) => [
      strip(service.name),
      toned(service.severity, service.severity, tone),
      [isWide ? `${service.type ?? '-'} ${service.ports.map(portText).join(', ')}` : '', strip(service.reason)].filter(Boolean).join('; '),
    ])
    lines.push(`${tone.strong('SERVICES')}  ${serviceCounts(report.services)}`, ...noted(cells, shown, isWide ? null : options), '')
  }
  if (report.servers.length > 0) {
    const cells = report.servers.map(({name, severity, reason}) => [name, toned(severity, severity, tone), strip(reason)])
    lines.push(tone.strong('SERVERS'), ...noted(cells, report.servers, options), '')
  }
  return finish([...lines, ...faults(report, options, tone), ...news, ...closing(report, options, tone)])
}

/** Rows that end in a note. That of a fault is cut where there is a width: the whole of it stands below. */
function noted(rows: readonly string[][], entries: readonly {severity: Severity}[], options: ViewOptions | null): string[] {
  if (rows.length === 0) return []
  const columns = rows[0]!.slice(0, -1).map((_, column) => Math.max(...rows.map((cells) => lengthOf(cells[column]!))))
  const taken = columns.reduce((sum, column) => sum + column + 2, 2)
  const cut = (note: string, entry: {severity: Severity}): string =>
    options !== null && isFault(entry) ? clip(note, options.width - taken) : note
  return table(
    rows.map((cells, index) => [...cells.slice(0, -1), cut(cells.at(-1)!, entries[index]!)]),
    {indent: 2, align: columns.length === 3 ? ['left', 'right'] : []},
  )
}

/** How many services have endpoints, of those that were looked at. */
function serviceCounts(services: readonly StatusService[]): string {
  const unknown = services.filter(({severity}) => severity === 'unknown').length
  // Neither ready nor wrong: no selector, or ExternalName.
  const unjudged = services.filter((service) => service.readyEndpoints === null && !isFault(service)).length
  const judged = services.length - unknown - unjudged
  const ready = services.filter((service) => service.severity !== 'unknown' && (service.readyEndpoints ?? 0) > 0).length
  return [
    judged > 0 ? `${ready} of ${judged} with ready endpoints` : '',
    unknown > 0 ? `${unknown} unknown` : '',
    unjudged > 0 ? `${unjudged} not judged` : '',
  ]
    .filter(Boolean)
    .join(', ')
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

const NAME_COLUMN = 43
/** Room for `999999` and `>15m` at the end of 80 columns. */
const AMOUNT_COLUMN = 6
const AGE_COLUMN = 4
const DAY_MS = 86_400_000

/** The columns have the same widths in every category, and so are one cell to the table, which takes its time for each. */
function compactRows(title: string, items: readonly StatusItem[], options: ViewOptions, tone: Tone, trendOf: Watched['trendOf']): string[] {
  const nameColumn = Math.max(NAME_COLUMN, ...items.map(({name}) => name.length))
  const taken = 2 + nameColumn + 2 + 5 + 2 + 11 + 2
  const backlogs = backlogsOf(items)
  const left = options.width - taken - (backlogs === null ? 0 : AMOUNT_COLUMN + 2 + AGE_COLUMN + 2)
  const trends = backlogs === null || trendOf === undefined ? null : items.map(({name}) => trendOf(name))
  const isBeside = trends !== null && left >= TREND_WIDTH
  const room = isBeside ? left - TREND_WIDTH - 2 : left
  const line = (item: StatusItem, index: number): string =>
    [
      strip(item.name).padEnd(nameColumn),
      ratio(item).padStart(5),
      // Blanks outside the colour, so that those at the end of a line can go.
      toned(item.health, item.severity, tone) + ' '.repeat(11 - item.health.length),
      ...(backlogs === null ? [] : backlogCells(backlogs[index]!, weightOf(item), tone)),
      ...(isBeside ? [trends[index]!.padEnd(TREND_WIDTH)] : []),
      room > 0 ? shortNote(item, room, options.now) : '',
    ].join('  ')
  const heading = backlogs === null ? '' : tone.quiet(`${titleOf(backlogs).padStart(AMOUNT_COLUMN)}   AGE${isBeside ? '  TREND' : ''}`)
  const gap = ' '.repeat(Math.max(2, taken - lengthOf(title)))
  // Without room beside it a trend stands below its row, where there is something to see.
  const below = (index: number): string[][] => (trends === null || isBeside || !hasBars(trends[index]!) ? [] : [[`  ${trends[index]!}`]])
  const rows = table(
    items.flatMap((item, index) => [[line(item, index)], ...below(index)]),
    {indent: 2},
  )
  return [heading === '' ? title : `${title}${gap}${heading}`, ...rows]
}

/** What waits for each of the workloads; null where nothing can wait for any, or nobody looked. */
function backlogsOf(items: readonly StatusItem[]): Backlog[] | null {
  const backlogs = items.map(({queues, groups}) => backlogOf({queues: queues ?? [], groups: groups ?? []}))
  return backlogs.some(({kind}) => kind !== null) ? backlogs : null
}

function titleOf(backlogs: readonly Backlog[]): string {
  const kinds = new Set(backlogs.flatMap(({kind}) => kind ?? []))
  return kinds.size > 1 ? 'WAITS' : kinds.has('lag') ? 'LAG' : 'QUEUED'
}

function backlogCells({amount, age: oldest}: Backlog, severity: Severity, tone: Tone): string[] {
  return [' '.repeat(Math.max(0, AMOUNT_COLUMN - amount.length)) + toned(amount, severity, tone), oldest.padStart(AGE_COLUMN)]
}

function wideRows(title: string, items: readonly StatusItem[], options: ViewOptions, tone: Tone, trendOf: Watched['trendOf']): string[] {
  const backlogs = backlogsOf(items)
  const head = ['NAME', 'READY', 'HEALTH', 'UPDATED', 'AVAILABLE', 'BASELINE', 'RESTARTS', 'CHANGED', 'NOTE']
  if (backlogs !== null) head.splice(-1, 0, titleOf(backlogs), 'AGE', ...(trendOf === undefined ? [] : ['TREND']))
  const rows = items.map((item, index) => wideRow(item, backlogs?.[index] ?? null, options, tone, trendOf))
  return [title, ...table([head.map((word) => tone.quiet(word)), ...rows], {indent: 2, align: ['left', 'right']})]
}

function wideRow(item: StatusItem, backlog: Backlog | null, options: ViewOptions, tone: Tone, trendOf: Watched['trendOf']): string[] {
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
    ...(backlog === null
      ? []
      : [toned(backlog.amount, weightOf(item), tone), backlog.age, ...(trendOf === undefined ? [] : [trendOf(item.name)])]),
    [note(item), strip(item.purpose ?? '')].filter(Boolean).join('; '),
  ]
}

/** The note where it fits; of a fault the beginning, because the whole of it stands below the table. */
function shortNote(item: StatusItem, room: number, now: number): string {
  const whole = note(item)
  if (whole.length <= room || isFault(item)) return clip(whole, room)
  const until = parseTime(item.temporary?.until)
  if (until !== null && until > now) return clip(shortEnd(until, now), room)
  return item.health === 'inactive' ? 'as expected' : clip(whole, room)
}

/** `until 03:42Z`, `for 3 d more`: 80 columns have room for 13 characters. */
function shortEnd(until: number, now: number): string {
  return until - now < DAY_MS ? `until ${clockTime(until).slice(11, 16)}Z` : `for ${age(until - now)} more`
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

function portText(port: StatusReport['services'][number]['ports'][number]): string {
  return port.nodePort === null ? String(port.port) : `${port.port}:${port.nodePort}`
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

/** What `--allow` takes out of the verdict is no failure. */
function junitCases({items, services, others, servers, allow}: StatusReport): JunitCase[] {
  const weight = ({health, severity}: StatusItem): Severity => (allow.includes(health) ? 'info' : severity)
  return [
    ...items.map((item) => ({group: item.category ?? 'uncategorised', name: item.name, severity: weight(item), reason: item.reason})),
    ...items.flatMap(waitsOf).map((each) => ({
      group: 'queue' in each ? 'queues' : 'groups',
      name: 'queue' in each ? each.queue : each.group,
      severity: each.severity,
      reason: each.reason,
    })),
    ...servers.map(({name, severity, reason}) => ({group: 'servers', name, severity, reason})),
    ...services.map(({name, severity, reason}) => ({group: 'services', name, severity, reason})),
    ...others.map(({kind, name, severity, reason}) => ({group: kind, name, severity, reason})),
  ]
}
