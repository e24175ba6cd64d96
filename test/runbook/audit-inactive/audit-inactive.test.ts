import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, onTestFinished, test} from 'vitest'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import {auditInactive, type AuditInactiveOptions, auditViews, exitCodeOf} from '../../../src/lib/runbook/audit-inactive/index.ts'
import {auditInactiveReport, findingId} from '../../../src/lib/runbook/audit-inactive/schema.ts'
import {ago, DAY, HOUR, MINUTE, rawDeployment} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type Served, type ServedOptions} from '../served.ts'

type Json = Record<string, unknown>

interface Zero {
  readonly name?: string
  readonly replicas?: number
  readonly annotations?: Json
  readonly managers?: readonly Json[]
  /** Of the pod template. */
  readonly pod?: Json
  readonly labels?: Json
}

/** A deployment with a template of its own. */
function deployment({
  name = 'consumer-ecg',
  replicas = 0,
  annotations = {},
  managers = [],
  pod = {},
  labels = {app: name},
}: Zero = {}): Json {
  const raw = rawDeployment({name, replicas, annotations, managers})
  return {
    ...raw,
    spec: {
      ...(raw['spec'] as Json),
      template: {
        metadata: {labels},
        spec: {
          containers: [
            {name: 'app', image: 'registry/team/consumer:3.14'},
            {name: 'log', image: 'log:1'},
          ],
          ...pod,
        },
      },
    },
  }
}

const scaledEvent = (name: string, message: string, since: number): Json => ({
  metadata: {name: `${name}.1`, uid: `${name}-event`},
  involvedObject: {kind: 'Deployment', name, uid: `${name}-uid`},
  reason: 'ScalingReplicaSet',
  type: 'Normal',
  message,
  lastTimestamp: ago(since),
})

async function audit(
  objects: Readonly<Record<string, readonly Json[]>>,
  options: Partial<AuditInactiveOptions> = {},
  {journal, ...more}: ServedOptions & {journal?: (sources: Served) => object[]} = {},
) {
  const names = (objects['deployments'] ?? []).map(({metadata}) => String((metadata as Json)['name']))
  const sources = await served({replicasets: names.map((name) => rawReplicaSet(name)), ...objects}, more)
  let file: string | null = null
  if (journal !== undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'sapoche-test-'))
    onTestFinished(() => rmSync(folder, {recursive: true}))
    file = join(folder, 'journal.jsonl')
    writeFileSync(
      file,
      journal(sources)
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join(''),
    )
  }
  const report = await auditInactive(
    {targets: [], olderThanMs: 90 * DAY, strict: false, journal: file, ...options},
    {...sources, look: null},
    PATIENT,
  )
  expect(auditInactiveReport.parse(report)).toEqual(report)
  return report
}

const one = async (
  zero: Zero,
  objects: Readonly<Record<string, readonly Json[]>> = {},
  options: Partial<AuditInactiveOptions> = {},
  more: ServedOptions = {},
) => {
  const report = await audit({deployments: [deployment(zero)], ...objects}, options, more)
  return {report, item: report.items[0]!}
}
const ids = (item: {findings: readonly {id: string; severity: string; recommendation: string}[]}) =>
  item.findings.map(({id, severity, recommendation}) => `${id} ${severity} ${recommendation}`)

