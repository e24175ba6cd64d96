import {stripLine} from '../../text/strip.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {junit, type FailOn} from '../junit.ts'
import {header} from '../view.ts'
import type {DoctorPath, DoctorReport, DoctorStep, HopStatus} from './schema.ts'

const STATUS_WIDTH = 8
const TIME_WIDTH = 8
/** Of the bars of a watch. */
export const TREND_WIDTH = 10
const INDENT = '  '
/** The row of `commands` that is no command. */
const PERMISSIONS = 'permissions'
/** Of what stands below its row. */
const BELOW = 4
/** Nearest the prompt. */
const MOST_CURES = 3

/** The text formats of `doctor`; `wide` shows each command, `table` those that can't run. */
export function doctorViews(failOn: FailOn): Record<'table' | 'wide' | 'junit', (report: DoctorReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, {isWide: false}),
    wide: (report, options) => render(report, options, {isWide: true}),
    junit: ({steps}) =>
      junit(
        'sapoche doctor',
        steps.map(({path, name, status, reason}) => ({group: path, name, severity: status, reason})),
        failOn,
      ),
  }
}

export interface RenderOptions {
  /** Shows every command. */
  readonly isWide: boolean
  /** How long a hop took in the looks before, as a line of bars. */
  readonly trends?: (step: DoctorStep) => string
}

