import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, onTestFinished, test} from 'vitest'
import {changesNotice, type ChangesOptions, changesViews, readChanges} from '../../../src/lib/runbook/changes/index.ts'
import {changesReport, type ChangeItem} from '../../../src/lib/runbook/changes/schema.ts'
import type {JournalEntry} from '../../../src/lib/runbook/journal/index.ts'
import {ago, condition, DAY, ended, HOUR, MINUTE, rawDeployment, rawPod, running, SECOND} from '../../workload/build.ts'
import {NOW, PATIENT, served, type Served, type ServedOptions} from '../served.ts'

type Json = Record<string, unknown>
let serial = 0

/** A revision of a deployment. */
function revision(deployment: string, number: number, age: number, template: Json, more: {reused?: boolean} = {}): Json {
  return {
    metadata: {
      name: `${deployment}-r${number}`,
      uid: `${deployment}-r${number}-uid`,
      creationTimestamp: ago(age),
      annotations: {
        'deployment.kubernetes.io/revision': String(number),
        ...(more.reused === true ? {'deployment.kubernetes.io/revision-history': '1'} : {}),
      },
      ownerReferences: [{kind: 'Deployment', name: deployment, uid: `${deployment}-uid`, controller: true}],
    },
    spec: {replicas: 1, template},
  }
}

const template = (image: string, env: Json = {}, restartedAt?: string): Json => ({
  metadata: {annotations: restartedAt === undefined ? {} : {'kubectl.kubernetes.io/restartedAt': restartedAt}},
  spec: {containers: [{name: 'app', image, env: Object.entries(env).map(([name, value]) => ({name, value}))}]},
})

function event(kind: string, name: string, reason: string, message: string, since: number, more: Json = {}): Json {
  const uid = `event-${++serial}`
  return {
    metadata: {name: uid, uid},
    involvedObject: {kind, name, uid: `${name}-uid`},
    type: 'Normal',
    reason,
    message,
    lastTimestamp: ago(since),
    firstTimestamp: ago(since),
    ...more,
  }
}
const scaled = (deployment: string, set: string, from: number, to: number, since: number): Json =>
  event(
    'Deployment',
    deployment,
    'ScalingReplicaSet',
    `Scaled ${to > from ? 'up' : 'down'} replica set ${set} from ${from} to ${to}`,
    since,
  )

interface Objects {
  readonly [plural: string]: readonly Json[]
}

const sourcesOf = new WeakMap<object, Served>()

async function read(objects: Objects, options: Partial<ChangesOptions> = {}, more: ServedOptions = {}) {
  const sources = await served({deployments: [rawDeployment({name: 'worker-booking', revision: 1})], ...objects}, more)
  const report = await readChanges({targets: [], since: 2 * HOUR, journal: null, ...options}, sources, PATIENT)
  expect(changesReport.parse(report)).toEqual(report)
  sourcesOf.set(report, sources)
  return report
}

const told = (items: readonly ChangeItem[]): string[] => items.map(({kind, workload, what}) => `${kind} ${workload}: ${what}`)

describe('rollouts', () => {
  test('each revision within the time, beside the one before; values are never told', async () => {
    const {items} = await read({
      deployments: [rawDeployment({name: 'worker-booking', revision: 4})],
      replicasets: [
        revision('worker-booking', 1, 3 * DAY, template('worker:1.3')),
        revision('worker-booking', 2, HOUR, template('registry/team/worker:1.4', {QUEUE: 'a', TOKEN: 'hunter2'})),
        revision('worker-booking', 3, 30 * MINUTE, template('registry/team/worker:1.4', {QUEUE: 'b'})),
        revision('worker-booking', 4, 5 * MINUTE, template('registry/team/worker:1.4', {QUEUE: 'b'}, ago(5 * MINUTE))),
      ],
    })
    expect(told(items)).toEqual([
      'rollout worker-booking: image worker:1.3 -> worker:1.4; environment QUEUE, TOKEN (revision 2)',
      'rollout worker-booking: environment QUEUE, TOKEN (revision 3)',
      'rollout worker-booking: restarted (revision 4)',
    ])
    expect(JSON.stringify(items)).not.toContain('hunter2')
    expect(items[0]).toMatchObject({at: ago(HOUR), category: 'workers', sources: ['replica set'], by: null})
  })

  test('a rollback is dated by the rollout, not by the age of its replica set', async () => {
    const conditions = [condition('Progressing', 'True', {reason: 'NewReplicaSetAvailable', lastUpdateTime: ago(4 * MINUTE)})]
    const {items} = await read({
      deployments: [rawDeployment({name: 'worker-booking', revision: 3, conditions})],
      replicasets: [
        revision('worker-booking', 2, HOUR, template('worker:1.5')),
        revision('worker-booking', 3, 5 * DAY, template('worker:1.4'), {reused: true}),
      ],
    })
    expect(told(items)).toEqual([
      'rollout worker-booking: first rollout that is kept (revision 2)',
      'rollout worker-booking: rolled back: image worker:1.5 -> worker:1.4 (revision 3)',
    ])
    expect(items[1]?.at).toBe(ago(4 * MINUTE))
  })
})

