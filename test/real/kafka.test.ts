import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {openLagReader} from '../../src/lib/clients/kafka/index.ts'
import type {GroupDescription, LagReader, OffsetPoint} from '../../src/lib/clients/kafka/types.ts'
import {AccessDeniedError, ServerDownError} from '../../src/lib/clients/reach/errors.ts'
import type {KafkaAccess} from '../../src/lib/clients/reach/types.ts'
import {InterruptedError, SapocheError, UnreachableError} from '../../src/lib/errors/index.ts'
import {readLag} from '../../src/lib/runbook/consumer-lag/index.ts'
import {KafkaModel} from '../runbook/consumer-lag/kafka-model.ts'
import {consumer, labOf} from '../runbook/consumer-lag/lab.ts'
import {type Kafka, KAFKA_USERS, startKafka} from './kafka.ts'
import {mappedNetwork, plainAccess, type Requests, secureAccess} from './kafka-access.ts'
import {openScenes, type Scenes} from './kafka-scenes.ts'
import {waitUntil} from './processes.ts'

const MINUTE = 60_000
const {reader: READER, stranger: STRANGER} = KAFKA_USERS

let kafka: Kafka
let scenes: Scenes
const warnings: string[] = []
const noteWarning = ({message}: Error): void => void warnings.push(message)

beforeAll(async () => {
  process.on('warning', noteWarning)
  kafka = await startKafka(console.error)
  scenes = await openScenes(kafka)
}, 240_000)
beforeEach(() => kafka.mustRun())
afterAll(async () => {
  await scenes?.close()
  await kafka?.stop()
  process.off('warning', noteWarning)
})

const readers: LagReader[] = []
afterAll(() => readers.forEach((reader) => reader.close()))

function open(access: KafkaAccess = plainAccess(kafka), signal: AbortSignal = new AbortController().signal): LagReader {
  const reader = openLagReader(access, {requestTimeoutMs: 5000, signal})
  readers.push(reader)
  return reader
}

async function described(reader: LagReader, group: string): Promise<GroupDescription> {
  const found = (await reader.describe([group])).get(group)
  if (found === undefined || found instanceof SapocheError) throw found ?? new Error('no answer')
  return found
}

/** Offsets of all partitions of a topic at a point. */
async function offsets(reader: LagReader, topic: string, at: OffsetPoint): Promise<readonly unknown[]> {
  const states = (await reader.topics([topic])).get(topic)
  if (states === undefined || states === null || states instanceof SapocheError) throw states ?? new Error(`no ${topic}`)
  const partitions = states.map(({partition}) => partition).sort((a, b) => a - b)
  return await reader.offsets(partitions.map((partition) => ({topic, partition, at})))
}

