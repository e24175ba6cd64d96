import {InterruptedError, UsageError} from '../errors/index.ts'
import type {Terminal} from './terminal.ts'

export interface PickGroup {
  readonly title: string
  readonly choices: readonly {readonly name: string; readonly value: string}[]
}

const PAGE = 20

/** Throws a UsageError (64) where nobody can be asked; `missing` says what for. */
export function requirePerson({interactive}: Terminal, missing: string): void {
  if (!interactive) throw new UsageError(`${missing}: no terminal to ask on`)
}

/**
 * Asks on the terminal (drawn on stderr) which of the choices are meant; at least one. Loads its library when it asks.
 * Rejects with an InterruptedError (130) at Ctrl-C.
 */
export async function pick(message: string, groups: readonly PickGroup[], signal: AbortSignal): Promise<string[]> {
  const {createPromptModule, Separator} = await import('inquirer').then(({createPromptModule, default: inquirer}) => ({
    createPromptModule,
    Separator: inquirer.Separator,
  }))
  const choices = groups.flatMap(({title, choices: own}) => [new Separator(title), ...own])
  try {
    const answers = await createPromptModule({output: process.stderr, signal})([
      {type: 'checkbox', name: 'picked', message, choices, pageSize: PAGE, loop: false, required: true},
    ])
    return [...answers.picked]
  } catch (error) {
    if (error instanceof Error && /^(Exit|Abort)PromptError$/.test(error.name)) throw new InterruptedError()
    throw error
  }
}
