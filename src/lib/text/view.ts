/** What every view needs: its options and the shaping of plain lines. */

/** How a view is drawn; `now` (epoch milliseconds) is what ages are counted from. */
export interface ViewOptions {
  readonly width: number
  readonly colour: boolean
  readonly now: number
}

/** `1 warning`, `2 warnings`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

/** Text cut to the room it has, with an ellipsis; for notes only, never for names. */
export function clip(text: string, room: number): string {
  if (text.length <= room) return text
  return room < 4 ? '' : `${text.slice(0, room - 3).trimEnd()}...`
}

/** Words wrapped to lines of at most `width` columns, each indented. A word longer than a line stands alone. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(indent + line)
  return lines
}

/** Text two columns behind a label, wrapped under itself. `draw` gives the label its colour. */
export function labelled(label: string, text: string, width: number, draw: (label: string) => string): string[] {
  const margin = label.length + 2
  const [first = '', ...rest] = wrap(text, width, ' '.repeat(margin))
  return [`${draw(label)}  ${first.slice(margin)}`, ...rest]
}
