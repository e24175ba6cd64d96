import type {RedisInfo, ReplicaInfo} from './types.ts'

/** The answer of INFO, as names and values. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}

/** What the report says of Redis. A field that this version lacks is null, and not zero. */
export function redisInfo(fields: ReadonlyMap<string, string>): RedisInfo {
  const text = (name: string): string | null => fields.get(name) || null
  const number = (name: string): number | null => {
    const value = Number(fields.get(name) || Number.NaN)
    return Number.isFinite(value) ? value : null
  }
  const flag = (name: string): boolean | null => (fields.has(name) ? fields.get(name) !== '0' : null)
  const role = text('role')
  return {
    version: text('redis_version'),
    mode: text('redis_mode'),
    role: role === 'master' ? 'master' : role === 'slave' ? 'replica' : null,
    uptimeSeconds: number('uptime_in_seconds'),
    loading: flag('loading') === true,
    loadingEtaSeconds: number('loading_eta_seconds'),
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    policy: text('maxmemory_policy'),
    evictedKeys: number('evicted_keys'),
    refusedWrites: countIn(fields.get('errorstat_OOM')),
    connectedClients: number('connected_clients'),
    maxClients: number('maxclients'),
    rejectedConnections: number('rejected_connections'),
    rdbStatus: text('rdb_last_bgsave_status'),
    lastSaveAt: number('rdb_last_save_time'),
    changesSinceSave: number('rdb_changes_since_last_save'),
    aofEnabled: flag('aof_enabled'),
    aofWriteStatus: text('aof_last_write_status'),
    replicas: replicasOf(fields),
    link:
      role === 'slave'
        ? {
            isUp: text('master_link_status') === 'up',
            downSeconds: number('master_link_down_since_seconds'),
            isSyncing: flag('master_sync_in_progress') === true,
          }
        : null,
  }
}

/** `count=12` */
function countIn(text: string | undefined): number | null {
  const [, count] = /^count=(\d+)$/.exec(text ?? '') ?? []
  return count === undefined ? null : Number(count)
}

/** Numbers of the databases that hold keys. */
export function databasesOf(fields: ReadonlyMap<string, string>): number[] {
  return [...fields.keys()].flatMap((name) => (/^db\d+$/.test(name) ? [Number(name.slice(2))] : []))
}

/** `slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1` */
function replicasOf(fields: ReadonlyMap<string, string>): ReplicaInfo[] {
  return [...fields].flatMap(([name, value]) => {
    if (!/^slave\d+$/.test(name)) return []
    const parts = new Map(value.split(',').map((part) => part.split('=', 2) as [string, string]))
    const lag = Number(parts.get('lag') || Number.NaN)
    return [
      {
        address: `${parts.get('ip') ?? ''}:${parts.get('port') ?? ''}`,
        state: parts.get('state') ?? '',
        lag: Number.isFinite(lag) ? lag : null,
      },
    ]
  })
}