describe('groups and offsets', () => {
  beforeAll(async () => {
    await scenes.createTopic('plain')
    for (const [partition, events] of [5, 0, 7].entries()) await scenes.produce('plain', partition, events, 10 * MINUTE)
    await scenes.produce('plain', 0, 2)
    await scenes.commit('plain-group', 'plain', [3, null, 7])
    // The first commit makes the topic of the commits, and each broker loads its part.
    const isLoaded = async (): Promise<boolean> => (await open().survey()).brokers.every(({error}) => error === null)
    await waitUntil('every broker lists its groups', isLoaded)
  })

  test('what the brokers know, by names that only the mapping resolves', async () => {
    const reader = open()
    const survey = await reader.survey()
    expect(survey.brokers).toEqual(
      [0, 1, 2].map((id) => ({id, address: `redpanda-${id}.redpanda.kafka.svc.cluster.local:9092`, error: null})),
    )
    expect(survey.groups).toContainEqual({name: 'plain-group', protocol: ''})
    expect(survey.newProtocol).toBe(true)
    expect(await described(reader, 'plain-group')).toEqual({state: 'Empty', members: []})
    const commits = (await reader.committed(['plain-group'])).get('plain-group')
    expect(commits).toEqual(
      expect.arrayContaining([
        {topic: 'plain', partition: 0, offset: 3n},
        {topic: 'plain', partition: 2, offset: 7n},
      ]),
    )
    expect(commits).toHaveLength(2)
    expect(await offsets(reader, 'plain', 'end')).toEqual([7n, 0n, 7n])
    expect(await offsets(reader, 'plain', 'start')).toEqual([0n, 0n, 0n])
    expect(await offsets(reader, 'plain', Date.now() - 5 * MINUTE)).toEqual([5n, null, null])
    expect(await offsets(reader, 'plain', Date.now() - 15 * MINUTE)).toEqual([0n, null, 0n])
    expect((await reader.topics(['plain'])).get('plain')).toContainEqual({partition: 1, leader: 1, replicas: [1]})
  })

  test('the same lag as by the tool of Kafka', async () => {
    const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
    const {stdout} = await kafka.tool(tool, ['--bootstrap-server', kafka.local[0]!, '--describe', '--group', 'plain-group'])
    const rows = stdout
      .split('\n')
      .filter((line) => line.startsWith('plain-group'))
      .map((line) => line.trim().split(/\s+/).slice(1, 6).join(' '))
      .sort()
    const reader = open()
    await reader.survey()
    const commits = (await reader.committed(['plain-group'])).get('plain-group')
    const ends = await offsets(reader, 'plain', 'end')
    if (!Array.isArray(commits)) throw commits
    const ours = commits.map(({topic, partition, offset}) => {
      const end = ends[partition] as bigint
      return `${topic} ${partition} ${offset} ${end} ${end - offset}`
    })
    expect(rows).toEqual(ours.sort())
  })

  test('a group that is not there, a topic that is not there', async () => {
    const reader = open()
    await reader.survey()
    expect(await described(reader, 'no-such-group')).toEqual({state: 'Dead', members: []})
    expect([...(await reader.committed(['no-such-group']))]).toEqual([['no-such-group', []]])
    expect([...(await reader.topics(['no-such-topic']))]).toEqual([['no-such-topic', null]])
    expect((await reader.topics(['no-such-topic'])).get('no-such-topic')).toBeNull()
  })

  test('a live group of the classic protocol', async () => {
    await scenes.createTopic('classic', 2)
    await scenes.produce('classic', 0, 3)
    await scenes.join('classic-group', 'classic')
    const reader = open()
    expect((await reader.survey()).groups).toContainEqual({name: 'classic-group', protocol: 'consumer'})
    const {state, members} = await described(reader, 'classic-group')
    expect(state).toBe('Stable')
    expect(members).toEqual([
      {
        id: expect.any(String),
        clientId: 'kafkajs',
        host: '/127.0.0.1',
        topics: ['classic'],
        partitions: expect.arrayContaining([
          {topic: 'classic', partition: 0},
          {topic: 'classic', partition: 1},
        ]),
      },
    ])
  })

  test('a live group of the new protocol looks dead and keeps its commits', async () => {
    await scenes.createTopic('modern', 1)
    await scenes.produce('modern', 0, 4)
    const consumer = await scenes.joinNewProtocol('modern-group', 'modern')
    try {
      const reader = open()
      expect((await reader.survey()).groups).toContainEqual({name: 'modern-group', protocol: 'consumer'})
      expect(await described(reader, 'modern-group')).toEqual({state: 'Dead', members: []})
      const commits = async () => (await reader.committed(['modern-group'])).get('modern-group')
      await waitUntil('all is committed', async () => JSON.stringify(await commits(), bigints).includes('"offset":"4"'))
    } finally {
      await kafka.stopTool(consumer)
    }
  })

  test('a group that rebalances', async () => {
    await scenes.createTopic('slow', 1)
    const busy = await scenes.joinSlowly('slow-group', 'slow')
    const reader = open()
    await reader.survey()
    await waitUntil('it rebalances', async () => (await described(reader, 'slow-group')).state === 'PreparingRebalance')
    busy.finish()
    await waitUntil('it is stable', async () => (await described(reader, 'slow-group')).state === 'Stable')
  })

  test('a trimmed log, and a topic that was made anew', async () => {
    await scenes.createTopic('trimmed', 1)
    await scenes.produce('trimmed', 0, 100)
    await scenes.trim('trimmed', 0, 60)
    await scenes.createTopic('anew', 1)
    await scenes.produce('anew', 0, 16)
    await scenes.commit('anew-group', 'anew', [500])
    const reader = open()
    await reader.survey()
    expect([await offsets(reader, 'trimmed', 'start'), await offsets(reader, 'trimmed', 'end')]).toEqual([[60n], [100n]])
    expect([await offsets(reader, 'anew', 'end'), (await reader.committed(['anew-group'])).get('anew-group')]).toEqual([
      [16n],
      [{topic: 'anew', partition: 0, offset: 500n}],
    ])
  })

  test('an open transaction', async () => {
    await scenes.createTopic('transactional', 1)
    await scenes.produce('transactional', 0, 3)
    const transaction = await scenes.openTransaction('transactional', 0, 2)
    const reader = open()
    await reader.survey()
    expect([await offsets(reader, 'transactional', 'stable'), await offsets(reader, 'transactional', 'end')]).toEqual([[3n], [5n]])
    await transaction.end()
    // The mark of its end is in the log as well.
    await waitUntil('it has ended', async () => (await offsets(reader, 'transactional', 'stable'))[0] === 6n)
    expect(await offsets(reader, 'transactional', 'end')).toEqual([6n])
  })
})

