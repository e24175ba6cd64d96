import {age} from '../../text/age.ts'
import {strip} from '../../text/strip.ts'
import {parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {count, type ViewOptions, wrap} from '../../text/view.ts'
import {shortImage} from '../../workload/index.ts'
import {junit, type FailOn} from '../junit.ts'
import type {Severity} from '../schema.ts'
import {header, toned} from '../view.ts'
import type {AuditInactiveReport, InactiveItem} from './schema.ts'

const ORDER: Readonly<Record<Severity, number>> = {ok: 0, info: 1, warning: 2, unknown: 3, critical: 4}

/** The text formats of `audit-inactive`; `wide` adds what the times rest on. */
export function auditViews(
  failOn: FailOn,
): Record<'table' | 'wide' | 'name' | 'junit', (report: AuditInactiveReport, options: ViewOptions) => string> {
  return {
    table: (report, options) => render(report, options, false),
    wide: (report, options) => render(report, options, true),
    name: ({items}) => items.map(({name}) => `deployment.apps/${name}\n`).join(''),
    junit: ({items}) =>
      junit(
        'sapoche audit-inactive',
        items.map(({category, name, severity, findings, reason}) => ({
          group: category ?? 'uncategorised',
          name,
          severity,
          reason: findings.find((finding) => finding.severity === severity)?.evidence ?? reason,
        })),
        failOn,
      ),
  }
}

/** Worst last, so that it is nearest the prompt. */
function render(report: AuditInactiveReport, options: ViewOptions, wide: boolean): string {
  const tone = tones(options.colour)
  const lines = [header(report, tone), '']
  const items = report.items.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity])
  for (const item of items) lines.push(...block(item, options, tone, wide), '')
  for (const {message} of report.warnings) lines.push(...wrap(`${tone.warning('warning')}  ${strip(message)}`, options.width, ''))
  if (report.warnings.length > 0) lines.push('')
  const {deployments, inactive, expected} = report.summary
  const label = toned(report.verdict.toUpperCase(), report.verdict, tone)
  lines.push(`${label}  ${inactive} of ${count(deployments, 'deployment')} at zero, ${expected} of them as expected`)
  for (const note of report.notChecked) lines.push(`    not checked: ${note}`)
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function block(item: InactiveItem, options: ViewOptions, tone: Tone, wide: boolean): string[] {
  const lines = [`${tone.strong(strip(item.name))}  ${toned(wordOf(item), item.severity, tone)}`]
  const add = (label: string, text: string): void => {
    const [first = '', ...rest] = wrap(strip(text), options.width - 13, '')
    lines.push(`  ${tone.quiet(label.padEnd(9))}  ${first}`, ...rest.map((line) => `${' '.repeat(13)}${line}`))
  }
  add('since', `${sinceText(item, options.now)}, by ${item.by ?? 'unknown'}`)
  const rolledOut = parseTime(item.rolledOutAt)
  const images = item.images.map(({image}) => shortImage(image)).join(', ')
  add('image', `${images}${rolledOut === null ? '' : `, rolled out ${age(options.now - rolledOut)} ago`}`)
  for (const {kind, name, note} of item.leftovers) add('left', `${kind} ${name}${note === '' ? '' : ` (${note})`}`)
  for (const {id, severity, evidence, recommendation} of item.findings) {
    if (id !== 'leftovers') add(severity, `${evidence} [${id}: ${recommendation}]`)
  }
  if (wide) for (const sentence of item.evidence) add('evidence', sentence)
  for (const [index, command] of item.next.entries()) lines.push(`  ${tone.quiet(index === 0 ? 'next     ' : '         ')}  ${command}`)
  return lines
}

function wordOf({expected}: InactiveItem): string {
  if (expected === null) return "at zero, and what might explain it can't be read"
  return expected ? 'inactive as expected' : 'at zero, unexpected'
}

function sinceText({since, sinceAtLatest}: InactiveItem, now: number): string {
  const [exact, bound] = [parseTime(since), parseTime(sinceAtLatest)]
  if (exact !== null) return `${age(now - exact)} ago`
  return bound === null ? 'unknown' : `unknown (at least ${age(now - bound)} ago)`
}
