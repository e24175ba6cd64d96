import {stripLine} from '../text/strip.ts'
import type {Output} from './terminal.ts'

const DELAY_MS = 100
const CLEAR_LINE = '\r\u001B[K'

export interface Progress {
  /** Changes the line. */
  say(what: string): void
  /** Takes the line away. */
  stop(): void
}

/** One line on a terminal, shown after 100 ms and taken away at the end; nothing at all elsewhere. */
export function startProgress(output: Output, what: string): Progress {
  if (!output.isTerminal) return {say() {}, stop() {}}
  let text = stripLine(what)
  let shown = false
  const show = (): void => {
    shown = true
    output.write(`${CLEAR_LINE}${text.slice(0, output.width - 4)} ...`)
  }
  const timer = setTimeout(show, DELAY_MS)
  timer.unref()
  return {
    say(next) {
      text = stripLine(next)
      if (shown) show()
    },
    stop() {
      clearTimeout(timer)
      if (shown) output.write(CLEAR_LINE)
      shown = false
    },
  }
}
