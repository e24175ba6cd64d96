import {stripVTControlCharacters} from 'node:util'
import Table from 'cli-table3'

const BLANK = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Rows that are drawn at once. */
const BLOCK = 24

export interface TableOptions {
  /** Alignment per column; left where it is not said. */
  readonly align?: readonly ('left' | 'right')[]
  readonly indent?: number
}

/** Rows as aligned columns, without borders, never cut; each line without trailing blanks. No rows: no lines. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  if (rows.length <= BLOCK) return draw(rows, options)
  // Each block is as wide as all of them, by the widest cells in a line of their own. The library compares each cell with all above it.
  const columns = rows.reduce((most, {length}) => Math.max(most, length), 0)
  const widest = Array.from({length: columns}, (_, column) =>
    rows.map((row) => row[column] ?? '').reduce((most, cell) => (lengthOf(cell) > lengthOf(most) ? cell : most), ''),
  )
  return Array.from({length: Math.ceil(rows.length / BLOCK)}, (_, block) => rows.slice(block * BLOCK, (block + 1) * BLOCK)).flatMap(
    (part) => draw([widest, ...part], options).slice(1),
  )
}

/** Columns of a terminal, without colours. */
export function lengthOf(line: string): number {
  return stripVTControlCharacters(line).length
}

function draw(rows: readonly (readonly string[])[], options: TableOptions): string[] {
  if (rows.length === 0) return []
  const grid = new Table({
    chars: BLANK,
    // Never seen, for nothing is cut; but its own mark, which is no ASCII, would be measured for each cell by the table of all emoji.
    truncate: '.',
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true},
    colAligns: [...(options.align ?? [])],
  })
  for (const row of rows) grid.push([...row])
  const margin = ' '.repeat(options.indent ?? 0)
  return grid
    .toString()
    .split('\n')
    .map((line) => (margin + line).trimEnd())
}