describe('expected or not', () => {
  test('the two of the runbook at their baseline: info, exit code 0; what runs is no item', async () => {
    const report = await audit({
      deployments: [
        deployment({name: 'consumer-revenue'}),
        deployment({name: 'worker-sapoche-batch-publisher-notification'}),
        deployment({name: 'consumer-ecg', replicas: 1}),
      ],
    })
    expect(report.items.map((item) => [item.name, item.expected, item.severity, ids(item)])).toEqual([
      ['consumer-revenue', true, 'info', ['inactive-expected info keep']],
      ['worker-sapoche-batch-publisher-notification', true, 'info', ['inactive-expected info keep']],
    ])
    expect(report).toMatchObject({verdict: 'ok', summary: {deployments: 3, inactive: 2, expected: 2}})
    expect(exitCodeOf(report.verdict, 'warning')).toBe(0)
  })

  test('any other at zero: critical, exit code 2', async () => {
    const {report, item} = await one({})
    expect(item).toMatchObject({name: 'consumer-ecg', category: 'consumers', expected: false, severity: 'critical'})
    expect(ids(item)).toEqual(['inactive-unexpected critical reactivate'])
    expect(item.next[0]).toBe('sapoche scale consumer-ecg --to-baseline')
    expect(exitCodeOf(report.verdict, 'warning')).toBe(2)
  })

  const temporary = (until: string): Json => ({
    'sapoche.dev/scaled-to': '0',
    'sapoche.dev/previous-replicas': '1',
    'sapoche.dev/scaled-at': ago(HOUR),
    'sapoche.dev/scaled-until': until,
    'sapoche.dev/scaled-by': 'ops',
    'sapoche.dev/scale-reason': 'migration',
  })
  const hpa = (min: number): Json => ({
    metadata: {name: 'ecg-hpa', uid: 'h'},
    spec: {scaleTargetRef: {kind: 'Deployment', name: 'consumer-ecg'}, minReplicas: min, maxReplicas: 3},
  })

  test.each<[string, Zero, Readonly<Record<string, readonly Json[]>>, ServedOptions, boolean | null, string]>([
    ['for a while, as recorded', {annotations: temporary(ago(-HOUR))}, {}, {}, true, 'inactive-expected info keep'],
    ['for a while that is over', {annotations: temporary(ago(MINUTE))}, {}, {}, false, 'temporary-overdue critical reactivate'],
    ['by an autoscaler that may scale to zero', {}, {horizontalpodautoscalers: [hpa(0)]}, {}, true, 'inactive-expected info keep'],
    ['beside an autoscaler that may not', {}, {horizontalpodautoscalers: [hpa(1)]}, {}, false, 'inactive-unexpected critical reactivate'],
    ['and autoscalers may not be read', {}, {}, {forbidden: ['horizontalpodautoscalers']}, null, 'inactive-unclear unknown keep'],
    ['and not in the catalogue', {name: 'extra'}, {}, {}, false, 'inactive-unlisted warning remove'],
  ])('%s', async (_, zero, objects, more, expected, finding) => {
    const {item} = await one(zero, objects, {}, more)
    expect(item.expected).toBe(expected)
    expect(ids(item)[0]).toBe(finding)
  })

  test('--strict judges what the catalogue lacks as the rest', async () => {
    const {item} = await one({name: 'extra'}, {}, {strict: true})
    expect(ids(item)).toEqual(['inactive-unlisted critical remove'])
  })

  test('an idle ScaledObject explains it', async () => {
    const scaledObject = {
      metadata: {name: 'ecg-keda', uid: 'k'},
      spec: {scaleTargetRef: {name: 'consumer-ecg'}},
      status: {
        conditions: [
          {type: 'Ready', status: 'True'},
          {type: 'Active', status: 'False'},
        ],
      },
    }
    const {item} = await one({}, {'keda.sh/scaledobjects': [scaledObject]})
    expect(ids(item)).toEqual(['inactive-expected info keep', 'leftovers info keep'])
  })

  test('a review that is due is a warning', async () => {
    const catalogue: Catalogue = {
      ...builtinCatalogue,
      workloads: builtinCatalogue.workloads.map((workload) =>
        workload.name === 'consumer-revenue'
          ? {...workload, inactive: {reason: 'on hold', reviewBy: '2026-11-01', backlogAccepted: false}}
          : workload,
      ),
    }
    const {report, item} = await one({name: 'consumer-revenue'}, {}, {}, {catalogue})
    expect(ids(item)).toEqual(['inactive-expected info keep', 'review-due warning remove'])
    expect(exitCodeOf(report.verdict, 'warning')).toBe(1)
  })

  test('the names of the findings are stable', () => {
    expect(findingId.options).toEqual([
      'inactive-expected',
      'inactive-unexpected',
      'inactive-unlisted',
      'inactive-unclear',
      'temporary-overdue',
      'long-inactive',
      'review-due',
      'leftovers',
      'backlog',
      'backlog-none',
      'backlog-unclear',
    ])
  })
})

