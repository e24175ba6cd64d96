import {join} from 'node:path'
import {startKafka} from '../../test/real/kafka.ts'
import {openScenes} from '../../test/real/kafka-scenes.ts'
import type {Progress} from '../../test/real/processes.ts'
import type {Pair, Sides} from '../pair.ts'

const EVENTS = 30

/** Kafka's own tool, as its script starts it, beside one look at the same groups; some of them are behind. */
function describeAll(groups: number, topics: number): (cluster: unknown, progress: Progress) => Promise<Sides> {
  return async (_cluster, progress) => {
    const kafka = await startKafka(progress)
    const scenes = await openScenes(kafka)
    progress(`making ${groups} groups on ${topics} topics`)
    for (let topic = 0; topic < topics; topic++) {
      await scenes.createTopic(`topic-${topic}`)
      for (const partition of [0, 1, 2]) await scenes.produce(`topic-${topic}`, partition, EVENTS, 3_600_000)
    }
    for (let group = 0; group < groups; group++) {
      const left = group % 3 === 0 ? 10 : 0
      await scenes.commit(`group-${group}`, `topic-${group % topics}`, [EVENTS, EVENTS - left, EVENTS])
    }
    await scenes.close()
    const brokers = kafka.local.join(',')
    const tool = ['-cp', join(kafka.jars, '*'), 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand']
    return {
      a: ['sapoche', 'consumer-lag', '--group', '*', '--window', '0s', '--brokers', brokers, '--fail-on', 'never'],
      b: [
        'java',
        '-Xmx256m',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        ...tool,
        '--bootstrap-server',
        brokers,
        '--describe',
        '--all-groups',
      ],
      close: () => kafka.stop(),
    }
  }
}

export default [
  {
    name: 'consumer-lag',
    title: "`consumer-lag`, one look at 14 groups, beside Kafka's `ConsumerGroupCommand --describe --all-groups`",
    limit: {wall: 0.2},
    setup: describeAll(14, 14),
  },
  {
    name: 'consumer-lag-500',
    title: 'the same with 500 groups',
    limit: {wall: 0.2},
    runs: 10,
    setup: describeAll(500, 50),
  },
] satisfies Pair[]
