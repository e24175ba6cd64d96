import {Chalk} from 'chalk'

/** What a piece of text means; colour only underlines what the words already say. */
export interface Tone {
  strong(text: string): string
  quiet(text: string): string
  ok(text: string): string
  warning(text: string): string
  critical(text: string): string
  unknown(text: string): string
}

/** The tones of a stream: with colour, or as plain text. */
export function tones(colour: boolean): Tone {
  const chalk = new Chalk({level: colour ? 1 : 0})
  return {
    strong: (text) => chalk.bold(text),
    quiet: (text) => chalk.dim(text),
    ok: (text) => chalk.green(text),
    warning: (text) => chalk.yellow(text),
    critical: (text) => chalk.red(text),
    unknown: (text) => chalk.magenta(text),
  }
}
