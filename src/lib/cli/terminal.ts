import {isatty} from 'node:tty'
import type {Environment} from './environment.ts'

export type ColourChoice = 'auto' | 'always' | 'never'

/** Where the program writes. Data goes to stdout; notices, progress, prompts and errors go to stderr. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  /** True where a person can be asked: stdin and stderr are both terminals. */
  readonly interactive: boolean
}

export interface Output {
  readonly isTerminal: boolean
  /** A terminal that can move its cursor. */
  readonly canRedraw: boolean
  readonly colour: boolean
  /** Columns of the terminal; 80 where it is none. */
  readonly width: number
  write(text: string): void
}

const DEFAULT_WIDTH = 80

export function openTerminal(environment: Environment, colour: ColourChoice = 'auto'): Terminal {
  return {
    stdout: output(process.stdout, environment, colour),
    stderr: output(process.stderr, environment, colour),
    // Not process.stdin.isTTY: opening the stream takes milliseconds, and bytes from whoever should have them.
    interactive: isatty(0) && process.stderr.isTTY,
  }
}

function output(stream: NodeJS.WriteStream, environment: Environment, choice: ColourChoice): Output {
  return {
    isTerminal: stream.isTTY,
    canRedraw: stream.isTTY && environment.variables['TERM'] !== 'dumb',
    colour: wantsColour(stream.isTTY, environment.variables, choice),
    get width() {
      return stream.columns || DEFAULT_WIDTH
    },
    write(text) {
      stream.write(text)
    },
  }
}

/** `--color` first; else a terminal that is not dumb and no NO_COLOR (no-color.org: set and not empty). */
export function wantsColour(isTerminal: boolean, variables: Environment['variables'], choice: ColourChoice): boolean {
  if (choice !== 'auto') return choice === 'always'
  return isTerminal && !variables['NO_COLOR'] && variables['TERM'] !== 'dumb'
}
