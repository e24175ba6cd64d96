import {stripVTControlCharacters} from 'node:util'
import {describe, expect, test} from 'vitest'
import {changesBetween} from '../../../src/lib/runbook/status/changes.ts'
import {statusReport} from '../../../src/lib/runbook/status/schema.ts'
import {statusTable, statusViews, statusWide} from '../../../src/lib/runbook/status/view.ts'
import {watchPage} from '../../../src/lib/runbook/status/watch-view.ts'
import {group, queue} from '../backlog-samples.ts'
import {item, NOW, report} from './sample.ts'

const options = {width: 80, colour: false, now: NOW}
const lines = (text: string): string => `\n${text}`

const deep = report(
  [
    item('consumer-ecg', {queues: [], groups: [group({group: 'ecg', lag: 3})]}),
    item('consumer-dicom', {
      queues: [],
      groups: [group({group: 'dicom', lag: null, state: null, severity: 'unknown', reason: 'Kafka was not reached'})],
    }),
    item('consumer-employee', {
      queues: [],
      groups: [group({group: 'employee', lag: null, state: null, severity: 'unknown', reason: 'Kafka was not reached'})],
    }),
    item('worker-sapoche-pdf', {
      category: 'workers',
      queues: [
        queue({
          pending: 1210,
          oldestAgeSeconds: 3700,
          severity: 'warning',
          reason: 'the oldest waits for 1 h, over 30 min',
          next: ['sapoche logs worker-sapoche-pdf --tail 100'],
        }),
      ],
      groups: [],
    }),
    item('worker-sapoche-batch-publisher-notification', {
      category: 'workers',
      health: 'stopped',
      severity: 'critical',
      desired: 0,
      ready: 0,
      reason: '0 replicas where the catalogue expects 1',
      next: ['sapoche scale worker-sapoche-batch-publisher-notification --to-baseline'],
      queues: [
        queue({
          queue: 'batch',
          pending: 137,
          oldestAgeSeconds: 1500,
          severity: 'critical',
          reason: '137 jobs wait and nobody is there',
          next: ['sapoche scale worker-sapoche-batch-publisher-notification --to-baseline'],
        }),
      ],
      groups: [],
    }),
    item('worker-booking', {category: 'workers', queues: [queue({queue: 'booking', state: 'absent', pending: null})], groups: []}),
  ],
  {
    verdict: 'critical',
    summary: {
      workloads: 6,
      active: 5,
      inactive: 0,
      pods: {desired: 5, ready: 5},
      categories: [
        {name: 'consumers', workloads: 3, active: 3, desired: 3, ready: 3, verdict: 'unknown'},
        {name: 'workers', workloads: 3, active: 2, desired: 2, ready: 2, verdict: 'critical'},
      ],
    },
    servers: [
      {name: 'redis', severity: 'ok', reason: '', next: []},
      {name: 'kafka', severity: 'unknown', reason: "can't reach Kafka at kafka-0:9092", next: []},
    ],
    notChecked: ['lag', 'DICOM'],
  },
)

test('is by its schema', () => expect(statusReport.parse(deep)).toEqual(deep))

