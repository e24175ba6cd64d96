import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {AccessDeniedError, ServerDownError, UnplacedServerError} from '../../../src/lib/clients/reach/errors.ts'
import {TimedOutError} from '../../../src/lib/errors/index.ts'
import {type KafkaGate, openKafka, readLag} from '../../../src/lib/runbook/consumer-lag/read.ts'
import {PATIENT} from '../served.ts'
import {catalogueOf, consumer, HOUR, item, lag, labOf, listedGroup, MINUTE, NOW} from './lab.ts'
import {KafkaModel} from './kafka-model.ts'

/** `consumer-ecg` with one topic of one partition; events of `ageMs` that were there before the first look. */
function ecg({events = 0, committed = 0, ageMs = 0, members = 1}: {events?: number; committed?: number; ageMs?: number; members?: number}) {
  const kafka = new KafkaModel()
  kafka.topic('ecg')
  kafka.produce('ecg', events, NOW - ageMs)
  kafka.group('consumer-ecg', ['ecg'], members)
  kafka.commit('consumer-ecg', 'ecg', committed)
  return kafka
}

describe('movement', () => {
  test('well', async () => {
    const report = await lag(ecg({events: 50, committed: 50}))
    expect(item(report)).toEqual({
      group: 'consumer-ecg',
      sources: ['KAFKA_GROUP_ID'],
      workloads: [{name: 'consumer-ecg', ready: 1, desired: 1}],
      state: 'Stable',
      movement: 'ok',
      lag: 0,
      worstLag: 0,
      oldestUnreadSeconds: null,
      etaSeconds: null,
      members: 1,
      idleConsumers: 0,
      partitions: [
        {
          topic: 'ecg',
          partition: 0,
          committed: 50,
          start: 0,
          end: 50,
          lag: 0,
          movement: 'ok',
          oldestUnreadSeconds: null,
          owner: 'php',
          note: '',
        },
      ],
      deadLetters: null,
      thresholds: {allowedLag: 0, maxAgeSeconds: 300},
      severity: 'ok',
      reason: '',
      next: [],
    })
    expect(report).toMatchObject({verdict: 'ok', windowSeconds: 10, notChecked: [], warnings: []})
    expect(report.summary).toEqual({groups: 1, ok: 1, warning: 0, critical: 0, unknown: 0, lag: 0})
  })

  test('stuck: critical, with its age', async () => {
    const report = await lag(ecg({events: 50, committed: 10, ageMs: 2 * HOUR}))
    expect(item(report)).toMatchObject({
      movement: 'not-moving',
      lag: 40,
      oldestUnreadSeconds: {from: 3600, to: 21_600},
      severity: 'critical',
    })
    expect(item(report).next).toEqual(['sapoche logs consumer-ecg', 'sapoche restart consumer-ecg'])
    expect(report.verdict).toBe('critical')
  })

  test('catching up, with the time that is left', async () => {
    const kafka = ecg({events: 100, ageMs: MINUTE / 2})
    const meanwhile = (): void => void kafka.commit('consumer-ecg', 'ecg', 60)
    expect(item(await lag(kafka, {meanwhile}))).toMatchObject({movement: 'catching-up', lag: 40, etaSeconds: 7, severity: 'info'})
  })

  test('falling behind: a warning by its age', async () => {
    const kafka = ecg({events: 100, ageMs: HOUR / 2})
    const meanwhile = (): void => {
      kafka.commit('consumer-ecg', 'ecg', 10)
      kafka.produce('ecg', 50, NOW)
    }
    const found = item(await lag(kafka, {meanwhile}))
    expect(found).toMatchObject({movement: 'falling-behind', lag: 140, oldestUnreadSeconds: {from: 300, to: 3600}, severity: 'warning'})
    // One partition: another replica would have nothing to do.
    expect(found.next).toEqual(['sapoche top consumer-ecg'])
  })

  test('falling behind with room for another consumer', async () => {
    const kafka = new KafkaModel()
    kafka.topic('ecg', 3)
    kafka.group('consumer-ecg', ['ecg'])
    for (const partition of [0, 1, 2]) {
      kafka.produce('ecg', 9, NOW - HOUR, partition)
      kafka.commit('consumer-ecg', 'ecg', 0, partition)
    }
    const meanwhile = (): void => {
      kafka.commit('consumer-ecg', 'ecg', 1)
      kafka.produce('ecg', 9, NOW)
    }
    expect(item(await lag(kafka, {meanwhile})).next).toEqual(['sapoche scale consumer-ecg --replicas 2'])
  })

  test('what came since the first look needs no question about its age', async () => {
    const kafka = ecg({events: 50, committed: 49})
    const meanwhile = (): void => {
      kafka.commit('consumer-ecg', 'ecg', 50)
      kafka.produce('ecg', 3, NOW)
    }
    expect(item(await lag(kafka, {meanwhile})).oldestUnreadSeconds).toEqual({from: 0, to: 10})
  })

  test('rewound', async () => {
    const kafka = ecg({events: 50, committed: 40})
    const meanwhile = (): void => void kafka.commit('consumer-ecg', 'ecg', 5)
    expect(item(await lag(kafka, {meanwhile}))).toMatchObject({movement: 'rewound', lag: 45, severity: 'warning'})
  })

  test('one look: numbers and no movement', async () => {
    const kafka = ecg({events: 50, committed: 10, ageMs: HOUR / 2})
    const report = await lag(kafka, {options: {window: 0}})
    expect(item(report)).toMatchObject({
      movement: null,
      lag: 40,
      severity: 'warning',
      next: ['sapoche consumer-lag consumer-ecg --window 10s'],
    })
    expect(item(report).partitions[0]?.movement).toBeNull()
    expect(report).toMatchObject({windowSeconds: null, notChecked: ['how it moves (--window 10s)']})
  })

  test('offsets beyond 2^53 stay exact', async () => {
    const kafka = ecg({})
    kafka.partition('ecg').start = 2n ** 53n
    kafka.produce('ecg', 7, NOW)
    kafka.commit('consumer-ecg', 'ecg', 2n ** 53n + 1n)
    const found = item(await lag(kafka)).partitions[0]
    expect(found).toMatchObject({committed: '9007199254740993', start: '9007199254740992', end: '9007199254740999', lag: 6})
  })
})

