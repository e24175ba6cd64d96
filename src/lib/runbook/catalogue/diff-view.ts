import {strip} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, wrap, type ViewOptions} from '../../text/view.ts'
import {junit, type FailOn} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import type {CatalogueDiff, DiffItem} from './schema.ts'

const ORDER: readonly Severity[] = ['ok', 'info', 'warning', 'unknown', 'critical']

/** The differences, worst last, then the verdict. */
export function diffTable(report: CatalogueDiff, options: ViewOptions): string {
  const tone = tones(options.colour)
  const lines = shown(report).map((item) => row(item, options, tone))
  return render(report, options, tone, lines.flat())
}

/** As the table, with the field and both values in columns of their own. */
export function diffWide(report: CatalogueDiff, options: ViewOptions): string {
  const tone = tones(options.colour)
  const head = ['NAME', 'FIELD', 'EXPECTED', 'ACTUAL', 'SEVERITY', 'REASON'].map((word) => tone.quiet(word))
  const cells = shown(report).map((item) => [
    title(item),
    item.field,
    value(item.expected),
    value(item.actual),
    toned(item.severity, item.severity, tone),
    strip(item.reason),
  ])
  return render(report, options, tone, cells.length === 0 ? [] : table([head, ...cells], {indent: 2}))
}

/** What differs, each once: `deployment.apps/NAME`, `service/NAME`. */
export function diffNames(report: CatalogueDiff): string {
  const names = report.items.map(({kind, name}) => `${kind.toLowerCase()}${kind === 'Service' ? '' : '.apps'}/${strip(name)}\n`)
  return [...new Set(names)].join('')
}

/** A test case for each difference; a single passed one where there are none. */
export function diffJunit(report: CatalogueDiff, failOn: FailOn): string {
  const cases = report.items.map((item) => ({
    group: item.kind,
    name: `${item.name} ${item.field}`,
    severity: item.severity,
    reason: item.reason,
  }))
  const none = {group: 'catalogue', name: 'no differences', severity: 'ok', reason: ''} as const
  return junit('sapoche catalogue diff', cases.length === 0 ? [none] : cases, failOn)
}

/** Worst last. Where the place itself looks wrong, what is missing is told in one line. */
function shown({items, findings}: CatalogueDiff): DiffItem[] {
  return items
    .filter(({field, actual}) => findings.length === 0 || field !== 'presence' || actual !== 'absent')
    .toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

function row(item: DiffItem, options: ViewOptions, tone: Tone): string[] {
  const head = `  ${tone.strong(title(item))}  ${toned(item.severity, item.severity, tone)}`
  return [head, ...wrap(strip(item.reason), options.width, '    ')]
}

function render(report: CatalogueDiff, options: ViewOptions, tone: Tone, differences: readonly string[]): string {
  const lines = [header(report, tone), tone.quiet(`catalogue ${strip(report.source)}`), '']
  if (differences.length > 0) lines.push(...differences, '')
  for (const warning of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(warning.message)}`, options.width, ''), '')
  for (const finding of report.findings) lines.push(...wrap(strip(finding), options.width, ''), '')
  lines.push(...closing(report, tone))
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

/** The verdict, what it does not speak of, and what to do next. */
function closing({verdict, items, summary, notChecked}: CatalogueDiff, tone: Tone): string[] {
  const counts = (['critical', 'unknown', 'warning', 'info'] as const).flatMap((severity) => {
    const amount = items.filter((item) => item.severity === severity).length
    return amount === 0 ? [] : [`${amount} ${severity}`]
  })
  const {workloads, services} = summary
  const differences = counts.length === 0 ? 'no differences' : `${count(summary.differences, 'difference')}: ${counts.join(', ')}`
  return [
    `${toned(verdict.toUpperCase(), verdict, tone)}  ${differences}`,
    `    found: ${workloads.found} of ${count(workloads.listed, 'workload')}, ${services.found ?? '?'} of ${count(services.listed, 'service')}`,
    `    not checked: ${notChecked.join(', ')}`,
    `  ${tone.quiet('next')}  sapoche status      (how they are)`,
  ]
}

function title({kind, name}: DiffItem): string {
  return kind === 'Deployment' ? strip(name) : `${kind.toLowerCase()}/${strip(name)}`
}

function value(value: DiffItem['expected']): string {
  return value === null ? '-' : strip(String(value))
}
