import {InterruptedError, UsageError} from '../errors/index.ts'
import {stripLine} from '../text/strip.ts'
import {tones} from '../text/tone.ts'
import {wrap} from '../text/view.ts'
import type {Terminal} from './terminal.ts'

/** What has to be agreed to. */
export interface Question {
  /** What will be changed, where. */
  readonly question: string
  /** What follows from it; a line each. */
  readonly notes: readonly string[]
  /** Names that have to be typed, and why. */
  readonly typed: readonly {readonly name: string; readonly why: string}[]
}

/** What was agreed to on the command line. */
export interface Consent {
  readonly yes: boolean
  /** `--confirm NAME`, in place of typing the name. */
  readonly confirm: readonly string[]
}

/** Asks on the terminal: yes or no, or for a word. */
export interface Prompter {
  yesOrNo(question: string): Promise<boolean>
  word(question: string): Promise<string>
}

/**
 * Resolves when everything is agreed to. Names that have to be typed can't be skipped by `--yes`; whoever types them has said yes.
 * Rejects with an InterruptedError (130) for a no, and with a UsageError (64) where an answer is missing and nobody can be asked.
 */
export async function confirm(
  {question, notes, typed}: Question,
  {yes, confirm: given}: Consent,
  terminal: Terminal,
  prompter: Prompter,
): Promise<void> {
  const missing = typed.filter(({name}) => !given.includes(name))
  const isAgreed = missing.length === 0 && (yes || typed.length > 0)
  if (isAgreed) return
  const [first] = missing
  if (!terminal.interactive) {
    if (first === undefined) throw new UsageError(`${plain(question)}: no terminal to ask on; --yes goes on without asking`)
    throw new UsageError(`--confirm ${first.name} is missing: ${stripLine(first.why)}`, {
      hints: [{label: 'cure', text: `add ${missing.map(({name}) => `--confirm ${name}`).join(' ')}`}],
    })
  }
  const {stderr} = terminal
  const tone = tones(stderr.colour)
  for (const note of notes) stderr.write(`${wrap(stripLine(note), stderr.width, '  ').join('\n')}\n`)
  if (missing.length === 0) {
    if (await prompter.yesOrNo(stripLine(question))) return
    throw new InterruptedError('not confirmed; nothing was changed')
  }
  stderr.write(`${tone.strong(stripLine(question))}\n`)
  for (const {name, why} of missing) {
    stderr.write(`${wrap(stripLine(why), stderr.width, '  ').join('\n')}\n`)
    const answer = await prompter.word(`Type ${name} to go on:`)
    if (answer.trim() !== name) throw new InterruptedError('not confirmed; nothing was changed')
  }
}

function plain(question: string): string {
  return stripLine(question).replace(/\?$/, '')
}

/** Questions on the terminal, drawn on stderr. Loads its library when the first one is asked. */
export function terminalPrompter(signal: AbortSignal): Prompter {
  async function ask(question: {
    readonly type: 'confirm' | 'input'
    readonly message: string
    readonly default?: boolean
  }): Promise<unknown> {
    const {createPromptModule} = await import('inquirer')
    try {
      const answers: {readonly answer?: unknown} = await createPromptModule({output: process.stderr, signal})([
        {...question, name: 'answer'},
      ])
      return answers.answer
    } catch (error) {
      // Ctrl-C, or a signal, while it waited for the answer: the library's ExitPromptError and AbortPromptError.
      if (error instanceof Error && /^(Exit|Abort)PromptError$/.test(error.name)) throw new InterruptedError()
      throw error
    }
  }
  return {
    yesOrNo: async (message) => (await ask({type: 'confirm', message, default: false})) === true,
    word: async (message) => String(await ask({type: 'input', message})),
  }
}
