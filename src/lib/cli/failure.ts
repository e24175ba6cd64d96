import {UsageError, SapocheError} from '../errors/index.ts'
import {nearestNames} from '../text/nearest.ts'
import {strip, stripLine} from '../text/strip.ts'
import type {Tone} from '../text/tone.ts'
import type {ErrorDocument} from './schema.ts'

/** What a failed run shows: the error itself, or a fault of ours. */
export interface Failure {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly cause: string | null
  readonly suggestions: readonly string[]
  readonly hints: readonly {label: string; text: string}[]
}

/** Any thrown value as a failure. What is not one of our errors is a bug (70); its stack is shown under SAPOCHE_DEBUG=1 only. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof SapocheError) {
    return {
      code: thrown.code,
      exitCode: thrown.exitCode,
      message: thrown.message,
      cause: thrown.cause instanceof Error ? thrown.cause.message : null,
      suggestions: thrown.suggestions,
      hints: thrown.hints,
    }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'bug',
    exitCode: 70,
    message: `a fault in sapoche itself: ${message}`,
    cause: null,
    suggestions: [],
    hints: [{label: 'next', text: 'run it again with SAPOCHE_DEBUG=1 and report what it prints'}],
  }
}

/** The document that stands on stdout in place of a report under `-o json`. */
export function failureDocument(failure: Failure): ErrorDocument {
  return {
    apiVersion: 'sapoche/v1',
    kind: 'Error',
    error: {
      code: failure.code,
      message: stripLine(failure.message),
      exitCode: failure.exitCode,
      ...(failure.cause === null ? {} : {cause: stripLine(failure.cause)}),
      suggestions: [...failure.suggestions],
    },
  }
}

/** One line that says what failed; under it, where `full`, the cure. */
export function failureText(failure: Failure, tone: Tone, full: boolean): string {
  const lines = [`${tone.critical('sapoche:')} ${stripLine(failure.message)}`]
  if (full) {
    for (const hint of failure.hints) lines.push(hintLine(hint.label, strip(hint.text), tone))
  }
  return lines.join('\n') + '\n'
}

function hintLine(label: string, text: string, tone: Tone): string {
  const margin = `  ${label}  `
  return `  ${tone.quiet(label)}  ${text.split('\n').join('\n' + ' '.repeat(margin.length))}`
}

/**
 * The errors of oclif's parser (recognised by their fields: the classes are not exported) as one line of ours.
 * `flags` are the names the command knows, for "did you mean".
 */
export function fromParser(thrown: unknown, command: string, flags: readonly string[]): unknown {
  if (thrown instanceof SapocheError && thrown.message.startsWith(PARSING)) return new UsageError(parserWords(thrown.message), thrown)
  if (!(thrown instanceof Error) || !('parse' in thrown || 'oclif' in thrown)) return thrown
  const unknown = 'flags' in thrown && Array.isArray(thrown.flags) ? String(thrown.flags[0]) : null
  if (unknown !== null && unknown.startsWith('-')) {
    const suggestions = nearestNames(unknown.replace(/^-+/, '').split('=')[0]!, flags).map((name) => `--${name}`)
    const cure = suggestions.length > 0 ? `did you mean ${suggestions[0]}?` : `see ${command} --help`
    return new UsageError(`unknown flag ${unknown}; ${cure}`, {suggestions})
  }
  const what = parserWords(thrown.message)
  return new UsageError(`${what.charAt(0).toLowerCase()}${what.slice(1)}; see ${command} --help`)
}

/** What oclif puts before the message of an error that a flag's own parser threw. */
const PARSING = 'Parsing --'

/** Of several faults oclif writes each on a line of its own, set in by two. */
function parserWords(message: string): string {
  const [said = ''] = message.split(/\n\nNote: |\nSee more help/)
  return said
    .replace(/^The following errors? occurred:\s*/, '')
    .split('\n  ')
    .map((fault) => stripLine(fault).replace(/^Parsing --[\w-]+ /, ''))
    .map((fault) => fault.replace(/^All of the following must be provided when using (--[\w-]+): (--[\w-]+)$/, '$1 needs $2'))
    .map((fault) => fault.replace(/^(--[\w-]+)=.* cannot also be provided when using (--[\w-]+)$/, "$1 and $2 can't be given together"))
    .map((fault) => fault.replace(/^Missing 1 required arg: (\S+) +/, (_, name: string) => `missing ${name.toUpperCase()}: `))
    .join('; ')
}
