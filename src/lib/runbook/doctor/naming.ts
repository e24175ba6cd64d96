import {type Catalogue, type Dependency, matchesPatterns} from '../../catalogue/index.ts'
import type {Address} from '../../clients/reach/types.ts'
import {addressesIn, type ContainerEnvironment, originWords, type Subject, type Variable} from '../bindings/index.ts'

/** One place that workloads name for a dependency; the address is null where they name none that can be connected to (a bucket, a Secret). */
export interface Naming {
  readonly dependency: Dependency
  readonly address: Address | null
  /** What names it: `DB_HOST of ConfigMap sapoche-environment`. */
  readonly sources: readonly string[]
  readonly workloads: readonly string[]
}

/** What the environments of the workloads say of each dependency of the catalogue, ConfigMaps followed and Secrets not read. Pure. */
export function namingsOf(subjects: readonly Subject[], {dependencies}: Catalogue): Naming[] {
  return dependencies.flatMap((dependency) => {
    const found = new Map<string, Naming>()
    for (const {name: workload, environments} of subjects) {
      for (const environment of environments) {
        for (const variable of variablesFor(dependency, environment)) {
          for (const address of addressesOf(variable, environment, dependency)) {
            const key = address === null ? '' : `${address.host}:${address.port}`
            const {sources = [], workloads = []} = found.get(key) ?? {}
            found.set(key, {
              dependency,
              address,
              sources: unique([...sources, originWords(variable)]),
              workloads: unique([...workloads, workload]),
            })
          }
        }
      }
    }
    return found.size === 0 ? [{dependency, address: null, sources: [], workloads: []}] : [...found.values()]
  })
}

function variablesFor({environment: patterns}: Dependency, {variables}: ContainerEnvironment): Variable[] {
  return [...variables.values()].filter(({name, value}) => value !== '' && matchesPatterns(patterns, name))
}

/** Null for what is no address, or is kept in a Secret. */
function addressesOf({name, value}: Variable, {variables}: ContainerEnvironment, {kind}: Dependency): (Address | null)[] {
  if (value === null || /BUCKET/.test(name)) return [null]
  const beside = Number(variables.get(name.replace(/HOST(NAME)?/, 'PORT'))?.value || Number.NaN)
  const port = Number.isInteger(beside)
    ? beside
    : (portOfScheme(value) ?? defaultPort(kind, name, variables.get('DB_CONNECTION')?.value ?? ''))
  const found = addressesIn(value, port).filter(({host}) => HOST.test(host))
  return found.length === 0 ? [null] : found
}

/** A name or an address of DNS, and nothing that a program could take for an option. */
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/

const SCHEME_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  mysql: 3306,
  mariadb: 3306,
  pgsql: 5432,
  postgres: 5432,
  postgresql: 5432,
  redis: 6379,
  rediss: 6379,
}

function portOfScheme(value: string): number | undefined {
  return SCHEME_PORTS[/^([a-z]+):\/\//i.exec(value)?.[1]?.toLowerCase() ?? '']
}

function defaultPort(kind: Dependency['kind'], variable: string, connection: string): number {
  if (kind === 'database') return /^(PG|POSTGRES)/.test(variable) || connection === 'pgsql' ? 5432 : 3306
  return {gateway: 80, queue: 9092, storage: 443, cache: 6379}[kind]
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