describe('what is no plain number', () => {
  test('no commit at all', async () => {
    const kafka = new KafkaModel()
    kafka.topic('ecg')
    kafka.produce('ecg', 5, NOW)
    kafka.group('consumer-ecg', ['ecg'])
    const found = item(await lag(kafka))
    expect(found).toMatchObject({movement: 'no-commits', lag: null, worstLag: null, severity: 'warning'})
    expect(found.partitions[0]).toMatchObject({committed: null, lag: null, note: 'no commit, 5 events to read'})
  })

  test('a commit on one partition of two: the sum is over those with one', async () => {
    const kafka = new KafkaModel()
    kafka.topic('ecg', 2)
    kafka.produce('ecg', 5, NOW, 0)
    kafka.produce('ecg', 7, NOW, 1)
    kafka.group('consumer-ecg', ['ecg'])
    kafka.commit('consumer-ecg', 'ecg', 2)
    const found = item(await lag(kafka))
    expect(found.lag).toBe(3)
    expect(found.partitions.map(({note}) => note)).toEqual(['', 'no commit, 7 events to read'])
  })

  test('over all topics of the group', async () => {
    const kafka = ecg({events: 5, committed: 2})
    kafka.topic('ecg-retry')
    kafka.produce('ecg-retry', 9, NOW)
    kafka.commit('consumer-ecg', 'ecg-retry', 1)
    expect(item(await lag(kafka))).toMatchObject({lag: 11, worstLag: 8})
  })

  test('a commit beyond the end is named and not added up', async () => {
    const kafka = ecg({events: 16, committed: 500})
    kafka.topic('other')
    kafka.produce('other', 4, NOW)
    kafka.commit('consumer-ecg', 'other', 1)
    const found = item(await lag(kafka))
    expect(found).toMatchObject({lag: 3, severity: 'warning'})
    expect(found.reason).toMatch(/beyond the end in ecg 0/)
    expect(found.partitions[0]).toMatchObject({committed: 500, end: 16, lag: null, note: 'commit beyond the end'})
  })

  test('a consumer that keeps up while it is looked at: commits are read before the ends, and none is beyond one', async () => {
    const kafka = ecg({events: 10, committed: 10})
    let end = 10
    const thenMoves =
      <Q, A>(read: (question: Q) => Promise<A>) =>
      async (question: Q): Promise<A> => {
        const answer = await read(question)
        kafka.produce('ecg', 5, NOW)
        kafka.commit('consumer-ecg', 'ecg', (end += 5))
        return answer
      }
    kafka.committed = thenMoves(kafka.committed.bind(kafka))
    kafka.offsets = thenMoves(kafka.offsets.bind(kafka))
    const found = item(await lag(kafka))
    expect(found.partitions).toMatchObject([{lag: 5, note: ''}])
    expect(found.reason).not.toMatch(/beyond/)
  })

  test('a commit below the log start: what was deleted is not left to read', async () => {
    const kafka = ecg({committed: 10})
    kafka.partition('ecg').start = 60n
    kafka.produce('ecg', 40, NOW - HOUR / 2)
    const found = item(await lag(kafka))
    expect(found.partitions[0]).toMatchObject({committed: 10, start: 60, end: 100, lag: 40, note: '50 events deleted unread'})
    expect(found).toMatchObject({lag: 40, severity: 'critical', oldestUnreadSeconds: {from: 300, to: 3600}})
    expect(found.reason).toMatch(/50 events were deleted unread in ecg 0/)
  })

  test('a log that was trimmed to nothing: at least a warning', async () => {
    const kafka = ecg({committed: 10})
    kafka.partition('ecg').start = 60n
    expect(item(await lag(kafka))).toMatchObject({lag: 0, severity: 'warning'})
  })

  test('an open transaction holds events back', async () => {
    const kafka = ecg({events: 50, committed: 45, ageMs: HOUR / 2})
    kafka.partition('ecg').open = 5
    const found = item(await lag(kafka))
    expect(found.reason).toMatch(/an open transaction holds 5 of them back/)
    expect(found.partitions[0]?.note).toBe('5 events held back by an open transaction')
  })

  test('a group of the new protocol: members are not known, numbers are', async () => {
    const kafka = ecg({events: 50, committed: 50})
    Object.assign(kafka.group('consumer-ecg'), {state: 'Dead', members: []})
    expect(item(await lag(kafka))).toMatchObject({state: 'new-protocol', members: null, lag: 0, severity: 'ok'})
    kafka.newProtocol = false
    expect(item(await lag(kafka))).toMatchObject({state: 'Dead', members: 0})
  })

  test('a group that is not there', async () => {
    const report = await lag(new KafkaModel())
    expect(item(report)).toMatchObject({
      state: 'absent',
      movement: 'unknown',
      lag: null,
      members: null,
      severity: 'warning',
      partitions: [],
    })
    expect(item(report).next).toEqual(['sapoche logs consumer-ecg', 'sapoche env consumer-ecg'])
  })

  test('a group that rebalances', async () => {
    const kafka = ecg({events: 50, committed: 10})
    const group = kafka.group('consumer-ecg')
    group.state = 'PreparingRebalance'
    const meanwhile = (): void => void (group.state = 'Stable')
    expect(item(await lag(kafka, {meanwhile}))).toMatchObject({movement: 'unknown', severity: 'unknown', lag: 40})
  })

  test('members that change between the looks hold commits up', async () => {
    const kafka = ecg({events: 50, committed: 10})
    const group = kafka.group('consumer-ecg')
    const meanwhile = (): void => void (group.members = group.members.map((member) => ({...member, id: 'another'})))
    expect(item(await lag(kafka, {meanwhile}))).toMatchObject({
      movement: 'unknown',
      severity: 'unknown',
      reason: expect.stringMatching(/members/),
    })
  })

  test('a topic that is gone', async () => {
    const kafka = ecg({events: 5, committed: 5})
    kafka.commit('consumer-ecg', 'gone', 7)
    const found = item(await lag(kafka))
    expect(found).toMatchObject({lag: 0, severity: 'warning', reason: 'there is no topic gone'})
    expect(found.partitions[1]).toMatchObject({topic: 'gone', committed: 7, end: null, lag: null})
  })
})

