import {describe, expect, test} from 'vitest'
import type {WatchEvent} from '../../../src/lib/clients/kubernetes/types.ts'
import {RefusedError} from '../../../src/lib/errors/index.ts'
import {followEvents, type Followed} from '../../../src/lib/runbook/events/follow.ts'
import {
  decodeSeenEvent,
  eventsNotice,
  type EventsOptions,
  eventsViews,
  ownerFinder,
  readEvents,
  type SeenEvent,
} from '../../../src/lib/runbook/events/index.ts'
import {followView} from '../../../src/lib/runbook/events/view.ts'
import {eventRecord, eventsReport} from '../../../src/lib/runbook/events/schema.ts'
import {readInventory} from '../../../src/lib/runbook/inventory/index.ts'
import {ago, DAY, HOUR, MINUTE, rawDeployment, rawPod, SECOND} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

type Json = Record<string, unknown>
let serial = 0

function event(kind: string, name: string, more: Json = {}): Json {
  const uid = `event-${++serial}`
  return {
    metadata: {name: `${name}.${uid}`, uid, creationTimestamp: ago(HOUR)},
    involvedObject: {kind, name, uid: `${name}-uid`},
    type: 'Normal',
    reason: 'Pulled',
    message: 'image is there',
    source: {component: 'kubelet'},
    firstTimestamp: ago(MINUTE),
    lastTimestamp: ago(MINUTE),
    count: 1,
    ...more,
  }
}

const CLUSTER = {
  deployments: [rawDeployment({name: 'consumer-ecg'}), rawDeployment({name: 'worker-booking'})],
  replicasets: [rawReplicaSet('consumer-ecg'), rawReplicaSet('worker-booking', {name: 'worker-booking-odd'})],
  pods: [rawPod({name: 'ecg-a', replicaSet: 'consumer-ecg-new'}), rawPod({name: 'lonely', owner: null})],
  horizontalpodautoscalers: [
    {metadata: {name: 'ecg-hpa', uid: 'ecg-hpa-uid'}, spec: {scaleTargetRef: {kind: 'Deployment', name: 'consumer-ecg'}, maxReplicas: 3}},
  ],
}

async function read(events: readonly Json[], options: Partial<EventsOptions> = {}, more: ServedOptions = {}) {
  const sources = await served({...CLUSTER, events}, more)
  const report = await readEvents({targets: [], limit: 20, warnings: false, ...options}, sources, PATIENT)
  expect(eventsReport.parse(report)).toEqual(report)
  return {report, requests: sources.requests}
}

describe('order and count', () => {
  test('newest last, by the last time of a series, else of the event, else its only time', async () => {
    const {report} = await read([
      event('Pod', 'a', {
        reason: 'series',
        eventTime: ago(HOUR),
        lastTimestamp: null,
        firstTimestamp: null,
        count: undefined,
        series: {count: 7, lastObservedTime: ago(SECOND)},
      }),
      event('Pod', 'a', {reason: 'counted', firstTimestamp: ago(HOUR), lastTimestamp: ago(2 * SECOND), count: 3}),
      event('Pod', 'a', {
        reason: 'once',
        lastTimestamp: null,
        firstTimestamp: null,
        eventTime: ago(3 * SECOND),
        reportingComponent: 'scheduler',
        source: {},
      }),
      event('Pod', 'a', {reason: 'old', lastTimestamp: ago(HOUR)}),
    ])
    expect(report.items.map(({reason, count, firstAt, source}) => ({reason, count, firstAt, source}))).toEqual([
      {reason: 'old', count: 1, firstAt: ago(MINUTE), source: 'kubelet'},
      {reason: 'once', count: 1, firstAt: ago(3 * SECOND), source: 'scheduler'},
      {reason: 'counted', count: 3, firstAt: ago(HOUR), source: 'kubelet'},
      {reason: 'series', count: 7, firstAt: ago(HOUR), source: 'kubelet'},
    ])
  })

  test('--limit counts rows, the newest, and none are merged', async () => {
    const same = Array.from({length: 30}, (_, index) =>
      event('Pod', 'ecg-a', {message: 'the same', lastTimestamp: ago((30 - index) * SECOND)}),
    )
    expect((await read(same)).report.items).toHaveLength(20)
    expect((await read(same, {limit: 3})).report.items.map(({at}) => at)).toEqual([ago(3 * SECOND), ago(2 * SECOND), ago(SECOND)])
    expect((await read(same, {limit: 0})).report.items).toHaveLength(30)
    expect((await read(same, {limit: 3})).report.summary).toEqual({events: 30, warnings: 0})
  })

  test('--warnings asks the server for them alone', async () => {
    const {requests} = await read([], {warnings: true})
    expect(requests.find(({path}) => path.endsWith('/events'))?.query.get('fieldSelector')).toBe('type=Warning')
  })
})

