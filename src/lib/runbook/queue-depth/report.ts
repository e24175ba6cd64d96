import type {Warning} from '../schema.ts'
import {isoTime} from '../../text/time.ts'
import {count} from '../../text/view.ts'
import type {Layout} from '../../clients/redis/types.ts'
import {verdictOf, worst} from '../../workload/index.ts'
import {clusterNames} from '../endpoints/index.ts'
import type {Answered, Look} from './collect.ts'
import {rowsOf, type FactsOptions, type Row} from './facts.ts'
import {judgeQueue, movementOf} from './findings.ts'
import {judgeRedis} from './redis-findings.ts'
import type {QueueDepthReport, QueueItem, RedisReport} from './schema.ts'
import type {Finding} from './types.ts'
import type {Wanted} from './wanted.ts'

export interface ReportOptions extends FactsOptions {
  readonly context: string | null
}

/** The report on one look, or on two: the second is the newer one. Pure. */
export function queueDepthReport(look: Look, second: Answered | null, wanted: Wanted, options: ReportOptions): QueueDepthReport {
  const newest = second ?? look.answered
  const rows = rowsOf(look, second, wanted, options)
  const items = rows.map((row) => itemOf(row, newest))
  const redis = redisOf(newest, second === null ? null : look.answered, options)
  const failed = failedOf(newest)
  const sum = (name: 'pending' | 'delayed' | 'reserved'): number => items.reduce((total, item) => total + (item[name] ?? 0), 0)
  const inState = (state: QueueItem['state']): number => items.filter((item) => item.state === state).length
  return {
    apiVersion: 'sapoche/v1',
    kind: 'QueueDepthReport',
    generatedAt: isoTime(options.now),
    context: options.context,
    namespace: options.namespace,
    verdict: verdictOf([...items, redis, ...(failed === null ? [] : [failed])], new Set()),
    windowSeconds: rows[0]?.facts.windowSeconds ?? null,
    summary: {
      queues: items.length,
      present: inState('present'),
      absent: inState('absent'),
      unreadable: inState('unreadable'),
      pending: sum('pending'),
      delayed: sum('delayed'),
      reserved: sum('reserved'),
    },
    items,
    redis,
    failed,
    notChecked: notChecked(newest, options),
    warnings: [...look.world.warnings, ...layoutWarnings(newest, wanted)],
  }
}

function itemOf(row: Row, answered: Answered): QueueItem {
  const {facts, queue, layout, type, sources} = row
  const {now, before, workers, ageSeconds, thresholds, failed} = facts
  const findings = findingsOf(row, answered)
  return {
    queue,
    key: facts.key,
    layout,
    type,
    sources: [...sources],
    workloads: workers.map(({name, ready, desired}) => ({name, ready, desired})),
    state: now.state,
    pending: now.pending,
    delayed: now.delayed,
    reserved: now.reserved,
    dueDelayed: now.dueDelayed,
    expiredReserved: now.expiredReserved,
    oldestAgeSeconds: ageSeconds,
    oldestAttempts: now.head?.attempts ?? null,
    failed: failed?.jobs ?? null,
    movement: movementOf(before, now),
    change:
      before === null || now.state === 'unreadable' || before.state === 'unreadable' ? null : (now.pending ?? 0) - (before.pending ?? 0),
    thresholds,
    severity: worst(findings.map(({severity}) => severity)),
    reason: findings.map(({words}) => words).join('; '),
    next: [...new Set(findings.flatMap(({next}) => next))],
  }
}

function findingsOf(row: Row, answered: Answered): Finding[] {
  const {facts, elsewhere, layout} = row
  if (elsewhere !== null) return [{severity: 'unknown', words: elsewhere, next: []}]
  if (answered.state !== 'up') return [{severity: 'unknown', words: 'not read', next: []}]
  if (layout === 'key' && facts.now.wrongType !== null) {
    return [{severity: 'warning', words: `the key ${facts.key} holds a ${facts.now.wrongType}, which has no length`, next: []}]
  }
  const findings = judgeQueue(facts)
  return facts.now.state === 'absent' ? [...findings, absence(layout, answered.layout)] : findings
}

/** Redis takes an empty list away: only for a name that nobody vouches for, or where not all keys were seen, is it worth a word. */
function absence(layout: Row['layout'], {isFound, isComplete}: Layout): Finding {
  if (!isFound && !isComplete) {
    const words = 'no such key, and the search for the prefix of the queues ended before it had seen all keys'
    return {severity: 'unknown', words, next: []}
  }
  if (layout === 'key') return {severity: 'info', words: 'no such key: empty, or named otherwise', next: []}
  return {severity: 'ok', words: 'no such key: nothing is queued', next: []}
}

const UNSAID: Omit<RedisReport, 'state' | 'severity' | 'reason' | 'next'> = {
  address: null,
  through: null,
  version: null,
  role: null,
  database: null,
  prefix: null,
  usedMemory: null,
  maxMemory: null,
  policy: null,
  evictedKeys: null,
  connectedClients: null,
  maxClients: null,
  rejectedConnections: null,
  persistence: {rdb: null, aof: null},
  replicas: [],
  masterLink: null,
}