describe('status --deep', () => {
  test('what waits stands beside the health, and what is wrong with it beside its cause', () =>
    expect(lines(statusTable(deep, options))).toBe(`
sapoche  context prod-eu  2026-11-22 03:12:07Z

CONSUMERS  3 of 3 active, 3/3 pods ready                              LAG   AGE
  consumer-ecg                                   1/1  ok                3
  consumer-dicom                                 1/1  ok                ?
  consumer-employee                              1/1  ok                ?

WORKERS  2 of 3 active, 2/2 pods ready                             QUEUED   AGE
  worker-sapoche-pdf                             1/1  ok             1210    1h
  worker-sapoche-batch-publisher-notification    0/0  stopped         137   25m
  worker-booking                                 1/1  ok                -

SERVERS
  redis  ok
  kafka  unknown  can't reach Kafka at kafka-0:9092

worker-sapoche-pdf  warning, 1/1 ready
  queue pdf: the oldest waits for 1 h, over 30 min
  next  sapoche logs worker-sapoche-pdf --tail 100

kafka  unknown
  can't reach Kafka at kafka-0:9092

consumer-dicom, consumer-employee  unknown
  Kafka was not reached

worker-sapoche-batch-publisher-notification  stopped
  0 replicas where the catalogue expects 1
  queue batch: 137 jobs wait and nobody is there
  next  sapoche scale worker-sapoche-batch-publisher-notification --to-baseline

CRITICAL  1 of 6 workloads needs you, 3 unknown, 1 warning; 5/5 pods ready
    not checked: lag, DICOM
`))

  test('every line fits into 80 columns, and a wider terminal has the notes too', () => {
    for (const line of statusTable(deep, options).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(statusTable(deep, {...options, width: 200})).toMatch(/137 {3}25m {2}0 replicas where the catalogue expects 1\n/)
  })

  describe('while it is watched', () => {
    const waiting = new Map<string, (number | null)[]>([
      ['worker-sapoche-pdf', [0, 605, null, 1210]],
      ['worker-booking', [0, 0]],
      ['consumer-dicom', [null, null]],
    ])
    const body = (form: 'table' | 'wide' | 'problems', width: number): string[] =>
      watchPage({report: deep, changes: [], recent: [], blind: null, since: NOW, waiting}, form, {...options, width}).body

    test('a trend stands below its row where there is no room, and where there is something to see', () => {
      const lines = body('table', 80)
      const at = lines.findIndex((line) => /^ {2}worker-sapoche-pdf .* 1210 {4}1h$/.test(line))
      expect(lines.slice(at, at + 2)).toEqual([lines[at], '    ▁▅ █'])
      expect(lines.filter((line) => /[▁-█]/.test(line))).toHaveLength(1)
      expect(lines.filter((line) => line.length > 80)).toEqual([])
    })

    test('beside it where there is', () => {
      const lines = body('table', 120)
      expect(lines.find((line) => line.startsWith('WORKERS'))).toMatch(/ QUEUED {3}AGE {2}TREND$/)
      expect(lines.find((line) => line.startsWith('  worker-sapoche-pdf '))).toMatch(/ 1210 {4}1h {2}▁▅ █$/)
      expect(lines.find((line) => line.startsWith('  worker-booking '))).toMatch(/ - {8}▁▁$/)
      expect(lines.find((line) => line.startsWith('  worker-sapoche-batch'))).toMatch(/ 25m {20}0 replicas where/)
      expect(lines.filter((line) => line.length > 120)).toEqual([])
    })

    test('in a column of its own where it is wide', () => {
      expect(body('wide', 200).find((line) => line.startsWith('  worker-sapoche-pdf '))).toMatch(/ 1210 {4}1h {3}▁▅ █ {3}DICOM/)
    })

    test('with the reasons where only problems are shown', () => {
      expect(body('problems', 80).join('\n')).toMatch(/^worker-sapoche-pdf {2}warning[^]*over 30 min\n {2}▁▅ █\n {2}next/m)
    })
  })

  test('colour adds nothing but colour', () => {
    const coloured = statusTable(deep, {...options, colour: true})
    expect(coloured).not.toBe(statusTable(deep, options))
    expect(stripVTControlCharacters(coloured)).toBe(statusTable(deep, options))
  })

  test('wide', () => {
    const wide = statusWide(deep, {...options, width: 200})
    expect(wide).toMatch(/CHANGED {2}LAG {2}AGE {2}NOTE/)
    expect(wide).toMatch(/CHANGED {2}QUEUED {2}AGE {2}NOTE/)
    expect(wide).toMatch(/worker-sapoche-pdf .* 1210 {4}1h {3}DICOM medical imaging\n/)
  })

  test('junit: queues, groups and servers are cases', () => {
    const xml = statusViews(false, 'warning').junit!(deep, options)
    expect(xml).toContain(
      '<testcase classname="queues" name="batch"><failure message="137 jobs wait and nobody is there" type="critical"/>',
    )
    expect(xml).toContain('<testcase classname="groups" name="dicom"><error message="Kafka was not reached" type="unknown"/>')
    expect(xml).toContain('<testcase classname="servers" name="redis"/>')
  })

  test('a health that is allowed does not take the queue with it', () => {
    const allowed = {...deep, allow: ['stopped' as const]}
    expect(statusTable(allowed, options)).toMatch(/CRITICAL {2}1 of 6 workloads needs you/)
  })

  test('a watch tells what became of a queue and a group', () => {
    const [first] = deep.items
    const later = report([{...first!, groups: [group({group: 'ecg', lag: 90, severity: 'critical', reason: 'stands'})]}], {
      verdict: 'critical',
    })
    expect(changesBetween(report([first!]), later).map(({objectKind, name, from, to}) => [objectKind, name, from, to])).toEqual([
      ['ConsumerGroup', 'ecg', 'ok', 'critical'],
      ['Namespace', 'sapoche', 'ok', 'critical'],
    ])
  })
})
