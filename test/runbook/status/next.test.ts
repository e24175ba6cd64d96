import {expect, test} from 'vitest'
import {nextCommands} from '../../../src/lib/runbook/status/next.ts'
import {judgeWorkload, type Change, type Judgement} from '../../../src/lib/workload/index.ts'
import {NOW, workload} from '../../workload/build.ts'

const HOUR = 3_600_000
const change = (hoursBefore: number, undoable = true): Change => ({
  revision: 2,
  at: NOW - hoursBefore * HOUR,
  images: [],
  env: [],
  what: 'another part of the pod template',
  undoable,
})
const down: Partial<Judgement> = {health: 'down', severity: 'critical', since: NOW, reason: 'container app: CrashLoopBackOff, exit 1'}
const TO_LOGS = 'sapoche logs w --previous'

test.each<[what: string, judgement: Partial<Judgement>, next: string[]]>([
  ['well', {}, []],
  ['crashes after a rollout', {...down, changed: change(1)}, [TO_LOGS, 'sapoche rollback w']],
  ['crashes long after a rollout', {...down, changed: change(25)}, [TO_LOGS]],
  ['crashes after a restart, or a first rollout', {...down, changed: change(1, false)}, [TO_LOGS]],
  ['crashes, nothing known of a change', {...down, changed: null}, [TO_LOGS]],
  ['has no image', {...down, reason: 'container app: ImagePullBackOff', changed: change(1)}, ['sapoche events w', 'sapoche rollback w']],
  ['stands at zero', {health: 'stopped', severity: 'critical'}, ['sapoche scale w --to-baseline']],
  [
    'stands at zero for longer than it should',
    {health: 'stopped', severity: 'critical', temporary: {until: NOW, overdue: true, previous: 1, by: null, reason: null}},
    ['sapoche scale w --revert'],
  ],
  ['is not there', {health: 'missing', severity: 'critical'}, ['sapoche catalogue diff']],
  ['is on its way', {health: 'progressing', severity: 'warning'}, ['sapoche status w --watch']],
  [
    'is paused',
    {health: 'progressing', severity: 'warning', reason: 'paused since 2026-11-22 00:12:07Z (3 h)'},
    ['kubectl rollout resume deployment/w -n ns'],
  ],
])('what helps where a workload %s', (_, judgement, next) => {
  expect(nextCommands({name: 'w', namespace: 'ns', listed: true}, {...judgeWorkload(workload({}), NOW), ...judgement})).toEqual(next)
})

test('what the catalogue lacks has no baseline to go back to', () => {
  const judgement = {...judgeWorkload(workload({}), NOW), health: 'stopped', severity: 'warning'} as const
  expect(nextCommands({name: 'w', namespace: 'ns', listed: false}, judgement)).toEqual(['sapoche scale w --replicas 1'])
})