function redisOf(now: Answered, before: Answered | null, options: ReportOptions): RedisReport {
  const workload = redisWorkload(options)
  if (now.state !== 'up') {
    const next = workload === null ? [] : [`sapoche status ${workload}`, `sapoche logs ${workload} --tail 100`]
    return {...UNSAID, state: now.state, severity: 'critical', reason: now.message, next}
  }
  const {reader, layout, snapshot} = now
  const place = {
    ...UNSAID,
    address: reader.where,
    through: reader.network,
    database: layout.database,
    prefix: layout.isFound ? layout.prefix : null,
  }
  const {info} = snapshot
  if (info.failure !== null) {
    const reason = `memory, persistence and replication are not known: ${info.failure.message}`
    return {...place, state: 'up', severity: 'info', reason, next: []}
  }
  const {value: facts} = info
  const earlier = before?.state === 'up' ? before.snapshot.info.value : null
  const found = judgeRedis(facts, earlier, workload)
  const severity = worst(found.map((finding) => finding.severity))
  // What is good to know is not said beside what is wrong.
  const findings = severity === 'info' ? found : found.filter((finding) => finding.severity !== 'info')
  return {
    ...place,
    state: facts.loading ? 'loading' : 'up',
    version: facts.version,
    role: facts.role,
    usedMemory: facts.usedMemory,
    maxMemory: facts.maxMemory,
    policy: facts.policy,
    evictedKeys: facts.evictedKeys,
    connectedClients: facts.connectedClients,
    maxClients: facts.maxClients,
    rejectedConnections: facts.rejectedConnections,
    persistence: {rdb: facts.rdbStatus, aof: facts.aofEnabled === true ? facts.aofWriteStatus : null},
    replicas: facts.replicas.map(({address, state, lag}) => ({address, state, lagSeconds: lag})),
    masterLink: facts.link && {up: facts.link.isUp, downSeconds: positive(facts.link.downSeconds), syncing: facts.link.isSyncing},
    severity,
    reason: findings.map(({words}) => words).join('; '),
    next: [...new Set(findings.flatMap(({next}) => next))],
  }
}

/** Redis says -1 for a link that never was. */
function positive(seconds: number | null): number | null {
  return seconds === null || seconds < 0 ? null : seconds
}

/** The workload that runs the Redis of the catalogue; null where nothing says. */
export function redisWorkload({catalogue, namespace}: Pick<ReportOptions, 'catalogue' | 'namespace'>): string | null {
  const host = catalogue.servers.redis.address?.replace(/:\d+$/, '') ?? ''
  const [name] = clusterNames(host, namespace)
  return catalogue.services.find((service) => service.name === name?.service)?.workload ?? null
}

function failedOf(answered: Answered): QueueDepthReport['failed'] {
  if (answered.state !== 'up' || answered.snapshot.failed === null) return null
  const {key, total, recent} = answered.snapshot.failed
  const counts = {key, total: total.value, lastHour: recent.value}
  const failure = total.failure ?? recent.failure
  if (failure !== null) return {...counts, severity: 'unknown', reason: `${key} can't be read: ${failure.message}`}
  if ((recent.value ?? 0) > 0)
    return {...counts, severity: 'warning', reason: `${count(recent.value ?? 0, 'job')} failed for good in the last hour`}
  return {...counts, severity: 'ok', reason: ''}
}

function notChecked(answered: Answered, {failed, discover}: ReportOptions): string[] {
  if (answered.state !== 'up') return ['queues']
  return [
    ...(answered.snapshot.info.failure === null ? [] : ['Redis itself']),
    ...(failed ? [] : ['failed jobs (--failed)']),
    ...(failed && answered.snapshot.failed === null && !answered.layout.isComplete
      ? ["Horizon's failed jobs (not all keys were seen; --discover looks at every key)"]
      : []),
    ...(discover ? [] : ['queues that nobody serves (--discover)']),
  ]
}

function layoutWarnings(answered: Answered, wanted: Wanted): Warning[] {
  if (answered.state !== 'up') return []
  const {layout, snapshot} = answered
  const others = layout.otherPrefixes.map((prefix) => (prefix === '' ? 'none' : `"${prefix}"`))
  return [
    ...(others.length === 0
      ? []
      : [{code: 'other-prefixes', message: `there are queues under other prefixes too (${others.join(', ')}), which were not read`}]),
    ...(snapshot.info.value?.mode === 'cluster'
      ? [{code: 'redis-cluster', message: 'this is one node of a Redis Cluster: queues on its other nodes are not read'}]
      : []),
    ...(wanted.failed && snapshot.failed === null && layout.isComplete
      ? [{code: 'no-horizon', message: 'no failed jobs of Horizon here: without it Laravel keeps them in its SQL database'}]
      : []),
  ]
}
