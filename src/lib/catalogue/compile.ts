import {isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node} from 'yaml'
import {ConfigurationError} from '../errors/index.ts'
import {describeIssue, pathText, shorten, type Path, type Problem} from './problems.ts'
import {checkReferences} from './references.ts'
import {catalogueSchema} from './schema.ts'
import type {Catalogue} from './types.ts'

/** The sections that an override may leave out: they are then as in the built-in catalogue. */
export type Inherited = Pick<Catalogue, 'startupGrace' | 'categories' | 'discovery' | 'thresholds'>

const LONGEST_MESSAGE = 160

interface Line {
  readonly line: number
  readonly message: string
}

/**
 * Checks the text of a catalogue and fills in its defaults. `source` names the file in messages and in the result.
 * Throws a ConfigurationError (78) that names every problem with its line and what was expected: the first one in the message,
 * the others as hints.
 */
export function compileCatalogue(text: string, source: string, inherited?: Inherited): Catalogue {
  const lines = new LineCounter()
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false})
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.length > 0)
    throw invalid(
      source,
      syntax.map(({pos, message}) => ({line: lineAt(pos[0]), message: oneLine(message)})),
    )
  const data = withInherited(plain(document, source), inherited)
  const parsed = catalogueSchema.safeParse(data)
  const problems = [...(parsed.error?.issues.flatMap((issue) => describeIssue(issue, data)) ?? []), ...checkReferences(data)]
  if (!parsed.success || problems.length > 0)
    throw invalid(
      source,
      problems.map((problem) => locate(problem, document, lineAt)),
    )
  return {source, ...parsed.data}
}

function plain(document: Document, source: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // Aliases that multiply without end, or that name no anchor.
    throw invalid(source, [{line: 1, message: oneLine(error instanceof Error ? error.message : String(error))}])
  }
}

function withInherited(data: unknown, inherited: Inherited | undefined): unknown {
  if (inherited === undefined || typeof data !== 'object' || data === null || Array.isArray(data)) return data
  const {startupGrace, categories, discovery, thresholds} = inherited
  return {startupGrace, categories, discovery, thresholds, ...data}
}

function invalid(source: string, unsorted: readonly Line[]): ConfigurationError {
  const sorted = unsorted.toSorted((a, b) => a.line - b.line)
  const [first = '', ...others] = new Set(sorted.map(({line, message}) => `${source}:${line}: ${message}`))
  const all = [first, ...others]
  const count = others.length === 0 ? '' : ` (and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'})`
  return new ConfigurationError(first + count, {
    hints: others.map((text) => ({label: 'also', text})),
    cause: others.length === 0 ? undefined : new Error(all.join('; ')),
  })
}

/** The line of a problem: of the key or item that its path names, else of the nearest mapping or list around it. */
function locate({path, message}: Problem, document: Document, lineAt: (offset: number) => number): Line {
  const place = pathText(path)
  return {line: lineAt(offsetOf(document, path)), message: place === '' ? message : `${place}: ${message}`}
}

function offsetOf(document: Document, path: Path): number {
  let node = resolve(document.contents, document)
  let offset = node?.range?.[0] ?? 0
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({key}) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) break
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = resolve(pair.value, document)
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(part)]
      offset = nodeOf(item)?.range?.[0] ?? offset
      node = resolve(item, document)
    } else break
  }
  return offset
}

function nodeOf(value: unknown): Node | null {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null
}

function resolve(value: unknown, document: Document): Node | null {
  const node = nodeOf(value)
  return isAlias(node) ? (node.resolve(document) ?? null) : node
}

/** A message of the YAML parser, which may hold a piece of the file. */
function oneLine(text: string): string {
  return shorten(text.replace(/\s+/g, ' ').trim(), LONGEST_MESSAGE)
}
