import os from 'node:os'
import path from 'node:path'

/** The world around the process, read once here and passed on; nothing else reads it. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  /** The user's configuration folder for sapoche, by the XDG rules. */
  readonly configDir: string
  now(): number
  /** From 0 to 1. */
  random(): number
}

export function readEnvironment(): Environment {
  const variables = process.env
  const home = variables['HOME'] || os.homedir()
  return {
    variables,
    cwd: process.cwd(),
    home,
    configDir: path.join(variables['XDG_CONFIG_HOME'] || path.join(home, '.config'), 'sapoche'),
    now: () => Date.now(),
    random: () => Math.random(),
  }
}
