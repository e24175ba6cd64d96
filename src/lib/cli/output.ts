import type {Format} from './flags.ts'
import type {Terminal} from './terminal.ts'
import {escapeRaw, holdsRaw, toJson} from '../text/json.ts'
import {stripReport} from '../text/strip.ts'
import type {ViewOptions} from '../text/view.ts'

export {toJson} from '../text/json.ts'

/** A pure function from a report to text that ends with a line feed (or is empty). */
export type View<R> = (report: R, options: ViewOptions) => string

/** The text formats that a command has; JSON and YAML are the report itself. */
export type Views<R> = Partial<Record<Exclude<Format, 'json' | 'yaml'>, View<R>>>

/** Writes one report to stdout in the chosen format. */
export async function writeReport<R extends object>(
  report: R,
  format: Format,
  views: Views<R>,
  terminal: Terminal,
  now: number,
): Promise<void> {
  terminal.stdout.write(await renderReport(report, format, views, {width: terminal.stdout.width, colour: terminal.stdout.colour, now}))
}

export async function renderReport<R extends object>(report: R, format: Format, views: Views<R>, options: ViewOptions): Promise<string> {
  if (format === 'json') return `${toJson(report, 2)}\n`
  if (format === 'yaml') {
    const {dump} = await import('js-yaml')
    const text = dump(report, {lineWidth: -1, noRefs: true})
    return holdsRaw(text) ? escapeRaw(dump(report, {lineWidth: -1, noRefs: true, forceQuotes: true, quoteStyle: 'double'})) : text
  }
  const view = views[format]
  if (view === undefined) throw new Error(`no view for the format ${format}`)
  return view(stripReport(report), options)
}
