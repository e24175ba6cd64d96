import {describe, expect, test} from 'vitest'
import type {RedisInfo} from '../../../src/lib/clients/redis/types.ts'
import {judgeRedis} from '../../../src/lib/runbook/queue-depth/redis-findings.ts'

const REPLICA = {address: '10.0.0.2:6379', state: 'online', lag: 0}
const info = (fields: Partial<RedisInfo> = {}): RedisInfo => ({
  version: '7.0.15',
  mode: 'standalone',
  role: 'master',
  uptimeSeconds: 1,
  loading: false,
  loadingEtaSeconds: null,
  usedMemory: 100,
  maxMemory: 1000,
  policy: 'noeviction',
  evictedKeys: 0,
  refusedWrites: null,
  connectedClients: 10,
  maxClients: 100,
  rejectedConnections: 0,
  rdbStatus: 'ok',
  lastSaveAt: null,
  changesSinceSave: null,
  aofEnabled: false,
  aofWriteStatus: 'ok',
  replicas: [REPLICA],
  link: null,
  ...fields,
})

describe('Redis itself', () => {
  test.each<[string, Partial<RedisInfo>, Partial<RedisInfo> | null, readonly [string, RegExp][]]>([
    ['well', {}, null, []],
    [
      'an old version that says little',
      {
        usedMemory: null,
        maxMemory: null,
        evictedKeys: null,
        connectedClients: null,
        maxClients: null,
        rejectedConnections: null,
        rdbStatus: null,
        aofEnabled: null,
        aofWriteStatus: null,
      },
      null,
      [],
    ],
    ['no limit of memory', {usedMemory: 1e12, maxMemory: 0}, null, []],
    ['loading', {loading: true, loadingEtaSeconds: 90}, null, [['critical', /^it is loading .*, 1 min to go$/]]],
    ['full', {usedMemory: 1000}, null, [['critical', /^its memory is full \(1000 of 1000 used, noeviction\): writes are refused/]]],
    ['full now and then', {usedMemory: 990, refusedWrites: 3}, null, [['critical', /full/]]],
    ['at its limit, and nothing refused', {usedMemory: 990}, null, [['warning', /nearly full/]]],
    ['nearly full', {usedMemory: 900}, null, [['warning', /^its memory is nearly full/]]],
    ['refused before, with room again', {usedMemory: 500, refusedWrites: 3}, null, []],
    [
      'full, with a policy that spares keys without expiry',
      {usedMemory: 1000, policy: 'volatile-lru'},
      null,
      [['critical', /volatile-lru\): writes are refused/]],
    ],
    ['full, with a policy that takes any key', {usedMemory: 1000, policy: 'allkeys-lru'}, null, []],
    [
      'keys were evicted',
      {policy: 'allkeys-lru', evictedKeys: 7},
      null,
      [['warning', /^7 keys evicted since its start \(allkeys-lru\): jobs may be among them$/]],
    ],
    ['keys are being evicted', {policy: 'allkeys-lfu', evictedKeys: 7}, {evictedKeys: 5}, [['critical', /; 2 of them just now$/]]],
    ['keys that expire were evicted', {policy: 'volatile-ttl', evictedKeys: 7}, null, []],
    ['nearly as many clients as it takes', {connectedClients: 90}, null, [['warning', /^90 of at most 100 clients/]]],
    ['connections were refused once', {rejectedConnections: 4}, null, [['info', /^4 connections refused since its start$/]]],
    [
      'connections are being refused',
      {rejectedConnections: 4},
      {rejectedConnections: 1},
      [['critical', /^3 connections refused just now/]],
    ],
    ['a save failed', {rdbStatus: 'err'}, null, [['critical', /^its last save to disk failed/]]],
    ['an append failed', {aofEnabled: true, aofWriteStatus: 'err'}, null, [['critical', /append-only file/]]],
    ['an append failed once, and AOF is off', {aofWriteStatus: 'err'}, null, []],
    ['no replica', {replicas: []}, null, [['info', /^no replica$/]]],
    [
      'a replica that is not there yet',
      {replicas: [REPLICA, {...REPLICA, address: 'b', state: 'wait_bgsave'}]},
      null,
      [['warning', /^replica b is wait_bgsave$/]],
    ],
    ['a replica, well', {role: 'replica', replicas: [], link: {isUp: true, downSeconds: null, isSyncing: false}}, null, []],
    [
      'a replica without its master',
      {role: 'replica', replicas: [], link: {isUp: false, downSeconds: 300, isSyncing: false}},
      null,
      [['critical', /^this is a replica that has lost its master for 5 min: the numbers are old$/]],
    ],
    [
      'a replica that never had one',
      {role: 'replica', replicas: [], link: {isUp: false, downSeconds: -1, isSyncing: false}},
      null,
      [['critical', /has lost its master: /]],
    ],
    [
      'a replica at its first copy',
      {role: 'replica', replicas: [], link: {isUp: false, downSeconds: null, isSyncing: true}},
      null,
      [['critical', /is being synchronised with its master/]],
    ],
  ])('%s', (_, fields, before, findings) => {
    const found = judgeRedis(info(fields), before === null ? null : info(before), 'redis')
    expect(found.map(({severity, words}) => [severity, words])).toEqual(
      findings.map(([severity, words]) => [severity, expect.stringMatching(words)]),
    )
  })

  test('the commands that help', () => {
    const next = (fields: Partial<RedisInfo>, workload: string | null = 'redis-master-st-sp') =>
      judgeRedis(info(fields), null, workload)[0]?.next
    expect(next({usedMemory: 1000})).toEqual(['sapoche queue-depth --discover', 'sapoche exec redis-master-st-sp -- redis-cli --bigkeys'])
    expect(next({usedMemory: 1000}, null)).toEqual(['sapoche queue-depth --discover'])
    expect(next({rdbStatus: 'err'})).toEqual(['sapoche logs redis-master-st-sp --tail 100'])
    expect(next({replicas: []})).toEqual([])
  })
})