describe('scalings', () => {
  const scalings = async (events: Json[], sets: Json[] = [], deployment: Json = rawDeployment({name: 'worker-booking', revision: 1})) =>
    told((await read({events, replicasets: sets, deployments: [deployment]})).items.filter(({kind}) => kind === 'scaling'))

  test.each(['from 1 to 3', 'to 3 from 1'])('by the event, however it is worded: %s', async (words) => {
    const events = [event('Deployment', 'worker-booking', 'ScalingReplicaSet', `Scaled up replica set worker-booking-r1 ${words}`, MINUTE)]
    expect(await scalings(events)).toEqual(['scaling worker-booking: 1 -> 3 replicas'])
  })

  test('of an old cluster, that does not say from what', async () => {
    expect(
      await scalings([
        event('Deployment', 'worker-booking', 'ScalingReplicaSet', 'Scaled down replica set worker-booking-r1 to 0', MINUTE),
      ]),
    ).toEqual(['scaling worker-booking: 0 replicas'])
  })

  test('the steps of a rolling update are none; a scaling before and after it is', async () => {
    const events = [
      scaled('worker-booking', 'worker-booking-r1', 1, 3, 50 * MINUTE),
      scaled('worker-booking', 'worker-booking-r2', 0, 1, 10 * MINUTE),
      scaled('worker-booking', 'worker-booking-r1', 3, 2, 9 * MINUTE),
      scaled('worker-booking', 'worker-booking-r2', 1, 2, 9 * MINUTE - SECOND),
      scaled('worker-booking', 'worker-booking-r1', 2, 1, 8 * MINUTE),
      scaled('worker-booking', 'worker-booking-r2', 2, 3, 8 * MINUTE - SECOND),
      scaled('worker-booking', 'worker-booking-r1', 1, 0, 7 * MINUTE),
      scaled('worker-booking', 'worker-booking-r2', 3, 5, MINUTE),
    ]
    expect(await scalings(events)).toEqual(['scaling worker-booking: 1 -> 3 replicas', 'scaling worker-booking: 3 -> 5 replicas'])
  })

  test('neither are those of a Recreate rollout, nor of a first one', async () => {
    const recreate = [
      scaled('worker-booking', 'worker-booking-r1', 1, 0, 10 * MINUTE),
      scaled('worker-booking', 'worker-booking-r2', 0, 1, 9 * MINUTE),
    ]
    expect(await scalings(recreate, [revision('worker-booking', 2, 9 * MINUTE, template('x'))])).toEqual([])
    const first = [scaled('worker-booking', 'worker-booking-r1', 0, 3, 10 * MINUTE)]
    expect(await scalings(first, [revision('worker-booking', 1, 10 * MINUTE, template('x'))])).toEqual([])
  })

  test('down to zero and up again by hand are two', async () => {
    const events = [
      scaled('worker-booking', 'worker-booking-r1', 1, 0, 20 * MINUTE),
      scaled('worker-booking', 'worker-booking-r1', 0, 1, 5 * MINUTE),
    ]
    expect(await scalings(events, [revision('worker-booking', 1, 3 * DAY, template('x'))])).toEqual([
      'scaling worker-booking: 1 -> 0 replicas',
      'scaling worker-booking: 0 -> 1 replicas',
    ])
  })

  test('event, autoscaler, annotation and journal speak of one thing: who and why come from whoever knows', async () => {
    const annotations = {
      'sapoche.dev/scaled-to': '3',
      'sapoche.dev/previous-replicas': '1',
      'sapoche.dev/scaled-at': ago(10 * MINUTE),
      'sapoche.dev/scaled-by': 'ops',
      'sapoche.dev/scale-reason': 'backlog',
    }
    const {items} = await read({
      deployments: [rawDeployment({name: 'worker-booking', replicas: 3, revision: 1, annotations})],
      events: [scaled('worker-booking', 'worker-booking-r1', 1, 3, 10 * MINUTE - 2 * SECOND)],
    })
    expect(items).toEqual([
      expect.objectContaining({kind: 'scaling', what: '1 -> 3 replicas', by: 'ops', reason: 'backlog', sources: ['annotation', 'event']}),
    ])
  })

  test('an autoscaler is named with its reason', async () => {
    const {items} = await read({
      horizontalpodautoscalers: [
        {
          metadata: {name: 'booking-hpa', uid: 'booking-hpa-uid'},
          spec: {scaleTargetRef: {kind: 'Deployment', name: 'worker-booking'}, maxReplicas: 9},
        },
      ],
      events: [
        event(
          'HorizontalPodAutoscaler',
          'booking-hpa',
          'SuccessfulRescale',
          'New size: 4; reason: external metric s0-jobs(&LabelSelector{MatchLabels:map[string]string{a: b,},}) above target',
          5 * MINUTE,
        ),
        scaled('worker-booking', 'worker-booking-r1', 2, 4, 5 * MINUTE - SECOND),
      ],
    })
    expect(items).toEqual([
      expect.objectContaining({
        kind: 'scaling',
        what: '2 -> 4 replicas',
        by: 'HPA booking-hpa',
        reason: 'external metric s0-jobs above target',
      }),
    ])
  })
})

