import {expect, test} from 'vitest'
import {backlogFindings} from '../../../src/lib/runbook/audit-inactive/backlog.ts'
import type {Bound} from '../../../src/lib/runbook/data-plane/index.ts'
import {group, queue} from '../backlog-samples.ts'

const nothing = queue({state: 'absent', pending: null, delayed: null, reserved: null, reason: 'no such key: nothing is queued'})

test.each<[string, Partial<Bound>, string[]]>([
  ['bound to nothing', {}, []],
  ['no such key', {queues: [nothing]}, ['backlog-none info keep nothing waits in queue pdf']],
  [
    'nothing in either',
    {queues: [nothing, queue()], groups: [group()]},
    ['backlog-none info keep nothing waits in queue pdf, queue pdf, group ecg'],
  ],
  [
    'jobs that nobody works on',
    {queues: [queue({pending: 3, severity: 'critical', reason: '3 jobs wait'})]},
    ['backlog critical reactivate queue pdf: 3 jobs wait'],
  ],
  [
    'jobs that are accepted',
    {queues: [queue({pending: 3, severity: 'info', reason: '3 jobs wait, which the catalogue accepts'})]},
    ['backlog info keep queue pdf: 3 jobs wait, which the catalogue accepts'],
  ],
  ['jobs for later', {queues: [queue({delayed: 2})]}, ['backlog info keep queue pdf: 0 pending, 2 delayed, 0 reserved']],
  [
    'a key of the wrong type',
    {queues: [queue({state: 'unreadable', pending: null, severity: 'critical', reason: 'a string'})]},
    ['backlog-unclear critical keep queue pdf: a string'],
  ],
  [
    'a queue that was not read',
    {queues: [queue({state: 'unreadable', pending: null, severity: 'unknown', reason: 'Redis was not reached'})]},
    ['backlog-unclear unknown keep queue pdf: Redis was not reached'],
  ],
  [
    'a hidden autoscaler may explain it',
    {queues: [queue({pending: 1, severity: 'unknown', reason: '1 job waits; KEDA, which might explain it, can not be read'})]},
    [expect.stringMatching(/^backlog unknown keep queue pdf: 1 job waits/)],
  ],
  [
    'unread events',
    {groups: [group({lag: 480, severity: 'critical', reason: '480 events unread'})]},
    ['backlog critical reactivate group ecg: 480 events unread'],
  ],
  ['fewer than are allowed', {groups: [group({lag: 3})]}, ['backlog info keep group ecg: 3 unread, which the catalogue allows']],
  [
    'nothing was ever committed',
    {groups: [group({lag: null, severity: 'info', reason: 'nothing committed; 9 events are there to read'})]},
    ['backlog info keep group ecg: nothing committed; 9 events are there to read'],
  ],
  [
    'no such group',
    {groups: [group({state: 'absent', lag: null, reason: 'no such group, and no consumer is to run'})]},
    ['backlog-none info keep nothing waits in group ecg'],
  ],
  [
    'a group that was not read',
    {groups: [group({state: null, lag: null, severity: 'unknown', reason: 'Kafka was not reached'})]},
    ['backlog-unclear unknown keep group ecg: Kafka was not reached'],
  ],
  [
    'one waits, the other not',
    {queues: [nothing], groups: [group({lag: 5, severity: 'critical', reason: '5 events unread'})]},
    ['backlog critical reactivate group ecg: 5 events unread'],
  ],
])('%s', (_, {queues = [], groups = []}, findings) => {
  const found = backlogFindings({queues, groups}).map(({id, severity, recommendation, evidence}) =>
    [id, severity, recommendation, evidence].join(' '),
  )
  expect(found).toEqual(findings)
})
