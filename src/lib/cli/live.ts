import type {Output} from './terminal.ts'

const CLEAR_BELOW = '\u001B[J'

/** A block of lines that is drawn again in place. */
export interface LiveBlock {
  /** Puts `text` (lines, each with its line feed) in place of what stands there. */
  draw(text: string): void
  /** Takes the block away. */
  clear(): void
}

/** A block at the cursor where the terminal can redraw; nothing at all elsewhere. */
export function liveBlock(output: Output): LiveBlock {
  let shown = ''
  const erase = (): string => {
    const lines = shown.split('\n').length - 1
    return lines === 0 ? '' : `\r\u001B[${lines}A${CLEAR_BELOW}`
  }
  const draw = (text: string): void => {
    if (!output.canRedraw || text === shown) return
    output.write(erase() + text)
    shown = text
  }
  return {draw, clear: () => draw('')}
}