describe('what fails costs its own rows', () => {
  test('a group that may not be read', async () => {
    const kafka = ecg({events: 5, committed: 5})
    kafka.commit('consumer-dicom', 'ecg', 5).error = new AccessDeniedError('not allowed to describe the group')
    const report = await lag(kafka, {deployments: [consumer('consumer-ecg'), consumer('consumer-dicom')]})
    expect(report.items.map(({group, severity}) => [group, severity])).toEqual([
      ['consumer-ecg', 'ok'],
      ['consumer-dicom', 'unknown'],
    ])
    expect(item(report, 'consumer-dicom')).toMatchObject({
      state: null,
      lag: null,
      reason: "it can't be read: not allowed to describe the group",
    })
    expect(report.verdict).toBe('unknown')
  })

  test('a broker that does not answer', async () => {
    const kafka = new KafkaModel()
    kafka.topic('ecg', 3)
    kafka.group('consumer-ecg', ['ecg'])
    kafka.group('consumer-dicom', ['ecg'])
    for (const partition of [0, 1, 2]) kafka.commit('consumer-ecg', 'ecg', 0, partition)
    kafka.produce('ecg', 3, NOW)
    // Coordinates consumer-dicom, and leads a partition.
    kafka.dead.add(1)
    const report = await lag(kafka, {deployments: [consumer('consumer-ecg'), consumer('consumer-dicom')]})
    const found = item(report)
    expect(found).toMatchObject({severity: 'unknown', lag: null, state: 'Stable'})
    expect(found.partitions.map((each) => each.lag)).toEqual([3, null, 0])
    expect(found.reason).toMatch(/^at least 3 events unread.*; 1 of 3 partitions can't be read: Kafka at kafka-1:9092/)
    expect(item(report, 'consumer-dicom')).toMatchObject({state: null, severity: 'unknown'})
    expect(report.brokers.map(({id, severity}) => [id, severity])).toEqual([
      [0, 'ok'],
      [1, 'unknown'],
      [2, 'ok'],
    ])
  })

  test('a broker that the cluster has lost', async () => {
    const kafka = ecg({events: 5, committed: 5})
    Object.assign(kafka.partition('ecg'), {leader: null, replicas: [7]})
    const report = await lag(kafka)
    expect(item(report)).toMatchObject({severity: 'unknown', lag: null})
    expect(report.brokers.at(-1)).toMatchObject({
      id: 7,
      address: null,
      severity: 'warning',
      reason: expect.stringMatching(/has lost it; 1 partition /),
    })
  })

  test.each([true, false])('no broker answers: that is the answer (known without the workloads: %s)', async (isKnown) => {
    const openKafka = () => Promise.reject(new ServerDownError('Kafka at kafka-0:9092 is down: connection refused'))
    const report = await lag(new KafkaModel(), {openKafka, isKnown})
    expect(report.verdict).toBe('critical')
    expect(report.brokers).toEqual([
      {
        id: null,
        address: null,
        severity: 'critical',
        reason: 'Kafka at kafka-0:9092 is down: connection refused',
        next: ['sapoche pods -n kafka'],
      },
    ])
    expect(item(report)).toMatchObject({severity: 'unknown', lag: null, state: null})
  })

  test.each([true, false])('the way is blocked: no answer (known without the workloads: %s)', async (isKnown) => {
    const openKafka = () => Promise.reject(new TimedOutError('no answer'))
    await expect(lag(new KafkaModel(), {openKafka, isKnown})).rejects.toThrow(TimedOutError)
  })

  test('a Kafka that is known is asked without a hint, and let go where the cluster has no such workload', async () => {
    const {promise: ended, resolve} = Promise.withResolvers<void>()
    const openKafka: KafkaGate['open'] = (_, signal) => {
      signal.addEventListener('abort', () => resolve())
      return new Promise(() => {})
    }
    const {sources, hints} = await labOf(new KafkaModel(), {openKafka, isKnown: true})
    await expect(readLag({targets: ['nobody'], window: 0}, sources, PATIENT)).rejects.toMatchObject({exitCode: 64})
    await ended
    expect(hints).toEqual([null])
  })
})

describe('beside the consumers', () => {
  test('nobody is to run', async () => {
    const deployments = [consumer('consumer-ecg', {replicas: 0})]
    const catalogue = catalogueOf([{name: 'consumer-ecg', baseline: 1}])
    const found = item(await lag(ecg({events: 9, committed: 2, members: 0}), {deployments, catalogue}))
    expect(found).toMatchObject({severity: 'critical', next: ['sapoche scale consumer-ecg --to-baseline']})
  })

  test('nobody is to run, as the catalogue accepts', async () => {
    const deployments = [consumer('consumer-ecg', {replicas: 0})]
    const inactive = {reason: 'on hold', reviewBy: null, backlogAccepted: true}
    const catalogue = catalogueOf([{name: 'consumer-ecg', baseline: 0, inactive}])
    const report = await lag(ecg({events: 9, committed: 2, members: 0}), {deployments, catalogue})
    expect(item(report)).toMatchObject({severity: 'info', next: []})
    expect(report.verdict).toBe('ok')
  })

  test('two workloads on one group: one of them off', async () => {
    const deployments = [consumer('consumer-ecg'), consumer('consumer-ecg-b', {replicas: 0, group: 'consumer-ecg'})]
    const found = item(await lag(ecg({events: 9, committed: 2}), {deployments}))
    expect(found.workloads.map(({name}) => name)).toEqual(['consumer-ecg', 'consumer-ecg-b'])
    expect(found.movement).toBe('not-moving')
    expect(found.severity).toBe('warning')
  })

  test('a workload that the cluster lacks', async () => {
    const catalogue = catalogueOf([{name: 'consumer-ecg', groups: [listedGroup('consumer-ecg')]}, {name: 'other'}])
    const found = item(await lag(ecg({events: 9, committed: 2}), {deployments: [consumer('other')], catalogue}))
    expect(found).toMatchObject({
      workloads: [{name: 'consumer-ecg', ready: null, desired: null}],
      severity: 'critical',
      sources: ['catalogue'],
    })
    expect(found.next).toEqual(['sapoche catalogue diff'])
  })

  test('more replicas than partitions', async () => {
    const deployments = [consumer('consumer-ecg', {replicas: 3})]
    expect(item(await lag(ecg({}), {deployments}))).toMatchObject({
      idleConsumers: 2,
      severity: 'info',
      reason: expect.stringMatching(/2 of 3 consumers can have no partition: there are 1$/),
    })
  })

  test('no consumer is ready', async () => {
    const deployments = [consumer('consumer-ecg', {replicas: 1, ready: 0})]
    const found = item(await lag(ecg({events: 9, ageMs: HOUR, members: 0}), {deployments}))
    expect(found).toMatchObject({severity: 'critical', reason: expect.stringMatching(/no consumer is ready \(0\/1\)/)})
    expect(found.next).toEqual(['sapoche status consumer-ecg', 'sapoche logs consumer-ecg --previous'])
  })

  test('thresholds of the catalogue, and of the command line', async () => {
    const catalogue = catalogueOf([{name: 'consumer-ecg', groups: [listedGroup('consumer-ecg', {allowedLag: 50, maxAge: 900})]}])
    const kafka = ecg({events: 40, ageMs: HOUR})
    expect(item(await lag(kafka, {catalogue}))).toMatchObject({severity: 'warning', thresholds: {allowedLag: 50, maxAgeSeconds: 900}})
    const options = {'allowed-lag': 39, 'max-age': 2 * HOUR}
    expect(item(await lag(kafka, {catalogue, options}))).toMatchObject({
      severity: 'warning',
      thresholds: {allowedLag: 39, maxAgeSeconds: 7200},
    })
    expect(item(await lag(kafka, {catalogue, options: {'allowed-lag': 39}})).severity).toBe('critical')
  })

  test('events that failed for good: counted, and those that are new are a warning', async () => {
    const catalogue = catalogueOf([{name: 'consumer-ecg', groups: [listedGroup('consumer-ecg', {deadLetter: 'ecg-dead'})]}])
    const kafka = ecg({events: 40, committed: 40})
    expect(item(await lag(kafka, {catalogue}))).toMatchObject({severity: 'ok', deadLetters: {topic: 'ecg-dead', events: 0, added: 0}})
    kafka.topic('ecg-dead', 2)
    kafka.produce('ecg-dead', 5, NOW - HOUR)
    kafka.produce('ecg-dead', 2, NOW - HOUR, 1)
    kafka.partition('ecg-dead').start = 3n
    kafka.partition('ecg-dead').times.splice(0, 3)
    expect(item(await lag(kafka, {catalogue}))).toMatchObject({severity: 'info', deadLetters: {topic: 'ecg-dead', events: 4, added: 0}})
    expect(item(await lag(kafka, {catalogue, meanwhile: () => kafka.produce('ecg-dead', 1, NOW, 1)}))).toMatchObject({
      severity: 'warning',
      lag: 0,
      reason: '1 event failed for good between the looks (ecg-dead)',
      deadLetters: {events: 5, added: 1},
      next: ['sapoche logs consumer-ecg --level error'],
    })
    kafka.dead.add(1)
    expect(item(await lag(kafka, {catalogue}))).toMatchObject({severity: 'unknown', deadLetters: {events: null, added: null}})
  })

  test('topics that the environment mentions count only where nothing better is known', async () => {
    const deployments = [consumer('consumer-ecg', {env: {KAFKA_TOPIC: 'ecg', KAFKA_RESULT_TOPIC: 'results'}})]
    const kafka = ecg({events: 5, committed: 5})
    kafka.topic('results')
    expect(item(await lag(kafka, {deployments})).partitions.map(({topic}) => topic)).toEqual(['ecg'])
    Object.assign(kafka.group('consumer-ecg'), {members: [], state: 'Empty'}).commits.clear()
    expect(item(await lag(kafka, {deployments})).partitions.map(({topic}) => topic)).toEqual(['ecg', 'results'])
  })

  test('a consumer of which nothing names the group', async () => {
    const deployments = [consumer('consumer-ecg', {group: ''}), consumer('consumer-dicom')]
    const report = await lag(ecg({}), {deployments})
    expect(report.items.map(({group}) => group)).toEqual(['consumer-dicom'])
    expect(report.warnings).toMatchObject([{code: 'no-group', message: expect.stringMatching(/^consumer-ecg: neither its environment/)}])
  })

  test('nothing is bound to a group: Kafka is not even asked', async () => {
    const lab = await labOf(new KafkaModel(), {deployments: [consumer('consumer-ecg', {group: ''})]})
    const {readLag} = await import('../../../src/lib/runbook/consumer-lag/index.ts')
    const report = await readLag({targets: [], window: 0}, lab.sources, new AbortController().signal)
    expect(report).toMatchObject({verdict: 'ok', items: [], brokers: []})
    expect(lab.hints).toEqual([])
  })

  test('the brokers that most consumers name are asked, others are told', async () => {
    const elsewhere = consumer('consumer-dicom', {env: {KAFKA_BROKERS: 'other:9092'}})
    const lab = await labOf(ecg({}), {deployments: [elsewhere, consumer('consumer-ecg'), consumer('consumer-revenue')]})
    const {readLag} = await import('../../../src/lib/runbook/consumer-lag/index.ts')
    const report = await readLag({targets: [], window: 0}, lab.sources, new AbortController().signal)
    expect(lab.hints.map((hint) => hint?.addresses[0]?.host)).toEqual(['redpanda-0.redpanda.kafka'])
    expect(report.warnings.map(({message}) => message)).toEqual(['consumer-dicom has other brokers (KAFKA_BROKERS), which were not asked'])
  })
})

describe('which groups', () => {
  const kafka = (): KafkaModel => {
    const model = ecg({events: 5, committed: 5})
    model.commit('billing', 'ecg', 1)
    model.commit('billing-retry', 'ecg', 1)
    model.commit('connect-sink', 'ecg', 1).protocol = 'connect'
    return model
  }
  const names = async (options: object): Promise<string[]> => (await lag(kafka(), {options})).items.map(({group}) => group)

  test('those of the workloads, and how many others there are', async () => {
    const report = await lag(kafka())
    expect(report.items.map(({group}) => group)).toEqual(['consumer-ecg'])
    expect(report.notChecked).toEqual(["2 groups that no workload here names (--group '*')"])
  })

  test('by name, by glob, and all', async () => {
    expect(await names({group: ['billing']})).toEqual(['billing'])
    expect(await names({group: ['connect-sink']})).toEqual(['connect-sink'])
    expect(await names({group: ['billing*', 'billing']})).toEqual(['billing', 'billing-retry'])
    expect(await names({group: ['*']})).toEqual(['consumer-ecg', 'billing', 'billing-retry'])
  })

  test('a name that nothing has', async () => {
    await expect(names({group: ['biling']})).rejects.toMatchObject({code: 'usage', suggestions: ['billing']})
    await expect(names({group: ['nothing*']})).rejects.toMatchObject({code: 'usage'})
  })

  test('a name that a silent broker may have', async () => {
    const model = kafka()
    model.dead.add(2)
    const report = await lag(model, {options: {group: ['biling']}})
    expect(report.items.map(({group}) => group)).toEqual(['biling'])
  })

  test('a workload that is named has its group alone', async () => {
    const deployments = [consumer('consumer-ecg'), consumer('consumer-dicom')]
    const report = await lag(kafka(), {deployments, options: {targets: ['consumer-ecg']}})
    expect(report.items.map(({group}) => group)).toEqual(['consumer-ecg'])
    expect(report.notChecked).toEqual([])
  })

  test('workloads that are named and have no group: 64, and no verdict of ok', async () => {
    const deployments = [consumer('consumer-ecg'), consumer('nginx', {group: ''}), consumer('viewer', {group: ''})]
    const named = (...targets: string[]) => lag(kafka(), {deployments, options: {targets}})
    await expect(named('nginx')).rejects.toMatchObject({exitCode: 64, message: 'nginx reads as no consumer group that is known'})
    await expect(named('nginx', 'viewer')).rejects.toThrow(/^nginx and 1 other read as no consumer group that is known$/)
  })
})

test('requests grow with brokers and groups alone', async () => {
  const sizes = fc.record({
    brokers: fc.integer({min: 1, max: 8}),
    groups: fc.integer({min: 1, max: 12}),
    topics: fc.integer({min: 1, max: 6}),
    partitions: fc.integer({min: 1, max: 9}),
    missing: fc.integer({min: 0, max: 3}),
  })
  await fc.assert(
    fc.asyncProperty(sizes, async ({brokers, groups, topics, partitions, missing}) => {
      const kafka = new KafkaModel(Array.from({length: brokers}, (_, id) => id))
      for (let topic = 0; topic < topics; topic++) kafka.topic(`t${topic}`, partitions)
      for (let group = 0; group < groups; group++) {
        for (let topic = 0; topic < topics; topic++) {
          for (let partition = 0; partition < partitions; partition++) {
            kafka.produce(`t${topic}`, 3, NOW - group * HOUR, partition)
            kafka.commit(`g${group}`, `t${topic}`, group % 3, partition)
          }
        }
      }
      const deployments = Array.from({length: groups + missing}, (_, index) => consumer(`g${index}`))
      // `lag` holds the count against the bound.
      expect((await lag(kafka, {deployments})).items).toHaveLength(groups + missing)
    }),
    {numRuns: 25},
  )
})

test.each<[string, string, number, RegExp]>([
  ['may not be read', 'refused', 77, /^nothing that may be read says where Kafka is: ConfigMap kafka can't be read$/],
  ['is there', 'other-brokers', 78, /^nothing says where it is$/],
])('nothing of what %s says where Kafka is', async (_, code, exitCode, message) => {
  const {sources} = await labOf(new KafkaModel(), {openKafka: () => Promise.reject(new UnplacedServerError('nothing says where it is'))})
  const scene = {bound: [], hint: null, warnings: [{code, message: "ConfigMap kafka can't be read"}]}
  await expect(openKafka(sources, scene, new AbortController().signal)).rejects.toMatchObject({
    exitCode,
    message: expect.stringMatching(message),
  })
})
