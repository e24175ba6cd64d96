/** What a screen shows of lines that may be more than it has room for. Pure. */

/** The first line that is shown; `end` stays at the last lines, whatever is added. */
export type Top = number | 'end'

/** The part of the lines that is shown: `lines.slice(from, to)`. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** How many rows each line takes (`heights`), how many there are (`room`): the part that begins at `top`, or as late as it can. */
export function partFrom(top: Top, heights: readonly number[], room: number): Part {
  const last = lastTop(heights, room)
  const from = top === 'end' ? last : Math.min(top, last)
  let to = from
  for (let left = room; to < heights.length && heights[to]! <= left; to++) left -= heights[to]!
  return {from, to: Math.max(to, Math.min(from + 1, heights.length))}
}

/** Where a key leads; `top` itself for one that doesn't scroll. `key` is a name of Node's readline, or the letter. */
export function scrolled(top: Top, key: string, heights: readonly number[], room: number): Top {
  const last = lastTop(heights, room)
  const from = top === 'end' ? last : Math.min(top, last)
  const page = Math.max(1, room - 1)
  const to = (line: number): Top => (Math.max(0, line) >= last ? 'end' : Math.max(0, line))
  switch (key) {
    case 'j':
    case 'down':
      return to(from + 1)
    case 'k':
    case 'up':
      return to(from - 1)
    case 'pagedown':
    case 'space':
      return to(from + page)
    case 'pageup':
    case 'b':
      return to(from - page)
    case 'g':
    case 'home':
      return to(0)
    case 'G':
    case 'end':
      return 'end'
    default:
      return top
  }
}

/** The first line of the last part that fills the room. */
function lastTop(heights: readonly number[], room: number): number {
  let top = heights.length
  for (let left = room; top > 0 && heights[top - 1]! <= left; top--) left -= heights[top - 1]!
  return Math.min(top, Math.max(0, heights.length - 1))
}
