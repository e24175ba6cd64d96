import {describe, expect, test} from 'vitest'
import {backlogOf} from '../../src/lib/runbook/backlog.ts'
import type {GroupState, QueueState} from '../../src/lib/runbook/data-plane/schema.ts'
import {group, queue} from './backlog-samples.ts'

const absent = queue({state: 'absent', pending: null})
const unreadable = queue({state: 'unreadable', pending: null, severity: 'unknown'})

describe('absent, empty and unreadable are three things', () => {
  test.each<[string, QueueState[], GroupState[], [string | null, string, string]]>([
    ['bound to nothing', [], [], [null, '', '']],
    ['no such key', [absent], [], ['queued', '-', '']],
    ['an empty list beside held jobs', [queue()], [], ['queued', '0', '']],
    ['not readable', [unreadable], [], ['queued', '?', '']],
    ['two queues', [queue({pending: 12, oldestAgeSeconds: 61}), queue({pending: 3, oldestAgeSeconds: 4000})], [], ['queued', '15', '1h']],
    ['one of them absent', [queue({pending: 12, oldestAgeSeconds: 61}), absent], [], ['queued', '12', '1m']],
    ['one of them unreadable', [queue({pending: 12}), unreadable], [], ['queued', '?', '']],
    ['nothing behind', [], [group()], ['lag', '0', '']],
    ['no such group', [], [group({state: 'absent', lag: null, severity: 'warning'})], ['lag', '-', '']],
    ['nothing committed', [], [group({lag: null, severity: 'warning'})], ['lag', '-', '']],
    ['no answer', [], [group({state: null, lag: null, severity: 'unknown'})], ['lag', '?', '']],
    ['a part that can not be read', [], [group({lag: null, severity: 'unknown'})], ['lag', '?', '']],
    ['young', [], [group({lag: 5, oldestUnreadSeconds: {from: 0, to: 60}})], ['lag', '5', '<1m']],
    ['old', [], [group({lag: 5, oldestUnreadSeconds: {from: 900, to: 3600}})], ['lag', '5', '>15m']],
    [
      'older than any',
      [],
      [group({lag: '9007199254740993', oldestUnreadSeconds: {from: 86_400, to: null}})],
      ['lag', '9007199254740993', '>24h'],
    ],
    ['both', [queue({pending: 1})], [group({lag: 5})], ['queued', '1', '']],
  ])('%s', (_, queues, groups, [kind, amount, age]) => {
    expect(backlogOf({queues, groups})).toEqual({kind, amount, age})
  })
})