describe('pods', () => {
  const pod = (options: Parameters<typeof rawPod>[0]): Json => rawPod({name: 'booking-a', replicaSet: 'worker-booking-r1', ...options})
  const sets = [revision('worker-booking', 1, 3 * DAY, template('x'))]

  test('restarts of containers, with how they ended', async () => {
    const containers = [{name: 'app', restarts: 3, state: running(MINUTE), last: ended(137, 2 * MINUTE, 'OOMKilled')}]
    const {items} = await read({replicasets: sets, pods: [pod({containers})]})
    expect(told(items)).toEqual(['restart worker-booking: container app restarted: exit 137 (SIGKILL, OOMKilled), 3 restarts so far'])
    expect(items[0]).toMatchObject({at: ago(2 * MINUTE), object: {kind: 'Pod', name: 'booking-a'}})
  })

  test('one that ended before the time is none', async () => {
    const containers = [{restarts: 3, state: running(DAY), last: ended(1, DAY)}]
    expect((await read({replicasets: sets, pods: [pod({containers})]})).items).toEqual([])
  })

  test('evictions, once, by the condition and the event', async () => {
    const conditions = [condition('DisruptionTarget', 'True', {reason: 'TerminationByKubelet', lastTransitionTime: ago(3 * MINUTE)})]
    const {items} = await read({
      replicasets: sets,
      pods: [pod({phase: 'Failed', reason: 'Evicted', conditions})],
      events: [event('Pod', 'booking-a', 'Evicted', 'The node was low on resource: memory.', 3 * MINUTE - SECOND)],
    })
    expect(told(items)).toEqual(['eviction worker-booking: pod booking-a moved off node-a: Evicted'])
  })

  test('an eviction whose pod is gone', async () => {
    const {items} = await read({events: [event('Pod', 'worker-booking-5b998d4d6d-t988g', 'Evicted', 'low on memory', MINUTE)]})
    expect(told(items)).toEqual(['eviction worker-booking: pod worker-booking-5b998d4d6d-t988g: Evicted, low on memory'])
  })
})