describe('since when, by whom', () => {
  const status = (since: number): Json => ({
    manager: 'kube-controller-manager',
    operation: 'Update',
    subresource: 'status',
    time: ago(since),
  })
  const owner = (since: number | null, subresource?: string): Json => ({
    manager: 'helm',
    operation: 'Apply',
    ...(subresource === undefined ? {} : {subresource}),
    ...(since === null ? {} : {time: ago(since)}),
    fieldsV1: {'f:spec': {'f:replicas': {}}},
  })

  test.each<[string, Zero, readonly Json[], {since: string | null; sinceAtLatest: string | null; by: string | null}]>([
    ['nothing says it', {}, [], {since: null, sinceAtLatest: null, by: null}],
    [
      'an event',
      {managers: [status(MINUTE)]},
      [scaledEvent('consumer-ecg', 'Scaled down replica set ecg-x from 1 to 0', 30 * MINUTE)],
      {since: ago(30 * MINUTE), sinceAtLatest: ago(30 * MINUTE), by: null},
    ],
    [
      'an event of an old cluster',
      {},
      [scaledEvent('consumer-ecg', 'Scaled down replica set ecg-x to 0 from 1', 30 * MINUTE)],
      {since: ago(30 * MINUTE), sinceAtLatest: ago(30 * MINUTE), by: null},
    ],
    [
      'an event about another count',
      {},
      [scaledEvent('consumer-ecg', 'Scaled down replica set ecg-x from 3 to 1', 30 * MINUTE)],
      {since: null, sinceAtLatest: null, by: null},
    ],
    [
      'an event of another deployment',
      {},
      [scaledEvent('worker-booking', 'Scaled down replica set x from 1 to 0', MINUTE)],
      {since: null, sinceAtLatest: null, by: null},
    ],
    ['the last write of the status bounds it', {managers: [status(5 * DAY)]}, [], {since: null, sinceAtLatest: ago(5 * DAY), by: null}],
    [
      'so does that of whoever owns the count',
      {managers: [status(5 * DAY), owner(9 * DAY)]},
      [],
      {since: null, sinceAtLatest: ago(9 * DAY), by: null},
    ],
    [
      'an entry of scale has no time to be believed',
      {managers: [status(5 * DAY), owner(9 * DAY, 'scale')]},
      [],
      {since: null, sinceAtLatest: ago(5 * DAY), by: null},
    ],
  ])('%s', async (_, zero, events, expected) => {
    const {item} = await one(zero, {events})
    const {since, sinceAtLatest, by} = item
    expect({since, sinceAtLatest, by}).toEqual(expected)
  })

  test('the record of a scaling says both, and why', async () => {
    const annotations = {
      'sapoche.dev/scaled-to': '0',
      'sapoche.dev/previous-replicas': '1',
      'sapoche.dev/scaled-at': ago(3 * HOUR),
      'sapoche.dev/scaled-by': 'ops',
      'sapoche.dev/scale-reason': 'no events',
    }
    const {item} = await one({annotations, managers: [status(HOUR)]})
    expect(item).toMatchObject({since: ago(3 * HOUR), by: 'ops'})
    expect(item.evidence[0]).toBe('scaled to 0 from 1 by ops at 2026-11-22 00:12:07Z (3 h ago): no events')
  })

  test('so does the journal of this machine', async () => {
    const report = await audit(
      {deployments: [deployment()]},
      {},
      {
        journal: ({cluster}) => [
          {
            at: ago(2 * HOUR),
            who: 'me',
            context: 'test',
            server: cluster.server,
            namespace: 'sapoche',
            command: 'scale',
            target: 'consumer-ecg',
            before: 1,
            after: 0,
            reason: null,
            undo: null,
          },
          {
            at: ago(HOUR),
            who: 'me',
            context: 'test',
            server: 'https://elsewhere',
            namespace: 'sapoche',
            command: 'scale',
            target: 'consumer-ecg',
            before: 1,
            after: 0,
            reason: null,
            undo: null,
          },
        ],
      },
    )
    expect(report.items[0]).toMatchObject({since: ago(2 * HOUR), by: 'me'})
  })

  test('the last images, and when they were rolled out', async () => {
    const {item} = await one({})
    expect(item.images).toEqual([
      {container: 'app', image: 'registry/team/consumer:3.14'},
      {container: 'log', image: 'log:1'},
    ])
    expect(item.rolledOutAt).toBe(ago(DAY))
  })

  test.each<[number, string[]]>([
    [91, ['inactive-expected info keep', 'long-inactive warning remove']],
    [89, ['inactive-expected info keep']],
  ])('for %d days: long or not', async (days, findings) => {
    const {item} = await one({name: 'consumer-revenue', managers: [status(days * DAY)]})
    expect(ids(item)).toEqual(findings)
  })

  test('--older-than, and what nothing bounds is never called long', async () => {
    expect(ids((await one({name: 'consumer-revenue', managers: [status(2 * DAY)]}, {}, {olderThanMs: DAY})).item)).toContain(
      'long-inactive warning remove',
    )
    expect(ids((await one({name: 'consumer-revenue'}, {}, {olderThanMs: 0})).item)).toEqual(['inactive-expected info keep'])
  })
})

