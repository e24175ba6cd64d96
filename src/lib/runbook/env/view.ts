import {age} from '../../text/age.ts'
import {strip, stripLine} from '../../text/strip.ts'
import {table} from '../../text/table.ts'
import {parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {type ViewOptions, wrap} from '../../text/view.ts'
import {header} from '../view.ts'
import type {EnvItem, EnvReport} from './schema.ts'

/** What stderr says where there is nothing to show; null where there is. */
export function envNotice({items, secrets, match, namespace}: EnvReport): string | null {
  if (items.length > 0 || secrets.length > 0) return null
  return match === null ? `no variables in ${namespace} by that name` : `no variable matches "${match}"`
}

/** The text formats of `env`. */
export function envViews(): Record<'table' | 'wide', (report: EnvReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, false),
    wide: (report, options) => render(report, options, true),
  }
}

function render(report: EnvReport, options: ViewOptions, wide: boolean): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  for (const {title, workload, container, items} of containers(report)) {
    lines.push(tone.strong(strip(title)))
    lines.push(
      ...table(
        items.map((item) => row(item, wide, tone)),
        {indent: 2},
      ),
    )
    lines.push(...notes(report, workload, container, options, tone), '')
  }
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  while (lines.at(-1) === '') lines.pop()
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

interface ContainerLines {
  readonly title: string
  readonly workload: string
  readonly container: string
  readonly items: readonly EnvItem[]
}

/** Containers with something to show, in the order of the report. */
function containers({items, secrets}: EnvReport): ContainerLines[] {
  const keys = new Map<string, {workload: string; container: string; pod: string | null}>()
  for (const {workload, container, pod} of items) keys.set(`${workload}/${container}`, {workload, container, pod})
  for (const {workload, container} of secrets) {
    const key = `${workload}/${container}`
    if (!keys.has(key)) keys.set(key, {workload, container, pod: null})
  }
  return [...keys.values()].map(({workload, container, pod}) => ({
    title: `${workload}  container ${container}${pod === null ? '' : `, pod ${pod}`}`,
    workload,
    container,
    items: items.filter((item) => item.workload === workload && item.container === container),
  }))
}

function row(item: EnvItem, wide: boolean, tone: Tone): string[] {
  const {kind, name, key} = item.source
  const where = name === null ? '' : `${kind} ${name}${key === null ? '' : `, key ${key}`}`
  const value = item.value === null ? tone.quiet(`(${[where, item.note].filter(Boolean).map(strip).join(': ')})`) : stripLine(item.value)
  const source = item.value !== null && wide ? [tone.quiet(strip(where === '' ? kind : where))] : []
  return [strip(item.name), value, ...source]
}

function notes({secrets, stale, match}: EnvReport, workload: string, container: string, options: ViewOptions, tone: Tone): string[] {
  const lines: string[] = []
  for (const {secret, prefix} of secrets.filter((each) => each.workload === workload && each.container === container)) {
    const what = match === null ? 'more variables' : 'matches'
    lines.push(`Secret ${strip(secret)} may hold ${what}${prefix === '' ? '' : ` (as ${strip(prefix)}...)`}: --live`)
  }
  for (const {configMap, changedAt, pod} of stale.filter((each) => each.workload === workload)) {
    const ago = age(options.now - (parseTime(changedAt) ?? options.now))
    lines.push(
      `${tone.warning('warning')}  ConfigMap ${strip(configMap)} changed ${ago} ago, after pod ${strip(pod)} started: it runs with the old values`,
    )
  }
  return lines.flatMap((line) => wrap(line, options.width, '  '))
}
