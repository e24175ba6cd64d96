import {describe, expect, test} from 'vitest'
import {compileCatalogue} from '../../../src/lib/catalogue/compile.ts'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import {ApiAbsentError, ForbiddenError} from '../../../src/lib/clients/kubernetes/errors.ts'
import type {ClusterReader, JsonObject} from '../../../src/lib/clients/kubernetes/types.ts'
import {ConfigurationError, InterruptedError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {diffCatalogue, diffViews, type CatalogueDiff, type DiffItem} from '../../../src/lib/runbook/catalogue/index.ts'
import {catalogueDiff} from '../../../src/lib/runbook/catalogue/schema.ts'

const NOW = Date.parse('2026-11-22T03:12:07Z')
const {table: diffTable, wide: diffWide, name: diffNames} = diffViews('warning')
const plain = {width: 80, colour: false, now: NOW}

const object = (name: string, spec: object, annotations: object = {}): JsonObject => ({
  metadata: {name, uid: name, annotations},
  spec,
  status: {},
})

/** The namespace as the catalogue describes it, by the plural of the API. */
function baseline(catalogue: Catalogue = builtinCatalogue): Record<string, JsonObject[]> {
  return {
    deployments: catalogue.workloads.map(({name, baseline}) => object(name, {replicas: baseline})),
    services: catalogue.services.map(({name, type, clusterIP, ports}) =>
      object(name, {type, clusterIP, ports: ports.map(({port, nodePort}) => ({port, ...(nodePort === null ? {} : {nodePort})}))}),
    ),
  }
}

interface Options {
  readonly catalogue?: Catalogue
  /** Errors that lists end with, by plural. */
  readonly failing?: Readonly<Record<string, Error>>
  readonly namespace?: () => Promise<boolean>
  readonly context?: string
}

/** A cluster that holds these objects, and counts what is asked of it. */
function clusterOf(held: Record<string, JsonObject[]>, options: Options, asked: string[]): ClusterReader {
  const reader: Pick<ClusterReader, 'context' | 'namespace' | 'server' | 'list' | 'get' | 'serverClock'> = {
    context: options.context ?? 'prod-eu',
    namespace: 'sapoche',
    server: 'https://127.0.0.1:6443',
    list: async (resource, decode) => {
      asked.push(resource.name)
      const failure = options.failing?.[resource.name]
      if (failure !== undefined) throw failure
      return {items: (held[resource.name] ?? []).map(decode), resourceVersion: '1'}
    },
    get: async (resource, name, decode) => {
      asked.push(`${resource.name}/${name}`)
      return (await options.namespace?.()) === true ? decode({}) : null
    },
    serverClock: () => ({now: NOW, skew: 0}),
  }
  return reader as ClusterReader
}

async function diff(change: (held: Record<string, JsonObject[]>) => void, options: Options = {}): Promise<CatalogueDiff> {
  const catalogue = options.catalogue ?? builtinCatalogue
  const held = baseline(catalogue)
  change(held)
  const report = await diffCatalogue({cluster: clusterOf(held, options, []), catalogue, now: () => NOW}, new AbortController().signal)
  expect(catalogueDiff.strict().parse(report)).toEqual(report)
  return report
}

const scale =
  (name: string, replicas: number, annotations = {}) =>
  (held: Record<string, JsonObject[]>): void => {
    held['deployments'] = held['deployments']!.map((found) =>
      (found['metadata'] as {name: string}).name === name ? object(name, {replicas}, annotations) : found,
    )
  }
const remove =
  (plural: string, ...names: string[]) =>
  (held: Record<string, JsonObject[]>): void => {
    held[plural] = held[plural]!.filter((found) => !names.includes((found['metadata'] as {name: string}).name))
  }
const add =
  (plural: string, ...objects: JsonObject[]) =>
  (held: Record<string, JsonObject[]>): void => {
    held[plural] = [...(held[plural] ?? []), ...objects]
  }
const both =
  (...changes: ((held: Record<string, JsonObject[]>) => void)[]) =>
  (held: Record<string, JsonObject[]>): void => {
    for (const change of changes) change(held)
  }
const service =
  (name: string, spec: object) =>
  (held: Record<string, JsonObject[]>): void => {
    remove('services', name)(held)
    add('services', object(name, spec))(held)
  }

const hpa = (name: string, min: number, max: number): JsonObject =>
  object(name, {scaleTargetRef: {kind: 'Deployment', name}, minReplicas: min, maxReplicas: max})
const idleScaledObject = (name: string): JsonObject => ({
  ...object(name, {scaleTargetRef: {name}}),
  status: {
    conditions: [
      {type: 'Ready', status: 'True'},
      {type: 'Active', status: 'False'},
    ],
  },
})
const forbidden = (plural: string): Error =>
  new ForbiddenError(`not allowed to list ${plural} in namespace sapoche (as user ci)`, null, {
    hints: [{label: 'needs', text: `apiGroups: [""], resources: [${plural}], verbs: [list]`}],
  })
const temporary = (replicas: number, until: string): object => ({
  'sapoche.dev/scaled-to': String(replicas),
  'sapoche.dev/previous-replicas': '1',
  'sapoche.dev/scaled-until': until,
  'sapoche.dev/scaled-by': 'ops',
})

type Expected = [
  name: string,
  field: DiffItem['field'],
  expected: DiffItem['expected'],
  actual: DiffItem['actual'],
  severity: string,
  reason: RegExp,
]

describe('each difference', () => {
  test.each<[what: string, change: (held: Record<string, JsonObject[]>) => void, verdict: string, expected: Expected[], options?: Options]>(
    [
      ['none at baseline', () => {}, 'ok', []],
      [
        'a workload is missing',
        remove('deployments', 'consumer-ecg'),
        'critical',
        [['consumer-ecg', 'presence', 'present', 'absent', 'critical', /^not in the cluster$/]],
      ],
      [
        'it is there as another kind',
        both(remove('deployments', 'consumer-ecg'), add('statefulsets', object('consumer-ecg', {replicas: 1}))),
        'critical',
        [['consumer-ecg', 'kind', 'Deployment', 'StatefulSet', 'critical', /^found as StatefulSet$/]],
      ],
      [
        'workloads that the catalogue lacks',
        both(
          add('deployments', object('toolbox', {replicas: 2})),
          add('statefulsets', object('db', {})),
          add('daemonsets', object('agent', {})),
        ),
        'ok',
        [
          ['toolbox', 'presence', 'absent', 'present', 'info', /^not in the catalogue$/],
          ['db', 'presence', 'absent', 'present', 'info', /^not in the catalogue$/],
          ['agent', 'presence', 'absent', 'present', 'info', /^not in the catalogue$/],
        ],
      ],
      [
        'scaled to zero',
        scale('consumer-ecg', 0),
        'critical',
        [['consumer-ecg', 'replicas', 1, 0, 'critical', /^0 replicas where the catalogue expects 1$/]],
      ],
      [
        'scaled up',
        scale('st-bnkd-php', 5),
        'warning',
        [['st-bnkd-php', 'replicas', 3, 5, 'warning', /^5 replicas where the catalogue expects 3$/]],
      ],
      [
        'scaled down',
        scale('st-bnkd-php', 1),
        'warning',
        [['st-bnkd-php', 'replicas', 3, 1, 'warning', /^1 replica where the catalogue expects 3$/]],
      ],
      [
        'expected at zero, and runs',
        scale('consumer-revenue', 1),
        'warning',
        [['consumer-revenue', 'replicas', 0, 1, 'warning', /^1 replica where the catalogue expects 0$/]],
      ],
      [
        'scaled up by an autoscaler',
        both(scale('st-bnkd-php', 5), add('horizontalpodautoscalers', hpa('st-bnkd-php', 3, 10))),
        'ok',
        [['st-bnkd-php', 'replicas', 3, 5, 'info', /: HPA st-bnkd-php scales from 3 to 10$/]],
      ],
      [
        "beyond an autoscaler's range",
        both(scale('st-bnkd-php', 11), add('horizontalpodautoscalers', hpa('st-bnkd-php', 3, 10))),
        'warning',
        [['st-bnkd-php', 'replicas', 3, 11, 'warning', /expects 3$/]],
      ],
      [
        'scaled to zero by KEDA, which has nothing to do',
        both(scale('worker-sapoche-pdf', 0), add('scaledobjects', idleScaledObject('worker-sapoche-pdf'))),
        'ok',
        [['worker-sapoche-pdf', 'replicas', 1, 0, 'info', /: ScaledObject worker-sapoche-pdf has nothing to do and scales to 0$/]],
      ],
      [
        'scaled to zero, although an HPA keeps at least one',
        both(scale('st-bnkd-php', 0), add('horizontalpodautoscalers', hpa('st-bnkd-php', 3, 10))),
        'critical',
        [['st-bnkd-php', 'replicas', 3, 0, 'critical', /^0 replicas where the catalogue expects 3$/]],
      ],
      [
        'scaled for a while',
        scale('consumer-ecg', 0, temporary(0, '2026-11-22T03:30:07Z')),
        'ok',
        [['consumer-ecg', 'replicas', 1, 0, 'info', /^temporarily at 0 until 2026-11-22 03:30:07Z \(in 18 min\), was 1, by ops$/]],
      ],
      [
        'scaled to zero for a while that is over',
        scale('consumer-ecg', 0, temporary(0, '2026-11-22T03:00:00Z')),
        'critical',
        [['consumer-ecg', 'replicas', 1, 0, 'critical', /^the temporary 0 is overdue for 12 min, was 1, by ops$/]],
      ],
      [
        'scaled up for a while that is over',
        scale('consumer-ecg', 3, temporary(3, '2026-11-22T03:00:00Z')),
        'warning',
        [['consumer-ecg', 'replicas', 1, 3, 'warning', /^the temporary 3 is overdue/]],
      ],
      [
        'a count that unreadable autoscalers might explain',
        scale('st-bnkd-php', 5),
        'unknown',
        [
          [
            'st-bnkd-php',
            'replicas',
            3,
            5,
            'unknown',
            /^5 replicas where the catalogue expects 3; autoscalers, which might explain it, can't be read$/,
          ],
        ],
        {failing: {horizontalpodautoscalers: forbidden('horizontalpodautoscalers')}},
      ],
      [
        'a service is missing',
        remove('services', 'st-redis-sp'),
        'critical',
        [['st-redis-sp', 'presence', 'present', 'absent', 'critical', /^not in the cluster$/]],
      ],
      [
        'a service that the catalogue lacks',
        add('services', object('new', {type: 'ClusterIP', ports: [{port: 80}]})),
        'ok',
        [['new', 'presence', 'absent', 'present', 'info', /^not in the catalogue$/]],
      ],
      [
        'a service of another type',
        service('st-redis-sp', {type: 'NodePort', clusterIP: '10.27.62.167', ports: [{port: 6379, nodePort: 31000}]}),
        'warning',
        [['st-redis-sp', 'type', 'ClusterIP', 'NodePort', 'warning', /^type NodePort where the catalogue expects ClusterIP$/]],
      ],
      [
        'another port',
        service('st-redis-sp', {clusterIP: '10.27.62.167', ports: [{port: 6380}]}),
        'warning',
        [['st-redis-sp', 'ports', '6379', '6380', 'warning', /^ports 6380 where the catalogue expects 6379$/]],
      ],
      [
        'another node port',
        service('orthanc-read-api-service', {type: 'NodePort', clusterIP: '10.27.18.84', ports: [{port: 80, nodePort: 30636}]}),
        'warning',
        [['orthanc-read-api-service', 'ports', '80:30635', '80:30636', 'warning', /80:30636/]],
      ],
      [
        'one port less',
        service('st-bnkd-php', {clusterIP: '10.27.183.187', ports: [{port: 80}]}),
        'warning',
        [['st-bnkd-php', 'ports', '9000, 80', '80', 'warning', /^ports 80 where the catalogue expects 9000, 80$/]],
      ],
      [
        'the same ports in another order',
        service('st-bnkd-php', {clusterIP: '10.27.183.187', ports: [{port: 80}, {port: 9000}]}),
        'ok',
        [],
      ],
      [
        'another cluster IP',
        service('st-redis-sp', {clusterIP: '10.0.0.9', ports: [{port: 6379}]}),
        'ok',
        [['st-redis-sp', 'clusterIP', '10.27.62.167', '10.0.0.9', 'info', /^cluster IP 10\.0\.0\.9 where/]],
      ],
      [
        'no cluster IP yet',
        service('st-redis-sp', {ports: [{port: 6379}]}),
        'ok',
        [['st-redis-sp', 'clusterIP', '10.27.62.167', null, 'info', /^cluster IP none where/]],
      ],
    ],
  )('%s', async (_what, change, verdict, expected, options) => {
    const report = await diff(change, options)
    expect(report.verdict).toBe(verdict)
    expect(
      report.items.map(({name, field, expected, actual, severity, reason}) => [name, field, expected, actual, severity, reason]),
    ).toEqual(expected.map((item) => [...item.slice(0, 5), expect.stringMatching(item[5])]))
    expect(report.summary.differences).toBe(expected.length)
  })

  test('a service of a workload that is meant to be at zero is missed less', async () => {
    const catalogue = compileCatalogue(
      'namespace: x\nworkloads: [{name: a, category: backend, baseline: 0}]\nservices: [{name: s, type: ClusterIP, workload: a}]\n',
      'x.yaml',
      builtinCatalogue,
    )
    const report = await diff(remove('services', 's'), {catalogue})
    expect(report.items.map(({name, severity}) => [name, severity])).toEqual([['s', 'warning']])
  })
})

describe('the step', () => {
  test('counts what it found', async () => {
    const report = await diff(
      both(remove('deployments', 'consumer-ecg'), add('deployments', object('toolbox', {})), remove('services', 'st-redis-sp')),
    )
    expect(report).toMatchObject({
      kind: 'CatalogueDiff',
      generatedAt: '2026-11-22T03:12:07.000Z',
      context: 'prod-eu',
      namespace: 'sapoche',
      source: 'built in',
      summary: {
        workloads: {listed: 38, found: 37, unlisted: 1},
        services: {listed: 6, found: 5, unlisted: 0},
        differences: 3,
      },
      notChecked: ['pods', 'queues', 'lag', 'DICOM'],
      warnings: [],
    })
  })

  test('asks for six lists and nothing more', async () => {
    const asked: string[] = []
    await diffCatalogue(
      {cluster: clusterOf(baseline(), {}, asked), catalogue: builtinCatalogue, now: () => NOW},
      new AbortController().signal,
    )
    expect(asked.toSorted()).toEqual(['daemonsets', 'deployments', 'horizontalpodautoscalers', 'scaledobjects', 'services', 'statefulsets'])
  })

  test('services that may not be read are unknown, and say what is missing', async () => {
    const report = await diff(() => {}, {failing: {services: forbidden('services')}})
    expect([report.verdict, report.items.length, report.summary.services]).toEqual(['unknown', 6, {listed: 6, found: null, unlisted: null}])
    expect(report.warnings).toEqual([
      {
        code: 'refused',
        message:
          'not allowed to list services in namespace sapoche (as user ci); needs apiGroups: [""], resources: [services], verbs: [list]',
      },
    ])
  })

  test('what may not be read and decides nothing is a warning alone', async () => {
    const failing = {horizontalpodautoscalers: forbidden('horizontalpodautoscalers'), statefulsets: forbidden('statefulsets')}
    const report = await diff(() => {}, {failing})
    expect([report.verdict, report.items, report.warnings.length]).toEqual(['ok', [], 2])
  })

  test('a cluster without KEDA has none', async () => {
    const report = await diff(scale('consumer-ecg', 0), {
      failing: {scaledobjects: new ApiAbsentError('API group keda.sh/v1alpha1 is absent')},
    })
    expect([report.verdict, report.warnings]).toEqual(['critical', []])
  })

  test.each([
    ['deployments that may not be read', {deployments: forbidden('deployments')}, 77],
    ['an unreachable server', {deployments: new UnreachableError("can't reach it")}, 69],
    ['Ctrl-C', {services: new InterruptedError()}, 130],
  ])('%s end it', async (_what, failing, exitCode) => {
    await expect(diff(() => {}, {failing})).rejects.toMatchObject({exitCode})
  })

  test('an empty namespace that is not there is a matter of configuration', async () => {
    await expect(
      diff(remove('deployments', ...builtinCatalogue.workloads.map(({name}) => name)), {namespace: async () => false}),
    ).rejects.toThrow(ConfigurationError)
  })

  test('an empty namespace looks like the wrong one', async () => {
    const empty = remove('deployments', ...builtinCatalogue.workloads.map(({name}) => name))
    const report = await diff(empty, {namespace: async () => true})
    expect(report.findings).toEqual([expect.stringMatching(/^38 of the 38 workloads .* wrong context or namespace\?$/)])
    expect(report.items).toHaveLength(38)
  })

  test.each([
    [19, 0],
    [20, 1],
  ])('%d of 38 missing: %d finding', async (missing, findings) => {
    const names = builtinCatalogue.workloads.slice(0, missing).map(({name}) => name)
    expect((await diff(remove('deployments', ...names))).findings).toHaveLength(findings)
  })

  test('a catalogue that is meant for another cluster', async () => {
    const catalogue: Catalogue = {...builtinCatalogue, clusters: ['stag']}
    expect((await diff(() => {}, {catalogue})).warnings).toEqual([
      {code: 'other-cluster', message: 'the catalogue is meant for stag, not for context prod-eu (https://127.0.0.1:6443)'},
    ])
    expect((await diff(() => {}, {catalogue, context: 'stag'})).warnings).toEqual([])
  })
})

describe('the views', () => {
  const several = both(
    remove('deployments', 'consumer-ecg'),
    scale('st-bnkd-php', 5),
    service('st-redis-sp', {clusterIP: '10.0.0.9', ports: [{port: 6379}]}),
    add('deployments', object('toolbox', {})),
  )

  test('no differences', async () => {
    expect(diffTable(await diff(() => {}), plain)).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z
catalogue built in

OK  no differences
    found: 38 of 38 workloads, 6 of 6 services
    not checked: pods, queues, lag, DICOM
  next  sapoche status      (how they are)
`)
  })

  test('differences, worst last', async () => {
    expect(diffTable(await diff(several), plain)).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z
catalogue built in

  toolbox  info
    not in the catalogue
  service/st-redis-sp  info
    cluster IP 10.0.0.9 where the catalogue expects 10.27.62.167
  st-bnkd-php  warning
    5 replicas where the catalogue expects 3
  consumer-ecg  critical
    not in the cluster

CRITICAL  4 differences: 1 critical, 1 warning, 2 info
    found: 37 of 38 workloads, 6 of 6 services
    not checked: pods, queues, lag, DICOM
  next  sapoche status      (how they are)
`)
  })

  test('wide', async () => {
    const lines = diffWide(await diff(several), {...plain, width: 200}).split('\n')
    expect(lines.slice(3, 8).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['NAME', 'FIELD', 'EXPECTED', 'ACTUAL', 'SEVERITY', 'REASON'],
      ['toolbox', 'presence', 'absent', 'present', 'info', 'not in the catalogue'],
      [
        'service/st-redis-sp',
        'clusterIP',
        '10.27.62.167',
        '10.0.0.9',
        'info',
        'cluster IP 10.0.0.9 where the catalogue expects 10.27.62.167',
      ],
      ['st-bnkd-php', 'replicas', '3', '5', 'warning', '5 replicas where the catalogue expects 3'],
      ['consumer-ecg', 'presence', 'present', 'absent', 'critical', 'not in the cluster'],
    ])
  })

  test('the wrong place is told in one line, instead of all that is missing', async () => {
    const nothing = both(
      remove('deployments', ...builtinCatalogue.workloads.map(({name}) => name)),
      remove('services', ...builtinCatalogue.services.map(({name}) => name)),
      add('deployments', object('other', {})),
    )
    const text = diffTable(await diff(nothing), plain)
    expect(text.split('\n').slice(3, 8)).toEqual([
      '  other  info',
      '    not in the catalogue',
      '',
      '38 of the 38 workloads of the catalogue are missing: wrong context or namespace?',
      '',
    ])
  })

  test('warnings, and services that could not be read', async () => {
    const text = diffTable(await diff(() => {}, {failing: {services: forbidden('services')}}), plain)
    expect(text).toContain('warning  not allowed to list services in namespace sapoche')
    expect(text).toContain('UNKNOWN  6 differences: 6 unknown\n    found: 38 of 38 workloads, ? of 6 services\n')
  })

  test('names, each once', async () => {
    expect(diffNames(await diff(several))).toBe(
      'deployment.apps/consumer-ecg\ndeployment.apps/st-bnkd-php\ndeployment.apps/toolbox\nservice/st-redis-sp\n',
    )
  })

  test('junit', async () => {
    expect(diffViews('critical').junit(await diff(several))).toMatch(/tests="4" failures="1" errors="0"/)
    expect(diffViews('warning').junit(await diff(several))).toMatch(/tests="4" failures="2" errors="0"/)
    expect(diffViews('warning').junit(await diff(() => {}))).toMatch(/tests="1" failures="0" errors="0"/)
  })

  test('what the cluster says can not move the cursor', async () => {
    const report = await diff(add('deployments', object('evil\u001B[2J', {})))
    for (const view of [diffTable, diffWide, diffNames]) expect(view(report, plain)).not.toContain('\u001B')
  })
})