describe('what is left', () => {
  const POD = {
    containers: [
      {
        name: 'app',
        image: 'x',
        envFrom: [{configMapRef: {name: 'own'}}, {configMapRef: {name: 'shared'}}],
        env: [{name: 'P', valueFrom: {secretKeyRef: {name: 'own-keys', key: 'p'}}}],
      },
    ],
    volumes: [
      {name: 'a', secret: {secretName: 'certificate'}},
      {name: 'b', configMap: {name: 'of-a-job'}},
      {name: 'c', configMap: {name: 'of-a-pod'}},
      {name: 'd', projected: {sources: [{configMap: {name: 'projected'}}, {secret: {name: 'projected-keys'}}]}},
    ],
    imagePullSecrets: [{name: 'pull'}],
  }
  const uses = (name: string): Json => ({spec: {containers: [{name: 'app', envFrom: [{configMapRef: {name}}]}]}})
  const objects = {
    deployments: [
      deployment({pod: POD}),
      // At zero as well: a template counts, not a pod.
      deployment({name: 'consumer-revenue', pod: {...(uses('shared')['spec'] as Json), imagePullSecrets: [{name: 'pull'}]}}),
    ],
    cronjobs: [{metadata: {name: 'nightly'}, spec: {jobTemplate: {spec: {template: uses('of-a-job')}}}}],
    pods: [{metadata: {name: 'debug', uid: 'd'}, ...uses('of-a-pod'), status: {phase: 'Running'}}],
    services: [
      {metadata: {name: 'ecg', uid: 's1'}, spec: {selector: {app: 'consumer-ecg'}, ports: []}},
      {metadata: {name: 'wide', uid: 's2'}, spec: {selector: {}, ports: []}},
      {metadata: {name: 'other', uid: 's3'}, spec: {selector: {app: 'consumer-revenue'}, ports: []}},
    ],
    poddisruptionbudgets: [
      {metadata: {name: 'ecg'}, spec: {selector: {matchLabels: {app: 'consumer-ecg'}}}},
      {metadata: {name: 'both'}, spec: {selector: {matchExpressions: [{key: 'app', operator: 'Exists'}]}}},
      {metadata: {name: 'listed'}, spec: {selector: {matchExpressions: [{key: 'app', operator: 'In', values: ['consumer-ecg', 'gone']}]}}},
    ],
    horizontalpodautoscalers: [
      {
        metadata: {name: 'ecg-hpa', uid: 'h'},
        spec: {scaleTargetRef: {kind: 'Deployment', name: 'consumer-ecg'}, minReplicas: 1, maxReplicas: 3},
      },
    ],
  }

  test('what nothing else uses, by all templates of the namespace', async () => {
    const report = await audit(objects, {targets: ['consumer-ecg']})
    expect(report.items[0]?.leftovers.map(({kind, name}) => `${kind} ${name}`)).toEqual([
      'HorizontalPodAutoscaler ecg-hpa',
      'Service ecg',
      'PodDisruptionBudget ecg',
      'PodDisruptionBudget listed',
      'ConfigMap own',
      'ConfigMap projected',
      'Secret own-keys',
      'Secret certificate',
      'Secret projected-keys',
    ])
    expect(report.items[0]?.leftovers[0]?.note).toBe('stands still while the count is 0; its minimum is 1')
    expect(report.items[0]?.findings.at(-1)).toMatchObject({id: 'leftovers', severity: 'info', recommendation: 'reactivate'})
  })

  test('no ConfigMap and no Secret is asked for', async () => {
    const requests: string[] = []
    await audit(
      objects,
      {},
      {
        handle: ({path}) => {
          requests.push(path)
          return false
        },
      },
    )
    expect(requests.filter((path) => /configmaps|secrets/.test(path))).toEqual([])
    expect(requests).toHaveLength(12)
  })

  test('kinds that may not be read may use it: said', async () => {
    const report = await audit(objects, {}, {forbidden: ['cronjobs']})
    expect(report.notChecked).toContain('other kinds that may use what seems to be left')
    expect(report.warnings).toHaveLength(1)
  })
})

