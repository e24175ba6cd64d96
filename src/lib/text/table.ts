import {stripVTControlCharacters} from 'node:util'

export interface TableOptions {
  /** Alignment per column; left where it is not said. */
  readonly align?: readonly ('left' | 'right')[]
  readonly indent?: number
}

const GAP = '  '

/** Rows as aligned columns, without borders, never cut; each line without trailing blanks. No rows: no lines. */
export function table(rows: readonly (readonly string[])[], {align = [], indent = 0}: TableOptions = {}): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
  const aligned = (cell: string, column: number): string => {
    const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell))
    return align[column] === 'right' ? padding + cell : cell + padding
  }
  return rows.map((row) => (' '.repeat(indent) + row.map(aligned).join(GAP)).trimEnd())
}

/** Columns on a terminal; what is wider than one (emoji, East Asian) stands in notes alone, behind which nothing has to be aligned. */
function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
