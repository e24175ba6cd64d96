import {beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {KAFKA_USERS} from '../real/kafka.ts'
import {backlogAccessSuite} from './backlog-access.ts'
import {consumerLagSuite} from './consumer-lag.ts'
import {type RealLagStage, realLagStage} from './lag-real.ts'
import {expectLagScenario} from './lag-scenarios.ts'
import {meanwhile} from './lag-stage.ts'
import {writeFileFor} from './target.ts'

describe('on real servers', () =>
  consumerLagSuite(realLagStage, (open) => {
    beforeEach(() => open().kafka.mustRun())
    logins(open)
    backlogAccessSuite('consumer-lag', () => open().target)
    scenarios(open)
  }))

/** The scenarios of the sandbox, made of real groups in the runbook's namespace. */
function scenarios(open: () => RealLagStage): void {
  const EVENTS = 160
  const GROUPS = builtinCatalogue.workloads.flatMap(({name, category}) => (category === 'consumers' ? [name] : []))
  const topicOf = (group: string): string => `sapoche.${group.replace('consumer-', '')}`
  const commitAll = (group: string, offset: number): Promise<void> => open().commit(group, topicOf(group), [offset, offset, offset])
  const lag = () => open().target.sapoche(['consumer-lag', '--window', '1s', '-o', 'json'])

  describe('scenarios', () => {
    beforeAll(async () => {
      for (const group of GROUPS) {
        await open().createTopic(topicOf(group), [0, 1, 2])
        for (const partition of [0, 1, 2]) await open().produce(topicOf(group), partition, EVENTS, 30 * 60_000)
        await commitAll(group, EVENTS)
      }
    })

    test('consumer-stuck', async () => {
      const group = 'consumer-lis-testresult'
      await commitAll(group, 0)
      const member = await open().join(group, topicOf(group))
      const run = await lag()
      await member.stop()
      await commitAll(group, EVENTS)
      expectLagScenario('consumer-stuck', run)
    })

    test('silent-backlog', async () => {
      const group = 'consumer-spc-pos-orders'
      const run = await meanwhile(async (round) => {
        await open().commit(group, topicOf(group), [round, EVENTS, EVENTS])
        await open().produce(topicOf(group), 0, 20)
      }, lag)
      await open().commit(group, topicOf(group), [EVENTS])
      expectLagScenario('silent-backlog', run)
    })

    test('kafka-broker-down', async () => {
      // Nothing is behind but for the broker.
      await open().trim(topicOf('consumer-spc-pos-orders'), 0, EVENTS)
      try {
        await open().lose([2])
        expectLagScenario('kafka-broker-down', await lag())
      } finally {
        await open().restore()
      }
    })
  })
}

/** TLS and a login inside the port-forward. */
function logins(open: () => RealLagStage): void {
  const lag = async (environment: Readonly<Record<string, string>>) => {
    const {target, kafka} = open()
    const kafkaPlace = {address: `${kafka.cluster[0]!.name}:9093`, tls: true}
    const category = {name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['*']}
    const catalogue = {namespace: 'sapoche', categories: [category], workloads: [], servers: {kafka: kafkaPlace}}
    const file = await writeFileFor(target, 'secure.yaml', JSON.stringify(catalogue))
    const ca = await writeFileFor(target, 'kafka-ca.pem', kafka.ca)
    const args = ['consumer-lag', '--window', '0s', '-o', 'json', '--fail-on', 'never', '--group', '*', '--catalogue', file, '--tls-ca', ca]
    return await target.sapoche(args, {env: environment})
  }
  const {username, password} = KAFKA_USERS.reader

  describe('logins', () => {
    test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('%s', async (mechanism) => {
      const env = {SAPOCHE_KAFKA_USERNAME: username, SAPOCHE_KAFKA_PASSWORD: password, SAPOCHE_KAFKA_MECHANISM: mechanism}
      await open().allow(username)
      const run = await lag(env)
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(JSON.parse(run.stdout).items.length).toBeGreaterThan(0)
    })

    test('a wrong password: 77, with who was refused, and without the password', async () => {
      const env = {SAPOCHE_KAFKA_USERNAME: username, SAPOCHE_KAFKA_PASSWORD: 'guessed', SAPOCHE_KAFKA_MECHANISM: 'scram-sha-512'}
      const run = await lag(env)
      expect(run.code).toBe(77)
      expect(JSON.parse(run.stdout).error.message).toMatch(/redpanda-0.* refused user "reader" with the password of SAPOCHE_KAFKA_PASSWORD/)
      expect(run.stdout + run.stderr).not.toContain('guessed')
    })
  })
}
