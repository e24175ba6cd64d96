import {matchesPatterns, type Catalogue} from '../../catalogue/index.ts'
import type {Address} from '../../clients/reach/types.ts'
import {originWords, type ContainerEnvironment, type Variable} from './environment.ts'
import type {Subject} from './names.ts'

/** A value that may be secret: itself, or where it stands. Never shown. */
export type Confidential =
  | {readonly kind: 'value'; readonly value: string; readonly source: string}
  /** The first of these that exists. */
  | {readonly kind: 'Secret'; readonly candidates: readonly {readonly name: string; readonly key: string}[]}

/** What the environment of a workload says of a server that it uses. */
export interface ServerHint {
  readonly workload: string
  readonly addresses: readonly Address[]
  /** Where the addresses stand: `REDIS_HOST`, `KAFKA_BROKERS of ConfigMap x`. */
  readonly source: string
  readonly tls: boolean
  /** The workload's own credentials: used with `--read-secrets` alone. */
  readonly username: Confidential | null
  readonly password: Confidential | null
  /** Of SASL, as written; null where nothing is said. */
  readonly mechanism: string | null
}

/** Which variables tell of a server. Lists are tried in their order. */
interface Vocabulary {
  readonly url: readonly string[]
  readonly host: readonly string[]
  readonly port: readonly string[]
  readonly defaultPort: number
  readonly tls: (value: (name: string) => string | null) => boolean
  readonly username: readonly string[]
  readonly password: readonly string[]
  readonly mechanism: readonly string[]
}

// Laravel's config/database.php; `tls://` before the host is how its phpredis driver is told.
const REDIS: Vocabulary = {
  url: ['REDIS_URL'],
  host: ['REDIS_HOST'],
  port: ['REDIS_PORT'],
  defaultPort: 6379,
  tls: (value) => value('REDIS_SCHEME') === 'tls' || /^(tls|rediss):\/\//.test(value('REDIS_URL') ?? value('REDIS_HOST') ?? ''),
  username: ['REDIS_USERNAME'],
  password: ['REDIS_PASSWORD'],
  mechanism: [],
}

const KAFKA: Omit<Vocabulary, 'host'> = {
  url: [],
  port: [],
  defaultPort: 9092,
  tls: (value) => /SSL$/i.test(value('KAFKA_SECURITY_PROTOCOL') ?? ''),
  username: ['KAFKA_SASL_USERNAME', 'KAFKA_USERNAME'],
  password: ['KAFKA_SASL_PASSWORD', 'KAFKA_PASSWORD'],
  mechanism: ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_MECHANISMS', 'KAFKA_MECHANISM'],
}

/** The Redis of a workload; null where its environment names none, or hides it. */
export function redisOf(subject: Subject): ServerHint | null {
  return hintOf(subject, (environment) => ({...REDIS, host: present(environment, REDIS.host)}))
}

/** The brokers of a workload, by the variables that the catalogue's dependencies of the kind `queue` name. */
export function kafkaOf(subject: Subject, catalogue: Catalogue): ServerHint | null {
  const patterns = catalogue.dependencies.filter(({kind}) => kind === 'queue').flatMap(({environment}) => environment)
  return hintOf(subject, ({variables}) => ({
    ...KAFKA,
    host: [...variables.keys()].filter((name) => matchesPatterns(patterns, name)),
  }))
}

/** One hint of each set of addresses, the one that most workloads name first. */
export function mostNamed(hints: readonly ServerHint[]): ServerHint[] {
  const sets = Map.groupBy(hints, ({addresses}) =>
    addresses
      .map(({host, port}) => `${host}:${port}`)
      .sort()
      .join(),
  )
  return [...sets.values()].sort((a, b) => b.length - a.length).flatMap(([first]) => first ?? [])
}

/** The login that Orthanc's own workload hands to it; null where its environment names none. */
export function orthancLoginOf(subject: Subject): ServerHint | null {
  for (const environment of subject.environments) {
    const password = confidential(environment, ['ORTHANC_PASSWORD'])
    if (password === null) continue
    const username = confidential(environment, ['ORTHANC_USERNAME', 'ORTHANC_USER'])
    return {workload: subject.name, addresses: [], source: '', tls: false, username, password, mechanism: null}
  }
  return null
}

function present({variables}: ContainerEnvironment, names: readonly string[]): string[] {
  return names.filter((name) => variables.has(name))
}

function hintOf(subject: Subject, vocabularyOf: (environment: ContainerEnvironment) => Vocabulary): ServerHint | null {
  for (const environment of subject.environments) {
    const vocabulary = vocabularyOf(environment)
    const value = (name: string): string | null => environment.variables.get(name)?.value || null
    const where = [...vocabulary.url, ...vocabulary.host].flatMap((name) => environment.variables.get(name) ?? []).find((one) => one.value)
    if (where === undefined) continue
    const port = Number(vocabulary.port.map(value).find((text) => text !== null) ?? vocabulary.defaultPort)
    const addresses = addressesIn(where.value ?? '', port)
    if (addresses.length === 0) continue
    return {
      workload: subject.name,
      addresses,
      source: originWords(where),
      tls: vocabulary.tls(value),
      username: confidential(environment, vocabulary.username),
      password: confidential(environment, vocabulary.password),
      mechanism: vocabulary.mechanism.map(value).find((text) => text !== null) ?? null,
    }
  }
  return null
}

/** `HOST`, `HOST:PORT`, a list of them, or a URL (of which only host and port are taken). */
export function addressesIn(text: string, port: number): Address[] {
  return text.split(',').flatMap((entry) => {
    const bare = entry
      .trim()
      .replace(/^[a-z+-]+:\/\//i, '')
      .replace(/^.*@/, '')
      .replace(/[/?#].*$/, '')
    const [, bracketed, plain, own] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(bare) ?? []
    const host = bracketed ?? plain
    return host === undefined ? [] : [{host, port: own === undefined ? port : Number(own)}]
  })
}

/** The first of the variables that there is; where none is named, it may be in a Secret that is taken as a whole. */
function confidential({variables, secrets}: ContainerEnvironment, names: readonly string[]): Confidential | null {
  const found = names.flatMap((name) => variables.get(name) ?? [])[0]
  if (found !== undefined) return ofVariable(found)
  const candidates = names.flatMap((variable) =>
    secrets.flatMap(({name, prefix}) => (variable.startsWith(prefix) ? [{name, key: variable.slice(prefix.length)}] : [])),
  )
  return candidates.length === 0 ? null : {kind: 'Secret', candidates}
}

function ofVariable(variable: Variable): Confidential | null {
  const {origin, value} = variable
  if (origin.kind === 'Secret') return {kind: 'Secret', candidates: [{name: origin.name, key: origin.key}]}
  // `null` is Laravel's way to write that there is none.
  return value === null || value === '' || value === 'null' ? null : {kind: 'value', value, source: originWords(variable)}
}
