import type {RedisInfo} from '../../clients/redis/types.ts'
import {age} from '../../text/age.ts'
import {formatMemory} from '../../text/quantity.ts'
import {worstFirst} from './findings.ts'
import type {Finding} from './types.ts'

/** Memory and clients from here on are nearly used up. */
const NEARLY = 0.9
/** At its limit the use of memory goes up and down a little, and writes are refused now and then. */
const AT_LIMIT = 0.99

/**
 * What is wrong with Redis itself, the worst first. `before` is an earlier reading, for counters that only tell when they grow; `workload` is
 * the one that runs it, where that is known. Pure.
 */
export function judgeRedis(now: RedisInfo, before: RedisInfo | null, workload: string | null): Finding[] {
  const own = (command: string): string[] => (workload === null ? [] : [`sapoche ${command.replace('REDIS', workload)}`])
  const leading = (faults: readonly Fault[], next: readonly string[]): Finding[] =>
    faults.map((fault) => ({...fault, next: fault.severity === 'info' ? [] : next}))
  const full = ['sapoche queue-depth --discover', ...own('exec REDIS -- redis-cli --bigkeys')]
  return worstFirst([
    ...leading(standing(now), own('logs REDIS --tail 100')),
    ...leading(memory(now, before), full),
    ...leading(clients(now, before), own('exec REDIS -- redis-cli CLIENT LIST')),
    ...leading(persistence(now), own('logs REDIS --tail 100')),
    ...leading(replication(now), own('logs REDIS --tail 100')),
  ])
}

type Fault = Omit<Finding, 'next'>

function standing({loading, loadingEtaSeconds}: RedisInfo): Fault[] {
  if (!loading) return []
  const eta = loadingEtaSeconds === null ? '' : `, ${age(loadingEtaSeconds * 1000)} to go`
  return [{severity: 'critical', words: `it is loading its data from disk and answers nothing until it has${eta}`}]
}

/** Laravel's keys have no expiry: `volatile-*` policies can't take them, and then refuse writes as `noeviction` does. */
function memory({usedMemory, maxMemory, policy, evictedKeys, refusedWrites}: RedisInfo, before: RedisInfo | null): Fault[] {
  if (policy?.startsWith('allkeys-') === true) {
    if ((evictedKeys ?? 0) === 0) return []
    const more = before === null ? 0 : (evictedKeys ?? 0) - (before.evictedKeys ?? 0)
    const words = `${evictedKeys} keys evicted since its start (${policy}): jobs may be among them`
    return [more > 0 ? {severity: 'critical', words: `${words}; ${more} of them just now`} : {severity: 'warning', words}]
  }
  if (maxMemory === null || maxMemory === 0 || usedMemory === null) return []
  const share = `${formatMemory(usedMemory)} of ${formatMemory(maxMemory)} used, ${policy ?? 'policy unknown'}`
  if (usedMemory >= maxMemory || (usedMemory >= AT_LIMIT * maxMemory && (refusedWrites ?? 0) > 0)) {
    return [{severity: 'critical', words: `its memory is full (${share}): writes are refused, no job can be added`}]
  }
  return usedMemory < NEARLY * maxMemory
    ? []
    : [{severity: 'warning', words: `its memory is nearly full (${share}): full, it refuses writes`}]
}

function clients({connectedClients, maxClients, rejectedConnections}: RedisInfo, before: RedisInfo | null): Fault[] {
  const more = before === null ? 0 : (rejectedConnections ?? 0) - (before.rejectedConnections ?? 0)
  if (more > 0) return [{severity: 'critical', words: `${more} connections refused just now: it has as many clients as it takes`}]
  if (connectedClients !== null && maxClients !== null && connectedClients >= NEARLY * maxClients) {
    return [{severity: 'warning', words: `${connectedClients} of at most ${maxClients} clients are connected`}]
  }
  if ((rejectedConnections ?? 0) === 0) return []
  return [{severity: 'info', words: `${rejectedConnections} connections refused since its start`}]
}

function persistence({rdbStatus, aofEnabled, aofWriteStatus}: RedisInfo): Fault[] {
  const faults: Fault[] = []
  if (rdbStatus === 'err') {
    const words = 'its last save to disk failed: by default it refuses writes until one succeeds (stop-writes-on-bgsave-error)'
    faults.push({severity: 'critical', words})
  }
  if (aofEnabled === true && aofWriteStatus === 'err') {
    faults.push({severity: 'critical', words: "its append-only file can't be written: writes are refused"})
  }
  return faults
}

function replication({role, link, replicas}: RedisInfo): Fault[] {
  if (role === 'replica' && link !== null && !link.isUp) {
    const since = link.downSeconds === null || link.downSeconds < 0 ? '' : ` for ${age(link.downSeconds * 1000)}`
    const what = link.isSyncing ? 'is being synchronised with its master' : `has lost its master${since}`
    return [{severity: 'critical', words: `this is a replica that ${what}: the numbers are old`}]
  }
  const behind = replicas.filter(({state}) => state !== 'online')
  if (behind.length > 0) {
    return [{severity: 'warning', words: `replica ${behind.map(({address, state}) => `${address} is ${state}`).join(', ')}`}]
  }
  return role === 'master' && replicas.length === 0 ? [{severity: 'info', words: 'no replica'}] : []
}