describe('whose they are', () => {
  test.each<[string, Json, string | null]>([
    ['a pod', event('Pod', 'ecg-a'), 'consumer-ecg'],
    ['a pod that is gone, by its replica set', event('Pod', 'worker-booking-odd-x2x4z'), 'worker-booking'],
    [
      'a pod and a replica set that are gone, by the form of their names',
      event('Pod', 'worker-sapoche-pdf-5b998d4d6d-t988g'),
      'worker-sapoche-pdf',
    ],
    ['a replica set', event('ReplicaSet', 'consumer-ecg-new'), 'consumer-ecg'],
    ['a replica set that is gone', event('ReplicaSet', 'consumer-dicom-5b998d4d6d'), 'consumer-dicom'],
    ['a deployment', event('Deployment', 'consumer-ecg'), 'consumer-ecg'],
    ['a deployment that is gone', event('Deployment', 'bygone'), 'bygone'],
    ['an autoscaler', event('HorizontalPodAutoscaler', 'ecg-hpa'), 'consumer-ecg'],
    ['a service, by the catalogue', event('Service', 'st-redis-sp'), 'redis-master-st-sp'],
    ['a pod of nobody', event('Pod', 'lonely'), null],
    ['anything else', event('PersistentVolumeClaim', 'data'), null],
  ])('%s', async (_, raw, workload) => {
    const {report} = await read([raw])
    expect(report.items[0]?.workload).toBe(workload)
  })

  test('targets: of a workload all its events, of a pod those about it', async () => {
    const events = [
      event('Deployment', 'consumer-ecg', {reason: 'deployment'}),
      event('Pod', 'ecg-a', {reason: 'pod'}),
      event('Pod', 'consumer-ecg-5b998d4d6d-t988g', {reason: 'gone'}),
      event('Pod', 'lonely', {reason: 'lonely'}),
      event('Pod', 'worker-booking-odd-x2x4z', {reason: 'other'}),
    ]
    const reasons = async (targets: string[], except: string[] = []) =>
      (await read(events, {targets, except})).report.items.map(({reason}) => reason)
    expect(await reasons(['consumer-ecg'])).toEqual(['deployment', 'pod', 'gone'])
    expect(await reasons(['consumers'])).toEqual(['deployment', 'pod', 'gone'])
    expect(await reasons(['ecg-a'])).toEqual(['pod'])
    expect(await reasons(['lonely'])).toEqual(['lonely'])
    expect(await reasons(['consumer-ecg'], ['ecg-a'])).toEqual(['deployment', 'gone'])
    expect(await reasons([])).toHaveLength(5)
  })

  test('what may not be read: events end it, autoscalers do not', async () => {
    await expect(read([], {}, {forbidden: ['events']})).rejects.toBeInstanceOf(RefusedError)
    const {report} = await read([event('HorizontalPodAutoscaler', 'ecg-hpa')], {}, {forbidden: ['horizontalpodautoscalers']})
    expect(report.items[0]?.workload).toBe(null)
    expect(report.warnings).toMatchObject([
      {code: 'refused', message: expect.stringMatching(/horizontalpodautoscalers.*; needs apiGroups/)},
    ])
  })
})

