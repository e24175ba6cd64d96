import {matchesGlob} from '../../catalogue/index.ts'
import {maskValue, MASK} from '../../text/mask.ts'
import {isoTime} from '../../text/time.ts'
import {type Container, standing} from '../../workload/index.ts'
import {configMapsOf, environmentOf, type ContainerEnvironment, type Variable} from '../bindings/index.ts'
import type {ConfigMaps} from '../cluster/index.ts'
import type {Group, PodWithSpec} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import type {EnvItem, EnvReport} from './schema.ts'

export interface EnvReportOptions {
  readonly match: string | null
  readonly live: boolean
  readonly context: string | null
  readonly namespace: string
  readonly now: number
  readonly warnings: readonly Warning[]
}

/** What was found in a pod, by the workload's name. */
export interface LiveEnvironment {
  readonly pod: string
  readonly container: string
  readonly variables: ReadonlyMap<string, string>
}

type Source = EnvItem['source']

/** The report on what was read. Pure. */
export function envReport(
  groups: readonly Group<PodWithSpec>[],
  configMaps: ConfigMaps,
  live: ReadonlyMap<string, LiveEnvironment>,
  options: EnvReportOptions,
): EnvReport {
  const {match} = options
  const declared = groups.flatMap((group) =>
    containersOf(group).map((container) => ({group, container, environment: environmentOf(container, configMaps.data)})),
  )
  const items = options.live
    ? groups.flatMap((group) => liveItems(group, live.get(group.name), declared))
    : declared.flatMap(({group, container, environment}) =>
        [...environment.variables.values()].map((variable) => declaredItem(group, container, variable, configMaps)),
      )
  return {
    apiVersion: 'sapoche/v1',
    kind: 'EnvReport',
    generatedAt: isoTime(options.now),
    context: options.context,
    namespace: options.namespace,
    match,
    live: options.live,
    items: match === null ? items : items.filter((item) => isMatch(item, match)),
    secrets: options.live
      ? []
      : declared.flatMap(({group, container, environment}) =>
          environment.secrets.map(({name, prefix}) => ({workload: group.name, container: container.name, secret: name, prefix})),
        ),
    stale: options.live ? [] : groups.flatMap((group) => staleOf(group, configMaps)),
    warnings: [...options.warnings],
  }
}

/** Those that work; init containers have ended. */
function containersOf({deployment}: Group<PodWithSpec>): Container[] {
  return deployment?.template.containers.filter(({role}) => role !== 'init') ?? []
}

function declaredItem(
  {name: workload, category}: Group<PodWithSpec>,
  container: Container,
  variable: Variable,
  configMaps: ConfigMaps,
): EnvItem {
  const belongs = {workload, category, container: container.name, pod: null, name: variable.name}
  const source = sourceOf(container, variable)
  if (variable.value === null) return {...belongs, value: null, masked: false, source, note: noteOf(source, configMaps)}
  return {...belongs, ...maskValue(variable.name, variable.value), source, note: ''}
}

function sourceOf(container: Container, {name, origin}: Variable): Source {
  if (origin.kind === 'ConfigMap' || origin.kind === 'Secret') return {kind: origin.kind, name: origin.name, key: origin.key}
  if (origin.kind === 'template') return {kind: 'template', name: null, key: null}
  const from = container.env.findLast((variable) => variable.name === name)?.from
  const kind = from?.kind === 'field' || from?.kind === 'resource' ? from.kind : 'unknown'
  return {kind, name: from?.name ?? null, key: null}
}

function noteOf({kind, name, key}: Source, {data}: ConfigMaps): string {
  if (kind === 'Secret') return 'not read'
  if (kind === 'field' || kind === 'resource') return 'filled in by the kubelet'
  if (kind !== 'ConfigMap') return 'not known'
  const found = data.get(name ?? '')
  if (found === 'unreadable') return `ConfigMap ${name} can't be read`
  return found === null ? `there is no ConfigMap ${name}` : `ConfigMap ${name} has no key ${key}`
}

/** What a pod has, with the place that its template names for it; the value of a Secret stays hidden whatever its variable is called. */
function liveItems(
  {name: workload, category}: Group<PodWithSpec>,
  found: LiveEnvironment | undefined,
  declared: readonly {readonly group: Group<PodWithSpec>; readonly container: Container; readonly environment: ContainerEnvironment}[],
): EnvItem[] {
  if (found === undefined) return []
  const own = declared.find(({group, container}) => group.name === workload && container.name === found.container)
  return [...found.variables].map(([name, value]) => {
    const variable = own?.environment.variables.get(name)
    const source: Source =
      own === undefined || variable === undefined ? {kind: 'image', name: null, key: null} : sourceOf(own.container, variable)
    const shown = source.kind === 'Secret' && value !== '' ? {value: MASK, masked: true} : maskValue(name, value)
    return {workload, category, container: found.container, pod: found.pod, name, ...shown, source, note: ''}
  })
}

/** A glob on names, or a part of a name or of what is shown of a value, in letters of either case: what is hidden can't be guessed at. */
function isMatch({name, value}: EnvItem, match: string): boolean {
  const wanted = match.toLowerCase()
  if (/[*?]/.test(match)) return matchesGlob(wanted, name.toLowerCase())
  return name.toLowerCase().includes(wanted) || (value?.toLowerCase().includes(wanted) ?? false)
}

function staleOf(group: Group<PodWithSpec>, {changedAt}: ConfigMaps): EnvReport['stale'] {
  return configMapsOf(containersOf(group)).flatMap((configMap) => {
    const changed = changedAt.get(configMap)
    if (changed === undefined) return []
    return group.pods.flatMap((pod) => {
      const started = startOf(pod)
      if (standing(pod) !== 'counted' || started === null || started >= changed) return []
      return [{workload: group.name, configMap, changedAt: isoTime(changed), pod: pod.name, startedAt: isoTime(started)}]
    })
  })
}

/** A container gets its environment when it starts: the one that has run for longest is the oldest that the pod has. */
function startOf(pod: PodWithSpec): number | null {
  const starts = pod.containers.flatMap(({role, status}) =>
    role !== 'init' && status?.state.kind === 'running' && status.state.startedAt !== null ? [status.state.startedAt] : [],
  )
  return starts.length === 0 ? null : Math.min(...starts)
}
