/** The data of the sandbox's Redis, and the few commands on it that are needed to look at queues and to fill them. */

export type Value =
  | {readonly type: 'string'; value: string}
  | {readonly type: 'list'; items: string[]}
  | {readonly type: 'zset'; scores: Map<string, number>}
  | {readonly type: 'set'; members: Set<string>}
  | {readonly type: 'hash'; fields: Map<string, string>}
  | {readonly type: 'stream'; length: number}

/** A reply that is an error: `WRONGTYPE Operation against ...`. */
export class RedisError extends Error {}

/** A reply that is a word: `OK`, `list`. */
export class Word {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Reply = string | number | null | Word | readonly Reply[]

/** What INFO says besides what follows from the data. */
export interface RedisState {
  readonly usedMemory: number
  /** 0 for no limit. */
  readonly maxMemory: number
  readonly policy: string
  readonly evictedKeys: number
  readonly refusedWrites: number
  /** Reads are refused with LOADING meanwhile. */
  readonly loading: boolean
  /** Epoch seconds; null: it does not say. */
  readonly lastSaveAt: number | null
}

export const CALM: RedisState = {
  usedMemory: 1_400_000,
  maxMemory: 2 * 1024 ** 3,
  policy: 'noeviction',
  evictedKeys: 0,
  refusedWrites: 0,
  loading: false,
  lastSaveAt: null,
}

const OK = new Word('OK')
const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."

export class RedisStore {
  state: RedisState = CALM
  /** Changes since the last save. */
  changes = 0
  readonly #values = new Map<string, Value>()

  get size(): number {
    return this.#values.size
  }

  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  clear(): void {
    this.#values.clear()
  }

  /** The value of one type; undefined where there is no such key. Throws a RedisError where the key holds another type. */
  get<T extends Value['type']>(key: string, type: T): Extract<Value, {type: T}> | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    if (value.type !== type) throw new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')
    return value as Extract<Value, {type: T}>
  }

  typeOf(key: string): string {
    return this.#values.get(key)?.type ?? 'none'
  }

  put(key: string, value: Value): void {
    this.#values.set(key, value)
  }

  delete(key: string): boolean {
    return this.#values.delete(key)
  }

