import {stripVTControlCharacters} from 'node:util'

// C0 but tab and line feed, DEL, C1, and the marks that reorder what is read (bidirectional overrides, CVE-2021-42574).
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g

/** A string from the cluster, made safe for a terminal: no escape sequences, no control characters. Tabs and line feeds stay. */
export function strip(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, '')
}

/** As `strip`, on one line. */
export function stripLine(text: string): string {
  return strip(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}
