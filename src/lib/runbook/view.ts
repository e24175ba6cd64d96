import {clockTime, parseTime} from '../text/time.ts'
import type {Tone} from '../text/tone.ts'
import type {Severity, Verdict} from './schema.ts'

/** The first line of a report: where it was read, and when. */
export function header(report: {namespace: string; context: string | null; generatedAt: string}, tone: Tone): string {
  const where = report.context === null ? 'in-cluster' : `context ${report.context}`
  return tone.strong(report.namespace) + tone.quiet(`  ${where}  ${clockTime(parseTime(report.generatedAt) ?? 0)}`)
}

/** A word in the tone of its severity. */
export function toned(text: string, severity: Severity | Verdict, tone: Tone): string {
  if (severity === 'info') return text
  return tone[severity](text)
}
