import {describe, expect, test} from 'vitest'
import {type Column, columns} from '../../src/lib/text/columns.ts'
import {tones} from '../../src/lib/text/tone.ts'

interface Row {
  readonly name: string
  readonly node: string
  readonly note: string
}

const COLUMNS: readonly Column<Row>[] = [
  {title: 'NAME', cell: ({name}) => name},
  {title: 'NODE', cell: ({node}) => node, dispensable: 1},
  {title: 'NOTE', align: 'right', cell: ({note}) => note, dispensable: 2},
]
const ROWS: readonly Row[] = [
  {name: 'a', node: 'node-a', note: 'x'},
  {name: 'bbb', node: 'n', note: '12345678'},
]
const show = (width: number): string[] => columns(ROWS, COLUMNS, {width, tone: tones(false), indent: 2})

describe('columns', () => {
  test.each<[number, string[]]>([
    [80, ['  NAME  NODE        NOTE', '  a     node-a         x', '  bbb   n       12345678']],
    [24, ['  NAME  NODE        NOTE', '  a     node-a         x', '  bbb   n       12345678']],
    [23, ['  NAME  NODE', '  a     node-a', '  bbb   n']],
    [10, ['  NAME', '  a', '  bbb']],
    [1, ['  NAME', '  a', '  bbb']],
  ])('in %d columns those that fit, the most dispensable left out first', (width, lines) => {
    expect(show(width)).toEqual(lines)
  })

  test('colour takes no room', () => {
    const coloured = columns(ROWS, COLUMNS, {width: 24, tone: tones(true), indent: 2})
    expect(coloured).toHaveLength(3)
    expect(coloured[0]).toContain('NOTE')
  })

  test('no rows: not even a heading', () => {
    expect(columns([], COLUMNS, {width: 80, tone: tones(false)})).toEqual([])
  })
})