/** The whole report as text. */
export function render(report: DoctorReport, options: ViewOptions, {isWide, trends}: RenderOptions): string {
  const tone = tones(options.colour)
  const lines = [headerOf(report, tone), '']
  const isShown = ({path, name, status}: DoctorStep): boolean => isWide || path !== 'commands' || name === PERMISSIONS || status !== 'ok'
  const nameWidth = Math.max(...report.steps.filter(isShown).map(({name}) => name.length))
  for (const [path, steps] of Map.groupBy(report.steps, (step) => step.path)) {
    lines.push(title(path, steps, tone))
    const rows = merged(steps.filter(isShown))
    for (const [at, step] of rows.entries()) {
      // Where a row leads is said once.
      const isSaid = step.reason !== '' && step.target === rows[at - 1]?.target
      lines.push(...row(step, {text: words(step, isSaid), nameWidth, width: options.width, tone, trends}))
    }
    lines.push('')
  }
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${stripLine(message)}`, options.width, ''))
  if (report.warnings.length > 0) lines.push('')
  lines.push(...closing(report, options.width, tone))
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** Without a kubeconfig there is no context, not even that of a pod. */
function headerOf(report: DoctorReport, tone: Tone): string {
  if (report.server !== null) return header(report, tone)
  return tone.strong(report.namespace) + tone.quiet(`  no cluster  ${clockTime(parseTime(report.generatedAt) ?? 0)}`)
}

const TITLES: Readonly<Record<DoctorPath, string>> = {
  program: 'PROGRAM',
  cluster: 'CLUSTER',
  commands: 'COMMANDS',
  'port-forward': 'PORT-FORWARD',
  redis: 'REDIS',
  kafka: 'KAFKA',
  orthanc: 'ORTHANC',
  dependencies: 'DEPENDENCIES',
}

function title(path: DoctorPath, steps: readonly DoctorStep[], tone: Tone): string {
  const commands = path === 'commands' ? steps.filter(({name}) => name !== PERMISSIONS) : []
  if (commands.length === 0) return tone.strong(TITLES[path])
  const able = commands.filter(({status}) => status === 'ok').length
  return `${tone.strong(TITLES[path])}  ${able} of ${commands.length} may run`
}

/** What is skipped for the same reason stands in one row. */
function merged(steps: readonly DoctorStep[]): DoctorStep[] {
  const rows: DoctorStep[] = []
  for (const [at, step] of steps.entries()) {
    const isSame = (other: DoctorStep | undefined): boolean => other?.status === 'skipped' && other.reason === step.reason
    if (step.status === 'skipped' && isSame(steps[at - 1])) continue
    const end = step.status === 'skipped' ? steps.findIndex((other, index) => index > at && !isSame(other)) : at + 1
    const names = steps.slice(at, end < 0 ? undefined : end).map(({name}) => name)
    rows.push(names.length === 1 ? step : {...step, name: '', target: null, reason: `${names.join(', ')}: ${step.reason}`})
  }
  return rows
}

interface RowOptions {
  readonly text: string
  readonly nameWidth: number
  readonly width: number
  readonly tone: Tone
  readonly trends: RenderOptions['trends']
}

/** Name, status, time, and what it came to beside them where there is room, else below; there stands the cure too. */
function row(step: DoctorStep, {text, nameWidth, width, tone, trends}: RowOptions): string[] {
  const {name, status, ms, cure} = step
  const time = (ms === null ? '' : `${ms} ms`).padStart(TIME_WIDTH)
  const bars = trends === undefined ? '' : `  ${trends(step).padEnd(TREND_WIDTH)}`
  const margin = INDENT.length + nameWidth + 2 + STATUS_WIDTH + 1 + time.length + bars.length + 2
  const state = `${coloured(status, tone)}${' '.repeat(STATUS_WIDTH - status.length)}`
  const head = `${INDENT}${stripLine(name).padEnd(nameWidth)}  ${state} ${tone.quiet(time)}${bars}`
  // What can be copied should stand in one line.
  const cures = cure === null ? [] : block('cure', stripLine(cure), width, BELOW, tone)
  const fits = text.split(' ').every((word) => word.length <= width - margin)
  if (text === '' || !fits) return [head, ...(text === '' ? [] : block('', text, width, BELOW, tone)), ...cures]
  const [first = '', ...rest] = block('', text, width, margin, tone)
  return [`${head}  ${first.slice(margin)}`, ...rest, ...cures]
}

function block(label: string, text: string, width: number, indent: number, tone: Tone): string[] {
  const inner = indent + (label === '' ? 0 : label.length + 2)
  const [first = '', ...rest] = wrap(text, width, ' '.repeat(inner))
  const start = ' '.repeat(indent) + (label === '' ? '' : `${tone.quiet(label)}  `)
  return [start + first.slice(inner), ...rest]
}

/** Where it leads, unless the reason says it, or the row above. */
function words({target, status, reason}: DoctorStep, isSaid: boolean): string {
  if (target === null || isSaid || status === 'skipped' || reason.includes(target)) return stripLine(reason)
  return stripLine(reason === '' ? target : `${target}, ${reason}`)
}

function coloured(status: HopStatus, tone: Tone): string {
  return status === 'skipped' ? tone.quiet(status) : tone[status](status)
}

/** How many hops are how, and which fail. */
export function closingWords({summary, steps}: DoctorReport): string {
  const {hops, warning, critical, unknown, skipped} = summary
  const parts = [
    critical > 0
      ? `${count(critical, 'hop')} of ${hops} ${critical === 1 ? 'fails' : 'fail'}`
      : unknown + warning === 0
        ? `${hops - skipped} of ${hops} hops are well`
        : '',
    unknown > 0 ? `${unknown} unknown` : '',
    warning > 0 ? count(warning, 'warning') : '',
    skipped > 0 ? `${skipped} skipped` : '',
  ].filter((part) => part !== '')
  const failing = steps.filter(({status}) => status === 'critical')
  return `${parts.join(', ')}${failing.length === 0 ? '' : `: ${failing.map(({path, name}) => `${path} ${name}`).join(', ')}`}`
}

function closing(report: DoctorReport, width: number, tone: Tone): string[] {
  const {verdict, steps, notChecked} = report
  const failing = steps.filter(({status}) => status === 'critical')
  const cures = [...new Set(failing.flatMap(({cure}) => cure ?? []))].slice(0, MOST_CURES)
  const label = verdict.toUpperCase()
  const [first = '', ...rest] = wrap(closingWords(report), width, ' '.repeat(label.length + 2))
  return [
    `${tone[verdict](label)}  ${first.trimStart()}`,
    ...rest,
    ...cures.flatMap((cure) => block('cure', stripLine(cure), width, BELOW, tone)),
    ...notChecked.flatMap((note) => wrap(`not checked: ${stripLine(note)}`, width, '    ')),
  ]
}
