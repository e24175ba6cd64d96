import {RefusedError, UsageError} from '../errors/index.ts'
import type {Environment} from './environment.ts'
import {duration, Flags} from './flags.ts'
import type {Terminal} from './terminal.ts'

const CHANGE = 'CHANGE'
const WAIT = 'WAIT'
const DEFAULT_TIMEOUT_MS = 600_000

/** Of every command that changes something (design.md, Safety). */
export const changeFlags = {
  'dry-run': Flags.boolean({summary: 'let the server check the change, and make none', default: false, helpGroup: CHANGE}),
  yes: Flags.boolean({char: 'y', summary: 'do not ask; needed where there is no terminal', helpGroup: CHANGE}),
  confirm: Flags.string({
    summary: 'the name that would have to be typed: of a protected workload, or of the namespace for all; repeatable',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: CHANGE,
    helpValue: '<name>',
  }),
  reason: Flags.string({summary: 'why, for the journal and for whoever finds the change', helpGroup: CHANGE, helpValue: '<text>'}),
  'read-only': Flags.boolean({summary: 'refuse to change anything; also SAPOCHE_READ_ONLY=1', helpGroup: CHANGE}),
}

/** Of every command that waits for what it changed. */
export const waitFlags = {
  wait: Flags.boolean({
    summary: 'wait until everything is ready (the default); --no-wait returns at once',
    allowNo: true,
    default: true,
    helpGroup: WAIT,
  }),
  timeout: duration({
    summary: 'how long each workload is waited for, 10m when not given; 0 for no limit',
    default: DEFAULT_TIMEOUT_MS,
    noCacheDefault: true,
    helpGroup: WAIT,
  }),
  'with-logs': Flags.boolean({
    summary: "the last log lines of a failed container also where stdout is no terminal; they may hold patients' data",
    helpGroup: WAIT,
  }),
}

/**
 * What `changeFlags` and `waitFlags` say to a step that changes something; times in milliseconds. Log lines are for a terminal, or for whoever
 * asks for them.
 */
export function changeOptions(
  {timeout, ...flags}: {readonly timeout: number; readonly 'dry-run': boolean; readonly 'with-logs': boolean},
  {stdout}: Terminal,
): {timeoutMs: number; dryRun: boolean; withLogs: boolean} {
  return {
    timeoutMs: timeout === 0 ? Infinity : timeout,
    dryRun: flags['dry-run'],
    withLogs: flags['with-logs'] || stdout.isTerminal,
  }
}

/** Whether `--read-only` or SAPOCHE_READ_ONLY=1 is set. */
export function isReadOnly(flags: {readonly 'read-only': boolean}, {variables}: Pick<Environment, 'variables'>): boolean {
  const variable = variables['SAPOCHE_READ_ONLY'] ?? ''
  return flags['read-only'] || (variable !== '' && variable !== '0' && variable !== 'false')
}

/** Throws a RefusedError (77) under `--read-only` or SAPOCHE_READ_ONLY=1. */
export function requireWritable(
  flags: {readonly 'read-only': boolean},
  {variables}: Pick<Environment, 'variables'>,
  command: string,
): void {
  if (!isReadOnly(flags, {variables})) return
  const source = flags['read-only'] ? '--read-only' : `SAPOCHE_READ_ONLY=${variables['SAPOCHE_READ_ONLY']}`
  throw new RefusedError(`${command} changes the cluster, and ${source} refuses that`)
}

/** TARGETS of a command that changes something: none is a UsageError (64), and never all. */
export function requireTargets(argv: readonly unknown[], command: string): string[] {
  if (argv.length > 0) return argv.map(String)
  throw new UsageError(`${command} needs targets: workloads, a category, a glob, or all; see sapoche ${command} --help`)
}

/** A whole number from 0 up. */
export const amount = wholeNumber(0)

/** A whole number from 1 up. */
export const positive = wholeNumber(1)

function wholeNumber(least: number) {
  return Flags.custom<number>({
    helpValue: '<n>',
    parse: async (input, _context, options) => {
      if (/^\d{1,9}$/.test(input) && Number(input) >= least) return Number(input)
      throw new UsageError(`--${options.name}=${input} is no whole number from ${least} up`)
    },
  })
}
