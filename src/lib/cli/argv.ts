import type {ColourChoice} from './terminal.ts'

/** What must be known of the raw arguments before any command is chosen: everything up to `--`. */
function options(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

/** True where errors too have to be JSON: `--json`, `-o json`, `-ojson`, `-o=json`, `--output json`, `--output=json`. The last one wins. */
export function wantsJson(argv: readonly string[]): boolean {
  let json = false
  const before = options(argv)
  for (const [index, argument] of before.entries()) {
    if (argument === '--json') json = true
    else if (argument === '-o' || argument === '--output') json = before[index + 1] === 'json'
    else if (argument.startsWith('--output=')) json = argument === '--output=json'
    else if (/^-o=?./.test(argument)) json = /^-o=?json$/.test(argument)
  }
  return json
}

/** The colour choice, where it is a valid one. */
export function colourChoice(argv: readonly string[]): ColourChoice {
  let choice: ColourChoice = 'auto'
  const before = options(argv)
  for (const [index, argument] of before.entries()) {
    const value =
      argument === '--color' ? before[index + 1] : argument.startsWith('--color=') ? argument.slice('--color='.length) : undefined
    if (value === 'always' || value === 'never' || value === 'auto') choice = value
  }
  return choice
}

export function wantsHelp(argv: readonly string[]): boolean {
  return options(argv).some((argument) => argument === '--help' || argument === '-h')
}

/** `--sandbox` takes its scenario only behind `=`, so that `status --sandbox consumers` names a target. */
export function withDefaultScenario(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((argument, index) => (argument === '--sandbox' && (end === -1 || index < end) ? '--sandbox=baseline' : argument))
}

/** Splits `catalogue show --json x` into the longest known command id (`catalogue:show`) and the rest. */
export function splitCommand(argv: readonly string[], ids: ReadonlySet<string>): {id: string | null; words: string[]; rest: string[]} {
  const words: string[] = []
  for (const argument of argv) {
    if (argument.startsWith('-')) break
    words.push(argument)
  }
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':')
    if (ids.has(id)) return {id, words, rest: argv.slice(count)}
  }
  return {id: null, words, rest: [...argv]}
}
