import type {Container} from '../../workload/index.ts'
import type {ConfigMapData} from '../cluster/index.ts'

export type {ConfigMapData} from '../cluster/index.ts'

/** Where a variable's value stands. */
export type Origin =
  | {readonly kind: 'template'}
  | {readonly kind: 'ConfigMap' | 'Secret'; readonly name: string; readonly key: string}
  /** The pod's own fields and resources. */
  | {readonly kind: 'other'}

export interface Variable {
  readonly name: string
  /** Null where it is not known: Secrets are not read, a ConfigMap may be missing or unreadable. */
  readonly value: string | null
  readonly origin: Origin
}

/** A container's environment and command line, as the pod template declares them. */
export interface ContainerEnvironment {
  readonly container: string
  readonly variables: ReadonlyMap<string, Variable>
  /** Whole Secrets that add variables whose names nobody knows without reading them; a later one goes before an earlier. */
  readonly secrets: readonly {readonly name: string; readonly prefix: string}[]
  /** Command and arguments, `sh -c` lines split into words. */
  readonly words: readonly string[]
}

/** Names of the ConfigMaps that the environment of these containers refers to. */
export function configMapsOf(containers: readonly Container[]): string[] {
  const names = containers.flatMap(({env, envFrom}) => [
    ...env.flatMap(({from}) => (from?.kind === 'ConfigMap' ? [from.name] : [])),
    ...envFrom.flatMap(({kind, name}) => (kind === 'ConfigMap' ? [name] : [])),
  ])
  return [...new Set(names)]
}

/**
 * The environment of one container: `env` goes before `envFrom`, in both the later before the earlier, and `$(NAME)` stands for a variable
 * named before (as the kubelet has it).
 */
export function environmentOf(container: Container, configMaps: ReadonlyMap<string, ConfigMapData>): ContainerEnvironment {
  const variables = new Map<string, Variable>()
  for (const {kind, name, prefix} of container.envFrom) {
    const data = kind === 'ConfigMap' ? configMaps.get(name) : null
    if (!(data instanceof Map)) continue
    for (const [key, value] of data as ReadonlyMap<string, string>) {
      variables.set(prefix + key, {name: prefix + key, value, origin: {kind: 'ConfigMap', name, key}})
    }
  }
  for (const {name, value, from} of container.env) {
    if (from === null) variables.set(name, {name, value: expand(value ?? '', variables), origin: {kind: 'template'}})
    else if (from.kind === 'ConfigMap') {
      const data = configMaps.get(from.name)
      const found = data instanceof Map ? ((data as ReadonlyMap<string, string>).get(from.key) ?? null) : null
      variables.set(name, {name, value: found, origin: {kind: 'ConfigMap', name: from.name, key: from.key}})
    } else if (from.kind === 'Secret') variables.set(name, {name, value: null, origin: {kind: 'Secret', name: from.name, key: from.key}})
    else variables.set(name, {name, value: null, origin: {kind: 'other'}})
  }
  return {
    container: container.name,
    variables,
    secrets: container.envFrom.flatMap(({kind, name, prefix}) => (kind === 'Secret' ? [{name, prefix}] : [])).toReversed(),
    words: [...container.command, ...container.args].flatMap((word) => expand(word, variables).split(/\s+/)).filter((word) => word !== ''),
  }
}

/** `$(NAME)` where the name and its value are known; `$$(NAME)` is the text `$(NAME)`. */
function expand(text: string, variables: ReadonlyMap<string, Variable>): string {
  return text.replace(/\$?\$\(([^)]+)\)/g, (whole, name: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (variables.get(name)?.value ?? whole),
  )
}

/** Where a value stands, for reports: `REDIS_QUEUE`, `REDIS_QUEUE of ConfigMap sapoche-config`, `REDIS_QUEUE of Secret x`. */
export function originWords({name, origin}: Variable): string {
  return origin.kind === 'ConfigMap' || origin.kind === 'Secret' ? `${name} of ${origin.kind} ${origin.name}` : name
}
