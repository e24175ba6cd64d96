import {describe, expect, test} from 'vitest'
import {lagNotice, lagViews} from '../../../src/lib/runbook/consumer-lag/index.ts'
import type {ConsumerLagReport, LagItem} from '../../../src/lib/runbook/consumer-lag/schema.ts'
import {lagTable} from '../../../src/lib/runbook/consumer-lag/view.ts'
import {NOW} from './lab.ts'

const OPTIONS = {width: 80, colour: false, now: NOW}

function item(group: string, more: Partial<LagItem> = {}): LagItem {
  return {
    group,
    sources: ['KAFKA_GROUP_ID'],
    workloads: [{name: group, ready: 1, desired: 1}],
    state: 'Stable',
    movement: 'ok',
    lag: 0,
    worstLag: 0,
    oldestUnreadSeconds: null,
    etaSeconds: null,
    members: 1,
    idleConsumers: 0,
    partitions: [],
    deadLetters: null,
    thresholds: {allowedLag: 0, maxAgeSeconds: 300},
    severity: 'ok',
    reason: '',
    next: [],
    ...more,
  }
}

const STUCK = item('consumer-spc-pos-orders', {
  movement: 'not-moving',
  lag: 5000,
  oldestUnreadSeconds: {from: 3600, to: 21_600},
  severity: 'critical',
  reason: '5000 events unread, the oldest 1 h to 6 h, no commit between the looks: 1 member',
  next: ['sapoche logs consumer-spc-pos-orders', 'sapoche restart consumer-spc-pos-orders'],
})
const ABSENT = {state: 'absent', movement: 'unknown', lag: null, members: null, severity: 'warning', reason: 'no such group'} as const

function report(items: readonly LagItem[], more: Partial<ConsumerLagReport> = {}): ConsumerLagReport {
  return {
    apiVersion: 'sapoche/v1',
    kind: 'ConsumerLagReport',
    generatedAt: new Date(NOW).toISOString(),
    context: 'prod-eu',
    namespace: 'sapoche',
    verdict: 'critical',
    windowSeconds: 10,
    summary: {groups: items.length, ok: 0, warning: 0, critical: 1, unknown: 0, lag: 5000},
    items: [...items],
    brokers: [],
    notChecked: [],
    warnings: [],
    ...more,
  }
}

describe('the table', () => {
  test('what is good to know is told too, before what needs somebody', () => {
    const catching = item('consumer-ecg', {
      movement: 'catching-up',
      lag: 60,
      oldestUnreadSeconds: {from: 60, to: 300},
      etaSeconds: 8,
      severity: 'info',
      reason: '60 events unread, the oldest 1 min to 5 min, caught up in 8 s',
    })
    const text = lagTable(report([STUCK, catching, item('consumer-dicom')]), OPTIONS)
    expect(text).toMatch(
      /\n\nconsumer-ecg {2}info, catching up\n {2}60 events unread, .* caught up in 8 s\n\nconsumer-spc-pos-orders {2}critical, not moving\n/,
    )
    expect(text).not.toMatch(/consumer-dicom {2}ok/)
  })

  test('worst last, with the reason and what to do next', () => {
    expect(lagTable(report([STUCK, item('consumer-dicom')]), OPTIONS).split('\n')).toEqual([
      'sapoche  context prod-eu  2026-11-22 03:12:07Z',
      '',
      'GROUP                     LAG  OLDEST  MOVEMENT    READY  MEMBERS  SEVERITY',
      'consumer-dicom              0  -       ok          1/1          1  ok',
      'consumer-spc-pos-orders  5000  1-6 h   not moving  1/1          1  critical',
      '',
      'consumer-spc-pos-orders  critical, not moving',
      '  5000 events unread, the oldest 1 h to 6 h, no commit between the looks: 1',
      '  member',
      '  next  sapoche logs consumer-spc-pos-orders',
      '        sapoche restart consumer-spc-pos-orders',
      '',
      'CRITICAL  1 of 2 groups needs you; 5000 events behind in all',
      '    two looks 10 s apart',
      '',
    ])
  })

  test('never wider than the terminal, and no name is cut', () => {
    const name = 'consumer-spc-pdf-generate-examination'
    const lines = lagTable(report([item(name, {...STUCK, group: name, lag: 1_234_567}), STUCK]), OPTIONS).split('\n')
    expect(Math.max(...lines.map(({length}) => length))).toBeLessThanOrEqual(80)
    expect(lines.filter((line) => line.startsWith(`${name} `)).length).toBeGreaterThan(0)
  })

  test('the same is told once of several', () => {
    const text = lagTable(report([item('a', ABSENT), item('b', ABSENT)]), OPTIONS)
    expect(text).toContain('a, b  warning, no such group\n  no such group\n')
  })

  test('what is not known is no zero', () => {
    const dark = item('dark', {movement: 'unknown', lag: null, severity: 'unknown', reason: "it can't be read"})
    const text = lagTable(report([dark, STUCK]), OPTIONS)
    expect(text).toMatch(/^dark +- /m)
    expect(text).toContain('at least 5000 events behind in all')
    expect(lagTable(report([dark]), OPTIONS)).not.toContain('events behind')
  })

  test('brokers in trouble, warnings, and what was not looked at', () => {
    const text = lagTable(
      report([], {
        brokers: [{id: 2, address: null, severity: 'warning', reason: 'the cluster has lost it', next: ['sapoche pods -n kafka']}],
        warnings: [{code: 'x', message: 'no ConfigMap'}],
        notChecked: ['how it moves'],
        windowSeconds: null,
      }),
      OPTIONS,
    )
    expect(text).toContain('broker 2  warning\n  the cluster has lost it\n  next  sapoche pods -n kafka\n')
    expect(text).toContain('warning  no ConfigMap\n')
    expect(text).toContain('    one look; not checked: how it moves\n')
  })

  test('escapes of the cluster stay out of the terminal', () => {
    const text = lagTable(report([item('a\u001B[31m', {...ABSENT, reason: 'x\u001B]0;title\u0007y'})]), OPTIONS)
    expect(text).not.toContain('\u001B')
  })

  test.each([
    [{from: 0, to: 10}, '<10 s'],
    [{from: 60, to: 300}, '1-5 min'],
    [{from: 900, to: 3600}, '15 min-1 h'],
    [{from: 86_400, to: null}, '>24 h'],
  ] as const)('age %j is %s', (age, text) => {
    expect(lagTable(report([item('a', {oldestUnreadSeconds: age})]), OPTIONS)).toContain(`  ${text} `)
  })
})

test('other formats', () => {
  const views = lagViews('warning')
  const partition = {topic: 't', partition: 3, committed: null, start: 0, end: 7, lag: null}
  const row = {...partition, movement: 'no-commits', oldestUnreadSeconds: null, owner: 'php', note: 'no commit, 7 events to read'} as const
  const found = report([{...STUCK, partitions: [row]}])
  expect(views.wide(found, OPTIONS)).toMatch(/^ +t +3 +- +0 +7 +- +- +no commits +php +no commit, 7 events to read$/m)
  expect(views.name(found, OPTIONS)).toBe('consumer-spc-pos-orders\n')
  expect(views.junit(found, OPTIONS)).toContain('failures="1"')
})

test('nothing to show', () => {
  expect(lagNotice(report([]))).toMatch(/nothing in sapoche is bound to a consumer group/)
  expect(lagNotice(report([STUCK]))).toBeNull()
})