describe('following', () => {
  const seen = (raw: Json): SeenEvent => decodeSeenEvent(raw)

  async function follow(changes: readonly WatchEvent<SeenEvent>[], limit = 20): Promise<Followed[]> {
    const sources = await served(CLUSTER)
    const inventory = await readInventory({targets: ['consumer-ecg']}, sources, PATIENT)
    const scene = {inventory, catalogue: sources.catalogue, ownerOf: ownerFinder(inventory, sources.catalogue, [])}
    async function* watched() {
      yield* changes
    }
    const all: Followed[] = []
    for await (const one of followEvents(watched(), scene, {limit, context: 'test', namespace: 'sapoche'})) all.push(one)
    for (const one of all) if (one.type === 'event') expect(eventRecord.parse(one.record)).toEqual(one.record)
    return all
  }
  const told = (followed: readonly Followed[]) =>
    followed.map((one) => (one.type === 'notice' ? `! ${one.text}` : `${one.record.reason} x${one.record.count}`))

  test('begins with the newest, then each new one, and again when it has counted up', async () => {
    const counted = event('Pod', 'ecg-a', {reason: 'BackOff', count: 2})
    const again = {...counted, count: 3, lastTimestamp: ago(0)}
    const others = [event('Pod', 'ecg-a', {reason: 'old', lastTimestamp: ago(HOUR)}), event('Pod', 'lonely', {reason: 'foreign'})]
    const changes: WatchEvent<SeenEvent>[] = [
      {type: 'listed', items: [counted, ...others].map(seen)},
      {type: 'modified', object: seen(counted)},
      {type: 'modified', object: seen(again)},
      {type: 'added', object: seen(event('Pod', 'ecg-a', {reason: 'Killing'}))},
      {type: 'added', object: seen(event('Pod', 'lonely', {reason: 'foreign'}))},
    ]
    expect(told(await follow(changes))).toEqual(['old x1', 'BackOff x2', 'BackOff x3', 'Killing x1'])
    expect(told(await follow(changes, 1))).toEqual(['BackOff x2', 'BackOff x3', 'Killing x1'])
  })

  test('says when the connection is lost and back, and shows what came meanwhile, once', async () => {
    const [before, during] = [event('Pod', 'ecg-a', {reason: 'before'}), event('Pod', 'ecg-a', {reason: 'during'})]
    const followed = await follow([
      {type: 'listed', items: [seen(before)]},
      {type: 'blind', reason: 'connection reset'},
      {type: 'blind', reason: 'connection refused'},
      {type: 'listed', items: [seen(before), seen(during)]},
      {type: 'blind', reason: 'connection reset'},
      {type: 'resumed'},
    ])
    expect(told(followed)).toEqual([
      'before x1',
      '! connection lost: connection reset; trying again',
      '! connected again',
      'during x1',
      '! connection lost: connection reset; trying again',
      '! connected again',
    ])
  })

  test('a line is a time, a type, a reason, a workload and the message', async () => {
    const [first] = await follow([
      {type: 'listed', items: [seen(event('Pod', 'ecg-a', {type: 'Warning', reason: 'BackOff', message: 'again\u001b[2J\nand again'}))]},
    ])
    if (first?.type !== 'event') throw new Error('no event')
    expect(followView(first.record, {colour: false})).toBe(
      '03:11:07  Warning  BackOff             consumer-ecg  again and again (pod/ecg-a)\n',
    )
  })
})

describe('views', () => {
  const options = {width: 80, colour: false, now: NOW}

  test('table', async () => {
    const {report} = await read([
      event('Deployment', 'consumer-ecg', {reason: 'ScalingReplicaSet', message: 'Scaled up replica set', lastTimestamp: ago(HOUR)}),
      event('Pod', 'ecg-a', {
        type: 'Warning',
        reason: 'BackOff',
        message: 'Back-off restarting failed container',
        count: 12,
        firstTimestamp: ago(HOUR),
        lastTimestamp: ago(40 * SECOND),
      }),
    ])
    const [head, foot] = [
      ['sapoche  context test  2026-11-22 03:12:07Z', ''],
      ['', '2 events, 1 of them warnings', ''],
    ]
    const narrow = [
      ' AGE  TYPE     REASON             WORKLOAD',
      ' 1 h  Normal   ScalingReplicaSet  consumer-ecg',
      '          Scaled up replica set',
      '40 s  Warning  BackOff            consumer-ecg',
      '          Back-off restarting failed container (x12 over 59 min; pod/ecg-a)',
    ]
    const broad = [
      ' AGE  TYPE     REASON             WORKLOAD      MESSAGE',
      ' 1 h  Normal   ScalingReplicaSet  consumer-ecg  Scaled up replica set',
      '40 s  Warning  BackOff            consumer-ecg  Back-off restarting failed container (x12 over 59 min; pod/ecg-a)',
    ]
    expect(eventsViews().table(report, options)).toBe([...head, ...narrow, ...foot].join('\n'))
    expect(eventsViews().table(report, {...options, width: 113})).toBe([...head, ...broad, ...foot].join('\n'))
    const wrapped = [
      ...broad.slice(0, 2),
      '40 s  Warning  BackOff            consumer-ecg  Back-off restarting failed container (x12 over 59 min;',
      '                                                pod/ecg-a)',
    ]
    expect(eventsViews().table(report, {...options, width: 108})).toBe([...head, ...wrapped, ...foot].join('\n'))
    expect(eventsViews().wide(report, options)).toContain(
      '\n40 s  Warning  BackOff            consumer-ecg  kubelet  Back-off restarting failed container (x12 over 59 min; pod/ecg-a)\n',
    )
  })

  test('says how many older ones there are', async () => {
    const {report} = await read([event('Pod', 'a'), event('Pod', 'b', {type: 'Warning'})], {limit: 1})
    expect(eventsViews().table(report, options)).toContain('the newest 1 of 2 events, 1 of them warnings; --limit 0 shows all')
  })

  test('names', async () => {
    const {report} = await read([event('Pod', 'a'), event('ReplicaSet', 'b')])
    expect(eventsViews().name(report, options)).toBe('pod/a\nreplicaset/b\n')
  })

  test('nothing to show is said', async () => {
    expect(eventsNotice((await read([])).report)).toBe('no events in sapoche (the cluster keeps them for an hour)')
    expect(eventsNotice((await read([event('Pod', 'a', {lastTimestamp: ago(DAY)})])).report)).toBe(null)
  })
})