  list(key: string): string[] {
    return (this.get(key, 'list') ?? this.#added(key, {type: 'list', items: []})).items
  }

  zset(key: string): Map<string, number> {
    return (this.get(key, 'zset') ?? this.#added(key, {type: 'zset', scores: new Map()})).scores
  }

  set(key: string): Set<string> {
    return (this.get(key, 'set') ?? this.#added(key, {type: 'set', members: new Set()})).members
  }

  hash(key: string): Map<string, string> {
    return (this.get(key, 'hash') ?? this.#added(key, {type: 'hash', fields: new Map()})).fields
  }

  stream(key: string): {length: number} {
    return this.get(key, 'stream') ?? this.#added(key, {type: 'stream', length: 0})
  }

  /** Redis has no empty collections. */
  sweep(): void {
    for (const [key, value] of this.#values) if (isEmpty(value)) this.#values.delete(key)
  }

  #added<V extends Value>(key: string, value: V): V {
    this.#values.set(key, value)
    return value
  }
}

function isEmpty(value: Value): boolean {
  switch (value.type) {
    case 'list':
      return value.items.length === 0
    case 'zset':
      return value.scores.size === 0
    case 'set':
      return value.members.size === 0
    case 'hash':
      return value.fields.size === 0
    case 'string':
    case 'stream':
      return false
  }
}

interface Command {
  /** Least number of arguments. */
  readonly least: number
  /** Refused while memory is full. */
  readonly writes?: true
  /** Answered while the data is being loaded. */
  readonly always?: true
  run(store: RedisStore, args: readonly string[]): Reply
}

const COMMANDS: Readonly<Record<string, Command>> = {
  PING: {least: 0, run: () => new Word('PONG')},
  SELECT: {
    least: 1,
    always: true,
    run: (_, [database]) => {
      if (database !== '0') throw new RedisError('ERR DB index is out of range')
      return OK
    },
  },
  INFO: {least: 0, always: true, run: (store) => infoOf(store)},
  TYPE: {least: 1, run: (store, [key = '']) => new Word(store.typeOf(key))},
  EXISTS: {least: 1, run: (store, keys) => keys.filter((key) => store.typeOf(key) !== 'none').length},
  SCAN: {
    least: 1,
    run: (store, args) => {
      const pattern = args[args.findIndex((word) => word.toUpperCase() === 'MATCH') + 1] ?? '*'
      const matches = globOf(pattern)
      return ['0', [...store.keys()].filter((key) => matches.test(key))]
    },
  },
  LLEN: {least: 1, run: (store, [key = '']) => store.get(key, 'list')?.items.length ?? 0},
  LINDEX: {least: 2, run: (store, [key = '', index]) => store.get(key, 'list')?.items.at(Number(index)) ?? null},
  ZCARD: {least: 1, run: (store, [key = '']) => store.get(key, 'zset')?.scores.size ?? 0},
  ZCOUNT: {
    least: 3,
    run: (store, [key = '', from = '', to = '']) => {
      const scores = [...(store.get(key, 'zset')?.scores.values() ?? [])]
      return scores.filter((score) => score >= bound(from) && score <= bound(to)).length
    },
  },
  SCARD: {least: 1, run: (store, [key = '']) => store.get(key, 'set')?.members.size ?? 0},
  HLEN: {least: 1, run: (store, [key = '']) => store.get(key, 'hash')?.fields.size ?? 0},
  XLEN: {least: 1, run: (store, [key = '']) => store.get(key, 'stream')?.length ?? 0},
  RPUSH: {least: 2, writes: true, run: (store, [key = '', ...items]) => store.list(key).push(...items)},
  ZADD: {
    least: 3,
    writes: true,
    run: (store, [key = '', ...pairs]) => {
      const scores = store.zset(key)
      const before = scores.size
      for (let at = 0; at + 1 < pairs.length; at += 2) scores.set(pairs[at + 1]!, Number(pairs[at]))
      return scores.size - before
    },
  },
  SET: {
    least: 2,
    writes: true,
    run: (store, [key = '', value = '']) => {
      store.put(key, {type: 'string', value})
      return OK
    },
  },
  SADD: {least: 2, writes: true, run: (store, [key = '', ...members]) => members.filter((member) => store.set(key).add(member)).length},
  HSET: {
    least: 3,
    writes: true,
    run: (store, [key = '', ...pairs]) => {
      for (let at = 0; at + 1 < pairs.length; at += 2) store.hash(key).set(pairs[at]!, pairs[at + 1]!)
      return pairs.length / 2
    },
  },
  XADD: {least: 4, writes: true, run: (store, [key = '']) => `${++store.stream(key).length}-0`},
  DEL: {least: 1, run: (store, keys) => keys.filter((key) => store.delete(key)).length},
  FLUSHALL: {
    least: 0,
    run: (store) => {
      store.clear()
      return OK
    },
  },
}

/** Runs a command. Throws a RedisError. */
export function runCommand(store: RedisStore, name: string, args: readonly string[]): Reply {
  const command = COMMANDS[name.toUpperCase()]
  if (command === undefined) throw new RedisError(`ERR unknown command '${name}', with args beginning with: `)
  if (args.length < command.least) throw new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
  if (store.state.loading && command.always !== true) throw new RedisError('LOADING Redis is loading the dataset in memory')
  if (command.writes === true && store.state.maxMemory > 0 && store.state.usedMemory >= store.state.maxMemory)
    throw new RedisError(OUT_OF_MEMORY)
  const reply = command.run(store, args)
  if (command.writes === true) store.changes++
  store.sweep()
  return reply
}

function bound(text: string): number {
  return text === '-inf' ? -Infinity : text === '+inf' ? Infinity : Number(text)
}

function globOf(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
}

function infoOf({state, size, changes}: RedisStore): string {
  const sections: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
    Server: {redis_version: '7.0.15', redis_mode: 'standalone', uptime_in_seconds: 86_400},
    Clients: {connected_clients: 18, maxclients: 10_000, blocked_clients: 0},
    Memory: {used_memory: state.usedMemory, maxmemory: state.maxMemory, maxmemory_policy: state.policy},
    Persistence: {
      loading: Number(state.loading),
      rdb_changes_since_last_save: changes,
      rdb_last_bgsave_status: 'ok',
      ...(state.lastSaveAt === null ? {} : {rdb_last_save_time: state.lastSaveAt}),
      aof_enabled: 0,
      aof_last_write_status: 'ok',
    },
    Stats: {evicted_keys: state.evictedKeys, rejected_connections: 0},
    Replication: {role: 'master', connected_slaves: 0},
    Errorstats: state.refusedWrites === 0 ? {} : {errorstat_OOM: `count=${state.refusedWrites}`},
    Keyspace: size === 0 ? {} : {db0: `keys=${size},expires=0,avg_ttl=0`},
  }
  return Object.entries(sections)
    .map(
      ([title, fields]) =>
        `# ${title}\r\n${Object.entries(fields)
          .map(([name, value]) => `${name}:${value}\r\n`)
          .join('')}`,
    )
    .join('\r\n')
}
