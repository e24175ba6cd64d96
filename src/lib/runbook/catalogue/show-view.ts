import {BUILT_IN} from '../../catalogue/types.ts'
import {strip} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, wrap, type ViewOptions} from '../../text/view.ts'
import type {CatalogueReport, CatalogueSummary, CatalogueValidation} from './schema.ts'

type Workload = CatalogueReport['items'][number]

const INDENT = 2
const NOTE_INDENT = ' '.repeat(6)

/** The catalogue by category, its services, flows and dependencies, at 80 columns. */
export function catalogueTable(report: CatalogueReport, options: ViewOptions): string {
  return render(report, options, false)
}

/** As the table, with cluster IPs, the variables that name queues, groups, topics and dependencies, and the thresholds. */
export function catalogueWide(report: CatalogueReport, options: ViewOptions): string {
  return render(report, options, true)
}

/** `deployment.apps/NAME`, a line each, as kubectl prints names. */
export function catalogueNames(report: CatalogueReport): string {
  return report.items.map(({kind, name}) => `${kind.toLowerCase()}.apps/${name}\n`).join('')
}

export function validationText({source, summary}: CatalogueValidation, options: ViewOptions): string {
  const subject = source === BUILT_IN ? 'the built-in catalogue' : strip(source)
  return `${tones(options.colour).ok('OK')}  ${subject} is valid\n    ${totals(summary)}\n`
}

function render(report: CatalogueReport, options: ViewOptions, wide: boolean): string {
  const tone = tones(options.colour)
  const lines = [`${tone.strong(strip(report.namespace))}${tone.quiet(`  catalogue ${strip(report.source)}`)}`, '']
  for (const category of report.categories) {
    const members = report.items.filter((workload) => workload.category === category.name)
    if (members.length === 0) continue
    const active = members.filter(({baseline}) => baseline > 0)
    const pods = active.reduce((sum, {baseline}) => sum + baseline, 0)
    const counts = `${active.length} of ${members.length} active, ${count(pods, 'pod')}`
    lines.push(`${tone.strong(category.name.toUpperCase())}  ${strip(category.title)}, ${counts}`, ...workloads(members, options, tone), '')
  }
  if (report.services.length > 0) lines.push(tone.strong('SERVICES'), ...services(report, wide), '')
  if (report.flows.length > 0) lines.push(tone.strong('FLOWS'), ...flows(report, options), '')
  if (report.dependencies.length > 0) lines.push(tone.strong('DEPENDENCIES'), ...dependencies(report, wide), '')
  if (wide) lines.push(tone.strong('SETTINGS'), ...settings(report, options), '')
  if (report.clusters.length > 0) lines.push(`${tone.strong('MEANT FOR')}  ${report.clusters.map(strip).join(', ')}`, '')
  lines.push(totals(report.summary), `  ${tone.quiet('next')}  sapoche catalogue diff      (compares it with the cluster)`)
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

/** A row for each workload, and under it what sets it apart; a purpose that is too long for its row stands there too. */
function workloads(members: readonly Workload[], options: ViewOptions, tone: Tone): string[] {
  const rows = (purposes: boolean): string[] =>
    table(
      members.map(({name, baseline, purpose}) => [name, String(baseline), purposes ? strip(purpose) : '']),
      {indent: INDENT, align: ['left', 'right']},
    )
  const [short, long] = [rows(false), rows(true)]
  return members.flatMap((workload, index) => {
    const fits = long[index]!.length <= options.width
    const text = strip([fits ? '' : workload.purpose, ...notes(workload)].filter(Boolean).join('; '))
    const below = text === '' ? [] : wrap(text, options.width, NOTE_INDENT).map((line) => tone.quiet(line))
    return [(fits ? long : short)[index]!, ...below]
  })
}

/** What sets a workload apart from the others. */
function notes(workload: Workload): string[] {
  const {aliases, critical, inactive, maxReplicas} = workload
  return [
    critical ? 'critical' : '',
    inactive === null ? '' : `inactive: ${inactive.reason}${inactive.reviewBy === null ? '' : `; review by ${inactive.reviewBy}`}`,
    workload.protected === null ? '' : `protected: ${workload.protected}`,
    maxReplicas === null ? '' : `at most ${maxReplicas.count}: ${maxReplicas.reason}`,
    aliases.length === 0 ? '' : `also called ${aliases.join(', ')}`,
  ]
}

function services(report: CatalogueReport, wide: boolean): string[] {
  const rows = report.services.map(({name, type, clusterIP, ports, workload, purpose}) => [
    name,
    type,
    ports.map(({port, nodePort}) => (nodePort === null ? String(port) : `${port}:${nodePort}`)).join(', '),
    ...(wide ? [clusterIP ?? '-', strip(purpose)] : []),
    workload === name ? '' : `-> ${workload}`,
  ])
  return table(rows, {indent: INDENT})
}

function flows(report: CatalogueReport, options: ViewOptions): string[] {
  return report.flows.flatMap(({name, hops}) => {
    const path = hops.map((hop) => strip(hop.note === null ? hop.name : `${hop.name} (${hop.note})`)).join(' -> ')
    return [`  ${name}`, ...wrap(path, options.width, NOTE_INDENT)]
  })
}

function dependencies(report: CatalogueReport, wide: boolean): string[] {
  const rows = report.dependencies.map(({name, where, purpose, environment}) => [
    name,
    strip(where),
    strip(purpose),
    ...(wide ? [environment.join(' ')] : []),
  ])
  return table(rows, {indent: INDENT})
}

function settings({discovery, thresholds, startupGrace}: CatalogueReport, options: ViewOptions): string[] {
  const {queueDepth, queueAge, allowedLag, lagAge} = thresholds
  return [
    `start-up grace ${startupGrace} s`,
    `a queue is deep from ${count(queueDepth, 'job')}, or with one older than ${queueAge} s`,
    `a group is behind above a lag of ${allowedLag}, with an event older than ${lagAge} s`,
    `queues are named by ${discovery.queues.join(' ')}`,
    `groups are named by ${discovery.groups.join(' ')}`,
    `topics are named by ${discovery.topics.join(' ')}`,
  ].flatMap((text) => wrap(text, options.width, ' '.repeat(INDENT)))
}

function totals({workloads, active, inactive, pods, services}: CatalogueSummary): string {
  return `${count(workloads, 'workload')}: ${active} active, ${inactive} inactive; ${count(pods, 'pod')}; ${count(services, 'service')}`
}
