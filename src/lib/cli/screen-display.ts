import {stripReport} from '../text/strip.ts'
import type {ViewOptions} from '../text/view.ts'
import type {Format} from './flags.ts'
import type {Views} from './output.ts'
import type {Progress} from './progress.ts'
import {onReaderGone} from './reader-gone.ts'
import type {Page, Screen} from './screen.ts'
import type {Terminal} from './terminal.ts'

/** A report that can go on: one moment after another (`S`), each with the report as it is then. */
export interface Live<S extends {readonly report: R}, R> {
  /** The report as it is now. */
  read(signal: AbortSignal): Promise<R>
  /** Ends when the signal aborts; rejects where there is no first moment. */
  follow(signal: AbortSignal): AsyncIterable<S>
  /** Whether what is waited for has come. */
  isReached(moment: S): boolean
  /** What stands against it. */
  waitingFor(moment: S): string
  page(moment: S, options: ViewOptions): Page
  /** What a moment adds to a stream of lines; '' for nothing. */
  lines(moment: S, options: ViewOptions): string
  jsonLines(moment: S): string
}

export interface DisplayOptions<R> {
  readonly format: Format
  readonly views: Views<R>
  readonly terminal: Terminal
  /** Stands until there is something to show; where nothing is shown, says what is waited for. */
  readonly progress: Progress
  now(): number
}

export interface Display<S> {
  readonly isScreen: boolean
  show(moment: S): Promise<void>
  close(): void
}

/** Where the moments are shown; `leave` is called when the user, or the reader of the lines, has had enough. */
export function displayOf<S extends {readonly report: R}, R>(
  live: Live<S, R>,
  options: DisplayOptions<R>,
  watch: boolean,
  leave: () => void,
): Display<S> {
  if (!watch) return inSilence(live, options)
  return options.format !== 'json' && options.terminal.stdout.canRedraw ? onScreen(live, options, leave) : asLines(live, options, leave)
}

function inSilence<S extends {readonly report: R}, R>(live: Live<S, R>, {progress}: DisplayOptions<R>): Display<S> {
  return {
    isScreen: false,
    show: async (moment) => progress.say(`waiting: ${live.waitingFor(moment)}`),
    close() {},
  }
}

function asLines<S extends {readonly report: R}, R>(live: Live<S, R>, options: DisplayOptions<R>, leave: () => void): Display<S> {
  const {format, terminal, progress} = options
  const {stdout} = terminal
  const reader = onReaderGone(leave)
  return {
    isScreen: false,
    async show(moment) {
      progress.stop()
      const view = {width: stdout.width, colour: stdout.colour, now: options.now()}
      const text = format === 'json' ? live.jsonLines(moment) : live.lines(moment, view)
      if (text !== '') stdout.write(text)
    },
    close: () => reader.stop(),
  }
}

function onScreen<S extends {readonly report: R}, R>(live: Live<S, R>, options: DisplayOptions<R>, leave: () => void): Display<S> {
  const {terminal, progress} = options
  const {colour} = terminal.stdout
  let screen: Screen | null = null
  let shown: S
  return {
    isScreen: true,
    async show(moment) {
      shown = stripReport(moment)
      if (screen !== null) return screen.draw()
      progress.stop()
      const {openScreen} = await import('./screen.ts')
      screen = openScreen({
        stdin: process.stdin.isTTY ? process.stdin : null,
        stdout: process.stdout,
        colour,
        page: (width) => live.page(shown, {width, colour, now: options.now()}),
        leave,
      })
    },
    close: () => screen?.close(),
  }
}
