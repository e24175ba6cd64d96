import {strip} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, labelled, type ViewOptions, wrap} from '../../text/view.ts'
import {backlogOf} from '../backlog.ts'
import {type FailOn, junit, type JunitCase} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {faultsOf, weightOf, withoutMissing} from '../status/index.ts'
import {header, toned} from '../view.ts'
import {traceMermaid} from './mermaid.ts'
import type {TraceHop, TraceReport, TraceWorkload} from './schema.ts'
import {detailsOf, portsOf, ratio, stateOf, titleOf} from './words.ts'

/** Columns that the details of a hop have at least. */
const MIN_ROOM = 20
/** Workloads whose names are told, where nothing is known of any. */
const MANY = 3

type View = (report: TraceReport, options: ViewOptions) => string

/** The text formats of `trace`. */
export function traceViews(failOn: FailOn): Record<'table' | 'wide' | 'mermaid' | 'junit', View> {
  return {
    table: (report, options) => render(report, options, {isWide: false}),
    wide: (report, options) => render(report, options, {isWide: true}),
    mermaid: traceMermaid,
    junit: (report) => junit('sapoche trace', junitCases(report), failOn),
  }
}

function junitCases({items, services}: TraceReport): JunitCase[] {
  return [
    ...items.map(({flow, name, checked, severity, reason}) => ({
      group: flow,
      name,
      severity: checked ? severity : ('skipped' as const),
      reason,
    })),
    ...services.map(({name, severity, reason}) => ({group: 'services', name, severity, reason})),
  ]
}

export interface Form {
  /** Every workload, and the names that services are called by. */
  readonly isWide: boolean
  /** A line of bars for a hop, look by look; blank where nothing is known. */
  readonly trends?: (hop: TraceHop) => string
}

