import {describe, expect, test} from 'vitest'
import {partFrom, scrolled, type Top} from '../../src/lib/cli/screen-scroll.ts'

const ten = Array.from({length: 10}, () => 1)

describe('the part of the lines that is shown', () => {
  test.each([
    ['all fit', 'end', ten, 10, [0, 10]],
    ['more room than lines', 3, ten, 40, [0, 10]],
    ['the end', 'end', ten, 4, [6, 10]],
    ['the beginning', 0, ten, 4, [0, 4]],
    ['the middle', 2, ten, 4, [2, 6]],
    ['never past the end', 9, ten, 4, [6, 10]],
    ['wrapped lines take more room', 'end', [1, 2, 3], 5, [1, 3]],
    ['a line that is higher than the screen', 'end', [1, 9], 4, [1, 2]],
    ['a high line first', 0, [9, 1], 4, [0, 1]],
    ['no lines', 'end', [], 4, [0, 0]],
  ] as const)('%s', (_, top, heights, room, [from, to]) => expect(partFrom(top, heights, room)).toEqual({from, to}))
})

describe('keys', () => {
  test.each([
    ['k', 'end', 5],
    ['up', 3, 2],
    ['up', 0, 0],
    ['down', 3, 4],
    ['j', 5, 'end'],
    ['down', 'end', 'end'],
    ['pagedown', 0, 3],
    ['space', 3, 'end'],
    ['pageup', 'end', 3],
    ['b', 2, 0],
    ['g', 'end', 0],
    ['home', 4, 0],
    ['G', 0, 'end'],
    ['end', 0, 'end'],
    ['x', 4, 4],
  ] as const)('%s at %s: %s', (key, from: Top, to: Top) => expect(scrolled(from, key, ten, 4)).toBe(to))

  test('where everything is seen there is nothing to scroll', () =>
    expect(['up', 'g', 'pageup'].map((key) => scrolled('end', key, ten, 20))).toEqual(['end', 'end', 'end']))
})