describe('configuration', () => {
  const written = (name: string, since: number, manager = 'kubectl-edit'): Json => ({
    metadata: {
      name,
      creationTimestamp: ago(30 * DAY),
      managedFields: [
        {manager: 'helm', time: ago(20 * DAY)},
        {manager, time: ago(since)},
      ],
    },
  })
  const deployments = [
    {
      ...rawDeployment({name: 'worker-booking', revision: 1}),
      spec: {
        replicas: 1,
        template: {
          spec: {
            containers: [
              {
                name: 'app',
                envFrom: [{configMapRef: {name: 'app'}}],
                env: [{name: 'X', valueFrom: {secretKeyRef: {name: 'keys', key: 'x'}}}],
              },
            ],
            volumes: [{name: 'v', projected: {sources: [{configMap: {name: 'mounted'}}]}}],
            imagePullSecrets: [{name: 'pull'}],
          },
        },
      },
    },
    rawDeployment({name: 'consumer-ecg', revision: 1}),
  ]
  const objects = {
    deployments,
    configmaps: [written('app', 5 * MINUTE), written('mounted', 4 * MINUTE), written('unused', 3 * MINUTE), written('old', DAY)],
    secrets: [written('keys', 2 * MINUTE, 'vault'), written('pull', MINUTE)],
  }

  test('when ConfigMaps and Secrets were written, by whom, and who uses them', async () => {
    const {items} = await read(objects)
    expect(items.map(({what, by, usedBy, workload}) => ({what, by, usedBy, workload}))).toEqual([
      {what: 'ConfigMap app written', by: 'kubectl-edit', usedBy: ['worker-booking'], workload: 'worker-booking'},
      {what: 'ConfigMap mounted written', by: 'kubectl-edit', usedBy: ['worker-booking'], workload: 'worker-booking'},
      {what: 'ConfigMap unused written', by: 'kubectl-edit', usedBy: [], workload: null},
      {what: 'Secret keys written', by: 'vault', usedBy: ['worker-booking'], workload: 'worker-booking'},
      {what: 'Secret pull written', by: 'kubectl-edit', usedBy: ['worker-booking'], workload: 'worker-booking'},
    ])
  })

  test('what they hold is not even asked for', async () => {
    const report = await read(objects)
    const asked = sourcesOf.get(report)!.requests.filter(({path}) => /(configmaps|secrets)$/.test(path))
    expect(asked.map(({headers}) => headers.accept)).toEqual(
      Array(2).fill('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'),
    )
  })

  test('with targets those that they use, of which others may be users too', async () => {
    const [booking, ecg] = deployments
    const alike = [booking!, {...ecg!, spec: booking!.spec}]
    const {items} = await read({deployments: alike, configmaps: [written('app', MINUTE, 'unknown')]}, {targets: ['consumer-ecg']})
    expect(items).toMatchObject([{object: {name: 'app'}, by: null, usedBy: ['worker-booking', 'consumer-ecg'], workload: null}])
    expect((await read(objects, {targets: ['worker-booking']})).items).toHaveLength(4)
    expect((await read(objects, {targets: ['consumer-ecg']})).items).toEqual([])
  })
})

