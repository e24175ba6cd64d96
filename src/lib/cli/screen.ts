import {emitKeypressEvents, type Key} from 'node:readline'
import type {ReadStream, WriteStream} from 'node:tty'
import {createLogUpdate} from 'log-update'
import stringWidth from 'string-width'
import {tones} from '../text/tone.ts'
import {partFrom, scrolled, type Top} from './screen-scroll.ts'

/** What a screen shows: `head` always, of `body` as much as there is room for. Lines may hold colours, and be wider than the screen. */
export interface Page {
  readonly head: readonly string[]
  readonly body: readonly string[]
}

export interface Screen {
  /** Draws again where something has changed. */
  draw(): void
  /** Gives the terminal back as it was. */
  close(): void
}

export interface ScreenOptions {
  /** null where it is no terminal: then there are no keys, and Ctrl-C is a signal. */
  readonly stdin: ReadStream | null
  readonly stdout: WriteStream
  readonly colour: boolean
  /** What to show at this width, in columns. */
  page(width: number): Page
  /** `q` or Ctrl-C was typed. */
  leave(): void
}

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[H'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const CLEAR = '\u001B[2J\u001B[H'
/** Ages grow while nothing happens. */
const DRAW_EVERY_MS = 1000

/**
 * Takes the terminal over, on its alternate screen, so that what was there before comes back at the end; redraws in place, scrolls by keys,
 * follows changes of size. The end of the process gives the terminal back in any case.
 */
export function openScreen(options: ScreenOptions): Screen {
  const {stdin, stdout} = options
  const update = createLogUpdate(stdout, {showCursor: true})
  let top: Top = 'end'
  let heights: number[] = []
  let room = 1

  const draw = (): void => {
    const width = stdout.columns || 80
    const {head, body} = options.page(width)
    const heightOf = (line: string): number => Math.max(1, Math.ceil(stringWidth(line) / width))
    const sum = (lines: readonly string[]): number => lines.reduce((rows, line) => rows + heightOf(line), 0)
    // The last row is the cursor's, the one before it that of the keys.
    room = Math.max(1, (stdout.rows || 24) - 2 - sum(head))
    heights = body.map(heightOf)
    const {from, to} = partFrom(top, heights, room)
    const isWhole = to - from === body.length
    const keys = [
      stdin === null ? 'Ctrl-C quit' : 'q quit',
      isWhole ? '' : `  lines ${from + 1}-${to} of ${body.length}`,
      isWhole || stdin === null ? '' : ': arrows, PgUp, PgDn, g, G',
    ].join('')
    update([...head, ...body.slice(from, to), tones(options.colour).quiet(keys.slice(0, width))].join('\n'))
  }
  const resize = (): void => {
    // Where lines were wrapped differently nobody knows what stands where.
    stdout.write(CLEAR)
    update.done()
    draw()
  }
  const take = (): void => {
    stdin?.setRawMode(true)
    stdin?.resume()
    stdout.write(ENTER)
    update.done()
    draw()
  }
  const giveBack = (): void => {
    stdin?.setRawMode(false)
    stdin?.pause()
    stdout.write(LEAVE)
  }
  const suspend = (): void => {
    giveBack()
    process.once('SIGCONT', take)
    // As the terminal would: whoever started us, such as npm, has to stop as well.
    process.kill(0, 'SIGTSTP')
  }
  const press = (text: string | undefined, {name = '', ctrl = false, shift = false}: Key): void => {
    if (name === 'q' || (ctrl && name === 'c')) return options.leave()
    if (ctrl && name === 'z') return suspend()
    top = scrolled(top, shift && text !== undefined ? text : name, heights, room)
    draw()
  }

  let isOpen = true
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    clearInterval(timer)
    process.off('exit', close)
    stdout.off('resize', resize)
    stdin?.off('keypress', press)
    giveBack()
  }
  if (stdin !== null) {
    emitKeypressEvents(stdin)
    stdin.on('keypress', press)
  }
  stdout.on('resize', resize)
  process.once('exit', close)
  const timer = setInterval(draw, DRAW_EVERY_MS)
  take()
  return {draw, close}
}
