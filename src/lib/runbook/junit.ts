import {strip} from '../text/strip.ts'
import type {Severity} from './schema.ts'

/** One test case of a check. */
export interface JunitCase {
  readonly group: string
  readonly name: string
  readonly severity: Severity | 'skipped'
  readonly reason: string
}

/** What counts as a failure, as `--fail-on` says. */
export type FailOn = 'critical' | 'warning' | 'never'

const FAILS: Readonly<Record<FailOn, readonly JunitCase['severity'][]>> = {
  critical: ['critical'],
  warning: ['critical', 'warning'],
  never: [],
}

/**
 * JUnit XML as CI servers read it: one suite, a case a row; a failure at or above `--fail-on`, an error for what is unknown, and what was
 * skipped as such.
 */
export function junit(suite: string, cases: readonly JunitCase[], failOn: FailOn): string {
  const failing = (entry: JunitCase): boolean => FAILS[failOn].includes(entry.severity)
  const failures = cases.filter(failing).length
  const errors = failOn === 'never' ? 0 : cases.filter((entry) => entry.severity === 'unknown').length
  const skipped = cases.filter(({severity}) => severity === 'skipped').length
  const lines = cases.map((entry) => {
    const open = `    <testcase classname="${xml(entry.group)}" name="${xml(entry.name)}"`
    if (failing(entry)) return `${open}><failure message="${xml(entry.reason)}" type="${entry.severity}"/></testcase>`
    if (entry.severity === 'unknown' && failOn !== 'never')
      return `${open}><error message="${xml(entry.reason)}" type="unknown"/></testcase>`
    if (entry.severity === 'skipped') return `${open}><skipped message="${xml(entry.reason)}"/></testcase>`
    return `${open}/>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${xml(suite)}" tests="${cases.length}" failures="${failures}" errors="${errors}"${skipped === 0 ? '' : ` skipped="${skipped}"`}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;'}

/** Without the two characters that XML does not know, even escaped. */
function xml(text: string): string {
  return strip(text)
    .replace(/[\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"\n\t]/g, (character) => ENTITIES[character]!)
}