test('requests: versions, the brokers, their groups, coordinators, groups, topics, leaders', async () => {
  await scenes.createTopic('counted')
  const groups = Array.from({length: 14}, (_, index) => `counted-${index}`)
  for (const group of groups) await scenes.commit(group, 'counted', [0, 0, 0])
  const requests: Requests = []
  const reader = open(plainAccess(kafka, requests))
  await reader.survey()
  await Promise.all([reader.describe(groups), reader.committed(groups)])
  await offsets(reader, 'counted', 'end')
  const times = (key: number): number => requests.filter((each) => each === key).length
  expect({versions: times(18), metadata: times(3), lists: times(16), coordinators: times(10), offsets: times(9), ends: times(2)}).toEqual({
    versions: 1,
    metadata: 2,
    lists: 3,
    coordinators: 0,
    offsets: 14,
    ends: 3,
  })
  expect(times(15)).toBeLessThanOrEqual(3)
  expect(requests).toHaveLength(1 + 2 + 3 + 14 + 3 + times(15))
})

test('a whole report on 14 groups, two looks: at most 3 requests a group, 6 a broker and 10', async () => {
  const groups = Array.from({length: 14}, (_, index) => `whole-${index}`)
  for (const [index, group] of groups.entries()) {
    await scenes.createTopic(`${group}-topic`)
    await scenes.produce(`${group}-topic`, 0, 9, index * 30 * MINUTE)
    await scenes.commit(group, `${group}-topic`, [2, 0, 0])
  }
  const requests: Requests = []
  const deployments = groups.map((group) => consumer(group))
  const openKafka = async (): Promise<LagReader> => open(plainAccess(kafka, requests))
  const {sources} = await labOf(new KafkaModel(), {deployments, openKafka})
  const report = await readLag({targets: [], window: 500}, {...sources, now: Date.now}, new AbortController().signal)
  expect(report.items.map(({lag, movement}) => [lag, movement])).toEqual(groups.map(() => [7, 'not-moving']))
  expect(requests.length).toBeLessThanOrEqual(3 * 14 + 6 * 3 + 10)
})