describe('views', () => {
  const options = {width: 80, colour: false, now: NOW}
  const both = () => audit({deployments: [deployment({name: 'consumer-ecg'}), deployment({name: 'consumer-revenue'})]})

  test('table: worst last, nearest the prompt', async () => {
    expect(auditViews('warning').table(await both(), options)).toBe(
      [
        'sapoche  context test  2026-11-22 03:12:07Z',
        '',
        'consumer-revenue  inactive as expected',
        '  since      unknown, by unknown',
        '  image      consumer:3.14, log:1, rolled out 24 h ago',
        '  info       as the catalogue says: scaled to 0, to be reviewed',
        '             [inactive-expected: keep]',
        '  next       sapoche history consumer-revenue',
        '',
        'consumer-ecg  at zero, unexpected',
        '  since      unknown, by unknown',
        '  image      consumer:3.14, log:1, rolled out 24 h ago',
        '  critical   0 replicas where the catalogue expects 1; at 0, by unknown',
        '             [inactive-unexpected: reactivate]',
        '  next       sapoche scale consumer-ecg --to-baseline',
        '             sapoche changes consumer-ecg --since 3d',
        '             sapoche history consumer-ecg',
        '',
        'CRITICAL  2 of 2 deployments at zero, 1 of them as expected',
        '    not checked: backlogs of queues and topics of what is inactive (--deep)',
        '',
      ].join('\n'),
    )
  })

  test('names and JUnit', async () => {
    const report = await both()
    expect(auditViews('warning').name(report, options)).toBe('deployment.apps/consumer-ecg\ndeployment.apps/consumer-revenue\n')
    const junit = auditViews('warning').junit(report, options)
    expect(junit).toContain('tests="2" failures="1" errors="0"')
    expect(junit).toContain('<testcase classname="consumers" name="consumer-ecg"><failure')
  })
})
