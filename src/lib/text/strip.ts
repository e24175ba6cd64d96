import {stripVTControlCharacters} from 'node:util'
import {mapStrings} from './map-strings.ts'

// C0 but tab and line feed, DEL, C1, and the marks that reorder what is read (bidirectional
// overrides, CVE-2021-42574), and the two other ends of a line.
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** A string from the cluster, made safe for a terminal: no escape sequences, no control characters. Tabs and line feeds stay. */
export function strip(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, '')
}

/** As `strip`, on one line. */
export function stripLine(text: string): string {
  return strip(text)
    .replaceAll('\t', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
}

/** A report as a view may draw it: each string in it on one line, as `stripLine` makes it. */
export function stripReport<R>(report: R): R {
  return mapStrings(report, stripLine)
}