/** The flows as a picture, the services beside the catalogue, what is wrong with the worst last, and the verdict. */
export function render(report: TraceReport, options: ViewOptions, form: Form): string {
  const tone = tones(options.colour)
  const lines = [
    header(report, tone),
    '',
    ...report.flows.flatMap(({name, title}) => [
      `${tone.strong(name.toUpperCase())}  ${strip(title)}`,
      '',
      ...picture(
        report.items.filter(({flow}) => flow === name),
        options,
        tone,
        form,
      ),
      '',
    ]),
    ...servicesTable(report, options, tone, form.isWide),
    ...faultsOf(withoutMissing(faultyOf(report)), 'trace', options, tone),
    ...closing(report, options, tone),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** A hop after the other, from the source to the end; what stands between two is `|`, or `x` where nothing passes. */
function picture(hops: readonly TraceHop[], options: ViewOptions, tone: Tone, {isWide, trends}: Form): string[] {
  const titleColumn = Math.max(...hops.map((hop) => titleOf(hop).length))
  const stateColumn = Math.max(...hops.map((hop) => stateOf(hop).length))
  const taken = 2 + titleColumn + 2 + stateColumn + 2
  return hops.flatMap((hop, at) => {
    const isLast = at === hops.length - 1
    const mark = isLast ? ' ' : hop.broken || hop.cutOffBy.length > 0 ? tone.critical('x') : tone.quiet('|')
    const state = toned(stateOf(hop), hop.checked ? hop.severity : 'info', tone) + ' '.repeat(stateColumn - stateOf(hop).length)
    const [first = '', ...rest] = wrap(detailsOf(hop), Math.max(MIN_ROOM, options.width - taken), '')
    const drawn = trends?.(hop).trimEnd() ?? ''
    const below = [
      ...[...rest, drawn].filter((line) => line !== '').map((line) => ' '.repeat(taken - 5) + line),
      ...members(hop, tone, isWide),
      ...breakLines(hop, options),
    ]
    return [
      `  ${titleOf(hop).padEnd(titleColumn)}  ${state}  ${first}`,
      ...below.map((line) => `  ${mark}  ${line}`),
      ...(isLast ? [] : [`  ${mark}`]),
    ]
  })
}

/** Of a category, the workloads that need somebody; every one in the wide form. Of many that are unknown, or missing, the number is enough. */
function members({kind, workloads}: TraceHop, tone: Tone, isWide: boolean): string[] {
  if (kind !== 'category') return []
  const faulty = workloads.filter((workload) => isFault(weightOf(workload)))
  const unknown = faulty.filter((workload) => weightOf(workload) === 'unknown')
  const missing = faulty.filter(({health}) => health === 'missing')
  const summed = isWide ? [] : [unknown, missing].filter((alike) => alike.length > MANY)
  const shown = isWide ? workloads : faulty.filter((workload) => !summed.some((alike) => alike.includes(workload)))
  const rows = shown.map((workload) => {
    const severity = weightOf(workload)
    return [strip(workload.name), ratio(workload), waitText(workload), toned(severity === 'info' ? 'ok' : severity, severity, tone)]
  })
  const sums = summed.map((alike) =>
    alike === unknown ? tone.unknown(`${alike.length} workloads unknown`) : tone.critical(`${alike.length} workloads missing`),
  )
  return [...table(rows, {align: ['left', 'right']}), ...sums]
}

function waitText({queues, groups}: TraceWorkload): string {
  const {kind, amount, age} = backlogOf({queues: queues ?? [], groups: groups ?? []})
  const words = kind === null ? '' : kind === 'lag' ? `lag ${amount}` : amount === '-' ? 'nothing queued' : `${amount} queued`
  return age === '' ? words : `${words} ${age}`
}

/** What lies before and behind the place where something does not pass. */
function breakLines({broken, workloads, upstream, downstream}: TraceHop, {width}: ViewOptions): string[] {
  const stuck = workloads.filter((workload) => workload.broken).map(({name}) => name)
  if (!broken && stuck.length === 0) return []
  const list = (label: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : labelled(label, names.map(strip).join(', '), width - 5, (text) => text)
  const title = broken ? ['broken here'] : wrap(`broken for ${stuck.map(strip).join(', ')}; the others pass`, width - 5, '')
  return [...title, ...list('upstream  ', upstream), ...list('downstream', downstream)]
}

/** With the names, addresses and ports by which they are reached; what differs from the catalogue is said below each. */
function servicesTable({services}: TraceReport, {width}: ViewOptions, tone: Tone, isWide: boolean): string[] {
  if (services.length === 0) return []
  const head = ['NAME', ...(isWide ? ['DNS'] : []), 'TYPE', 'CLUSTER IP', 'PORTS', 'READY', 'SEVERITY'].map((word) => tone.quiet(word))
  const rows = services.map((service) => [
    strip(service.name),
    ...(isWide ? [service.dns] : []),
    service.type ?? '-',
    service.clusterIP ?? '-',
    portsOf(service),
    String(service.readyEndpoints ?? '-'),
    toned(service.severity, service.severity, tone),
  ])
  const [heading = '', ...lines] = table([head, ...rows], {indent: 2})
  const notes = services.map((service) => (service.severity === 'info' ? wrap(strip(service.reason), width, '    ') : []))
  const domain = services[0]!.dns.slice(services[0]!.name.length)
  const where = isWide ? '' : `  within the cluster NAME${domain}`
  return [`${tone.strong('SERVICES')}${where}`, heading, ...lines.flatMap((line, at) => [line, ...notes[at]!]), '']
}

/** Each object once, though it may stand in several hops. */
function faultyOf({namespace, items, services, findings, warnings}: TraceReport): Parameters<typeof faultsOf>[0] {
  const distinct = <T extends {readonly name: string}>(all: readonly T[]): T[] => [
    ...new Map(all.map((each) => [each.name, each])).values(),
  ]
  const workloads = distinct(items.flatMap((hop) => hop.workloads))
  const told = new Set(workloads.flatMap(({next}) => next))
  return {
    namespace,
    warnings,
    others: [],
    findings,
    services: distinct([...services, ...items.flatMap(({service}) => service ?? [])]).map((service) => ({
      ...service,
      next: service.next.filter((command) => !told.has(command)),
    })),
    servers: distinct(items.flatMap(({servers}) => servers)),
    items: workloads,
  }
}

function isFault(severity: Severity): boolean {
  return severity !== 'ok' && severity !== 'info'
}

function closing(report: TraceReport, {width}: ViewOptions, tone: Tone): string[] {
  const unseen = report.notChecked.length === 0 ? [] : wrap(`not checked: ${report.notChecked.join(', ')}`, width, '    ')
  return [...labelled(report.verdict.toUpperCase(), verdictWords(report), width, (word) => toned(word, report.verdict, tone)), ...unseen]
}

function stuckWords({name, workloads}: TraceHop): string {
  return `${workloads.filter(({broken}) => broken).length} of ${workloads.length} ${name}`
}

/** What became of each flow, and of the services beside them. */
export function verdictWords({flows, items, services}: TraceReport): string {
  const words = flows.map(({name, verdict}) => {
    const own = items.filter(({flow}) => flow === name)
    const broken = own.filter((hop) => hop.broken)
    if (broken.length > 0) return `${name} is broken at ${broken.map((hop) => hop.name).join(' and ')}`
    if (verdict === 'ok') return `${name} passes`
    const partly = own.filter((hop) => hop.workloads.some((workload) => workload.broken))
    if (partly.length > 0) return `${name} is broken for ${partly.map(stuckWords).join(' and ')}`
    const faulty = own.filter(({severity}) => isFault(severity)).map((hop) => hop.name)
    return `${name} is ${verdict} at ${faulty.join(' and ')}`
  })
  const faulty = services.filter(({severity}) => isFault(severity)).length
  return [...words, ...(faulty === 0 ? [] : [`${count(faulty, 'service')} in trouble`])].map(strip).join('; ')
}
