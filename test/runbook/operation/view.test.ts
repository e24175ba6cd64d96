import {describe, expect, test} from 'vitest'
import {progressView} from '../../../src/lib/runbook/operation/progress-view.ts'
import type {ProgressRow} from '../../../src/lib/runbook/operation/run.ts'
import type {OperationItem} from '../../../src/lib/runbook/operation/schema.ts'
import {evictViews} from '../../../src/lib/runbook/evict/view.ts'
import {evictReport, type EvictReport} from '../../../src/lib/runbook/evict/schema.ts'
import {restartReport, type RestartReport} from '../../../src/lib/runbook/restart/schema.ts'
import {restartViews} from '../../../src/lib/runbook/restart/view.ts'
import {rollbackReport, type RollbackReport} from '../../../src/lib/runbook/rollback/schema.ts'
import {rollbackViews} from '../../../src/lib/runbook/rollback/view.ts'
import {scaleReport, type ScaleReport} from '../../../src/lib/runbook/scale/schema.ts'
import {scaleViews} from '../../../src/lib/runbook/scale/view.ts'
import {NOW} from './objects.ts'

const VIEW = {width: 80, colour: false, now: NOW}
const ESCAPE = String.fromCharCode(27)

const item = (name: string, fields: Partial<OperationItem>): OperationItem => ({
  name,
  category: 'consumers',
  before: null,
  after: null,
  outcome: 'not-started',
  reason: '',
  undo: null,
  seconds: null,
  evidence: null,
  ...fields,
})

const base = {
  apiVersion: 'sapoche/v1',
  generatedAt: '2026-11-22T03:12:07.000Z',
  context: 'prod-eu',
  namespace: 'sapoche',
  dryRun: false,
  interrupted: false,
  summary: {},
} as const

const RESTART: RestartReport = {
  ...base,
  kind: 'RestartReport',
  redis: null,
  summary: {restarted: 1, doomed: 1, inactive: 1, 'not-started': 1},
  items: [
    item('consumer-revenue', {outcome: 'inactive', reason: 'its baseline is 0: only by its own name'}),
    item('consumer-dicom', {
      before: 4,
      after: 5,
      outcome: 'restarted',
      seconds: 14.2,
      undo: 'sapoche rollback consumer-dicom --to-revision 4',
    }),
    item('consumer-employee', {
      before: 2,
      after: 3,
      outcome: 'doomed',
      seconds: 3.1,
      reason: `new pod wx81p: container app: CreateContainerConfigError, secret "queue-${ESCAPE}[31mcredentials" not found; 1 of 1 still available`,
      undo: 'sapoche rollback consumer-employee --to-revision 2',
      evidence: {
        pod: 'consumer-employee-6d5f9c7b4d-wx81p',
        container: 'app',
        events: ['Warning Failed (x3): Error: secret "queue-credentials" not found'],
        logs: [`first ${ESCAPE}[2Jline`, 'second line'],
      },
    }),
    item('consumer-pat-dtc-homekit-register', {}),
  ],
  warnings: [{code: 'refused', message: 'not allowed to list events'}],
}