describe('who may read', () => {
  beforeAll(() => scenes.allow(READER.username))

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('by %s over TLS', async (mechanism) => {
    const reader = open(secureAccess(kafka, READER, mechanism))
    expect((await reader.survey()).brokers.map(({error}) => error)).toEqual([null, null, null])
    await waitUntil('the right has reached all brokers', async () =>
      (await reader.survey()).groups.some(({name}) => name === 'plain-group'),
    )
    expect(await described(reader, 'plain-group')).toEqual({state: 'Empty', members: []})
  })

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('a wrong password by %s', async (mechanism) => {
    const reader = open(secureAccess(kafka, {username: 'reader', password: 'guessed'}, mechanism))
    const error = await failure(reader.survey())
    expect(error).toBeInstanceOf(AccessDeniedError)
    expect(error.message).toMatch(/redpanda-0.*9093 refused user "reader" with the password of SAPOCHE_KAFKA_PASSWORD/)
    expect(JSON.stringify([error.message, error.hints])).not.toContain('guessed')
  })

  test('no credentials where some are wanted', async () => {
    const error = await failure(open({...secureAccess(kafka, READER, 'plain'), credentials: null, mechanism: null}).survey())
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error.message).toMatch(/closed the connection/)
    expect(error.hints[0]?.text).toMatch(/SAPOCHE_KAFKA_USERNAME/)
  })

  test('credentials where none are wanted', async () => {
    const {credentials} = secureAccess(kafka, READER, 'plain')
    const error = await failure(open({...plainAccess(kafka), credentials, mechanism: 'plain'}).survey())
    expect(error).toBeInstanceOf(AccessDeniedError)
    expect(error.message).toMatch(/does not take plain credentials/)
  })

  test('TLS where there is none, none where there is, and an unknown authority', async () => {
    const secure = secureAccess(kafka, READER, 'plain')
    expect((await failure(open({...plainAccess(kafka), tls: secure.tls}).survey())).code).toBe('unreachable')
    expect((await failure(open({...secure, tls: null, credentials: null, mechanism: null}).survey())).message).toMatch(
      /closed the connection/,
    )
    expect((await failure(open({...secure, tls: {ca: null, servername: null}}).survey())).message).toMatch(/unknown authority/)
  })

  test('a user who may read nothing: each group and topic says so', async () => {
    const reader = open(secureAccess(kafka, STRANGER, 'scram-sha-512'))
    expect((await reader.survey()).groups).toEqual([])
    for (const answer of [
      (await reader.describe(['plain-group'])).get('plain-group'),
      (await reader.committed(['plain-group'])).get('plain-group'),
      (await reader.topics(['plain'])).get('plain'),
    ]) {
      expect(answer).toBeInstanceOf(AccessDeniedError)
      expect((answer as SapocheError).message).toMatch(/^not allowed to describe the (group|topic)$/)
    }
  })
})

describe('what breaks', () => {
  test('nobody listens', async () => {
    const dead = {host: '127.0.0.1', port: 1}
    const access = {...plainAccess(kafka), addresses: [dead] as const}
    expect(await failure(open(access).survey())).toBeInstanceOf(ServerDownError)
    // One that answers suffices.
    const both = {...access, addresses: [dead, {host: kafka.cluster[1]!.name, port: 9092}] as const}
    expect((await open(both).survey()).brokers).toHaveLength(3)
  })

  test('an advertised name that leads nowhere costs that broker alone', async () => {
    const network = mappedNetwork(kafka)
    const lame: KafkaAccess['network'] = {
      ...network,
      connect: (address) => network.connect(address.host.startsWith('redpanda-1') ? {host: '127.0.0.1', port: 1} : address),
    }
    const reader = open({...plainAccess(kafka), network: lame})
    const {brokers} = await reader.survey()
    expect(brokers.map(({error}) => error instanceof ServerDownError)).toEqual([false, true, false])
    const ends = await offsets(reader, 'plain', 'end')
    expect([ends[0], ends[1] instanceof ServerDownError, ends[2]]).toEqual([7n, true, 7n])
  })

  test('a broker that dies while it is read, and comes back', async () => {
    const reader = open()
    await reader.survey()
    await kafka.stopBroker(2)
    try {
      const ends = await offsets(reader, 'plain', 'end')
      expect([ends[0], ends[1], ends[2] instanceof SapocheError]).toEqual([7n, 0n, true])
      await waitUntil('the cluster has lost it', async () => {
        const {brokers} = await reader.survey()
        return brokers.length === 2
      })
      await reader.topics(['plain'])
      expect((await reader.topics(['plain'])).get('plain')).toContainEqual({partition: 2, leader: null, replicas: [2]})
    } finally {
      await kafka.startBroker(2)
    }
    await waitUntil('it is read again', async () => {
      await reader.survey()
      return (await offsets(reader, 'plain', 'end'))[2] === 7n
    })
  })

  test('an interruption ends it at once', async () => {
    const controller = new AbortController()
    const reader = open(plainAccess(kafka), controller.signal)
    await reader.survey()
    const reading = reader.committed(['plain-group'])
    controller.abort(new InterruptedError())
    await expect(reading).rejects.toThrow(InterruptedError)
  })
})

test('nothing of kafkajs was on the screen', () => {
  expect(warnings).toEqual([])
})

async function failure(promise: Promise<unknown>): Promise<SapocheError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SapocheError)) throw error ?? new Error('it did not fail')
  return error
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
