import {mapStrings} from '../text/map-strings.ts'
import {quoted} from '../text/quote.ts'

/** The options by which a cluster is chosen, as they were given. */
export type ClusterChoice = {
  readonly [Name in 'kubeconfig' | 'context' | 'namespace' | 'as' | 'catalogue' | 'sandbox']?: string | undefined
} & {readonly 'as-group'?: readonly string[] | undefined}

/** Those that kubectl has as well. */
const OF_KUBECTL: readonly string[] = ['kubeconfig', 'context', 'namespace', 'as', 'as-group']
const NAMESPACE = / (?:-n|--namespace)[ =]/
/** What follows is for another program. */
const ELSEWHERE = / (?:--|\|) /

/** The options that lead to the same cluster: ` --context prod-eu --namespace sapoche`. */
export function clusterArguments(choice: ClusterChoice): string {
  return textOf(optionsOf(choice))
}

/**
 * A report (or a moment of a watch, with one in it) whose commands in `next` lead to the cluster that it is about: without the options that
 * led there they would act on the kubeconfig's own.
 */
export function sameCluster<R extends object>(report: R, choice: ClusterChoice): R {
  const options = optionsOf(choice)
  if (options.length === 0) return report
  return mapStrings(report, (text, field) => (field === 'next' ? commandTo(text, options) : text))
}

type Option = readonly [name: string, value: string]

function optionsOf({kubeconfig, context, namespace, as, 'as-group': groups = [], catalogue, sandbox}: ClusterChoice): Option[] {
  const pairs: (readonly [string, string | undefined])[] = [
    ['kubeconfig', kubeconfig],
    ['context', context],
    ['namespace', namespace],
    ['as', as],
    ...groups.map((group) => ['as-group', group] as const),
    ['catalogue', catalogue],
    ['sandbox', sandbox],
  ]
  return pairs.filter((pair): pair is Option => pair[1] !== undefined)
}

/** The scenario of `--sandbox` is no word of its own. */
function textOf(options: readonly Option[]): string {
  return options.map(([name, value]) => ` --${name}${name === 'sandbox' ? '=' : ' '}${quoted(value)}`).join('')
}

function commandTo(command: string, options: readonly Option[]): string {
  const isOurs = command.startsWith('sapoche ')
  if (!isOurs && !command.startsWith('kubectl ')) return command
  const hasNamespace = NAMESPACE.test(command)
  const wanted = options.filter(([name]) => (isOurs || OF_KUBECTL.includes(name)) && !(hasNamespace && name === 'namespace'))
  const end = ELSEWHERE.exec(command)?.index ?? command.length
  return command.slice(0, end) + textOf(wanted) + command.slice(end)
}
