import {UnreachableError} from '../../errors/index.ts'
import type {RedisConnection} from './connection.ts'
import {AccessDeniedError} from './errors.ts'
import {databasesOf, parseInfo} from './info.ts'
import type {Layout, LayoutHints} from './types.ts'

const QUEUES = 'queues:'
const SIBLINGS = /:(delayed|reserved|notify)$/
const FAILED = 'failed_jobs'
/** Keys that one SCAN looks at: large enough for few round trips, small enough not to hold others up. */
const SCAN_COUNT = 2000
/** A cache may hold millions of keys: the search for a few queues ends before it has seen all of them. */
const MOST_SCANS = 20

/** Where Laravel keeps a queue's list; `:delayed` and `:reserved` stand beside it. */
export function keyOf(prefix: string, queue: string): string {
  return `${prefix}${QUEUES}${queue}`
}

/** The keys of queues in one database: names by prefix. */
interface Search {
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
  readonly isComplete: boolean
}

/**
 * Looks for the keys of queues: in the database of the URL or of the configuration, and where neither is fixed, in the others that hold
 * keys. Leaves the connection in the database that it found. `fixed` is the URL's, null where it names none.
 */
export async function findLayout(
  connection: RedisConnection,
  hints: LayoutHints,
  fixed: number | null,
  signal: AbortSignal,
): Promise<Layout> {
  const home = fixed ?? hints.database ?? 0
  await enter(connection, home, signal)
  const layout = async (database: number, search: Search): Promise<Layout> => {
    const prefix = bestPrefix(search.names, hints)
    const names = search.names.get(prefix)
    return {
      database,
      prefix,
      isFound: names !== undefined,
      isComplete: search.isComplete,
      names: [...(names ?? [])].sort(),
      otherPrefixes: [...search.names.keys()].filter((other) => other !== prefix).sort(),
      horizonPrefix: hints.horizon ? await findHorizon(connection, hints.thorough, signal) : null,
    }
  }
  const here = await search(connection, hints, signal)
  if (here.names.size > 0 || fixed !== null) return layout(home, here)
  for (const other of await otherDatabases(connection, home, signal)) {
    if ((await connection.select(other, signal)) !== null) continue
    const there = await search(connection, hints, signal)
    if (there.names.size > 0) return layout(other, there)
  }
  await enter(connection, home, signal)
  return layout(home, here)
}

async function enter(connection: RedisConnection, database: number, signal: AbortSignal): Promise<void> {
  const failure = await connection.select(database, signal)
  if (failure === null) return
  const {kind, message} = failure
  if (kind === 'refused') throw new AccessDeniedError(`${connection.what} does not let us into database ${database}: ${message}`)
  throw new UnreachableError(`${connection.what} has no database ${database}: ${message}`)
}

async function search(connection: RedisConnection, hints: LayoutHints, signal: AbortSignal): Promise<Search> {
  const {keys, isComplete} = await scan(connection, `*${QUEUES}*`, hints.thorough, signal)
  const names = new Map<string, Set<string>>()
  for (const key of keys) {
    const at = key.indexOf(QUEUES)
    const prefix = key.slice(0, at)
    const name = key.slice(at + QUEUES.length).replace(SIBLINGS, '')
    names.set(prefix, (names.get(prefix) ?? new Set()).add(name))
  }
  if (isComplete || names.size > 0) return {names, isComplete}
  // There are too many keys to look at: those that are likely are asked for by name.
  const likely = prefixesOf(hints)
  const wanted = hints.names.map((name) => likely.map((prefix) => ({prefix, name})))
  const candidates = wanted.flat()
  const asked = candidates.map(({prefix, name}) => {
    const key = keyOf(prefix, name)
    return ['EXISTS', key, `${key}:delayed`, `${key}:reserved`] as const
  })
  const answers = await connection.send(asked, signal)
  for (const [index, {prefix, name}] of candidates.entries()) {
    if (Number(answers[index]?.value ?? 0) > 0) names.set(prefix, (names.get(prefix) ?? new Set()).add(name))
  }
  return {names, isComplete}
}

/** Keys that match; not complete where the search was ended, or may not SCAN. */
async function scan(
  connection: RedisConnection,
  pattern: string,
  isThorough: boolean,
  signal: AbortSignal,
): Promise<{keys: ReadonlySet<string>; isComplete: boolean}> {
  const keys = new Set<string>()
  let cursor = '0'
  const most = isThorough ? Infinity : MOST_SCANS
  for (let round = 0; round < most; round++) {
    const [answer] = await connection.send([['SCAN', cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT]], signal)
    const reply: unknown = answer?.value
    if (!Array.isArray(reply)) return {keys, isComplete: false}
    const [next, found] = reply as [unknown, unknown]
    for (const key of Array.isArray(found) ? found : []) keys.add(String(key))
    if (String(next) === '0') return {keys, isComplete: true}
    if (String(next) === cursor) return {keys, isComplete: false}
    cursor = String(next)
  }
  return {keys, isComplete: false}
}

function prefixesOf({configured, prefixes}: LayoutHints): string[] {
  return [...new Set(configured === null ? prefixes : [configured, ...prefixes])]
}

/** The configured prefix where it has queues; else the one with most of the expected queues, with most queues, the likeliest. */
function bestPrefix(found: Search['names'], hints: LayoutHints): string {
  const likely = prefixesOf(hints)
  if (hints.configured !== null && found.has(hints.configured)) return hints.configured
  const expected = new Set(hints.names)
  const rank = (prefix: string): [number, number, number] => {
    const names = found.get(prefix) ?? new Set()
    const place = likely.indexOf(prefix)
    return [-[...names].filter((name) => expected.has(name)).length, -names.size, place === -1 ? likely.length : place]
  }
  const [best] = [...found.keys()].toSorted((a, b) => {
    const [one, other] = [rank(a), rank(b)]
    const at = one.findIndex((value, index) => value !== other[index])
    return at === -1 ? (a < b ? -1 : 1) : one[at]! - other[at]!
  })
  return best ?? likely[0] ?? ''
}

async function otherDatabases(connection: RedisConnection, home: number, signal: AbortSignal): Promise<number[]> {
  const [answer] = await connection.send([['INFO', 'keyspace']], signal)
  return typeof answer?.value === 'string' ? databasesOf(parseInfo(answer.value)).filter((number) => number !== home) : []
}

async function findHorizon(connection: RedisConnection, isThorough: boolean, signal: AbortSignal): Promise<string | null> {
  const {keys} = await scan(connection, `*${FAILED}`, isThorough, signal)
  const own = [...keys].filter((key) => !key.endsWith(`recent_${FAILED}`)).toSorted((a, b) => a.length - b.length)
  return own[0]?.slice(0, -FAILED.length) ?? null
}