describe('a restart', () => {
  test('as a table: what went wrong, its evidence and the way back, the counts last', () => {
    expect(restartReport.parse(RESTART)).toEqual(RESTART)
    expect(restartViews.table(RESTART, VIEW)).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z

  consumer-revenue                                    inactive
    its baseline is 0: only by its own name
  consumer-dicom                     revision 4 -> 5  restarted    14 s
  consumer-employee                  revision 2 -> 3  doomed
  consumer-pat-dtc-homekit-register                   not-started

warning not allowed to list events

doomed  consumer-employee: new pod wx81p: container app:
        CreateContainerConfigError, secret "queue-credentials" not found; 1 of 1
        still available
        event Warning Failed (x3): Error: secret "queue-credentials" not found
        | first line
        | second line
        undo  sapoche rollback consumer-employee --to-revision 2

undo  sapoche rollback consumer-dicom --to-revision 4
1 restarted, 1 inactive, 1 doomed, 1 not-started
`)
  })

  test('wide: every undo line and reason', () => {
    const text = restartViews.wide(RESTART, {...VIEW, width: 200})
    expect(text).toMatch(/^ +NAME +CHANGE +OUTCOME +SECONDS +UNDO +REASON$/m)
    expect(text).toMatch(/consumer-dicom +revision 4 -> 5 +restarted +14\.2 +sapoche rollback consumer-dicom --to-revision 4/)
  })

  test('no line is wider than the screen: a note without room beside it stands below', () => {
    const reason = `protected (every worker's queue and the application's cache live in it): only by its own name, redis-master-st-sp`
    const items = [
      item('redis-master-st-sp', {outcome: 'skipped', reason}),
      item('worker-sapoche-batch-publisher-notification', {outcome: 'inactive', reason: 'its baseline is 0: only by its own name'}),
      item('web', {before: 1, outcome: 'planned', seconds: 0}),
    ]
    const report = {...RESTART, items, warnings: []}
    for (const colour of [false, true]) {
      const lines = restartViews
        .table(report, {...VIEW, colour})
        .replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '')
        .split('\n')
      expect(lines.slice(2, 8)).toEqual([
        '  redis-master-st-sp                                       skipped',
        "    protected (every worker's queue and the application's cache live in it):",
        '    only by its own name, redis-master-st-sp',
        '  worker-sapoche-batch-publisher-notification              inactive',
        '    its baseline is 0: only by its own name',
        '  web                                          revision 1  planned',
      ])
    }
    expect(restartViews.table(report, {...VIEW, width: 200})).toContain(`skipped   ${reason}\n`)
  })

  test('as names', () => {
    expect(restartViews.name(RESTART)).toBe(RESTART.items.map(({name}) => `deployment.apps/${name}\n`).join(''))
  })

  test('colour adds nothing but itself', () => {
    const coloured = restartViews.table(RESTART, {...VIEW, colour: true})
    expect(coloured).toContain(ESCAPE)
    expect(coloured.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '')).toBe(restartViews.table(RESTART, VIEW))
  })

  test('more undo lines than a screen wants', () => {
    const many = Array.from({length: 6}, (_, n) =>
      item(`consumer-${n}`, {before: 1, after: 2, outcome: 'restarted', seconds: 0.4, undo: `undo ${n}`}),
    )
    expect(restartViews.table({...RESTART, items: many, warnings: []}, VIEW)).toMatch(
      /\n\nundo {2}one by one: see -o wide, or sapoche journal\n6 restarted\n$/,
    )
  })

  test('interrupted, and nothing to do', () => {
    const interrupted = {
      ...RESTART,
      items: [item('web', {outcome: 'accepted', before: 1, undo: 'sapoche rollback web'})],
      warnings: [],
      interrupted: true,
    }
    expect(restartViews.table(interrupted, VIEW)).toMatch(
      /\ninterrupted: what was begun goes on in the cluster; sapoche status --watch\n1 accepted\n$/,
    )
    expect(restartViews.table({...RESTART, items: [], warnings: []}, VIEW)).toMatch(/\n\nnothing to do\n$/)
  })
})

describe('a scaling', () => {
  const scaled = item('worker-sapoche-pdf', {
    before: 1,
    after: 3,
    outcome: 'scaled',
    seconds: 4.06,
    undo: 'sapoche scale worker-sapoche-pdf --revert',
  })
  const report: ScaleReport = {
    ...base,
    kind: 'ScaleReport',
    redis: null,
    summary: {scaled: 1},
    items: [scaled],
    temporary: null,
    reverted: null,
    warnings: [],
  }

  test.each<[string, Partial<ScaleReport>, string]>([
    ['for good', {}, 'undo  sapoche scale worker-sapoche-pdf --revert\n1 scaled\n'],
    ['a dry run', {dryRun: true, items: [{...scaled, outcome: 'planned', undo: null}]}, 'dry run: nothing was changed\n1 planned\n'],
    [
      'detached',
      {temporary: {until: '2026-11-22T03:42:07.000Z', detached: true}},
      'temporary until 2026-11-22 03:42:07Z: nobody goes back by itself; sapoche status shows it as overdue from then on\n1 scaled\n',
    ],
    [
      'gone back',
      {
        temporary: {until: '2026-11-22T03:42:07.000Z', detached: false},
        reverted: [item('worker-sapoche-pdf', {before: 3, after: 1, outcome: 'scaled'})],
      },
      'worker-sapoche-pdf went back from 3 to 1\n1 scaled\n',
    ],
    [
      'not gone back',
      {
        temporary: {until: '2026-11-22T03:42:07.000Z', detached: false},
        reverted: [item('worker-sapoche-pdf', {outcome: 'superseded', reason: 'set to 5'})],
      },
      'worker-sapoche-pdf did not go back: superseded, set to 5\n1 scaled\n',
    ],
  ])('%s', (_what, fields, end) => {
    const shown = {...report, ...fields}
    expect(scaleReport.parse(shown)).toEqual(shown)
    expect(scaleViews.table(shown, VIEW)).toContain('  worker-sapoche-pdf  1 -> 3  ')
    expect(scaleViews.table(shown, VIEW).endsWith(`\n${end}`)).toBe(true)
  })
})

test('a rollback and an eviction', () => {
  const back: RollbackReport = {
    ...base,
    kind: 'RollbackReport',
    redis: null,
    warnings: [],
    toRevision: 4,
    items: [item('web', {before: 5, after: 6, outcome: 'rolled-back', seconds: 2, undo: 'sapoche rollback web --to-revision 5'})],
  }
  expect(rollbackReport.parse(back)).toEqual(back)
  expect(rollbackViews.table(back, VIEW)).toMatch(/ {2}web {2}revision 5 -> 6 {2}rolled-back {2}2 s\n/)
  const evicted: EvictReport = {
    ...base,
    kind: 'EvictReport',
    redis: null,
    warnings: [],
    items: [
      {...item('web-a', {outcome: 'refused', reason: 'the budget web needs 1'}), workload: 'web', before: 'Running on node-a', after: null},
    ],
  }
  expect(evictReport.parse(evicted)).toEqual(evicted)
  expect(evictViews.table(evicted, VIEW)).toMatch(/ {2}web-a {2}Running on node-a {2}refused\n\nrefused {2}web-a: the budget web needs 1\n/)
  expect(evictViews.name(evicted)).toBe('pod/web-a\n')
})

describe('progress', () => {
  const row = (name: string, fields: Partial<ProgressRow>): ProgressRow => ({
    name,
    state: 'running',
    outcome: null,
    words: '',
    seconds: 0,
    ...fields,
  })

  test('those that run, and how many others', () => {
    const rows = [
      row('consumer-dicom', {state: 'ended', outcome: 'restarted'}),
      row('consumer-ecg', {words: '0 of 1 ready; new pod 4ph9k: ContainerCreating', seconds: 9.7}),
      row('consumer-lis-testresult', {words: 'waits'}),
      row('consumer-revenue', {state: 'to-come'}),
    ]
    expect(progressView(rows, {width: 80})).toBe(
      [
        '  consumer-ecg             0 of 1 ready; new pod 4ph9k: ContainerCreating, 9 s',
        '  consumer-lis-testresult  waits',
        '  1 done, 1 to come',
        '',
      ].join('\n'),
    )
  })

  test('fits the screen', () => {
    const rows = Array.from({length: 30}, (_, n) => row(`consumer-${n}`, {words: 'x'.repeat(200), seconds: 61}))
    const lines = progressView(rows, {width: 80}).trimEnd().split('\n')
    expect(lines).toHaveLength(16)
    expect(lines.at(-1)).toBe('  15 more running')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('nothing runs: nothing is shown', () => {
    expect(progressView([], {width: 80})).toBe('')
  })
})