describe('the journal', () => {
  async function withJournal(server: (sources: Served) => string, entries: readonly Partial<JournalEntry>[], objects: Objects = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'sapoche-test-'))
    onTestFinished(() => rmSync(folder, {recursive: true}))
    const file = join(folder, 'journal.jsonl')
    const sources = await served({deployments: [rawDeployment({name: 'worker-booking', revision: 2})], ...objects})
    const whole = entries.map((entry) => ({
      at: ago(10 * MINUTE),
      who: 'ops',
      context: 'test',
      server: server(sources),
      namespace: 'sapoche',
      command: 'restart',
      target: 'worker-booking',
      before: null,
      after: null,
      reason: null,
      undo: null,
      ...entry,
    }))
    writeFileSync(file, whole.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    return readChanges({targets: [], since: 2 * HOUR, journal: file}, sources, PATIENT)
  }
  const here = ({cluster}: Served): string => cluster.server

  test('says who and why of what is seen, and tells what is not', async () => {
    const {items} = await withJournal(
      here,
      [{reason: 'stuck'}, {command: 'evict', target: 'worker-booking-5b998d4d6d-t988g', at: ago(5 * MINUTE), after: 'evicted'}],
      {
        replicasets: [
          revision('worker-booking', 1, DAY, template('x')),
          revision('worker-booking', 2, 10 * MINUTE - 3 * SECOND, template('x', {}, ago(10 * MINUTE))),
        ],
      },
    )
    expect(items.map(({kind, workload, what, by, reason}) => ({kind, workload, what, by, reason}))).toEqual([
      {kind: 'rollout', workload: 'worker-booking', what: 'restarted (revision 2)', by: 'ops', reason: 'stuck'},
      {kind: 'journal', workload: 'worker-booking', what: 'sapoche evict: evicted', by: 'ops', reason: null},
    ])
  })

  test('of other clusters and namespaces it says nothing', async () => {
    expect((await withJournal(() => 'https://elsewhere', [{}])).items).toEqual([])
    expect((await withJournal(here, [{namespace: 'staging'}])).items).toEqual([])
    expect((await withJournal(here, [{}])).items).toHaveLength(1)
  })

  test('one that can’t be read is a warning', async () => {
    const {warnings} = await read({}, {journal: tmpdir()})
    expect(warnings).toEqual([{code: 'configuration', message: expect.stringContaining("can't be read")}])
  })
})

describe('the timeline', () => {
  const objects = {
    replicasets: [revision('worker-booking', 1, HOUR, template('x'))],
    events: [scaled('worker-booking', 'worker-booking-r1', 1, 3, MINUTE), event('Pod', 'lonely', 'Evicted', 'low on memory', 30 * MINUTE)],
  }

  test('newest last, of the targets, within --since', async () => {
    expect((await read(objects)).items.map(({kind}) => kind)).toEqual(['rollout', 'eviction', 'scaling'])
    expect((await read(objects, {since: 10 * MINUTE})).items.map(({kind}) => kind)).toEqual(['scaling'])
    expect((await read(objects, {targets: ['worker-booking']})).items.map(({kind}) => kind)).toEqual(['rollout', 'scaling'])
  })

  test('says what the cluster has forgotten', async () => {
    expect((await read(objects)).notChecked).toEqual([expect.stringContaining('over an hour old')])
    expect((await read(objects, {since: HOUR})).notChecked).toEqual([])
  })

  test('what may not be read is a warning each', async () => {
    const {warnings, items} = await read(objects, {}, {forbidden: ['events', 'configmaps', 'secrets', 'horizontalpodautoscalers']})
    expect(warnings.map(({message}) => /resources: \[(\w+)\]/.exec(message)?.[1])).toEqual([
      'events',
      'horizontalpodautoscalers',
      'configmaps',
      'secrets',
    ])
    expect(items.map(({kind}) => kind)).toEqual(['rollout'])
  })

  test('as text', async () => {
    const report = await read(objects, {since: HOUR})
    expect(changesViews().table(report, {width: 80, colour: false, now: NOW})).toBe(
      [
        'sapoche  context test  2026-11-22 03:12:07Z',
        '',
        'TIME         AGO  KIND      WORKLOAD',
        '02:12:07     1 h  rollout   worker-booking',
        '          first rollout that is kept (revision 1)',
        '02:42:07  30 min  eviction  -',
        '          pod lonely: Evicted, low on memory',
        '03:11:07   1 min  scaling   worker-booking',
        '          1 -> 3 replicas',
        '',
        '3 changes',
        '',
      ].join('\n'),
    )
    const lines = [
      'TIME         AGO  KIND      WORKLOAD        CHANGE',
      '02:12:07     1 h  rollout   worker-booking  first rollout that is kept (revision 1)',
      '02:42:07  30 min  eviction  -               pod lonely: Evicted, low on memory',
      '03:11:07   1 min  scaling   worker-booking  1 -> 3 replicas',
    ]
    expect(changesViews().table(report, {width: 83, colour: false, now: NOW})).toContain(lines.join('\n'))
    expect(changesViews().wide(report, {width: 80, colour: false, now: NOW})).toContain(lines.join('\n'))
  })

  test('nothing is said to have changed only as far as can be told', async () => {
    expect(changesNotice(await read({}))).toBe('nothing has changed for 2 h, as far as can be told; --since goes back further')
  })
})
