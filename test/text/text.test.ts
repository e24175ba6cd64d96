import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parseDuration} from '../../src/lib/text/duration.ts'
import {nearestNames} from '../../src/lib/text/nearest.ts'
import {toJson} from '../../src/lib/text/json.ts'
import {strip, stripLine, stripReport} from '../../src/lib/text/strip.ts'
import {table} from '../../src/lib/text/table.ts'
import {clockTime, isoTime, parseTime} from '../../src/lib/text/time.ts'
import {tones} from '../../src/lib/text/tone.ts'

describe('parseDuration', () => {
  test.each([
    ['10s', 10_000],
    ['250ms', 250],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['2d', 172_800_000],
    ['0', 0],
    ['36500d', 3_153_600_000_000],
  ])('%s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))

  test.each(['', '10', 's', '10 s', '-5s', '5sx', '1h-3m', '36501d', `${'9'.repeat(400)}s`])('%j is none', (text) =>
    expect(parseDuration(text)).toBeNull(),
  )
})

describe('nearestNames', () => {
  const names = ['consumer-lis-testresult', 'consumer-ecg', 'worker-sapoche-pdf', 'worker-sapoche-pdf-en', 'status']

  test('prefix before substring before edits', () => {
    expect(nearestNames('consumer-lis', names)[0]).toBe('consumer-lis-testresult')
    expect(nearestNames('pdf', names)).toEqual(['worker-sapoche-pdf', 'worker-sapoche-pdf-en'])
    expect(nearestNames('stauts', names)).toEqual(['status'])
  })

  test('nothing near: nothing', () => expect(nearestNames('qqqqqqqq', names)).toEqual([]))

  test('at most five', () =>
    expect(
      nearestNames(
        'a',
        Array.from({length: 20}, (_, index) => `a${index}`),
      ),
    ).toHaveLength(5))
})

describe('strip', () => {
  test.each([
    ['colour', '\u001B[31mred\u001B[0m', 'red'],
    ['title (OSC)', '\u001B]0;owned\u0007text', 'text'],
    ['hyperlink', '\u001B]8;;http://example.invalid\u001B\\link\u001B]8;;\u001B\\', 'link'],
    ['cursor', 'a\u001B[2Jb', 'ab'],
    ['C1 introducer', 'a\u009B31mb', 'ab'],
    ['bell, backspace and carriage return', 'a\u0007\b\rb', 'ab'],
    ['bidirectional override', 'a\u202Eb', 'ab'],
    ['marks of direction, and ends of lines', 'a\u200E\u200F\u061C\u2028\u2029b', 'ab'],
    ['tab and line feed stay', 'a\tb\nc', 'a\tb\nc'],
    ['plain', 'größe ✓ 医', 'größe ✓ 医'],
  ])('%s', (_, dirty, clean) => expect(strip(dirty)).toBe(clean))

  test.each([
    [' a \n  b\u001B[1m\n', 'a b'],
    ['a\tb\r\n\r\nc', 'a b c'],
    ['\n \n', ''],
  ])('%j on one line', (dirty, clean) => expect(stripLine(dirty)).toBe(clean))

  test('a megabyte of blanks takes no longer than any other', () => expect(stripLine(`a${' '.repeat(1_000_000)}b`)).toHaveLength(1_000_002))
})

describe('table', () => {
  test('aligns columns, cuts nothing, leaves no trailing blanks', () => {
    const rows = [
      ['NAME', 'READY', ''],
      ['worker-sapoche-batch-publisher-notification', '0/0', 'inactive'],
      ['a', '10/10', ''],
    ]
    expect(table(rows, {align: ['left', 'right'], indent: 2})).toEqual([
      '  NAME                                         READY',
      '  worker-sapoche-batch-publisher-notification    0/0  inactive',
      '  a                                            10/10',
    ])
  })

  test('no rows: no lines', () => expect(table([])).toEqual([]))

  test('as wide in line 1 as in line 500, with and without colours', () => {
    const {critical} = tones(true)
    const names = Array.from({length: 500}, (_, index) => 'x'.repeat(1 + ((index * 7) % 31)))
    const lines = table(
      names.map((name, index) => [index % 3 === 0 ? critical(name) : name, String(index), 'end']),
      {align: ['left', 'right']},
    )
    expect(lines.map((line) => strip(line))).toEqual(names.map((name, index) => `${name.padEnd(31)}  ${String(index).padStart(3)}  end`))
  })
})

describe('time', () => {
  test('there and back', () => expect(isoTime(parseTime('2026-11-22T03:12:07Z')!)).toBe('2026-11-22T03:12:07.000Z'))
  test('for people', () => expect(clockTime(parseTime('2026-11-22T03:12:07.250Z')!)).toBe('2026-11-22 03:12:07Z'))
  test.each([null, 5, 'tomorrow', ''])('%j is none', (value) => expect(parseTime(value)).toBeNull())
})

describe('tones', () => {
  test('without colour the text itself', () => expect(tones(false).critical('down')).toBe('down'))
  test('with colour', () => expect(tones(true).critical('down')).toBe('\u001B[31mdown\u001B[39m'))
})

describe('hostile strings', () => {
  // Whatever a terminal may take for more than a character.
  const raw = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u
  const hostile = fc.string({
    unit: fc.constantFrom(...'ab "\\:#;[]\u001B\u0007\r\n\t\u0000\u007F\u0085\u0090\u009B\u009C\u061C\u200F\u2028\u202E\u2066'.split('')),
  })

  test('JSON of them is the same value, and holds none raw', () =>
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile), (value) => {
        const text = toJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(text).not.toMatch(raw)
      }),
    ))

  test('a report for a view has none, at any depth', () =>
    fc.assert(
      fc.property(hostile, (text) => {
        const {items, known} = stripReport({items: [{name: text, ready: 1, since: null}], known: new Map([[text, [text]]])})
        expect(items).toEqual([{name: stripLine(text), ready: 1, since: null}])
        expect([...known]).toEqual([[stripLine(text), [stripLine(text)]]])
        expect(items[0]?.name).not.toMatch(raw)
      }),
    ))
})
