import {lengthOf, table} from './table.ts'
import type {Tone} from './tone.ts'
import {wrap} from './view.ts'

/** A column of a table that may be left out where the terminal is narrow. */
export interface Column<R> {
  readonly title: string
  readonly align?: 'left' | 'right'
  readonly cell: (row: R) => string
  /** Left out first where it is highest; 0, or none, never. */
  readonly dispensable?: number
}

export interface ColumnsOptions {
  readonly width: number
  readonly tone: Tone
  readonly indent?: number
}

/** Rows under a heading in as many columns as fit into `width`, those that can be spared left out one after another. No rows: no lines. */
export function columns<R>(rows: readonly R[], all: readonly Column<R>[], {width, tone, indent = 0}: ColumnsOptions): string[] {
  if (rows.length === 0) return []
  const drawn = all.map((column) => {
    const cells = [tone.quiet(column.title), ...rows.map(column.cell)]
    return {...column, cells, width: cells.reduce((most, cell) => Math.max(most, lengthOf(cell)), 0)}
  })
  const widthOf = (shown: typeof drawn): number => shown.reduce((sum, each) => sum + each.width, indent + GAP * (shown.length - 1))
  let shown = drawn
  // A table is drawn once, when it fits: that costs more than all else.
  for (let less = withoutLeast(shown); widthOf(shown) > width && less.length < shown.length; less = withoutLeast(shown)) shown = less
  const lines = Array.from({length: rows.length + 1}, (_, line) => shown.map(({cells}) => cells[line] ?? ''))
  return table(lines, {indent, align: shown.map(({align = 'left'}) => align)})
}

/** The last column of such a table, of words that may be long. */
export interface Sentence<R> {
  readonly title: string
  readonly text: (row: R) => string
}

/** The same with a sentence for each row: in a last column where there is room for it, else below its row; wrapped in both. */
export function columnsAndText<R>(
  rows: readonly R[],
  all: readonly Column<R>[],
  {title, text}: Sentence<R>,
  options: ColumnsOptions,
): string[] {
  const {width, tone} = options
  const [heading = '', ...lines] = columns(rows, all, options)
  const edge = Math.max(...[heading, ...lines].map(lengthOf)) + GAP
  const texts = rows.map(text)
  if (width - edge < ROOM && texts.some((words) => words.length > width - edge)) {
    return [heading, ...texts.flatMap((words, index) => [lines[index] ?? '', ...wrap(words, width, BELOW)])]
  }
  const beside = (line: string, words: string): string[] => {
    const [first = '', ...rest] = wrap(words, width, ' '.repeat(edge))
    return [line + ' '.repeat(edge - lengthOf(line)) + first.slice(edge), ...rest]
  }
  return [...beside(heading, tone.quiet(title)), ...texts.flatMap((words, index) => beside(lines[index] ?? '', words))]
}

const GAP = 2
/** In less a sentence is hard to read. */
const ROOM = 60
const BELOW = ' '.repeat(10)

function withoutLeast<C extends {readonly dispensable?: number}>(shown: C[]): C[] {
  const most = Math.max(0, ...shown.map(({dispensable = 0}) => dispensable))
  return most === 0 ? shown : shown.filter(({dispensable = 0}) => dispensable < most)
}
