import {readFileSync} from 'node:fs'
import path from 'node:path'
import {UsageError} from '../errors/index.ts'
import {nearestNames} from '../text/nearest.ts'
import {tones} from '../text/tone.ts'
import {colourChoice, splitCommand, wantsHelp, wantsJson, withDefaultScenario} from './argv.ts'
import type {CommandClass} from './base-command.ts'
import {readEnvironment} from './environment.ts'
import {failureDocument, failureText, fromParser, toFailure} from './failure.ts'
import {hostConfig, type PackageFacts} from './host-config.ts'
import {openTerminal} from './terminal.ts'
import {toJson} from '../text/json.ts'

/** What the entry point hands over: where the package lies, and how a command's module is loaded. */
export interface Host {
  /** Folder of package.json and oclif.manifest.json. */
  readonly root: string
  readonly package: PackageFacts
  load(id: string): Promise<CommandClass>
}

/**
 * Runs one command line and sets `process.exitCode`; never rejects and never ends the process, so that nothing written is lost.
 * Help is oclif's. A command is built on a light configuration in place of oclif's own, whose loading costs as much as the rest of the start.
 */
export async function main(argv: readonly string[], host: Host): Promise<void> {
  const environment = readEnvironment()
  const debug = environment.variables['SAPOCHE_DEBUG'] === '1'
  if (!debug) silenceWarnings()
  const choice = colourChoice(argv)
  if (choice === 'never') process.env['NO_COLOR'] = '1'
  if (choice === 'always') process.env['FORCE_COLOR'] = '1'
  let command = 'sapoche'
  let flags: readonly string[] = []
  try {
    const ids = commandIds(host.root)
    const {id, words, rest} = splitCommand(argv, ids)
    command = ['sapoche', ...(id?.split(':') ?? [])].join(' ')
    if (id === 'help' || id === null ? await helped(argv, words, ids, host) : wantsHelp(rest) && (await helped(argv, words, ids, host)))
      return
    const Command = await host.load(id!)
    flags = Object.keys({...Command.baseFlags, ...Command.flags})
    await new Command(withDefaultScenario(rest), hostConfig(host)).execute(environment)
  } catch (thrown) {
    const error = fromParser(thrown, command, flags)
    const failure = toFailure(error)
    process.exitCode = failure.exitCode
    const terminal = openTerminal(environment, choice)
    const json = wantsJson(argv)
    if (json) terminal.stdout.write(toJson(failureDocument(failure)) + '\n')
    terminal.stderr.write(failureText(failure, tones(terminal.stderr.colour), !json))
    if (debug) console.error(error)
  }
}

/** Every command id of the shipped manifest, as `catalogue:show`. */
function commandIds(root: string): ReadonlySet<string> {
  const manifest: {commands: Record<string, unknown>} = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'))
  return new Set(Object.keys(manifest.commands))
}

/** Shows the help of a command, a topic or the program. False where the words name none of them and help was not asked for. */
async function helped(argv: readonly string[], words: readonly string[], ids: ReadonlySet<string>, host: Host): Promise<boolean> {
  const subject = words[0] === 'help' ? words.slice(1) : words
  const {id} = splitCommand(subject, ids)
  const topic = subject.join(':')
  const isTopic = subject.length === 0 || [...ids].some((known) => known.startsWith(`${topic}:`))
  const firstFlag = argv.find((argument) => argument.startsWith('-'))
  if (id === null && !isTopic) throw unknownCommand(subject, ids)
  if (id === null && firstFlag !== undefined && !wantsHelp(argv))
    throw new UsageError(`${firstFlag} stands before any command; see sapoche --help`)
  const {showHelp} = await import('./help.ts')
  await showHelp(id ?? topic, host.root)
  return true
}

function unknownCommand(words: readonly string[], ids: ReadonlySet<string>): UsageError {
  const name = words.slice(0, 2).join(' ')
  const known = [...ids].map((id) => id.replaceAll(':', ' '))
  const suggestions = nearestNames(name, known)
  const near = suggestions.length > 0 ? suggestions : nearestNames(words[0] ?? '', known)
  const hint = near.length > 0 ? `; did you mean "${near[0]}"?` : '; see sapoche --help'
  return new UsageError(`unknown command "${near === suggestions ? name : words[0]}"${hint}`, {suggestions: near})
}

/** Warnings of Node and of libraries are for developers: under SAPOCHE_DEBUG=1 they are shown. */
function silenceWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', () => {})
}
