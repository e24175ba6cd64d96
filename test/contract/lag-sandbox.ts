import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import type {Acting, LagStage} from './lag-stage.ts'
import {sandboxTarget, type Person} from './target.ts'

const NOTHING: Acting = {stop: async () => undefined}

/** The embedded cluster's own Kafka. What it has lost it does not get back: a stage for each test that loses something. */
export async function sandboxLagStage(people: readonly Person[] = []): Promise<LagStage> {
  const target = await sandboxTarget(people)
  const {kafka}: Pick<Sandbox, 'kafka'> = target.sandbox
  const membersOf = (group: string, topic: string, partitions: number): Parameters<typeof kafka.become>[1] => ({
    state: null,
    members: [{id: `${group}-0`, topics: [topic], partitions: new Map([[topic, Array.from({length: partitions}, (_, at) => at)]])}],
  })
  return {
    target,
    createTopic: async (topic, brokers) => kafka.createTopic(topic, brokers),
    produce: async (topic, partition, events, ageMs = 0) => kafka.produce(topic, partition, events, ageMs),
    commit: async (group, topic, offsets) => kafka.commit(group, topic, offsets),
    trim: async (topic, partition, offset) => kafka.trim(topic, partition, offset),
    async hold(topic, partition, events) {
      kafka.produce(topic, partition, events, 0)
      kafka.hold(topic, partition, events)
      return NOTHING
    },
    async join(group, topic) {
      kafka.become(group, membersOf(group, topic, 1))
      return NOTHING
    },
    async joinNewProtocol(group, topic) {
      kafka.become(group, {...membersOf(group, topic, 1), newProtocol: true})
      kafka.commit(group, topic, [0])
      return NOTHING
    },
    async rebalance(group, topic) {
      kafka.become(group, {...membersOf(group, topic, 1), state: 'PreparingRebalance'})
      return NOTHING
    },
    lose: async (brokers) => brokers.forEach((id) => kafka.lose(id)),
    restore: async () => undefined,
    close: () => target.close(),
  }
}
