import {custom as argument} from '@oclif/core/args'
import {boolean, custom, integer, option, string} from '@oclif/core/flags'
import {UsageError} from '../errors/index.ts'
import {parseDuration} from '../text/duration.ts'
import type {Output} from './terminal.ts'

/** oclif's argument builder. What is piped in is data: it never stands for an argument that was left out. */
export const Args = {string: argument({ignoreStdin: true, parse: async (input) => input})}

/** oclif's flag builders, under the names its documentation uses. */
export const Flags = {boolean, custom, integer, option, string}

/** A length of time (`10s`, `5m`, `1h30m`), as milliseconds. */
export const duration = custom<number>({
  helpValue: '<duration>',
  parse: async (input, _context, options) => {
    const milliseconds = parseDuration(input)
    if (milliseconds === null) throw new UsageError(`--${options.name}=${input} is no length of time such as 10s, 5m or 1h30m`)
    return milliseconds
  },
})

/** A text that is not empty: a script's unset variable must not stand for another cluster, user or namespace. */
const filled = custom({
  parse: async (input, _context, options) => {
    if (input === '') throw new UsageError(`--${options.name} is empty`)
    return input
  },
})

/** The name of a namespace: a DNS label. */
export const namespaceName = custom({
  char: 'n',
  helpValue: '<name>',
  parse: async (input) => {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(input)) throw new UsageError(`--namespace=${input} is no name of a namespace`)
    return input
  },
})

const CLUSTER = 'CLUSTER'
const OUTPUT = 'OUTPUT'
const CHECK = 'CHECK'

/** Which workloads: TARGETS, and `--except`. A command that has them sets `strict = false`. */
export const targetFlags = {
  args: {targets: Args.string({description: 'workloads, categories, globs, pods, or all', required: false})},
  flags: {
    except: string({
      summary: 'leave out what this target names; repeatable',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<target>',
    }),
  },
}

/** What the namespace should hold. */
export const catalogueFlag = {
  catalogue: string({summary: 'catalogue file, before SAPOCHE_CATALOGUE and ./sapoche.yaml', helpGroup: CLUSTER, helpValue: '<file>'}),
}

/** Which cluster, as whom, and what it should hold. */
export const clusterFlags = {
  kubeconfig: filled({summary: 'kubeconfig file, before KUBECONFIG and ~/.kube/config', helpGroup: CLUSTER, helpValue: '<file>'}),
  context: filled({summary: 'context of the kubeconfig', helpGroup: CLUSTER, helpValue: '<name>'}),
  namespace: namespaceName({summary: "namespace; the catalogue's when not given", helpGroup: CLUSTER}),
  as: filled({summary: 'user to impersonate', helpGroup: CLUSTER, helpValue: '<user>'}),
  'as-group': filled({
    summary: 'group to impersonate; repeatable',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: CLUSTER,
    helpValue: '<group>',
  }),
  'request-timeout': duration({
    summary: 'time limit of one request, 10s when not given, 0 for none',
    helpGroup: CLUSTER,
    default: 10_000,
    noCacheDefault: true,
  }),
  ...catalogueFlag,
  sandbox: string({
    summary: 'run on an embedded cluster; see sapoche sandbox --list for the scenarios',
    helpGroup: CLUSTER,
    helpValue: '[=<scenario>]',
  }),
}

export type Format = 'table' | 'wide' | 'json' | 'yaml' | 'name' | 'junit' | 'mermaid'

/** `-o` with the formats that the command has, and `--json`. */
export function outputFlags<const F extends readonly Format[]>(formats: F) {
  return {
    output: option({...output(formats), default: 'table' as F[number], summary: 'output format'})(),
    json: boolean(JSON_FLAG),
  }
}

/** The same for a list, of what happened, was changed or differs: see `listFormatOf`. */
export function listOutputFlags<const F extends readonly Format[]>(formats: F) {
  return {
    output: option({...output(formats), summary: 'output format: table on a terminal, elsewhere wide, a line for each'})(),
    json: boolean(JSON_FLAG),
  }
}

function output<const F extends readonly Format[]>(formats: F) {
  return {char: 'o', options: formats, helpGroup: OUTPUT, helpValue: `<${formats.join('|')}>`} as const
}

const JSON_FLAG = {summary: 'the same as -o json', helpGroup: OUTPUT}

/** When a check's verdict becomes an exit code. */
export const checkFlags = {
  'fail-on': option({
    options: ['critical', 'warning', 'never'] as const,
    default: 'warning' as const,
    summary: 'the least verdict that gives an exit code other than 0',
    helpGroup: CHECK,
  })(),
}

/** `--allow`, by the names of what may be so. */
export function allowFlag<const H extends readonly string[]>(options: H, summary: string) {
  const flag = option({options, multiple: true, delimiter: ',', summary, helpGroup: CHECK, helpValue: '<health,...>'})
  return {allow: flag()}
}

/** The chosen format: `--json` is `-o json`. */
export function formatOf<F extends Format>(flags: {output: F; json: boolean}): F | 'json' {
  return flags.json ? 'json' : flags.output
}

/** The same for a list: where no terminal shows it, it is a line for each, for grep. */
export function listFormatOf<F extends Format>(
  flags: {output: F | undefined; json: boolean},
  {isTerminal}: Output,
): F | 'json' | 'table' | 'wide' {
  return flags.json ? 'json' : (flags.output ?? (isTerminal ? 'table' : 'wide'))
}
